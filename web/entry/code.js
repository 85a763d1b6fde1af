/* code.js - the page where a device's one-time code is typed. */

import { t } from '../i18n.js';
import { byId, setText } from '../common/dom.js';
import { countdown } from '../common/times.js';

const DIGITS = 6;
const AGAIN_S = 30; /* the server sends no other within it */

/* As people paste it: with spaces, a hyphen, or the words around it. */
const digitsOf = (text) => text.replace(/\D/g, '');

/* The code; null, and the field says so, when it can't be one. */
export function codeTyped() {
    const field = byId('code');
    const digits = digitsOf(field.value);
    field.setCustomValidity(digits.length === DIGITS ? '' : t('code.wrong_length', { count: DIGITS }));
    return field.reportValidity() ? digits : null;
}

export function renderCode(session, isNew) {
    if (isNew) byId('code').value = '';
    const left_s = AGAIN_S - (Date.now() - session.codeAskedAt_ms) / 1000;
    const again = byId('code-again');
    again.disabled = left_s > 0;
    setText(again, left_s > 0 ? t('code.again_in', { left: countdown(left_s) }) : t('code.again'));
}
