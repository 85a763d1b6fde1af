/* toolbar.js - my camera, microphone, screen and hand. */

import { t } from '../i18n.js';
import { byId, setAttribute, setText } from '../common/dom.js';
import { offersSource } from '../common/rights.js';
import { sourceText } from '../common/words.js';

export function renderToolbar(session) {
    const isUp = Boolean(session.mine?.hand);
    setText(byId('hand'), t(isUp ? 'toolbar.hand_down' : 'toolbar.hand_up'));
    setAttribute(byId('hand'), 'data-on', String(isUp));
    setAttribute(byId('hand'), 'aria-pressed', String(isUp));
    for (const node of byId('toolbar').querySelectorAll('[data-source]')) {
        const { source } = node.dataset;
        const isOn = Boolean(session.tracks[source]);
        const may = session.maySend(source);
        node.disabled = !isOn && !may;
        node.hidden = !offersSource(session, source) || (source === 'screen' && (!may || !navigator.mediaDevices?.getDisplayMedia));
        setAttribute(node, 'data-on', String(isOn));
        setText(node, t(`toolbar.${source}_${isOn ? 'off' : 'on'}`));
        setAttribute(node, 'title', may ? null : t('toolbar.not_allowed', { source: sourceText(source) }));
    }
}
