/* keys.js - single keys for whoever likes them, and the one that stops. Only without a modifier and outside of fields, and they can be switched
 * off (WCAG 2.2, 2.1.4): who speaks to their computer presses many keys without meaning to. Alt+O is always there. */

import { openBeside } from '../common/dialog.js';
import { byId, make, setAttribute } from '../common/dom.js';
import { closeSheet } from './panels.js';
import { view } from './view.js';

/* Each presses the button that does the same, if it is there. */
const KEYS = [
    { key: 'm', word: 'keys.mic', button: '[data-action="toggle-mic"]' },
    { key: 'v', word: 'keys.camera', button: '[data-action="toggle-camera"]' },
    { key: 'h', word: 'keys.hand', button: '#hand' },
    { key: 'c', word: 'keys.chat', button: '#toolbar [data-toggles="chat"]' },
    { key: 'p', word: 'keys.people', button: '#toolbar [data-toggles="people"]' },
    { key: 'o', word: 'keys.options', button: '#toolbar [data-toggles="options"]' },
    { key: 'g', word: 'keys.layout', button: '#option-layout' },
    { key: 'l', word: 'keys.captions', button: '#option-captions' },
    { key: '?', word: 'keys.help', button: '#option-keys-help' },
];
const ALWAYS = [{ key: 'Alt+O', word: 'keys.stop' }, { key: 'Esc', word: 'keys.close' }];

const isField = (node) => node?.matches?.('input, select, textarea, [contenteditable]');
const buttonFor = ({ button }) => [...document.querySelectorAll(button)].find((node) => !node.hidden && !node.disabled) ?? null;

function pressed(event) {
    const isSession = byId('page').dataset.state === 'session';
    if (event.altKey && event.code === 'KeyO' && !byId('banner').hidden) {
        event.preventDefault();
        document.querySelector('#banner [data-action="stop"]').click();
        return;
    }
    if (!isSession || event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    if (event.key === 'Escape') {
        if (!document.querySelector('dialog[open]')) closeSheet();
        return;
    }
    if (!view.hasKeys || event.repeat || isField(event.target) || byId('confirm').open) return;
    const node = buttonFor(KEYS.find(({ key }) => key === event.key.toLowerCase()) ?? { button: 'none' });
    if (!node) return;
    event.preventDefault();
    node.click();
}

export function startKeys() {
    addEventListener('keydown', pressed);
}

/* What assistive technology tells of them. */
export function renderKeys() {
    for (const entry of KEYS)
        for (const node of document.querySelectorAll(entry.button)) setAttribute(node, 'aria-keyshortcuts', view.hasKeys ? entry.key.toUpperCase() : null);
}

export function showKeys() {
    const rows = [...ALWAYS, ...(view.hasKeys ? KEYS : [])].map(({ key, word }) =>
        make('tr', {}, make('th', { scope: 'row' }, make('kbd', {}, key.length === 1 ? key.toUpperCase() : key)), make('td', { 'data-t': word })));
    byId('keys-list').replaceChildren(...rows);
    byId('keys-off').hidden = view.hasKeys;
    return openBeside(byId('keys'), byId('keys-title'));
}
