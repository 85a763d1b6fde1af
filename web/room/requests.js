/* requests.js - the client is asked about each person who waits and has no yes yet. */

import { t } from '../i18n.js';
import { button, byId, keyed, make, setText } from '../common/dom.js';
import { mayComeIn } from '../common/rights.js';

/* The client's yes is asked for loved ones; an interpreter needs none. */
export const needsYes = (person) => person.role === 'loved_one';

export function renderRequests(session, saidNo) {
    const asking = session.role !== 'client' ? [] : session.roster.filter((person) => needsYes(person) && person.connected
        && mayComeIn(person) && !person.agreed && !saidNo.has(person.participant));
    keyed(byId('requests'), asking, (person) => person.participant,
        (person) => make('div', { class: 'request', 'data-participant': person.participant }, make('p'), make('div', { class: 'row' },
            button('agree-yes', 'button.yes', { class: 'primary' }), button('agree-no', 'button.no'))),
        (card, { name, seat }) => setText(card.querySelector('p'), t(seat === 'waiting' ? 'people.request' : 'people.request_back', { name })));
}
