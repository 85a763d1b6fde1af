/* crowd.js - of all who are in, who gets a tile. The rest are counted. */

const MOST = 12;

/* Of those beyond what fits: who leads, shows or speaks comes before who listens. */
const rank = (person, { speaker }) => (person.role === 'therapist' ? 8 : 0) + (person.participant === speaker ? 4 : 0)
    + (person.sending.includes('camera') ? 2 : 0) + (person.sending.includes('mic') || person.hand ? 1 : 0);

/* In a workshop people listen: whoever neither leads, shows, speaks nor wants to is not shown as an empty tile. */
const hasTile = (person, session) => session.welcome.kind !== 'workshop' || person.role === 'therapist' || person.participant === session.speaker
    || (session.role === 'therapist' && person.hand) || Boolean(session.trackOf(person.participant, 'camera'))
    || session.isPaused(person.participant, 'camera');

/* others: all who are in but me, in a steady order. -> { shown, counted }, the first in the same order. */
export function chooseTiles(others, session) {
    const wanted = others.filter((person) => hasTile(person, session));
    const first = wanted.map((person, at) => ({ person, at, rank: rank(person, session) })).sort((a, b) => b.rank - a.rank || a.at - b.at)
        .slice(0, MOST).map(({ person }) => person);
    const shown = wanted.filter((person) => first.includes(person));
    return { shown, counted: others.length - shown.length };
}

/* Whose picture is large: a shared screen; in a workshop whoever presents; else who speaks, where the reader wants that. wanted: 'grid' | 'speaker'.
 * before: the participant who led last. -> { participant, source }, or null for all alike. */
export function leadOf(shown, session, wanted, before) {
    const sharing = shown.find((person) => person.sending.includes('screen'));
    if (sharing) return { participant: sharing.participant, source: 'screen' };
    const presents = session.welcome.kind === 'workshop' && session.role !== 'therapist'
        ? shown.filter((person) => person.role === 'therapist') : [];
    if (presents.length) return camera(presents.find((person) => person.participant === session.speaker) ?? presents.find(showsFace) ?? presents[0]);
    if (wanted !== 'speaker' || shown.length < 2) return null;
    const find = (participant) => shown.find((person) => person.participant === participant);
    return camera(find(session.speaker) ?? find(before) ?? shown[0]);
}

const camera = ({ participant }) => ({ participant, source: 'camera' });
const showsFace = (person) => person.sending.includes('camera');
