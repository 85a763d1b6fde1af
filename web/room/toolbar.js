/* toolbar.js - my camera, microphone, screen and hand, and what opens the panels. One stop of the Tab key; arrows go from button to button. */

import { t } from '../i18n.js';
import { byId, setAttribute, setText } from '../common/dom.js';
import { setIcon } from '../common/icon.js';
import { offersSource } from '../common/rights.js';
import { sourceText } from '../common/words.js';
import { renderPanels, renderUnread } from './panels.js';

const buttons = () => [...byId('toolbar').querySelectorAll('button')].filter((node) => !node.hidden && !node.disabled && node.offsetParent !== null);

/* What is seen says how it is; what is read aloud says besides what a press does. */
function label(node, state, action) {
    setText(node.querySelector('.label'), state);
    setAttribute(node, 'aria-label', action === state ? null : t('toolbar.state', { state, action }));
}

export function renderToolbar(session) {
    const isUp = Boolean(session.mine?.hand);
    label(byId('hand'), t(isUp ? 'toolbar.hand_is_up' : 'toolbar.hand'), t(isUp ? 'toolbar.hand_down' : 'toolbar.hand_up'));
    setAttribute(byId('hand'), 'data-on', String(isUp));
    setAttribute(byId('hand'), 'aria-pressed', String(isUp));
    for (const node of byId('toolbar').querySelectorAll('[data-source]')) {
        const { source } = node.dataset;
        const isOn = Boolean(session.tracks[source]);
        const may = session.maySend(source);
        node.disabled = !isOn && !may;
        node.hidden = !offersSource(session, source) || (source === 'screen' && (!may || !navigator.mediaDevices?.getDisplayMedia));
        setAttribute(node, 'data-on', String(isOn));
        setIcon(node.querySelector('.icon'), source === 'screen' ? `screen${isOn ? '-off' : ''}` : `${source}${isOn ? '' : '-off'}`);
        label(node, t(`toolbar.${source}_is_${isOn ? 'on' : 'off'}`), t(`toolbar.${source}_${isOn ? 'off' : 'on'}`));
        setAttribute(node, 'title', may ? null : t('toolbar.not_allowed', { source: sourceText(source) }));
    }
    renderPanels();
    renderUnread(session);
    keepStop();
}

/* One button is where Tab comes in: the one that had the focus last, if it is still there. */
function keepStop(wanted = null) {
    const all = buttons();
    const stop = wanted ?? all.find((node) => node.tabIndex === 0) ?? all[0];
    for (const node of byId('toolbar').querySelectorAll('button')) node.tabIndex = node === stop ? 0 : -1;
}

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

function moveFocus(event) {
    const all = buttons();
    const at = all.indexOf(document.activeElement);
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const next = event.key === 'Home' ? 0 : event.key === 'End' ? all.length - 1
        : STEPS[event.key] ? (at + STEPS[event.key] + all.length) % all.length : null;
    if (next === null) return;
    event.preventDefault();
    all[next].focus();
}

export function startToolbar() {
    byId('toolbar').addEventListener('keydown', moveFocus);
    byId('toolbar').addEventListener('focusin', (event) => keepStop(event.target.closest('button')));
}
