/* banner.js - who can see and hear whom, on every screen while a loved one is in; Stop does what the reader may do. */

import { t } from '../i18n.js';
import { byId, keyed, make, setText } from '../common/dom.js';
import { countdown, namesTogether, untilText } from '../common/times.js';
import { isGuest, isIn } from '../common/words.js';
import { linesOf } from './banner_lines.js';

const ONLY = { listen: 'only_hear', watch: 'only_watch' };

/* To client and therapist, of the loved ones who are in. */
function ofGuests(guests) {
    return linesOf(guests).map(({ key, reach, people, until }) => {
        const names = { names: namesTogether(people.map(({ name }) => name)), count: people.length };
        return { key, text: untilText(t(`banner.now.${reach}`, names), until), until };
    });
}

/* To the loved one: who they are with. */
function ofMe(others, { mode, until }) {
    const what = ONLY[mode] ?? 'turned_on';
    const text = others.length === 0 ? t(`banner.mine_alone.${what}`)
        : t(`banner.mine.${what}`, { names: namesTogether(others.map(({ name }) => name)), count: others.length });
    return untilText(text, until);
}

export function renderBanner({ isHost, me, seat, roster, clock, phase }) {
    const left = (until) => (until ? ` · ${countdown(until - clock.now())}` : '');
    let lines = [];
    if (phase === 'joined' && isHost)
        lines = ofGuests(roster.filter((person) => isGuest(person) && person.seat === 'admitted')).map((line) => ({ ...line, left: left(line.until) }));
    else if (phase === 'joined' && seat?.seat === 'admitted')
        lines = [{ key: 'me', text: ofMe(roster.filter((person) => person.participant !== me && isIn(person)), seat), left: left(seat.until) }];
    byId('banner').hidden = lines.length === 0;
    setText(byId('stop'), t(isHost ? 'button.stop' : 'toolbar.step_out'));
    keyed(byId('banner-lines'), lines, (line) => line.key,
        () => make('li', {}, make('span', { class: 'now' }), make('span', { class: 'left', 'aria-hidden': 'true' })),
        (node, line) => {
            setText(node.firstElementChild, line.text);
            setText(node.lastElementChild, line.left);
        });
}
