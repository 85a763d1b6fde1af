/* people.js - the list of people, with what the therapist or the client may do about each: first who waits, then who is in, who has stepped out, who is
 * not there, and who has gone. */

import { t } from '../i18n.js';
import { byId, keyed, make, setAttribute, setText } from '../common/dom.js';
import { isIn } from '../common/words.js';
import { GONE, createPerson, updatePerson } from './person.js';

export const EXTEND_MIN = 5; /* what the button asks for */

const GROUPS = ['waiting', 'in', 'out', 'away', 'gone'];

function groupOf(person) {
    if (GONE.includes(person.seat)) return 'gone';
    if (isIn(person) || person.seat === 'admitting') return 'in';
    if (['stepped_out', 'suspended'].includes(person.seat)) return 'out';
    return person.seat === 'waiting' && person.role !== 'client' && person.connected ? 'waiting' : 'away';
}

/* Whoever may be stepped out comes before those who simply are there. */
const ROLES = ['loved_one', 'interpreter', 'client', 'therapist'];
const rankOf = (person, group) => (group === 'waiting' ? person.since ?? 0 : ROLES.indexOf(person.role));

/* Heads of groups and people in the order in which they are shown. */
function itemsOf(people) {
    return GROUPS.flatMap((group) => {
        const those = people.filter((person) => groupOf(person) === group)
            .sort((one, other) => rankOf(one, group) - rankOf(other, group) || one.name.localeCompare(other.name));
        return those.length ? [{ group, count: those.length }, ...those.map((person) => ({ group, person }))] : [];
    });
}

const countWaiting = ({ role, roster }) => (role === 'therapist' ? roster.filter((person) => groupOf(person) === 'waiting').length : 0);

/* On the button that opens the list, which may be shut. */
export function renderWaiting(session) {
    const count = countWaiting(session);
    setText(byId('waiting'), count ? String(count) : '');
    setAttribute(byId('waiting').closest('button'), 'aria-label', count ? t('console.waiting_count', { label: t('toolbar.people'), count }) : null);
}

/* A row that moves loses the focus, and a button that hides loses it a moment later: it stays, or goes to the name beside it. */
function keepFocus(draw) {
    const before = document.activeElement;
    draw();
    if (!byId('people').contains(before)) return;
    const isSeen = before.checkVisibility();
    if (isSeen && before === document.activeElement) return;
    (isSeen ? before : before.closest('.person')?.querySelector('.name'))?.focus({ preventScroll: true });
}

/* For therapist and client; a loved one sees the others as tiles only. */
export function renderPeople(session) {
    byId('people-panel').hidden = !session.isHost;
    setText(byId('extend'), t('people.extend', { count: EXTEND_MIN }));
    if (!session.isHost) return;
    const items = itemsOf(session.roster.filter((person) => person.participant !== session.me));
    keepFocus(() => keyed(byId('people'), items, ({ group, person }) => person?.participant ?? `group ${group}`,
        ({ group, person }) => (person ? createPerson(session, person) : make('li', { class: 'group', 'data-group': group }, make('h3'))),
        (node, { group, person, count }) => {
            if (!person) return setText(node.firstElementChild, t('console.group', { group: t(`console.groups.${group}`), count }));
            setAttribute(node, 'data-group', group);
            return updatePerson(session, node, person);
        }));
}
