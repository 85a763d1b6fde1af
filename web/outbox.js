/* outbox.js - the demo's outbox: what would have been sent to people, the newest first. #token= is a service token that may read deliveries. */

import { byId, keyed, make, setAttribute, setText } from './common/dom.js';
import { startPage } from './common/start.js';
import { timeOfDay } from './common/times.js';
import { t } from './i18n.js';

const STORED = 'kinroom.outbox';
const EVERY_MS = 2000;
const COPIED_MS = 2000;

const STATES = { 401: 'outbox.expired', 403: 'outbox.wrong_link', 404: 'outbox.none' };

/* As link.js does it, and for the same reasons. */
function takeToken() {
    const token = new URLSearchParams(location.hash.slice(1)).get('token');
    if (location.hash) history.replaceState(null, '', location.pathname);
    if (token) sessionStorage.setItem(STORED, token);
    return sessionStorage.getItem(STORED);
}

const addressOf = (contact) => contact?.replace(/^[a-z]+:/, '') || t('outbox.nobody');

function create({ kind, participation, secret }) {
    return make('li', { class: 'panel', 'data-kind': kind, 'data-participation': participation },
        make('p', {}, make('strong'), ' ', make('span', { class: 'role' })),
        make('p', { class: 'row' }, make('span', { class: 'secret' }, secret), make('button', { type: 'button', 'data-t': 'outbox.copy' })));
}

function update(row, { kind, contact, made_at: madeAt }) {
    setText(row.querySelector('strong'), t(`outbox.kind.${kind}`, { contact: addressOf(contact) }));
    setText(row.querySelector('.role'), timeOfDay(madeAt));
}

/* Whoever can't copy by a button can still select the text. */
async function copy(node) {
    const text = node.parentElement.querySelector('.secret').textContent;
    const said = await navigator.clipboard.writeText(text).then(() => 'outbox.copied', () => 'outbox.select');
    setText(node, t(said));
    setTimeout(() => setText(node, t('outbox.copy')), COPIED_MS);
}

async function deliveries(token) {
    const reply = await fetch('/api/v1/deliveries', { headers: { authorization: `Bearer ${token}` }, cache: 'no-store' }).catch(() => null);
    if (!reply?.ok) return { state: t(STATES[reply?.status] ?? 'outbox.unreachable') };
    const { items } = await reply.json();
    return { state: items.length ? '' : t('outbox.empty'), items };
}

async function show(token) {
    const { state, items } = token ? await deliveries(token) : { state: t(STATES[403]) };
    setText(byId('state'), state);
    if (!items) return;
    const newestFirst = items.map((item, at) => ({ ...item, at })).sort((a, b) => b.made_at - a.made_at || b.at - a.at);
    keyed(byId('deliveries'), newestFirst, ({ participation, kind, made_at: madeAt, secret }) => `${participation} ${kind} ${madeAt} ${secret}`,
        create, update);
    setAttribute(byId('deliveries'), 'data-count', newestFirst.length);
}

byId('deliveries').addEventListener('click', ({ target }) => target.matches('button') && copy(target));

const token = takeToken();
await startPage(() => show(token));
for (;;) {
    await show(token);
    await new Promise((done) => setTimeout(done, EVERY_MS));
}
