/* dom.js - the few DOM helpers. Text only ever enters as text nodes: what people call themselves is never markup. */

import { t } from '../i18n.js';

export const byId = (id) => document.getElementById(id);

/* attributes: a name -> value table; true sets an empty attribute, false and null leave it out. With data-t the node says that word, in whichever
 * language is chosen. */
export function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
    if (attributes['data-t']) node.textContent = t(attributes['data-t']);
    node.append(...children);
    return node;
}

/* Writes only what differs: a live region speaks, and a focused control flickers, on every needless write. */
export function setAttribute(node, name, value) {
    if (value === false || value === null || value === undefined) {
        if (node.hasAttribute(name)) node.removeAttribute(name);
        return;
    }
    const text = value === true ? '' : String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

export function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
}

/* word: what it says, by its name in the table of words; null where it is written on each drawing. */
export const button = (action, word, attributes = {}) => make('button', { type: 'button', 'data-action': action, 'data-t': word, ...attributes });

/* Makes the container's children follow `items` by key. Nodes that stay are not touched beyond update(node, item), so that focus,
 * a playing video and a half-chosen select survive; they move only when their order changed, as moving a video pauses it. */
export function keyed(container, items, keyOf, create, update) {
    const wanted = new Set(items.map(keyOf));
    for (const node of [...container.children]) if (!wanted.has(node.dataset.key)) node.remove();

    const kept = new Map([...container.children].map((node) => [node.dataset.key, node]));
    let place = container.firstElementChild;
    for (const item of items) {
        const key = keyOf(item);
        const node = kept.get(key) ?? create(item);
        node.dataset.key = key;
        if (node === place) place = place.nextElementSibling;
        else container.insertBefore(node, place);
        update(node, item);
    }
}
