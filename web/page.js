/* page.js - the page: which screen is shown and what is announced. Everything is drawn from the Session's state on each 'change' and once a
 * second; nothing is shown before the server confirmed it. What the buttons do is in actions.js.
 *
 * For tests, these stay stable:
 *   #page[data-state]   start no_link joining code bad_link preparing declined locating waiting admitting session stepped_out suspended retrying elsewhere
 *                       left moved removed revoked ended token_expired refused
 *   #page[data-role]    client therapist loved_one interpreter
 *   #page[data-media]   ready once ICE and DTLS are up, else none
 *   #tiles [data-participant][data-source=camera|screen][data-video=on|off]   one figure with a video; mine too
 *   #sound audio        one per audio slot
 *   #people [data-participant][data-seat] [data-action=admit|step-out|mute-mic|mute-camera|remove|agree-yes|take-back], select[data-minutes],
 *       .seat .code[data-code] .place .hand .why, and under 'Allow' [data-action=enable][data-what=mic|camera|screen|chat|others]
 *   #requests [data-participant] [data-action=agree-yes|agree-no]             the client's question
 *   #banner [data-action=stop]                                                while a loved one is in
 *   #code [data-action=code-send|code-again]; [data-action=try-again]
 *   [data-action=join|move|rejoin|leave|check|toggle-mic|toggle-camera|toggle-screen|step-out-self|step-out-all|extend|end|hear]
 *   #guidance[data-texts=loading|shown|failed] [data-action=acknowledge|texts-again|decline|reconsider], .part [data-action=take-part][data-mode=full|audio|watch|listen], the same in #alternatives
 *   #address #phone [data-action=locate]; to correct it: [data-action=place-edit|place-back]
 *   [data-action=hand][aria-pressed]; #chat-to #chat-text [data-action=chat-send], #chat-log li
 *   [data-action=alert], then #confirm-yes; at the therapist's #alerts [data-type=alert|link_trouble][data-participant] [data-action=seen]
 *   #agenda li[aria-current=step] [data-action=next-step]; #missing[data-alarm] [data-action=reached|not-reached][aria-pressed]
 *   #extension [data-action=extension-yes|extension-no] at the client's, #extending at the therapist's
 *   #confirm-yes        the second click of alert, remove and end
 *   #alert, #news       what went wrong, what happened
 *   window.kinroom      the Session: .phase .pc .seat .roster .slots .chat .tiles (participant -> { camera: { root, video }, screen })
 *
 * Keys: Alt+O stops at once: everyone steps out (therapist, client), or I do (loved one). */

import { ACTIONS } from './common/actions.js';
import { agendaText, renderAgenda } from './room/agenda.js';
import { isAlarmed, nameOf, renderAlerts, renderMissing } from './console/care.js';
import { renderChat } from './room/chat.js';
import { chime } from './common/chime.js';
import { countdown, inWords, timeOfDay } from './common/times.js';
import { renderCode } from './entry/code.js';
import { DeviceCheck } from './entry/check.js';
import { button, byId, keyed, make, setAttribute, setText } from './common/dom.js';
import { extensionText, isTyping, renderExtension } from './room/extension.js';
import { renderGuidance } from './entry/guidance.js';
import { renderAlternatives, renderPart } from './entry/part.js';
import { renderPeople, renderRequests } from './console/people.js';
import { fillPlace } from './entry/place.js';
import { asksBeforeExtending, mayExtend, offersSource } from './common/rights.js';
import { clearTiles, renderSound, renderTiles } from './room/tiles.js';
import { Warnings } from './room/warnings.js';
import { BUTTONS, CARDS, ROLES, ROOM_NOTES, SOURCE_NAMES, changeText, errorText, isGuest, isIn, nowText, seenByText } from './common/words.js';

const NEWS_STAYS_MS = 8000;
const ALARM_EVERY_MS = 2500;
const PHASES = { idle: 'start', connecting: 'joining', code: 'code', retrying: 'retrying', elsewhere: 'elsewhere' };
const SEAT_SCREENS = { preparing: 'preparing', declined: 'declined', waiting: 'waiting', admitting: 'admitting', stepped_out: 'stepped_out',
                       suspended: 'suspended', left: 'left', removed: 'removed', revoked: 'revoked', admitted: 'session', present: 'session' };
const WITH_PART = ['waiting', 'stepped_out', 'suspended']; /* screens on which a loved one can choose how to take part; and 'session' */
const WITH_HELP = ['preparing', 'declined', 'locating', 'waiting', 'admitting', 'stepped_out', 'suspended', 'session'];

const RESUMING = 'The line to the server was cut, and is being mended. Sound and picture go on; what is shown here may be a moment old.';
const OVER = { bad_token: 'bad_link' }; /* one page for all that opens nothing */

/* The name of the screen, a pure function of the session and of who declined and is thinking again. */
function screenOf(session, hasLink, reconsiders) {
    if (!hasLink) return 'no_link';
    if (session.phase === 'over') return OVER[session.overReason] ?? (Object.hasOwn(CARDS, session.overReason) ? session.overReason : 'refused');
    if (session.phase === 'connecting' && session.isReturning) return 'retrying';
    if (session.phase !== 'joined') return PHASES[session.phase];
    if (!session.seat) return 'joining';
    if (session.seat.seat === 'waiting' && session.role === 'client') return 'locating';
    if (session.seat.seat === 'declined' && reconsiders) return 'preparing';
    return SEAT_SCREENS[session.seat.seat] ?? 'joining';
}

export class Page {
    #session;
    #hasLink;
    #warnings = new Warnings();
    #known = null; /* participant -> roster entry, as last announced; null before the first roster */
    #newsTimer = null;
    #alarmedAt_ms = 0; /* when the missing client's alarm was last sounded */
    #reconsiders = false; /* declined, and reads the texts again */
    #editsPlace = false; /* a client corrects where they are */
    check = new DeviceCheck();
    saidNo = new Set(); /* the client said no here; the list still lets them say yes */
    wish = null; /* the mode that somebody who declined would take part in */

    constructor(session, { hasLink }) {
        this.#session = session;
        this.#hasLink = hasLink;
        session.addEventListener('change', () => this.show());
        session.addEventListener('refusal', (event) => this.#warn(event.detail));
        session.addEventListener('said', (event) => this.#hear(event.detail));
        byId('page').addEventListener('click', (event) => this.#clicked(event));
        byId('page').addEventListener('submit', (event) => this.#submitted(event));
        byId('page').addEventListener('input', (event) => event.target.setCustomValidity?.(''));
        addEventListener('keydown', (event) => {
            if (event.altKey && event.code === 'KeyO' && !byId('banner').hidden) {
                event.preventDefault();
                this.#act('stop', null, byId('banner'));
            }
        });
        setInterval(() => this.show(), 1000);
    }

    show() {
        const screen = screenOf(this.#session, this.#hasLink, this.#reconsiders);
        const page = byId('page');
        const isNew = page.dataset.state !== screen;
        setAttribute(page, 'data-state', screen);
        setAttribute(page, 'data-role', this.#session.role);
        setAttribute(page, 'data-media', this.#session.mediaReady ? 'ready' : 'none');

        const shown = document.querySelector(`[data-screen="${screen}"]`) ? screen : 'card';
        this.#editsPlace &&= screen === 'session';
        for (const section of document.querySelectorAll('[data-screen]'))
            section.hidden = section.dataset.screen !== shown && !(this.#editsPlace && section.dataset.screen === 'locating');
        byId('check').hidden = !['start', 'waiting', 'locating'].includes(screen);
        if (byId('check').hidden && this.check.isOn) this.check.stop();
        for (const node of document.querySelectorAll('[data-for]')) node.hidden = !node.dataset.for.split(' ').includes(this.#session.role);

        this.#header();
        this.#banner();
        if (shown === 'card') this.#card(screen);
        if (shown === 'locating' && isNew) fillPlace(this.#session);
        if (shown === 'code') renderCode(this.#session, isNew);
        byId('place-back').hidden = !this.#editsPlace;
        byId('place-leave').hidden = this.#editsPlace;
        if (shown === 'preparing') renderGuidance(this.#session);
        if (shown === 'declined') renderAlternatives(this.#session);
        if (shown === 'session') this.#stage();
        else clearTiles(this.#session);
        renderPart(byId('card-part'), this.#session, WITH_PART.includes(screen));
        renderPart(byId('side-part'), this.#session, screen === 'session');
        byId('help').hidden = !WITH_HELP.includes(screen);
        renderAlerts(this.#session);
        renderSound(this.#session);
        this.#announce();
        if (isNew) this.#arriveAt(shown);
    }

    /* A reader who can't see the screen change is taken to its heading. The page's title stays: browsers keep titles in their history. */
    #arriveAt(shown) {
        setText(byId('alert'), '');
        if (shown !== 'session') setText(byId('news'), '');
        const section = document.querySelector(`[data-screen="${shown}"]`);
        (section.querySelector('[data-focus]') ?? section.querySelector('h1')).focus({ preventScroll: true });
        scrollTo(0, 0);
        document.querySelector('main').scrollTop = 0;
    }

    #header() {
        const { welcome, room, clock } = this.#session;
        setText(byId('who'), welcome ? `${welcome.name} · ${ROLES[welcome.role] ?? ''}` : '');
        const runs = room && ['open', 'paused', 'lobby'].includes(room.state) && clock.now() >= room.opens_at;
        setText(byId('clock'), runs ? `${countdown(room.closes_at - clock.now())} left` : '');
        setAttribute(byId('clock'), 'title', room ? `Ends at ${timeOfDay(room.closes_at)}` : null);
    }

    /* Who can see and hear whom, on every screen while a loved one is in; Stop does what the reader may do. */
    #banner() {
        const { isHost, me, seat, roster, clock, phase } = this.#session;
        const left = (until) => (until ? ` · ${countdown(until - clock.now())}` : '');
        let lines = [];
        if (phase === 'joined' && isHost)
            lines = roster.filter((person) => isGuest(person) && person.seat === 'admitted')
                .map((person) => ({ key: person.participant, text: nowText(person), left: left(person.until) }));
        else if (phase === 'joined' && seat?.seat === 'admitted')
            lines = [{ key: 'me', text: seenByText(roster.filter((person) => person.participant !== me && isIn(person)), seat),
                       left: left(seat.until) }];
        byId('banner').hidden = lines.length === 0;
        keyed(byId('banner-lines'), lines, (line) => line.key,
            () => make('li', {}, make('span', { class: 'now' }), make('span', { class: 'left', 'aria-hidden': 'true' })),
            (node, line) => {
                setText(node.firstElementChild, line.text);
                setText(node.lastElementChild, line.left);
            });
    }

    #card(screen) {
        const card = CARDS[screen];
        const lines = card.lines(this.#session).filter(Boolean);
        setText(byId('card-title'), typeof card.title === 'function' ? card.title(this.#session) : card.title);
        keyed(byId('card-lines'), lines.map((text, at) => ({ text, at })), ({ at }) => String(at), () => make('p'),
            (node, { text }) => setText(node, text));
        const actions = typeof card.actions === 'function' ? card.actions(this.#session) : card.actions ?? [];
        keyed(byId('card-actions'), actions, (action) => action,
            (action) => button(action, BUTTONS[action], { class: ['leave', 'decline'].includes(action) ? null : 'primary' }), () => {});
    }

    #stage() {
        const session = this.#session;
        const note = session.isResuming ? RESUMING : ROOM_NOTES[session.room?.state]?.(session) ?? '';
        setText(byId('note'), note);
        byId('note').hidden = !note;
        renderTiles(session);
        renderPeople(session);
        renderRequests(session, this.saidNo);
        renderMissing(session);
        renderExtension(session);
        byId('extend').hidden = !mayExtend(session);
        renderAgenda(session);
        renderChat(session);
        this.#toolbar();
    }

    #toolbar() {
        const session = this.#session;
        const isUp = Boolean(session.mine?.hand);
        setText(byId('hand'), isUp ? 'Lower hand' : 'Raise hand');
        setAttribute(byId('hand'), 'data-on', String(isUp));
        setAttribute(byId('hand'), 'aria-pressed', String(isUp));
        for (const node of byId('toolbar').querySelectorAll('[data-source]')) {
            const { source } = node.dataset;
            const isOn = Boolean(session.tracks[source]);
            const may = session.maySend(source);
            node.disabled = !isOn && !may;
            node.hidden = !offersSource(session, source) || (source === 'screen' && (!may || !navigator.mediaDevices?.getDisplayMedia));
            setAttribute(node, 'data-on', String(isOn));
            setText(node, source === 'screen' ? (isOn ? 'Stop sharing' : 'Share screen') : `Turn ${isOn ? 'off' : 'on'} ${SOURCE_NAMES[source]}`);
            setAttribute(node, 'title', may ? null : `Your ${SOURCE_NAMES[source]} is not allowed just now`);
        }
    }

    /* ---- what is said aloud ---- */

    #announce() {
        const session = this.#session;
        if (session.phase !== 'joined' || session.roster.length === 0) {
            this.#known = null;
        } else {
            const now = new Map(session.roster.map((person) => [person.participant, person]));
            const changes = this.#known ? changesBetween(this.#known, now, session.me) : [];
            this.#known = now;
            if (changes.length) {
                this.news(changes.map((change) => change.text).join(' '));
                chime(changes[0].chime);
            }
            for (const person of now.values())
                if (person.agreed || person.seat === 'left') this.saidNo.delete(person.participant);
        }
        this.#warnOfPart();
        this.#soundAlarm();
    }

    /* What the server says once, the moment it says it. */
    #hear(said) {
        const { roster, me, role } = this.#session;
        if (said.type === 'warning') this.news(`${inWords(said.seconds_left)} of the session left.`);
        if (said.type === 'chat' && said.from !== me) {
            this.news(`${said.name} writes: ${said.text}`);
            chime('hand');
        }
        if (said.type === 'agenda' && agendaText(said)) this.news(agendaText(said));
        if (['alert', 'link_trouble'].includes(said.type) && role === 'therapist') chime('alarm');
        if (said.type === 'extension' && said.minutes) {
            if (isTyping()) this.news(extensionText(said)); /* else the focus goes to the question, and it is read from there */
            chime('hand');
        }
        if (said.type === 'missing_client' && said.participant && said.reached === null)
            this.news(`${nameOf(roster, said.participant)}’s connection is ${said.alarm ? 'still lost. Please call now.' : 'lost.'}`);
    }

    /* The server warns of the session's end; a part that ends before it has its own warnings. */
    #warnOfPart() {
        const { room, seat, clock, isLive } = this.#session;
        if (!isLive || !room || !seat.until || seat.until >= room.closes_at) return;
        const at_s = this.#warnings.crossed(seat.until, clock.now());
        if (at_s) this.news(`${inWords(Math.min(at_s, seat.until - clock.now()))} of your part left.`);
    }

    /* Again and again, until somebody has seen to it. */
    #soundAlarm() {
        if (!isAlarmed(this.#session) || Date.now() - this.#alarmedAt_ms < ALARM_EVERY_MS) return;
        this.#alarmedAt_ms = Date.now();
        chime('alarm');
    }

    /* ---- for actions.js ---- */

    reconsider(yes, mode = null) {
        this.#reconsiders = yes;
        this.wish = mode;
        this.show();
    }

    /* Clients are asked first, where it is theirs to say. */
    async whileAsking(extend) {
        if (asksBeforeExtending(this.#session)) setText(byId('extending'), 'Asking the client whether that is all right…');
        try {
            await extend();
        } finally {
            setText(byId('extending'), '');
        }
    }

    editPlace(yes) {
        this.#editsPlace = yes;
        if (yes) fillPlace(this.#session);
        this.show();
        (yes ? byId('address') : document.querySelector('[data-action="place-edit"]')).focus();
    }

    news(text) {
        clearTimeout(this.#newsTimer);
        setText(byId('news'), text);
        this.#newsTimer = setTimeout(() => setText(byId('news'), ''), NEWS_STAYS_MS);
    }

    #warn(error) {
        setText(byId('alert'), errorText(error));
    }

    /* ---- what buttons do ---- */

    #clicked(event) {
        const node = event.target.closest('[data-action]');
        if (!node || node.disabled || node.type === 'submit') return; /* a form's button acts once its fields are right */
        if (node.type === 'checkbox') event.preventDefault(); /* the tick follows the room's list */
        this.#act(node.dataset.action, node.closest('[data-participant]')?.dataset.participant, node);
    }

    #submitted(event) {
        event.preventDefault();
        if (fits(event.target)) this.#act(event.submitter.dataset.action, null, event.submitter);
    }

    /* A second click on what is still being done is ignored, except on what stops: that must never wait. */
    async #act(action, participant, node) {
        if (node.getAttribute('aria-busy') === 'true' && !node.classList.contains('stop')) return;
        node.setAttribute('aria-busy', 'true');
        setText(byId('alert'), '');
        try {
            await ACTIONS[action]({ session: this.#session, page: this, participant, node });
        } catch (error) {
            this.#warn(error);
        } finally {
            node.removeAttribute('aria-busy');
        }
    }
}

/* The server counts bytes where a browser counts characters. */
function fits(form) {
    for (const field of form.querySelectorAll('[data-bytes]'))
        field.setCustomValidity(new TextEncoder().encode(field.value.trim()).length > Number(field.dataset.bytes) ? 'Please make this shorter.' : '');
    return form.reportValidity();
}

function changesBetween(before, now, me) {
    return [...new Set([...before.keys(), ...now.keys()])]
        .filter((participant) => participant !== me)
        .map((participant) => changeText(before.get(participant), now.get(participant)))
        .filter(Boolean);
}
