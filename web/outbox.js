/* outbox.js - the demo's outbox: what would have been sent to people, the newest first. #token= is a service token that may read deliveries. */

import { timeOfDay } from './common/times.js';
import { byId, keyed, make, setAttribute, setText } from './common/dom.js';

const STORED = 'kinroom.outbox';
const EVERY_MS = 2000;
const COPIED_MS = 2000;

const KINDS = { code: 'Code', invitation: 'Link' };

const STATES = {
    401: 'This page’s own link has run out. Please start the demo anew.',
    403: 'This page’s own link does not open the outbox.',
    404: 'There is no outbox here: messages go to people.',
};
const UNREACHABLE = 'Kinroom can’t be reached just now. This page keeps trying.';

/* As link.js does it, and for the same reasons. */
function takeToken() {
    const token = new URLSearchParams(location.hash.slice(1)).get('token');
    if (location.hash) history.replaceState(null, '', location.pathname);
    if (token) sessionStorage.setItem(STORED, token);
    return sessionStorage.getItem(STORED);
}

const addressOf = (contact) => contact?.replace(/^[a-z]+:/, '') || 'nobody in particular';

function create({ kind, contact, participation, secret, made_at: madeAt }) {
    return make('li', { class: 'panel', 'data-kind': kind, 'data-participation': participation },
        make('p', {}, make('strong', {}, KINDS[kind] ?? kind), ` to ${addressOf(contact)} `, make('span', { class: 'role' }, timeOfDay(madeAt))),
        make('p', { class: 'row' }, make('span', { class: 'secret' }, secret), make('button', { type: 'button' }, 'Copy')));
}

/* Whoever can't copy by a button can still select the text. */
async function copy(node) {
    const text = node.parentElement.querySelector('.secret').textContent;
    const done = await navigator.clipboard.writeText(text).then(() => 'Copied', () => 'Please select it and copy');
    setText(node, done);
    setTimeout(() => setText(node, 'Copy'), COPIED_MS);
}

async function deliveries(token) {
    const reply = await fetch('/api/v1/deliveries', { headers: { authorization: `Bearer ${token}` }, cache: 'no-store' }).catch(() => null);
    if (!reply?.ok) return { state: STATES[reply?.status] ?? UNREACHABLE };
    const { items } = await reply.json();
    return { state: items.length ? '' : 'Nothing was sent yet.', items };
}

async function show(token) {
    const { state, items } = token ? await deliveries(token) : { state: STATES[403] };
    setText(byId('state'), state);
    if (!items) return;
    const newestFirst = items.map((item, at) => ({ ...item, at })).sort((a, b) => b.made_at - a.made_at || b.at - a.at);
    keyed(byId('deliveries'), newestFirst, ({ participation, kind, made_at: madeAt, secret }) => `${participation} ${kind} ${madeAt} ${secret}`,
        create, () => {});
    setAttribute(byId('deliveries'), 'data-count', newestFirst.length);
}

byId('deliveries').addEventListener('click', ({ target }) => target.matches('button') && copy(target));

const token = takeToken();
for (;;) {
    await show(token);
    await new Promise((done) => setTimeout(done, EVERY_MS));
}
