/* extension.js - a client is asked whether the session may go on for some minutes more. No answer in time is a no. */

import { t } from '../i18n.js';
import { byId, setText } from '../common/dom.js';
import { countdown, minutesInWords } from '../common/times.js';

export const isTyping = () => document.activeElement?.matches('input, select, textarea');

export const extensionText = ({ minutes }) => t('extension.question', { minutes: minutesInWords(minutes) });

/* Beside the session and not over it: Stop stays within reach. Nothing is taken away from somebody who is typing. */
export function renderExtension({ extension, clock }) {
    const dialog = byId('extension');
    const left_s = extension ? extension.until - clock.now() : 0;
    const isAsked = left_s > 0;
    if (isAsked) {
        setText(byId('extension-text'), extensionText(extension));
        setText(byId('extension-left'), t('extension.left', { left: countdown(left_s) }));
    }
    if (isAsked === dialog.open) return;
    if (!isAsked) return dialog.close();
    const before = document.activeElement;
    const typing = isTyping();
    dialog.show();
    if (typing) before.focus();
    else dialog.focus();
}
