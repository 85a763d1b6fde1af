/* people.js - the list of people, with what the therapist or the client may do about each. */

import { t } from '../i18n.js';
import { button, byId, keyed, make, setAttribute, setText } from '../common/dom.js';
import { ENABLES, enablesFor, mayComeIn } from '../common/rights.js';
import { minutesInWords } from '../common/times.js';
import { isGuest, roleText } from '../common/words.js';
import { needsYes } from '../room/requests.js';
import { codeText, grantText, placeText, seatText, whyNot } from './words.js';

export const EXTEND_MIN = 5; /* what the button asks for */

const MINUTES = [5, 10, 15, 20];
const GONE = ['left', 'removed', 'revoked', 'declined'];

/* Which buttons a reader has beside a person, and the name of what they say. shown(person) decides, every time. */
const CONTROLS = [
    { action: 'admit', word: () => 'people.admit', class: 'primary', for: 'therapist',
      shown: (person) => isGuest(person) && mayComeIn(person),
      disabled: (person) => person.may_admit !== 'yes' },
    { action: 'step-out', word: () => 'people.step_out', class: 'stop', for: 'therapist client',
      shown: (person) => isGuest(person) && person.seat === 'admitted' },
    { action: 'mute-mic', word: (person) => (person.muted.includes('mic') ? 'people.allow_mic' : 'people.mute_mic'), for: 'therapist',
      shown: (person) => person.role !== 'therapist' && ['admitted', 'present'].includes(person.seat) },
    { action: 'mute-camera', word: (person) => (person.muted.includes('camera') ? 'people.allow_camera' : 'people.mute_camera'), for: 'therapist',
      shown: (person) => person.role !== 'therapist' && ['admitted', 'present'].includes(person.seat) },
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

function createRow(session, person) {
    const row = make('li', { class: 'person', 'data-participant': person.participant },
        make('p', { class: 'who' }, make('strong'), ' ', make('span', { class: 'role' })),
        make('p', { class: 'seat' }),
        make('p', { class: 'hand' }),
        make('p', { class: 'code' }),
        make('p', { class: 'place' }),
        make('p', { class: 'grant' }),
        make('p', { class: 'why', id: `why-${person.participant}` }));
    const controls = make('div', { class: 'row' });
    if (session.role === 'therapist' && isGuest(person))
        controls.append(make('label', { class: 'minutes' }, make('span', { 'data-t': 'people.for' }), ' ',
            make('select', { 'data-minutes': true }, ...MINUTES.map((minutes) => make('option', { value: minutes, selected: minutes === 10 })))));
    for (const control of CONTROLS.filter((entry) => entry.for.split(' ').includes(session.role)))
        controls.append(button(control.action, null, { class: control.class }));
    /* "Admit [for 10 minutes]" reads in the order in which it is said. */
    const admit = controls.querySelector('[data-action="admit"]');
    if (admit) controls.prepend(admit);
    row.append(controls);
    const enables = session.role === 'therapist' ? enablesFor(session.welcome.kind, person.role) : [];
    if (enables.length) row.append(createEnables(enables));
    return row;
}

function updateRow(session, row, person) {
    const why = isGuest(person) && mayComeIn(person) && person.may_admit && person.may_admit !== 'yes'
        ? whyNot(person.may_admit, person.name, clientOf(session, person)?.name) : '';
    setAttribute(row, 'data-seat', person.seat);
    setText(row.querySelector('strong'), person.name);
    setText(row.querySelector('.role'), whoText(session, person));
    setText(row.querySelector('.seat'), seatText(person));
    setText(row.querySelector('.hand'), person.hand ? t('seat.hand') : '');
    setText(row.querySelector('.code'), codeText(person));
    setAttribute(row.querySelector('.code'), 'data-code', person.code);
    setText(row.querySelector('.place'), session.role === 'therapist' ? placeText(person) : '');
    setText(row.querySelector('.grant'), grantText(person));
    setText(row.querySelector('.why'), why);
    for (const control of CONTROLS) {
        const node = row.querySelector(`[data-action="${control.action}"]`);
        if (!node) continue;
        setText(node, t(control.word(person)));
        node.hidden = !control.shown(person);
        node.disabled = Boolean(control.disabled?.(person));
        setAttribute(node, 'aria-describedby', control.action === 'admit' && why ? `why-${person.participant}` : null);
    }
    const enables = row.querySelector('.enables');
    if (enables) enables.hidden = GONE.includes(person.seat);
    for (const box of enables?.querySelectorAll('input') ?? []) box.checked = Boolean(person.enabled?.includes(box.dataset.what));
    const minutes = row.querySelector('.minutes');
    for (const option of minutes?.querySelectorAll('option') ?? []) setText(option, minutesInWords(Number(option.value)));
    if (minutes) minutes.hidden = row.querySelector('[data-action="admit"]').hidden;
}

/* For therapist and client; a loved one sees the others as tiles only. */
export function renderPeople(session) {
    byId('people-panel').hidden = !session.isHost;
    setText(byId('extend'), t('people.extend', { count: EXTEND_MIN }));
    if (!session.isHost) return;
    const others = session.roster.filter((person) => person.participant !== session.me);
    keyed(byId('people'), others, (person) => person.participant,
        (person) => createRow(session, person), (row, person) => updateRow(session, row, person));
}
