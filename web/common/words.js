/* words.js - codes of the protocol to words, as far as several parts of the page need them. */

import { hasWord, t } from '../i18n.js';
import { at, inWords } from './times.js';

/* May be heard or seen at this moment. */
export const isIn = (person) => person.connected && (person.seat === 'present' || person.seat === 'admitted');
export const isGuest = (person) => person.role === 'loved_one' || person.role === 'interpreter';

/* What the table of words has for this code, else what it has for all others. */
export const wordFor = (family, code, args) => t(hasWord(`${family}.${code}`) ? `${family}.${code}` : `${family}.other`, args);

/* Of the server's refusals, of what never reached it, and of what a browser says no with. */
export const errorText = (error) => wordFor('error', hasWord(`error.${error.name}`) ? error.name : error.code);

export const roleText = (role) => (hasWord(`role.${role}`) ? t(`role.${role}`) : '');
export const sourceText = (source) => t(`source.${source}`);

export function whenItStarts({ room, clock }) {
    if (!room) return '';
    const early_s = room.opens_at - clock.now();
    const start = at(room.opens_at);
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
