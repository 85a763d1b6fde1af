/* person.js - one row of the list: what is known of a person, and the buttons beside them. */

import { t } from '../i18n.js';
import { button, keyed, make, setAttribute, setText } from '../common/dom.js';
import { ENABLES, enablesFor, mayComeIn } from '../common/rights.js';
import { minutesInWords } from '../common/times.js';
import { isGuest, isIn, roleText } from '../common/words.js';
import { needsYes } from '../room/requests.js';
import { isPreviewed, renderPreview } from './preview.js';
import { LONG_WAIT_S, checksOf, grantText, mayText, placeText, scopeTexts, seatText, sinceText, troublesOf, waitText, whyNot } from './words.js';

export const GONE = ['left', 'removed', 'revoked', 'declined'];

const MINUTES = [5, 10, 15, 20];
const MOST = ''; /* of a portion, and of a mode: as much as is allowed */
const PORTION_MIN = { individual: 10 }; /* what is proposed; elsewhere all of it */
const MODES = ['full', 'audio', 'watch', 'listen'];

/* Whoever may not send it anyway need not be muted. */
const mayBeMuted = (person, source, right) => person.role !== 'therapist' && ['admitted', 'present'].includes(person.seat)
    && (person.muted.includes(source) || (person.may?.includes(right) ?? true));

/* Which buttons a reader has beside a person, and the name of what they say. shown(person) decides, every time. */
const CONTROLS = [
    { action: 'step-out', word: () => 'people.step_out', class: 'stop', for: 'therapist client',
      shown: (person) => isGuest(person) && person.seat === 'admitted' },
    { action: 'mute-mic', word: (person) => (person.muted.includes('mic') ? 'people.allow_mic' : 'people.mute_mic'), for: 'therapist',
      shown: (person) => mayBeMuted(person, 'mic', 'speak') },
    { action: 'mute-camera', word: (person) => (person.muted.includes('camera') ? 'people.allow_camera' : 'people.mute_camera'), for: 'therapist',
      shown: (person) => mayBeMuted(person, 'camera', 'show') },
    { action: 'preview', word: () => 'console.preview_open', for: 'therapist',
      shown: (person) => isGuest(person) && isIn(person), state: (person, node) => setAttribute(node, 'aria-expanded', String(isPreviewed(person))) },
    { action: 'agree-yes', word: () => 'people.agree', for: 'client',
      shown: (person) => needsYes(person) && !person.agreed && !GONE.includes(person.seat) },
    { action: 'take-back', word: () => 'people.take_back', for: 'client',
      shown: (person) => needsYes(person) && person.agreed && !GONE.includes(person.seat) },
    { action: 'remove', word: () => 'people.remove', class: 'danger', for: 'therapist',
      shown: (person) => isGuest(person) && !['removed', 'revoked'].includes(person.seat) },
];

/* The client whose loved one this is; in a session of one client, that one. */
function clientOf(session, person) {
    const clients = session.roster.filter((other) => other.role === 'client');
    return clients.find((other) => other.participant === person.client) ?? (clients.length === 1 ? clients[0] : null);
}

function whoText(session, person) {
    const client = person.client ? clientOf(session, person) : null;
    return client ? t('role.of', { role: roleText(person.role), name: client.name }) : roleText(person.role);
}

/* ---- making ---- */

/* The therapist's switches for one person: a tick appears once the room's list says so. */
const createEnables = (what) => make('fieldset', { class: 'enables' }, make('legend', { 'data-t': 'enable.title' }),
    ...what.map((name) => make('label', {},
        make('input', { type: 'checkbox', 'data-action': 'enable', 'data-what': name }), ' ', make('span', { 'data-t': `enable.what.${name}` }))));

/* The message that flips one switch; the whole set travels each time. */
export function enableRequest(session, participant, flipped) {
    const { enabled } = session.roster.find((person) => person.participant === participant);
    const set = ENABLES.map((name) => [name, enabled.includes(name) !== (name === flipped)]);
    return { type: 'enable', participant, ...Object.fromEntries(set) };
}

/* "Admit [for 10 minutes] [to see, hear and speak]" reads in the order in which it is said. */
function createAdmission(session, person) {
    const proposed = PORTION_MIN[session.welcome.kind] ?? MOST;
    return make('div', { class: 'admission' },
        button('admit', 'people.admit', { class: 'primary' }),
        make('label', {}, make('span', { 'data-t': 'people.for' }), ' ',
            make('select', { 'data-minutes': true }, ...[MOST, ...MINUTES].map((minutes) =>
                make('option', { value: minutes, selected: minutes === proposed })))),
        make('label', { class: 'mode', hidden: person.role !== 'loved_one' }, make('span', { 'data-t': 'console.to' }), ' ', make('select', { 'data-mode': true })));
}

export function createPerson(session, person) {
    const isTherapist = session.role === 'therapist';
    const row = make('li', { class: 'person', 'data-participant': person.participant },
        make('p', { class: 'who' }, make('strong', { class: 'name', tabindex: -1 }), ' ', make('span', { class: 'role' }), make('span', { class: 'wait' })),
        make('p', { class: 'seat' }),
        make('p', { class: 'hand' }),
        make('p', { class: 'place' }),
        make('p', { class: 'grant' }),
        make('ul', { class: 'scope' }),
        make('ul', { class: 'checks' }),
        make('p', { class: 'why', id: `why-${person.participant}` }));
    if (isTherapist && isGuest(person)) row.append(createAdmission(session, person));
    const controls = make('div', { class: 'row' });
    for (const control of CONTROLS.filter((entry) => entry.for.split(' ').includes(session.role)))
        controls.append(button(control.action, null, { class: control.class }));
    row.append(controls);
    if (isTherapist && isGuest(person)) row.append(make('section', { class: 'preview', hidden: true }));
    const enables = isTherapist ? enablesFor(session.welcome.kind, person.role) : [];
    if (enables.length) row.append(createEnables(enables));
    return row;
}

/* ---- keeping it true ---- */

function updateFacts(session, row, person) {
    const { clock, welcome, role } = session;
    const client = clientOf(session, person);
    const comes = isGuest(person) && mayComeIn(person) && person.connected;
    const isReading = person.seat === 'preparing';
    const isStaff = role === 'therapist';
    const waited_s = isStaff && person.seat === 'waiting' && comes ? clock.now() - person.since : null;
    setText(row.querySelector('.wait'), waited_s === null ? '' : waitText(waited_s));
    setAttribute(row.querySelector('.wait'), 'data-long', waited_s >= LONG_WAIT_S);
    const since = isStaff && person.seat === 'stepped_out' && person.since ? ` · ${sinceText(person.since)}` : '';
    setText(row.querySelector('.seat'), seatText(person) + since);
    setText(row.querySelector('.grant'), isStaff ? (isGuest(person) && !GONE.includes(person.seat) ? mayText(person, welcome.kind, clock.now()) : '')
        : grantText(person));
    const scope = isStaff && (comes || person.seat === 'admitted') ? scopeTexts(person, client?.name ?? t('people.the_client')) : [];
    keyed(row.querySelector('.scope'), scope.map((text, key) => ({ text, key })), ({ key }) => String(key), () => make('li'), (node, { text }) => setText(node, text));
    const checks = !isStaff || !isGuest(person) ? [] : comes || isReading ? checksOf(person, welcome.kind, client) : troublesOf(person);
    keyed(row.querySelector('.checks'), checks, ({ key }) => key, ({ key }) => make('li', { class: key }), (node, { key, state, text }) => {
        setAttribute(node, 'data-state', state);
        if (key === 'code') setAttribute(node, 'data-code', person.code);
        setText(node, text);
    });
}

function updateAdmission(row, person) {
    const admission = row.querySelector('.admission');
    if (!admission) return;
    const why = row.querySelector('.why').textContent;
    const admit = admission.querySelector('[data-action="admit"]');
    admission.hidden = !mayComeIn(person);
    admit.disabled = person.may_admit !== 'yes';
    setAttribute(admit, 'aria-describedby', why ? `why-${person.participant}` : null);
    for (const option of admission.querySelectorAll('[data-minutes] option'))
        setText(option, option.value === MOST ? t('console.whole_portion') : minutesInWords(Number(option.value)));
    const modes = MODES.filter((mode) => person.grant?.modes.includes(mode));
    keyed(admission.querySelector('[data-mode]'), modes.length ? [MOST, ...modes] : [], (mode) => mode, (mode) => make('option', { value: mode }),
        (option, mode) => setText(option, t(mode === MOST ? 'console.all_allowed' : `console.mode.${mode}`)));
    const choice = admission.querySelector('.mode');
    choice.hidden = modes.length < 2;
}

export function updatePerson(session, row, person) {
    const why = isGuest(person) && mayComeIn(person) && person.may_admit && person.may_admit !== 'yes'
        ? whyNot(person.may_admit, person.name, clientOf(session, person)?.name) : '';
    setAttribute(row, 'data-seat', person.seat);
    setText(row.querySelector('.name'), person.name);
    setText(row.querySelector('.role'), whoText(session, person));
    setText(row.querySelector('.hand'), person.hand ? t('seat.hand') : '');
    setText(row.querySelector('.place'), session.role === 'therapist' ? placeText(person) : '');
    setText(row.querySelector('.why'), why);
    updateFacts(session, row, person);
    updateAdmission(row, person);
    for (const control of CONTROLS) {
        const node = row.querySelector(`[data-action="${control.action}"]`);
        if (!node) continue;
        setText(node, t(control.word(person)));
        node.hidden = !control.shown(person);
        control.state?.(person, node);
    }
    const enables = row.querySelector('.enables');
    if (enables) enables.hidden = GONE.includes(person.seat);
    for (const box of enables?.querySelectorAll('input') ?? []) box.checked = Boolean(person.enabled?.includes(box.dataset.what));
    const preview = row.querySelector('.preview');
    if (preview) renderPreview(session, preview, person);
}
