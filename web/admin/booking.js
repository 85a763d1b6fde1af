/* booking.js - the form for a new session: what it asks for depends on the kind. What does not fit comes back with the reason and the nearest
 * times that do, each a button. */

import { byId, make, setAttribute, setText } from '../common/dom.js';
import { dayAndTime } from '../common/times.js';
import { t } from '../i18n.js';
import { ask } from './api.js';
import { dateField, fromFields, secondsOf, timeField } from './days.js';

/* DOMAIN: kinds, their usual length, and who is in them. A workshop has no client, and each loved one there is somebody's; in a group all clients
 * come under the group's one record. */
const KINDS = {
    individual: { minutes: 50 },
    family: { minutes: 50 },
    workshop: { minutes: 75, ofClients: true },
    check_in: { minutes: 15 },
    discharge: { minutes: 45 },
    group: { minutes: 90, isGroup: true },
};
const CHECK_IN_AGENDA = ['admin.agenda_progress', 'admin.agenda_questions'];
const FIVE_MIN_MS = 300000;

const ID = '[A-Za-z0-9_\\-][A-Za-z0-9_.\\-]{0,63}';

const kindOf = () => KINDS[byId('kind').value];

/* Fields for one person: name, and the number that the clinic's records have. */
function personFields({ ofClient = false, removable = false } = {}) {
    const field = (word, attributes) => make('label', {}, make('span', { 'data-t': word }), make('input', { required: true, autocomplete: 'off', ...attributes }));
    const row = make('div', { class: 'person' },
        field('admin.name', { 'data-field': 'name', maxlength: 64 }),
        field('admin.record', { 'data-field': 'person', pattern: ID, maxlength: 64, list: 'known', 'aria-describedby': 'id-hint', spellcheck: 'false' }));
    if (ofClient) row.append(field('admin.whose', { 'data-field': 'client', pattern: ID, maxlength: 64, 'aria-describedby': 'id-hint', spellcheck: 'false' }));
    if (removable) row.append(make('button', { type: 'button', class: 'remove', 'data-t': 'admin.remove_person' }));
    return row;
}

const valuesOf = (row) => Object.fromEntries([...row.querySelectorAll('input')].map((input) => [input.dataset.field, input.value.trim()]));

/* ---- the form as it stands ---- */

let known = new Map(); /* record -> name, of the sessions that were read */

export function knowPeople(people) {
    for (const { person, name } of people) known.set(person, name);
    byId('known').replaceChildren(...[...known].sort(([, a], [, b]) => a.localeCompare(b)).map(([person, name]) => make('option', { value: person, label: name })));
}

function addGuest() {
    byId('guests').append(personFields({ ofClient: Boolean(kindOf().ofClients), removable: true }));
}

function showKind() {
    const { minutes, ofClients, isGroup } = kindOf();
    byId('length').value = minutes;
    byId('client-box').hidden = Boolean(ofClients);
    setAttribute(byId('client-box'), 'disabled', Boolean(ofClients));
    setText(byId('client-legend'), t(isGroup ? 'admin.group' : 'admin.client'));
    byId('guests-box').hidden = Boolean(isGroup);
    setAttribute(byId('guests-box'), 'disabled', Boolean(isGroup));
    byId('guests').replaceChildren();
    if (ofClients) addGuest();
    say(null);
}

/* After the language has changed. */
export function redrawForm() {
    const chosen = byId('kind').value || 'individual';
    byId('kind').replaceChildren(...Object.keys(KINDS).map((kind) => make('option', { value: kind, 'data-t': `admin.kinds.${kind}` })));
    byId('kind').value = chosen;
    setText(byId('client-legend'), t(kindOf().isGroup ? 'admin.group' : 'admin.client'));
    say(null);
}

/* ---- booking ---- */

const newId = () => crypto.randomUUID();

function request() {
    const { ofClients } = kindOf();
    const opens = secondsOf(fromFields(byId('date').value, byId('time').value));
    const therapist = valuesOf(byId('therapist').firstElementChild);
    const guests = [...byId('guests').children].map(valuesOf);
    const client = ofClients ? { person: guests[0].client } : valuesOf(byId('client').firstElementChild);
    const person = (role, { name, person: record, client: whose }) => ({ participation: newId(), person: record, role, name, ...(whose && { client: whose }) });
    return {
        id: newId(), kind: byId('kind').value, opens_at: opens, closes_at: opens + 60 * Number(byId('length').value), client: client.person,
        people: [person('therapist', therapist), ...(ofClients ? [] : [person('client', client)]), ...guests.map((guest) => person('loved_one', guest))],
        ...(byId('kind').value === 'check_in' && { agenda: agendaOf(Number(byId('length').value)) }),
    };
}

/* A check-in has an agenda of timed steps, which together are as long as it is. */
function agendaOf(minutes) {
    const first = Math.max(1, Math.floor(minutes / 2));
    return CHECK_IN_AGENDA.map((word, i) => ({ title: t(word), minutes: i ? Math.max(1, minutes - first) : first }));
}

/* word: null takes back what was said. */
function say(word, args) {
    setText(byId('booked-state'), word ? t(word, args) : '');
    byId('slots').replaceChildren();
}

const REASONS = ['therapist_busy', 'client_busy', 'full'];

function offer({ reason, earlier, later }) {
    say(`admin.conflict.${REASONS.includes(reason) ? reason : 'full'}`);
    const slots = [earlier, later].filter(Boolean);
    for (const slot of slots)
        byId('slots').append(make('button', { type: 'button', class: 'slot', 'data-opens-at': slot.opens_at }, t(slot === earlier ? 'admin.slot_earlier' : 'admin.slot_later', { time: dayAndTime(slot.opens_at) })));
    if (!slots.length) byId('slots').append(make('p', {}, t('admin.no_slot')));
    byId('slots').querySelector('button')?.focus();
}

const OTHERS = { 0: 'admin.unreachable', 401: 'admin.signed_out', 403: 'admin.may_not_book', 422: 'admin.not_valid', 429: 'admin.busy', 503: 'admin.busy' };

async function book(booked) {
    const submit = byId('book').querySelector('.primary');
    const body = request();
    setAttribute(submit, 'aria-busy', 'true');
    const answer = await ask('POST', '/api/v1/sessions', { body, key: body.id });
    setAttribute(submit, 'aria-busy', false);
    if (answer.ok) {
        clear();
        say('admin.booked_done', { time: dayAndTime(answer.body.opens_at) });
        booked(answer.body);
    } else if (answer.body?.type === 'urn:kinroom:problem:conflict') offer(answer.body);
    else say(OTHERS[answer.status] ?? 'admin.not_valid');
}

function clear() {
    for (const input of byId('book').querySelectorAll('.person input')) input.value = '';
    byId('guests').replaceChildren();
    if (kindOf().ofClients) addGuest();
}

/* On the next five minutes that are not too soon. */
function proposeTime(from = new Date(Date.now() + 3 * FIVE_MIN_MS)) {
    const date = new Date(Math.ceil(from.getTime() / FIVE_MIN_MS) * FIVE_MIN_MS);
    byId('date').value = dateField(date);
    byId('time').value = timeField(date);
}

/* A known record brings its name. */
function fillName({ target }) {
    if (target.dataset.field !== 'person') return;
    const name = target.closest('.person').querySelector('[data-field="name"]');
    if (!name.value && known.has(target.value)) name.value = known.get(target.value);
}

/* booked: called with each session that was booked here. */
export function startBooking(booked) {
    byId('therapist').append(personFields());
    byId('client').append(personFields());
    redrawForm();
    showKind();
    proposeTime();
    byId('new').hidden = false;
    byId('kind').addEventListener('change', showKind);
    byId('add-guest').addEventListener('click', () => { addGuest(); byId('guests').lastElementChild.querySelector('input').focus(); });
    byId('guests').addEventListener('click', ({ target }) => {
        if (!target.matches('.remove')) return;
        target.closest('.person').remove();
        byId('add-guest').focus();
    });
    byId('book').addEventListener('change', fillName);
    byId('book').addEventListener('submit', (event) => { event.preventDefault(); book(booked); });
    byId('slots').addEventListener('click', ({ target }) => {
        if (!target.matches('.slot')) return;
        proposeTime(new Date(Number(target.dataset.opensAt) * 1000));
        book(booked);
    });
}
