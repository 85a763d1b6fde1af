/* panels.js - what lies beside the pictures: people, messages, agenda, options. In a wide window each is open until it is closed; in a narrow one they
 * are a sheet from below, one at a time, closed at first. */

import { t } from '../i18n.js';
import { byId, setAttribute, setText } from '../common/dom.js';

const wide = matchMedia('(min-width: 60rem)');

const shut = new Set(['options']); /* of a wide window */
let sheet = null; /* of a narrow one */

/* A part of the page may stand in more than one sheet: data-panel="people options". The first is its own. */
const names = (node) => node.dataset.panel.split(' ');

export const isOpen = (name) => (wide.matches ? !shut.has(name) : sheet === name);

function set(name, open) {
    if (!wide.matches) sheet = open ? name : null;
    else if (open) shut.delete(name);
    else shut.add(name);
}

/* What can be read now is read: the messages, or the focus, may go there. */
export function openPanel(name) {
    set(name, true);
    renderPanels();
    const panel = document.querySelector(`.side [data-panel^="${name}"]`);
    const heading = panel?.querySelector('h2');
    heading?.setAttribute('tabindex', '-1');
    heading?.focus({ preventScroll: true });
    if (panel) byId('side').scrollTop += panel.getBoundingClientRect().top - byId('side').getBoundingClientRect().top;
}

export function closePanel(name) {
    set(name, false);
    renderPanels();
    toggleOf(name)?.focus();
}

/* Below a long list of people it may be open and out of view: then whoever asks for it wants to see it. */
function isInView(name) {
    const side = byId('side').getBoundingClientRect();
    const { top } = document.querySelector(`.side [data-panel^="${name}"]`).getBoundingClientRect();
    return top >= side.top - 1 && top < side.bottom - 44;
}

export const togglePanel = (name) => (isOpen(name) && isInView(name) ? closePanel(name) : openPanel(name));

const toggleOf = (name) => document.querySelector(`#toolbar [data-toggles="${name}"]`);

/* On each drawing, after the panels themselves. */
export function renderPanels() {
    for (const panel of document.querySelectorAll('.side > [data-panel]'))
        setAttribute(panel, 'data-shut', wide.matches ? shut.has(names(panel)[0]) : !names(panel).includes(sheet));
    setAttribute(byId('side'), 'data-sheet', sheet);
    setAttribute(byId('side'), 'data-empty', !document.querySelector('.side > [data-panel]:not([hidden], [data-shut], :empty)'));
    for (const toggle of document.querySelectorAll('#toolbar [data-toggles]')) {
        const own = byId(toggle.getAttribute('aria-controls'));
        toggle.hidden = own.hidden;
        setAttribute(toggle, 'aria-expanded', String(isOpen(toggle.dataset.toggles) && !own.hidden));
    }
}

/* Messages that came since they were last on view. */
let read = 0;

export function renderUnread({ chat, me }) {
    const latest = chat.at(-1)?.serial ?? 0;
    if (latest < read || (isOpen('chat') && document.visibilityState === 'visible')) read = latest;
    const count = chat.filter(({ serial, from }) => serial > read && from !== me).length;
    setText(byId('unread'), count ? String(count) : '');
    setAttribute(toggleOf('chat'), 'aria-label', count ? t('toolbar.chat_unread', { label: t('toolbar.chat'), count }) : null);
}

/* Whoever comes back after a stay starts anew. */
export function forgetPanels() {
    sheet = null;
}

/* Escape closes what lies over the pictures. */
export function closeSheet() {
    if (wide.matches || !sheet) return false;
    closePanel(sheet);
    return true;
}

wide.addEventListener('change', renderPanels);
