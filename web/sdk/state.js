/* state.js - what the server said last. It never guesses: what is here is what the server confirmed.
 *
 * Says 'change' whenever any of it changed, once for all that one message or one turn changed; and 'said', with the message, for what is worth
 * a word the moment it comes. */

import { ServerClock } from './clock.js';

const CHAT_KEPT = 200; /* messages */

export class State extends EventTarget {
    welcome = null;
    room = null;
    seat = null;
    roster = []; /* empty while we may not know who else is there */
    slots = new Map(); /* mid -> { participant, source } */
    speaker = null; /* of those I hear, and me: who speaks, or spoke last */
    agenda = null; /* as last told; null: there is none */
    missing = null; /* to therapists: the client whose link is lost */
    extension = null; /* to clients: the session is to be made longer, and they are asked */
    alerts = new Map(); /* to therapists, until seen: "type participant" -> the `alert` or `link_trouble`, and when */
    chat = []; /* { serial, from, name, to, text }, oldest first */
    clock = new ServerClock();

    #changeQueued = false;
    #chatCount = 0;

    get me() {
        return this.welcome?.participant ?? null;
    }

    get role() {
        return this.welcome?.role ?? null;
    }

    /* My own entry in the roster; null while I may not know who is here. */
    get mine() {
        return this.roster.find((person) => person.participant === this.me) ?? null;
    }

    /* Client and therapist need no admission. */
    get isHost() {
        return this.role === 'client' || this.role === 'therapist';
    }

    /* My connection does not take their picture just now; the server sends it again once it does. */
    isPaused(participant, source) {
        return [...this.slots.values()].some((slot) => slot.participant === participant && slot.source === source && slot.paused);
    }

    /* The question about a longer session has its answer. */
    answered() {
        this.extension = null;
        this.changed();
    }

    /* A therapist has seen to it. key: of `alerts`. */
    seen(key) {
        this.alerts.delete(key);
        this.changed();
    }

    /* ---- for Session ---- */

    static #notices = {
        welcome: (state, said) => { state.welcome = said; },
        room: (state, said) => { state.room = said; state.clock.set(said.now); },
        seat: (state, said) => { state.seat = said; },
        roster: (state, said) => { state.roster = said.people; },
        slots: (state, said) => {
            state.slots = new Map(said.slots.filter((slot) => slot.participant).map((slot) => [slot.mid, slot]));
        },
        speaker: (state, said) => { state.speaker = said.participant; },
        agenda: (state, said) => state.#say(said, () => { state.agenda = said; }),
        missing_client: (state, said) => state.#say(said, () => { state.missing = said.participant ? said : null; }),
        alert: (state, said) => state.#call(said),
        link_trouble: (state, said) => state.#call(said),
        extension: (state, said) => state.#say(said, () => { state.extension = said.minutes === null ? null : said; }),
        chat: (state, said) => state.#say(said, () => {
            state.chat = [...state.chat, { ...said, serial: ++state.#chatCount }].slice(-CHAT_KEPT);
        }),
        warning: (state, said) => state.#say(said, () => {}),
    };

    /* A newer server may say more than we know. */
    learn(said) {
        if (Object.hasOwn(State.#notices, said.type)) State.#notices[said.type](this, said);
    }

    #say(said, take) {
        take();
        this.dispatchEvent(new CustomEvent('said', { detail: said }));
    }

    /* For therapists to see to; a second one by the same person is a new one. */
    #call(said) {
        this.#say(said, () => this.alerts.set(`${said.type} ${said.participant}`, { ...said, at: this.clock.now() }));
    }

    /* What we no longer hear confirmed, we no longer show. */
    forgetRoom() {
        this.room = null;
        this.seat = null;
        this.roster = [];
        this.slots = new Map();
        this.agenda = null;
        this.missing = null;
        this.extension = null;
        this.speaker = null;
    }

    /* What was said to somebody whose span in the room is over does not go on into the next. */
    forgetTalk() {
        this.chat = [];
        this.speaker = null;
    }

    changed() {
        if (this.#changeQueued) return;
        this.#changeQueued = true;
        queueMicrotask(() => {
            this.#changeQueued = false;
            this.dispatchEvent(new Event('change'));
        });
    }
}
