/* place.js - where a client is today: current address and call-back number, so that help can reach them.
 *
 * Asked anew in each session. This tab alone remembers what was typed, for a reload; nothing is filled in for another person or session. */

import { byId } from '../common/dom.js';

const STORED = 'kinroom.place';
const FIELDS = ['address', 'phone'];

const keyOf = ({ welcome }) => `${welcome.session} ${welcome.participant}`;

function stored(session) {
    const place = JSON.parse(sessionStorage.getItem(STORED) ?? 'null');
    return place?.key === keyOf(session) ? place : null;
}

export function placeTyped() {
    return Object.fromEntries(FIELDS.map((field) => [field, byId(field).value.trim()]));
}

export function rememberPlace(session, place) {
    sessionStorage.setItem(STORED, JSON.stringify({ key: keyOf(session), ...place }));
}

export function fillPlace(session) {
    const place = stored(session);
    for (const field of FIELDS) byId(field).value ||= place?.[field] ?? '';
}
