/* care.js - to therapists: who asked for help, whose link somebody else may hold, and the client whose connection is lost, with where help
 * would have to go. */

import { t } from '../i18n.js';
import { telOf } from '../common/clinic.js';
import { button, byId, keyed, make, setAttribute, setText } from '../common/dom.js';
import { countdown } from '../common/times.js';
import { placeText } from './words.js';

const CALLS = {
    alert: ({ name }, person) => [t('alert.help', { name }), placeText(person)],
    link_trouble: ({ name }) => [t('alert.link_trouble', { name }), t('alert.link_trouble_more', { name })],
};

/* Each call stays until a therapist has seen it; a second one by the same person is a new line, so that it is spoken again. */
export function renderAlerts(session) {
    keyed(byId('alerts'), [...session.alerts], ([call, { at }]) => `${call} ${at}`, ([call, { type, participant }]) =>
        make('div', { class: 'call', 'data-call': call, 'data-type': type, 'data-participant': participant },
            make('p', {}, make('strong'), ' ', make('span')), button('seen', 'alert.seen')),
    (node, [, said]) => {
        const [what, more] = CALLS[said.type](said, session.roster.find((person) => person.participant === said.participant));
        setText(node.querySelector('strong'), what);
        setText(node.querySelector('span'), more);
    });
}

function renderPhone(node, phone) {
    setText(node, phone ?? t('missing.unknown'));
    setAttribute(node, 'href', phone ? telOf(phone) : null);
}

/* The server says when it is time, and until the therapist has said whether they were reached, it is. */
export const isAlarmed = ({ missing }) => Boolean(missing?.alarm) && missing.reached === null;

const MARKS = { true: 'missing.noted_reached', false: 'missing.noted_not_reached' };

export function renderMissing(session) {
    const { missing, roster, clock } = session;
    byId('missing').hidden = !missing;
    setText(byId('missing-title'), missing ? t('missing.title', { name: nameOf(roster, missing.participant) }) : '');
    if (!missing) return;
    const left_s = missing.alarm_at - clock.now();
    setText(byId('missing-address'), missing.address ?? t('missing.unknown'));
    renderPhone(byId('missing-phone'), missing.phone);
    setText(byId('missing-alarm'), missing.reached !== null ? t(MARKS[missing.reached])
        : missing.alarm ? t('missing.call_now') : t('missing.alarm_in', { left: countdown(left_s) }));
    setAttribute(byId('missing'), 'data-alarm', String(isAlarmed(session)));
    setAttribute(byId('reached'), 'aria-pressed', String(missing.reached === true));
    setAttribute(byId('not-reached'), 'aria-pressed', String(missing.reached === false));
}

export const nameOf = (roster, participant) => roster.find((person) => person.participant === participant)?.name ?? t('missing.client');
