/* care.js - to therapists: who asked for help, and the client whose connection is lost, with where help would have to go. */

import { countdown } from './clock.js';
import { button, byId, keyed, make, setAttribute, setText } from './dom.js';
import { placeText } from './words.js';

/* Each call stays until a therapist has seen it; a second one by the same person is a new line, so that it is spoken again. */
export function renderAlerts(session) {
    const calls = [...session.alerts].map(([participant, { name, at }]) => ({ participant, name, at }));
    keyed(byId('alerts'), calls, ({ participant, at }) => `${participant} ${at}`,
        ({ participant, name }) => {
            const person = session.roster.find((entry) => entry.participant === participant);
            return make('div', { class: 'call', 'data-participant': participant },
                make('p', {}, make('strong', {}, `${name} asks for help. `), placeText(person)), button('seen', 'I have seen it'));
        }, () => {});
}

const ALARM_OVER = 'Please call now.';

/* A number to call, as a link: digits and a plus only. */
function renderPhone(node, phone) {
    setText(node, phone ?? 'not known');
    setAttribute(node, 'href', phone ? `tel:${phone.replace(/[^\d+]/g, '')}` : null);
}

export function renderMissing(session) {
    const { missing, roster, clock } = session;
    byId('missing').hidden = !missing;
    setText(byId('missing-title'), missing ? `${nameOf(roster, missing.participant)}’s connection is lost` : '');
    if (!missing) return;
    const left_s = missing.alarm_at - clock.now();
    setText(byId('missing-address'), missing.address ?? 'not known');
    renderPhone(byId('missing-phone'), missing.phone);
    setText(byId('missing-alarm'), missing.reached === true ? 'You have noted: reached.'
        : left_s > 0 ? `Alarm in ${countdown(left_s)} if they are not back.` : ALARM_OVER);
    setAttribute(byId('missing'), 'data-alarm', String(missing.reached !== true && left_s <= 0));
    setAttribute(byId('reached'), 'aria-pressed', String(missing.reached === true));
    setAttribute(byId('not-reached'), 'aria-pressed', String(missing.reached === false));
}

export const nameOf = (roster, participant) => roster.find((person) => person.participant === participant)?.name ?? 'The client';
