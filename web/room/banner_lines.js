/* banner_lines.js - which of the loved ones who are in share a line of the banner. Arithmetic alone. */

const LINES_MOST = 3; /* a dozen of them would leave a phone nothing but the banner */

/* What reaches them: of somebody who only watches, the reader is seen and heard all the same. */
const reachOf = ({ mode }) => (['audio', 'listen'].includes(mode) ? 'audio' : 'full');

function grouped(guests, keyOf) {
    const groups = new Map();
    for (const guest of guests) groups.set(keyOf(guest), [...groups.get(keyOf(guest)) ?? [], guest]);
    return [...groups].map(([key, people]) => {
        const ends = people.map(({ until }) => until);
        return { key, reach: reachOf(people[0]), people, until: ends.every(Boolean) ? Math.max(...ends) : null };
    });
}

/* guests: of the roster. -> [{ key, reach: 'full' | 'audio', people, until: the last of theirs, null when one has no end }], a line for those who may
 * do the same until the same minute; where that is too many, for those who may do the same. */
export function linesOf(guests) {
    const exact = grouped(guests, (guest) => `${reachOf(guest)} ${Math.floor((guest.until ?? 0) / 60)}`);
    return exact.length <= LINES_MOST ? exact : grouped(guests, reachOf);
}
