/* banner.js - who can see and hear whom, on every screen while a loved one is in; Stop does what the reader may do. */

import { t } from '../i18n.js';
import { byId, keyed, make, setText } from '../common/dom.js';
import { countdown, namesTogether, untilText } from '../common/times.js';
import { isGuest, isIn } from '../common/words.js';

const MODES = ['full', 'audio', 'watch', 'listen'];
const ONLY = { listen: 'only_hear', watch: 'only_watch' };

/* To client and therapist, of each loved one who is in. */
const ofGuest = ({ name, mode, until }) => untilText(t(`banner.now.${MODES.includes(mode) ? mode : 'full'}`, { name }), until);

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
        lines = roster.filter((person) => isGuest(person) && person.seat === 'admitted')
            .map((person) => ({ key: person.participant, text: ofGuest(person), left: left(person.until) }));
    else if (phase === 'joined' && seat?.seat === 'admitted')
        lines = [{ key: 'me', text: ofMe(roster.filter((person) => person.participant !== me && isIn(person)), seat), left: left(seat.until) }];
    byId('banner').hidden = lines.length === 0;
    keyed(byId('banner-lines'), lines, (line) => line.key,
        () => make('li', {}, make('span', { class: 'now' }), make('span', { class: 'left', 'aria-hidden': 'true' })),
        (node, line) => {
            setText(node.firstElementChild, line.text);
            setText(node.lastElementChild, line.left);
        });
}
