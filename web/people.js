/* people.js - the list of people with what the therapist or the client may do about each, and the client's yes or no. */

import { button, byId, keyed, make, setAttribute, setText } from './dom.js';
import { ROLES, grantText, isGuest, isIn, seatText, sendingText, whyNot } from './words.js';

const MINUTES = [5, 10, 15, 20];
const MAY_COME_IN = ['waiting', 'stepped_out', 'suspended'];
const GONE = ['left', 'removed'];

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
      shown: (person) => isGuest(person) && person.seat !== 'removed' },
];

const clientName = (session) => session.roster.find((person) => person.role === 'client')?.name ?? 'the client';

function createRow(session, person) {
    const row = make('li', { class: 'person', 'data-participant': person.participant },
        make('p', { class: 'who' }, make('strong'), ' ', make('span', { class: 'role' })),
        make('p', { class: 'seat' }),
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
    return row;
}

function updateRow(session, row, person) {
    const why = isGuest(person) && MAY_COME_IN.includes(person.seat) && person.may_admit && person.may_admit !== 'yes'
        ? whyNot(person.may_admit, person.name, clientName(session)) : '';
    setAttribute(row, 'data-seat', person.seat);
    setText(row.querySelector('strong'), person.name);
    setText(row.querySelector('.role'), ROLES[person.role] ?? '');
    setText(row.querySelector('.seat'), seatText(person) + (isIn(person) ? ` · ${sendingText(person)}` : ''));
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
