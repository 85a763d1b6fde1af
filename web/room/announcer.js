/* announcer.js - what is said aloud: who came and went, what the server tells once, and alarms. */

import { hasWord, t } from '../i18n.js';
import { chime } from '../common/chime.js';
import { byId, setText } from '../common/dom.js';
import { inWords } from '../common/times.js';
import { isIn } from '../common/words.js';
import { isAlarmed, nameOf } from '../console/care.js';
import { agendaText } from './agenda.js';
import { extensionText, isTyping } from './extension.js';
import { Warnings } from './warnings.js';

const NEWS_STAYS_MS = 8000;
const ALARM_EVERY_MS = 2500;

export class Announcer {
    #session;
    #warnings = new Warnings();
    #known = null; /* participant -> roster entry, as last announced; null before the first roster */
    #newsTimer = null;
    #alarmedAt_ms = 0; /* when the missing client's alarm was last sounded */

    constructor(session) {
        this.#session = session;
        session.addEventListener('said', (event) => this.#hear(event.detail));
    }

    news(text) {
        clearTimeout(this.#newsTimer);
        setText(byId('news'), text);
        this.#newsTimer = setTimeout(() => setText(byId('news'), ''), NEWS_STAYS_MS);
    }

    /* On each drawing. */
    look() {
        const { phase, roster, me } = this.#session;
        if (phase !== 'joined' || roster.length === 0) {
            this.#known = null;
        } else {
            const now = new Map(roster.map((person) => [person.participant, person]));
            const changes = this.#known ? changesBetween(this.#known, now, me) : [];
            this.#known = now;
            if (changes.length) {
                this.news(changes.map((change) => change.text).join(' '));
                chime(changes[0].chime);
            }
        }
        this.#warnOfPart();
        this.#soundAlarm();
    }

    /* What the server says once, the moment it says it. */
    #hear(said) {
        const { roster, me, role } = this.#session;
        if (said.type === 'warning') this.news(t('room.warning', { left: inWords(said.seconds_left) }));
        if (said.type === 'chat' && said.from !== me) {
            this.news(t('chat.writes', { name: said.name, text: said.text }));
            chime('hand');
        }
        if (said.type === 'agenda' && agendaText(said)) this.news(agendaText(said));
        if (['alert', 'link_trouble'].includes(said.type) && role === 'therapist') chime('alarm');
        if (said.type === 'extension' && said.minutes) {
            if (isTyping()) this.news(extensionText(said)); /* else the focus goes to the question, and it is read from there */
            chime('hand');
        }
        if (said.type === 'missing_client' && said.participant && said.reached === null)
            this.news(t(said.alarm ? 'missing.still_lost' : 'missing.lost', { name: nameOf(roster, said.participant) }));
    }

    /* The server warns of the session's end; a part that ends before it has its own warnings. */
    #warnOfPart() {
        const { room, seat, clock, isLive } = this.#session;
        if (!isLive || !room || !seat.until || seat.until >= room.closes_at) return;
        const at_s = this.#warnings.crossed(seat.until, clock.now());
        if (at_s) this.news(t('room.part_warning', { left: inWords(Math.min(at_s, seat.until - clock.now())) }));
    }

    /* Again and again, until somebody has seen to it. */
    #soundAlarm() {
        if (!isAlarmed(this.#session) || Date.now() - this.#alarmedAt_ms < ALARM_EVERY_MS) return;
        this.#alarmedAt_ms = Date.now();
        chime('alarm');
    }
}

function changesBetween(before, now, me) {
    return [...new Set([...before.keys(), ...now.keys()])]
        .filter((participant) => participant !== me)
        .map((participant) => changeOf(before.get(participant), now.get(participant)))
        .filter(Boolean);
}

/* before, now: this person's roster entries. What is worth saying, or null. */
function changeOf(before, now) {
    const { name } = now ?? before;
    const was = before && isIn(before);
    const is = now && isIn(now);
    const gone = hasWord(`change.${now?.seat}`) ? now.seat : 'gone';
    if (is && !was) return { text: t('change.joined', { name }), chime: 'arrival' };
    if (was && !is) return { text: t(`change.${gone}`, { name }), chime: 'departure' };
    if (isWaiting(now) && !isWaiting(before)) return { text: t('change.waiting', { name }), chime: 'arrival' };
    if (now?.hand && !before?.hand) return { text: t('change.hand', { name }), chime: 'hand' };
    return null;
}

const isWaiting = (person) => Boolean(person) && person.connected && person.seat === 'waiting';
