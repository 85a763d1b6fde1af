/* people.js - the list of people with what the therapist or the client may do about each, and the client's yes or no. */

import { button, byId, keyed, make, setAttribute, setText } from '../common/dom.js';
import { ENABLES, enablesFor } from '../common/rights.js';
import { ENABLE_NAMES, ROLES, codeText, grantText, isGuest, isIn, placeText, seatText, sendingText, whyNot } from '../common/words.js';

const MINUTES = [5, 10, 15, 20];
const MAY_COME_IN = ['waiting', 'stepped_out', 'suspended'];
const GONE = ['left', 'removed', 'revoked', 'declined'];

/* The client's yes is asked for loved ones; an interpreter needs none. */
const isLovedOne = (person) => person.role === 'loved_one';

/* Which buttons a reader has beside a person. shown(person, session) decides, every time. */
const CONTROLS = [
    { action: 'admit', text: () => 'Admit', class: 'primary', for: 'therapist',
      shown: (person) => isGuest(person) && MAY_COME_IN.includes(person.seat),
      disabled: (person) => person.may_admit !== 'yes' },
    { action: 'step-out', text: () => 'Step out', class: 'stop', for: 'therapist client',
      shown: (person) => isGuest(person) && person.seat === 'admitted' },
    { action: 'mute-mic', text: (person) => (person.muted.includes('mic') ? 'Allow microphone' : 'Mute microphone'), for: 'therapist',
      shown: (person) => person.role !== 'therapist' && ['admitted', 'present'].includes(person.seat) },
    { action: 'mute-camera', text: (person) => (person.muted.includes('camera') ? 'Allow camera' : 'Turn off camera'), for: 'therapist',
      shown: (person) => person.role !== 'therapist' && ['admitted', 'present'].includes(person.seat) },
    { action: 'agree-yes', text: () => 'Allow to join', for: 'client',
      shown: (person) => isLovedOne(person) && !person.agreed && !GONE.includes(person.seat) },
    { action: 'take-back', text: () => 'Take back my yes', for: 'client',
      shown: (person) => isLovedOne(person) && person.agreed && !GONE.includes(person.seat) },
    { action: 'remove', text: () => 'Remove', class: 'danger', for: 'therapist',
      shown: (person) => isGuest(person) && !['removed', 'revoked'].includes(person.seat) },
];

/* The client whose loved one this is; in a session of one client, that one. */
function clientOf(session, person) {
    const clients = session.roster.filter((other) => other.role === 'client');
    return clients.find((other) => other.participant === person.client) ?? (clients.length === 1 ? clients[0] : null);
}

function roleText(session, person) {
    const client = person.client ? clientOf(session, person) : null;
    return (ROLES[person.role] ?? '') + (client ? ` of ${client.name}` : '');
}

/* The therapist's switches for one person: a tick appears once the room's list says so. */
const createEnables = (what) => make('fieldset', { class: 'enables' }, make('legend', {}, 'Allow'),
    ...what.map((name) => make('label', {},
        make('input', { type: 'checkbox', 'data-action': 'enable', 'data-what': name }), ` ${ENABLE_NAMES[name]}`)));

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
        controls.append(make('label', { class: 'minutes' }, 'for ',
            make('select', { 'data-minutes': true }, ...MINUTES.map((minutes) =>
                make('option', { value: minutes, selected: minutes === 10 }, `${minutes} minutes`)))));
    for (const control of CONTROLS.filter((entry) => entry.for.split(' ').includes(session.role)))
        controls.append(button(control.action, '', { class: control.class }));
    /* "Admit [for 10 minutes]" reads in the order in which it is said. */
    const admit = controls.querySelector('[data-action="admit"]');
    if (admit) controls.prepend(admit);
    row.append(controls);
    const enables = session.role === 'therapist' ? enablesFor(session.welcome.kind, person.role) : [];
    if (enables.length) row.append(createEnables(enables));
    return row;
}

function updateRow(session, row, person) {
    const why = isGuest(person) && MAY_COME_IN.includes(person.seat) && person.may_admit && person.may_admit !== 'yes'
        ? whyNot(person.may_admit, person.name, clientOf(session, person)?.name ?? 'the client') : '';
    setAttribute(row, 'data-seat', person.seat);
    setText(row.querySelector('strong'), person.name);
    setText(row.querySelector('.role'), roleText(session, person));
    setText(row.querySelector('.seat'), seatText(person) + (isIn(person) ? ` · ${sendingText(person)}` : ''));
    setText(row.querySelector('.hand'), person.hand ? 'has raised a hand' : '');
    setText(row.querySelector('.code'), codeText(person));
    setAttribute(row.querySelector('.code'), 'data-code', person.code);
    setText(row.querySelector('.place'), session.role === 'therapist' ? placeText(person) : '');
    setText(row.querySelector('.grant'), grantText(person));
    setText(row.querySelector('.why'), why);
    for (const control of CONTROLS) {
        const node = row.querySelector(`[data-action="${control.action}"]`);
        if (!node) continue;
        setText(node, control.text(person));
        node.hidden = !control.shown(person, session);
        node.disabled = Boolean(control.disabled?.(person));
        setAttribute(node, 'aria-describedby', control.action === 'admit' && why ? `why-${person.participant}` : null);
    }
    const enables = row.querySelector('.enables');
    if (enables) enables.hidden = GONE.includes(person.seat);
    for (const box of enables?.querySelectorAll('input') ?? []) box.checked = Boolean(person.enabled?.includes(box.dataset.what));
    const minutes = row.querySelector('.minutes');
    if (minutes) minutes.hidden = row.querySelector('[data-action="admit"]').hidden;
}

/* For therapist and client; a loved one sees the others as tiles only. */
export function renderPeople(session) {
    byId('people-panel').hidden = !session.isHost;
    if (!session.isHost) return;
    const others = session.roster.filter((person) => person.participant !== session.me);
    keyed(byId('people'), others, (person) => person.participant,
        (person) => createRow(session, person), (row, person) => updateRow(session, row, person));
}

/* The client is asked about each person who waits and has no yes yet. */
export function renderRequests(session, declined) {
    const asking = session.role !== 'client' ? [] : session.roster.filter((person) => isLovedOne(person) && person.connected
        && MAY_COME_IN.includes(person.seat) && !person.agreed && !declined.has(person.participant));
    keyed(byId('requests'), asking, (person) => person.participant,
        (person) => make('div', { class: 'request', 'data-participant': person.participant }, make('p'), make('div', { class: 'row' },
            button('agree-yes', 'Yes', { class: 'primary' }), button('agree-no', 'No'))),
        (card, person) => {
            const back = person.seat === 'waiting' ? '' : 'back ';
            setText(card.querySelector('p'), `${person.name} is waiting to join a part of this session. `
                + `Allow ${person.name} ${back}${back ? 'in' : 'to join'} today?`);
        });
}
