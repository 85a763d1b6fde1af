/* words.js - to the therapist, and in part to the client: what is known of a person, in plain words. */

import { hasWord, t } from '../i18n.js';
import { at, dayAndTime, listed } from '../common/times.js';
import { isIn, sourceText, wordFor } from '../common/words.js';

const SAID_WHEN_GONE = ['left', 'removed', 'revoked', 'declined', 'suspended'];

function whereText(person) {
    if (!person.connected && !SAID_WHEN_GONE.includes(person.seat)) return t('seat.not_connected');
    if (person.seat === 'admitted' && person.until) return t('seat.admitted_until', at(person.until));
    return hasWord(`seat.is.${person.seat}`) ? t(`seat.is.${person.seat}`) : '';
}

export function seatText(person) {
    const seat = whereText(person);
    if (!isIn(person)) return seat;
    return person.sending.length ? t('seat.sending', { seat, sources: listed(person.sending.map(sourceText)) }) : t('seat.sending_nothing', { seat });
}

const MODES = ['full', 'audio', 'watch', 'listen'];

export function grantText({ mode, grant_until: until }) {
    if (!MODES.includes(mode)) return '';
    return t(`grant.mode.${mode}`) + (until ? ` ${t('grant.until', { time: dayAndTime(until) })}` : '');
}

/* How far this person's one-time code got. */
export const codeText = ({ code }) => (hasWord(`code_state.${code}`) ? t(`code_state.${code}`) : '');

/* Where help for this client would have to go. Nothing for anybody else. */
export function placeText(person) {
    if (person?.address === undefined) return '';
    return person.address ? t('whereabouts.known', { address: person.address, phone: person.phone }) : t('whereabouts.unknown');
}

/* may_admit -> why the button is off. client: their name, if it is known. */
export const whyNot = (code, name, client) => wordFor('why_not', code, { name, client: client ?? t('people.the_client') });
