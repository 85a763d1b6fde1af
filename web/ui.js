/* ui.js - the page: which screen is shown, what its buttons do, what is announced. Everything is drawn from the Session's state on
 * each 'change' and once a second; nothing is shown before the server confirmed it.
 *
 * For tests, these stay stable:
 *   #page[data-state]   start no_link joining waiting session stepped_out suspended retrying elsewhere left moved removed ended
 *                       token_expired refused
 *   #page[data-role]    client therapist loved_one interpreter
 *   #page[data-media]   ready once ICE and DTLS are up, else none
 *   #tiles [data-participant][data-source=camera|screen][data-video=on|off]   one figure with a video; mine too
 *   #sound audio        one per audio slot
 *   #people [data-participant][data-seat] [data-action=admit|step-out|mute-mic|mute-camera|remove|agree-yes|take-back], select[data-minutes]
 *   #requests [data-participant] [data-action=agree-yes|agree-no]             the client's question
 *   #banner [data-action=stop]                                                while a loved one is in
 *   [data-action=join|move|rejoin|leave|check|toggle-mic|toggle-camera|toggle-screen|step-out-self|step-out-all|extend|end|hear]
 *   #confirm-yes        the second click of remove and end
 *   #alert, #news       what went wrong, what happened
 *   window.kinroom      the Session: .phase .pc .seat .roster .slots .tiles (participant -> { camera: { root, video }, screen })
 *
 * Keys: Alt+O stops at once: everyone steps out (therapist, client), or I do (loved one). */

import { allowChimes, chime } from './chime.js';
import { Warnings, countdown, inWords, timeOfDay } from './clock.js';
import { DeviceCheck, capture } from './devices.js';
import { button, byId, keyed, make, setAttribute, setText } from './dom.js';
import { renderPeople, renderRequests } from './people.js';
import { clearTiles, playSound, renderSound, renderTiles } from './tiles.js';
import { BUTTONS, CARDS, ROLES, ROOM_NOTES, SOURCE_NAMES, changeText, errorText, isGuest, isIn, nowText, seenByText } from './words.js';

const NEWS_STAYS_MS = 8000;
const PHASES = { idle: 'start', connecting: 'joining', retrying: 'retrying', elsewhere: 'elsewhere' };
const SEAT_SCREENS = { waiting: 'waiting', stepped_out: 'stepped_out', suspended: 'suspended', left: 'left', removed: 'removed',
                       admitted: 'session', present: 'session' };

/* The name of the screen, a pure function of the session. */
function screenOf(session, hasLink) {
    if (!hasLink) return 'no_link';
    if (session.phase === 'over') return Object.hasOwn(CARDS, session.overReason) ? session.overReason : 'refused';
    if (session.phase === 'connecting' && session.isReturning) return 'retrying';
    if (session.phase !== 'joined') return PHASES[session.phase];
    if (!session.seat) return 'joining';
    return SEAT_SCREENS[session.seat.seat] ?? 'joining';
}

export class Page {
    #session;
    #hasLink;
    #check = new DeviceCheck();
    #warnings = new Warnings();
    #known = null; /* participant -> roster entry, as last announced; null before the first roster */
    #declined = new Set(); /* the client said no here; the list still lets them say yes */
    #newsTimer = null;

    constructor(session, { hasLink }) {
        this.#session = session;
        this.#hasLink = hasLink;
        session.addEventListener('change', () => this.show());
        session.addEventListener('refusal', (event) => this.#warn(event.detail));
        byId('page').addEventListener('click', (event) => this.#clicked(event));
        addEventListener('keydown', (event) => {
            if (event.altKey && event.code === 'KeyO' && !byId('banner').hidden) {
                event.preventDefault();
                this.#act('stop', null, byId('banner'));
            }
        });
        setInterval(() => this.show(), 1000);
    }

    show() {
        const screen = screenOf(this.#session, this.#hasLink);
        const page = byId('page');
        const isNew = page.dataset.state !== screen;
        setAttribute(page, 'data-state', screen);
        setAttribute(page, 'data-role', this.#session.role);
        setAttribute(page, 'data-media', this.#session.mediaReady ? 'ready' : 'none');

        const shown = screen === 'start' || screen === 'session' ? screen : 'card';
        for (const section of document.querySelectorAll('[data-screen]')) section.hidden = section.dataset.screen !== shown;
        byId('check').hidden = screen !== 'start' && screen !== 'waiting';
        if (byId('check').hidden && this.#check.isOn) this.#check.stop();
        for (const node of document.querySelectorAll('[data-for]')) node.hidden = !node.dataset.for.split(' ').includes(this.#session.role);

        this.#header();
        this.#banner();
        if (shown === 'card') this.#card(screen);
        if (shown === 'session') this.#stage();
        else clearTiles(this.#session);
        renderSound(this.#session);
        this.#announce();
        if (isNew) this.#arriveAt(shown);
    }

    /* A reader who can't see the screen change is taken to its heading. The page's title stays: browsers keep titles in their history. */
    #arriveAt(shown) {
        setText(byId('alert'), '');
        if (shown !== 'session') setText(byId('news'), '');
        document.querySelector(`[data-screen="${shown}"] h1`).focus({ preventScroll: true });
        scrollTo(0, 0);
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
            lines = [{ key: 'me', text: seenByText(roster.filter((person) => person.participant !== me && isIn(person)), seat.until),
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
        keyed(byId('card-actions'), card.actions ?? [], (action) => action,
            (action) => button(action, BUTTONS[action], { class: action === 'leave' ? null : 'primary' }), () => {});
    }

    #stage() {
        const session = this.#session;
        const note = ROOM_NOTES[session.room?.state]?.(session) ?? '';
        setText(byId('note'), note);
        byId('note').hidden = !note;
        renderTiles(session);
        renderPeople(session);
        renderRequests(session, this.#declined);
        for (const node of byId('toolbar').querySelectorAll('[data-source]')) {
            const { source } = node.dataset;
            const isOn = Boolean(session.tracks[source]);
            const may = session.maySend(source);
            node.disabled = !isOn && !may;
            node.hidden = source === 'screen' && (!may || !navigator.mediaDevices?.getDisplayMedia);
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
                this.#news(changes.map((change) => change.text).join(' '));
                chime(changes[0].chime);
            }
            for (const person of now.values())
                if (person.agreed || person.seat === 'left') this.#declined.delete(person.participant);
        }
        this.#warnOfEnds();
    }

    #warnOfEnds() {
        const { room, seat, clock, isLive } = this.#session;
        if (!isLive || !room) return;
        const ends = [{ what: 'of the session', end_s: room.closes_at }];
        if (seat.until) ends.push({ what: 'of your part', end_s: seat.until });
        for (const { what, end_s } of ends) {
            const at_s = this.#warnings.crossed(what, end_s, clock.now());
            if (at_s) this.#news(`${inWords(Math.min(at_s, end_s - clock.now()))} ${what} left.`);
        }
    }

    #news(text) {
        clearTimeout(this.#newsTimer);
        setText(byId('news'), text);
        this.#newsTimer = setTimeout(() => setText(byId('news'), ''), NEWS_STAYS_MS);
    }

    #warn(error) {
        setText(byId('alert'), errorText(error));
    }

    /* ---- what buttons do: action -> (session, participant, button) ---- */

    #actions = {
        join: (session) => { allowChimes(); this.#check.stop(); session.join(); },
        rejoin: (session) => session.join(),
        move: (session) => { allowChimes(); session.join({ move: true }); },
        leave: (session) => session.request({ type: 'leave' }),
        check: () => (this.#check.isOn ? this.#check.stop() : this.#check.start()),
        hear: () => playSound(),

        'toggle-mic': (session) => this.#toggle(session, 'mic'),
        'toggle-camera': (session) => this.#toggle(session, 'camera'),
        'toggle-screen': (session) => this.#toggle(session, 'screen'),

        stop: (session) => session.request(session.isHost ? { type: 'step_out', everyone: true }
            : { type: 'step_out', participant: session.me }),
        'step-out-all': (session) => session.request({ type: 'step_out', everyone: true }),
        'step-out-self': (session) => session.request({ type: 'step_out', participant: session.me }),
        'step-out': (session, participant) => session.request({ type: 'step_out', participant }),

        admit: (session, participant, node) => session.request({
            type: 'admit', participant, minutes: Number(node.parentElement.querySelector('[data-minutes]').value),
        }),
        'mute-mic': (session, participant) => mute(session, participant, 'mic'),
        'mute-camera': (session, participant) => mute(session, participant, 'camera'),
        remove: async (session, participant) => {
            const { name } = session.roster.find((person) => person.participant === participant);
            if (await confirm(`Remove ${name}? They can’t come back to this session.`, `Remove ${name}`))
                await session.request({ type: 'remove', participant });
        },
        extend: (session) => session.request({ type: 'extend', minutes: 5 }),
        end: async (session) => {
            if (await confirm('End the session for everybody?', 'End session')) await session.request({ type: 'end' });
        },

        'agree-yes': (session, participant) => session.request({ type: 'agree', participant, yes: true }),
        'agree-no': async (session, participant) => {
            this.#declined.add(participant);
            this.show();
            await session.request({ type: 'agree', participant, yes: false });
        },
        'take-back': async (session, participant) => {
            this.#declined.add(participant);
            await session.request({ type: 'agree', participant, yes: false });
        },
    };

    #clicked(event) {
        const node = event.target.closest('[data-action]');
        if (node && !node.disabled) this.#act(node.dataset.action, node.closest('[data-participant]')?.dataset.participant, node);
    }

    /* A second click on what is still being done is ignored, except on what stops: that must never wait. */
    async #act(action, participant, node) {
        if (node.getAttribute('aria-busy') === 'true' && !node.classList.contains('stop')) return;
        node.setAttribute('aria-busy', 'true');
        setText(byId('alert'), '');
        try {
            await this.#actions[action](this.#session, participant, node);
        } catch (error) {
            this.#warn(error);
        } finally {
            node.removeAttribute('aria-busy');
        }
    }

    async #toggle(session, source) {
        if (session.tracks[source]) return session.send(source, null);
        const { stay } = session;
        const track = await capture(source);
        /* The browser's question may have stood for minutes: whoever was stepped out, or readmitted, meanwhile starts with everything off. */
        if (session.maySend(source) && session.stay === stay) return session.send(source, track);
        track.stop();
        return undefined;
    }
}

/* The whole set travels each time. */
function mute(session, participant, source) {
    const { muted } = session.roster.find((person) => person.participant === participant);
    const off = (which) => muted.includes(which) !== (which === source);
    return session.request({ type: 'mute', participant, mic: off('mic'), camera: off('camera'), screen: off('screen') });
}

function changesBetween(before, now, me) {
    return [...new Set([...before.keys(), ...now.keys()])]
        .filter((participant) => participant !== me)
        .map((participant) => changeText(before.get(participant), now.get(participant)))
        .filter(Boolean);
}

/* Resolves with whether the person said yes; Escape says no. */
function confirm(question, yes) {
    const dialog = byId('confirm');
    setText(byId('confirm-text'), question);
    setText(byId('confirm-yes'), yes);
    dialog.returnValue = 'no';
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.onclick = (event) => {
            if (event.target.value) dialog.close(event.target.value);
        };
        dialog.onclose = () => resolve(dialog.returnValue === 'yes');
    });
}
