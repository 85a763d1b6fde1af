/* schedule.js - the sessions of a day or a week, and the form for a new one. Names are shown here and nowhere else among the admin's pages: who
 * books has to know whom. */

import { byId, keyed, make, setAttribute, setText } from '../common/dom.js';
import { listed, timeOfDay } from '../common/times.js';
import { roleText } from '../common/words.js';
import { t } from '../i18n.js';
import { get } from './api.js';
import { knowPeople, redrawForm, startBooking } from './booking.js';
import { addDays, dayName, dayRange, daysOf, secondsOf, startOfDay, startOfWeek, zoneName } from './days.js';
import { signedOut, startAdmin } from './start.js';

const EVERY_MS = 60000;

let shownFrom = startOfDay(new Date());
let sessions = null; /* of what is shown; null before they came */
let state = null; /* a word, when they did not */
let asked = 0;
let rights = null;

const isWeek = () => byId('view').value === 'week';
const dayCount = () => (isWeek() ? 7 : 1);
const firstDay = () => (isWeek() ? startOfWeek(shownFrom) : shownFrom);

const peopleText = ({ people }) => listed(people.map(({ role, name }) => t('admin.person', { name, role: roleText(role) })));

function showDay(node, day) {
    const from = secondsOf(day), to = secondsOf(addDays(day, 1));
    const here = sessions.filter(({ opens_at: opens, closes_at: closes }) => opens < to && closes > from).sort((a, b) => a.opens_at - b.opens_at);
    setText(node.querySelector('h3'), dayName(day));
    setAttribute(node, 'data-today', startOfDay(new Date()).getTime() === day.getTime());
    node.querySelector('p').hidden = here.length > 0;
    setText(node.querySelector('p'), t('admin.free_day'));
    keyed(node.querySelector('ul'), here, ({ id }) => id,
        ({ id }) => make('li', { 'data-session': id }, make('p', { class: 'when' }), make('p', { class: 'what' }), make('p', { class: 'role' })),
        (item, session) => {
            setText(item.children[0], t('admin.from_to', { from: timeOfDay(session.opens_at), to: timeOfDay(session.closes_at) }));
            setText(item.children[1], t(`admin.kinds.${session.kind}`));
            setText(item.children[2], peopleText(session));
            setAttribute(item, 'data-past', session.closes_at * 1000 < Date.now());
        });
}

function show() {
    const days = daysOf(firstDay(), dayCount());
    setText(byId('range'), isWeek() ? dayRange(days[0], days.at(-1)) : dayName(days[0]));
    setText(byId('zone'), t('admin.zone', { zone: zoneName() }));
    setText(byId('list-state'), rights && !rights.may_read_sessions ? t('admin.may_not_read') : state ? t(state) : sessions ? '' : t('admin.not_yet'));
    setAttribute(byId('days'), 'data-view', byId('view').value);
    if (!sessions) return;
    keyed(byId('days'), days, (day) => String(day.getTime()), () => make('section', { class: 'panel day' }, make('h3'), make('p', { class: 'role' }), make('ul')), showDay);
}

async function load() {
    const number = ++asked;
    if (!rights.may_read_sessions) return show();
    const from = firstDay();
    const { ok, status, body } = await get(`/api/v1/sessions?from=${secondsOf(from)}&to=${secondsOf(addDays(from, dayCount()))}`);
    if (status === 401) signedOut();
    if (number !== asked) return; /* another span is wanted by now */
    state = ok ? null : status === 400 ? 'admin.too_many' : 'admin.unreachable';
    if (ok) {
        sessions = body.items;
        knowPeople(sessions.flatMap(({ people }) => people));
    }
    show();
}

function go(date) {
    shownFrom = startOfDay(date);
    sessions = null;
    byId('days').replaceChildren();
    show();
    load();
}

/* ---- beginning ---- */

byId('view').append(...['day', 'week'].map((view) => make('option', { value: view, 'data-t': `admin.views.${view}` })));
byId('view').value = matchMedia('(min-width: 60rem)').matches ? 'week' : 'day';
rights = await startAdmin(() => { show(); if (rights?.may_book) redrawForm(); });
byId('before').addEventListener('click', () => go(addDays(firstDay(), -dayCount())));
byId('after').addEventListener('click', () => go(addDays(firstDay(), dayCount())));
byId('today').addEventListener('click', () => go(new Date()));
byId('view').addEventListener('change', () => go(shownFrom));
if (rights.may_book) startBooking(({ opens_at: opens }) => go(new Date(opens * 1000)));
await load();
setInterval(() => document.visibilityState === 'visible' && load(), EVERY_MS);
