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
    #warnings = new Warnings([600]); /* of the session: the server says the rest */
    #partWarnings = new Warnings([20, 60, 300, 600]);
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
        const { phase, roster } = this.#session;
        if (phase !== 'joined' || roster.length === 0) {
            this.#known = null;
        } else {
            const now = new Map(roster.map((person) => [person.participant, person]));
            const changes = this.#known ? changesBetween(this.#known, now, this.#session) : [];
            this.#known = now;
            if (changes.length) {
                this.news(changes.map((change) => change.text).join(' '));
                chime(changes[0].chime);
            }
        }
        this.#warnOfEnd();
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
        if (said.type === 'alert_seen') this.news(t('help.seen'));
        if (said.type === 'extension' && said.minutes && role === 'client') {
            if (isTyping()) this.news(extensionText(said)); /* else the focus goes to the question, and it is read from there */
            chime('hand');
        }
        if (said.type === 'missing_client' && said.participant && said.reached === null)
            this.news(t(said.alarm ? 'missing.still_lost' : 'missing.lost', { name: nameOf(roster, said.participant) }));
    }

    /* A part that ends before the session does has its own warnings. */
    #warnOfEnd() {
        const { room, seat, clock, isLive } = this.#session;
        if (!isLive || !room || room.state !== 'open') return;
        const isPart = Boolean(seat.until) && seat.until < room.closes_at;
        const [end_s, warnings, word] = isPart ? [seat.until, this.#partWarnings, 'room.part_warning'] : [room.closes_at, this.#warnings, 'room.warning'];
        const at_s = warnings.crossed(end_s, clock.now());
        if (at_s) this.news(t(word, { left: inWords(Math.min(at_s, end_s - clock.now())) }));
    }

    /* Again and again, until somebody has seen to it. */
    #soundAlarm() {
        if (!isAlarmed(this.#session) || Date.now() - this.#alarmedAt_ms < ALARM_EVERY_MS) return;
        this.#alarmedAt_ms = Date.now();
        chime('alarm');
    }
}

/* In a workshop people come and go all the time: whoever listens is told of those who present, and of nobody else. */
const concerns = (person, { me, role, welcome }) => person.participant !== me
    && (welcome.kind !== 'workshop' || role === 'therapist' || person.role === 'therapist');

function changesBetween(before, now, session) {
    return [...new Set([...before.keys(), ...now.keys()])]
        .filter((participant) => concerns(now.get(participant) ?? before.get(participant), session))
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
