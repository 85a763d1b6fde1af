/* words.js - codes of the protocol to words, as far as several parts of the page need them. */

import { hasWord, t } from '../i18n.js';
import { browserFamily } from './browser.js';
import { clinicZone } from './clinic.js';
import { at, atElsewhere, dayAndTime, inWords, isSameDay } from './times.js';

/* May be heard or seen at this moment. */
export const isIn = (person) => person.connected && (person.seat === 'present' || person.seat === 'admitted');
export const isGuest = (person) => person.role === 'loved_one' || person.role === 'interpreter';

/* What the table of words has for this code, else what it has for all others. */
export const wordFor = (family, code, args) => t(hasWord(`${family}.${code}`) ? `${family}.${code}` : `${family}.other`, args);

/* Where to allow camera and microphone, in this browser; some systems say no themselves, before any browser is asked. */
export const permissionHelp = (refusal) => t(/system/i.test(refusal.message) ? 'permission.system' : `permission.in.${browserFamily()}`);

/* Of the server's refusals, of what never reached it, and of what a browser says no with. */
export function errorText(error) {
    const text = wordFor('error', hasWord(`error.${error.name}`) ? error.name : error.code);
    return error.name === 'NotAllowedError' ? `${text} ${permissionHelp(error)}` : text;
}

export const roleText = (role) => (hasWord(`role.${role}`) ? t(`role.${role}`) : '');
export const sourceText = (source) => t(`source.${source}`);

const LONG_S = 2 * 3600; /* until then nobody counts minutes */

/* Where the reader's clock and the clinic's differ, both. */
export function whenItStarts(session) {
    const there = session.room && atElsewhere(session.room.opens_at, clinicZone());
    return [startText(session), there && t('room.there', there)].filter(Boolean).join(' ');
}

function startText({ room, clock }) {
    if (!room) return '';
    const start = at(room.opens_at);
    const early_s = room.opens_at - clock.now();
    if (early_s > 0 && !isSameDay(room.opens_at, clock.now())) return t('room.starts_on', { time: dayAndTime(room.opens_at) });
    if (early_s > LONG_S) return t('room.starts_later', start);
    if (early_s > 0) return t('room.starts', { ...start, left: inWords(early_s) });
    if (room.state === 'open') return t('room.began', start);
    return -early_s < 60 ? t('room.was_to_start', start) : t('room.late', { ...start, left: inWords(-early_s) });
}

const NOTES = ['scheduled', 'lobby', 'paused', 'closing'];

/* What is to be said of the room while it is not simply open. */
export function roomNote(session) {
    if (session.isResuming) return t('room.resuming');
    const state = session.room?.state;
    return NOTES.includes(state) ? t(`room.note.${state}`, { start: whenItStarts(session) }) : '';
}
