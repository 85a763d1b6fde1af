/* care.js - to therapists: who asked for help, whose link somebody else may hold, and the client whose connection is lost, with where help
 * would have to go. */

import { countdown } from '../common/times.js';
import { button, byId, keyed, make, setAttribute, setText } from '../common/dom.js';
import { placeText } from '../common/words.js';

const CALLS = {
    alert: ({ name }, person) => [`${name} asks for help. `, placeText(person)],
    link_trouble: ({ name }) => [`A wrong code was typed for ${name}’s link. `,
        `Somebody else may hold this link. Before you let ${name} in, make sure that it is them.`],
};

/* Each call stays until a therapist has seen it; a second one by the same person is a new line, so that it is spoken again. */
export function renderAlerts(session) {
    keyed(byId('alerts'), [...session.alerts], ([call, { at }]) => `${call} ${at}`, ([call, said]) => {
        const [what, more] = CALLS[said.type](said, session.roster.find((person) => person.participant === said.participant));
        return make('div', { class: 'call', 'data-call': call, 'data-type': said.type, 'data-participant': said.participant },
            make('p', {}, make('strong', {}, what), more), button('seen', 'I have seen it'));
    }, () => {});
}

/* A number to call, as a link: digits and a plus only. */
function renderPhone(node, phone) {
    setText(node, phone ?? 'not known');
    setAttribute(node, 'href', phone ? `tel:${phone.replace(/[^\d+]/g, '')}` : null);
}

/* The server says when it is time, and until the therapist has said whether they were reached, it is. */
export const isAlarmed = ({ missing }) => Boolean(missing?.alarm) && missing.reached === null;

const MARKS = { true: 'You have noted: reached.', false: 'You have noted: not reached.' };

export function renderMissing(session) {
    const { missing, roster, clock } = session;
    byId('missing').hidden = !missing;
    setText(byId('missing-title'), missing ? `${nameOf(roster, missing.participant)}’s connection is lost` : '');
    if (!missing) return;
    const left_s = missing.alarm_at - clock.now();
    setText(byId('missing-address'), missing.address ?? 'not known');
    renderPhone(byId('missing-phone'), missing.phone);
    setText(byId('missing-alarm'), MARKS[missing.reached]
        ?? (missing.alarm ? 'Please call now, and note whether you reached them.' : `Alarm in ${countdown(left_s)} if they are not back.`));
    setAttribute(byId('missing'), 'data-alarm', String(isAlarmed(session)));
    setAttribute(byId('reached'), 'aria-pressed', String(missing.reached === true));
    setAttribute(byId('not-reached'), 'aria-pressed', String(missing.reached === false));
}

export const nameOf = (roster, participant) => roster.find((person) => person.participant === participant)?.name ?? 'The client';
