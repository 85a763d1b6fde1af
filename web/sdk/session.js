/* session.js - the client's side of signaling/PROTOCOL.md: one WebSocket, one Media, and (state.js) what the server said last.
 *
 * Knows nothing of any page, and has no words for people. It says 'change' whenever anything of it changed; 'said' what is worth a word the
 * moment it comes; 'refusal', with a Refused, what went wrong unasked.
 *
 *   phase   idle -> connecting -> joined -> over
 *           connecting -> code -> connecting                 (this device needs a one-time code)
 *           joined or connecting -> retrying -> connecting   (a lost link)
 *           connecting -> elsewhere -> connecting            (joined on another device: 'move here')
 *
 * While joined, a socket that breaks is another matter than a lost link: the media may go on. For a moment another socket is tried for it
 * (`isResuming`), and only when the server does not know the link any more, or can't be reached, is it lost.
 */

import { Media, SOURCES } from './media.js';
import { Refused } from './refused.js';
import { Requests, mayRepeat } from './requests.js';
import { State } from './state.js';
import { onWake } from './wake.js';

const PROTOCOL = 'kinroom.v1';
const CLOSED_FOR_GOOD = new Set([1000, 1008]);
const RENEWABLE = new Set(['bad_token', 'token_expired']); /* a link that is still good gives a new token */
const NOT_REACHED = new Set(['busy', 'unreachable']);
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 16000;
const BROKEN = 1006;
const RESUME_MS = 5000; /* as long as the server keeps a link whose socket is gone */
const RESUME_EACH_MS = 400;
const REPLY_MS = 10000; /* of a server that greeted us */
const MUTED_MS = 2000;
const REPLIES = new Set(['done', 'answer', 'ice', 'error']);
const STEADY_MS = 5000; /* a link that dies sooner counts as one more failure: the server is not to be knocked at twice a second */

export class Session extends State {
    phase = 'idle';
    overReason = null; /* why phase is over: a close reason or an error code */
    codeAskedAt_ms = 0; /* when a code was last sent for, in phase `code` */
    media = null; /* of media.js, while we are negotiated or about to be */
    stay = 0; /* counts the spans in which my media may flow: what was asked for in one may not start in the next */
    tracks = { mic: null, camera: null, screen: null }; /* what I send; null is off */

    #link;
    #attempt = null; /* an object per attempt to come in */
    #isRenewed = false; /* the token is the second of this attempt */
    #socket = null;
    #requests = new Requests();
    #left = null; /* the socket that another is to take the place of; may be dead, or not */
    #resumeUntil_ms = 0; /* 0: is not resuming */
    #isWoken = false; /* the path may be another as well */
    #isBack = false; /* by another socket, and the roster that says what the server holds of us is yet to come */
    #move = false; /* take over from another connection of ours, even a live one */
    #failures = 0; /* in a row */
    #wholeSince_ms = null; /* socket, ICE and DTLS all up */
    #retryTimer = null;
    #end = new AbortController();

    /* link: of link.js; null, where there was none, opens nothing. */
    constructor(link) {
        super();
        this.#link = link;
        onWake(() => {
            if (this.phase === 'retrying') this.#open();
            else if (this.phase === 'joined') this.#resume({ woken: true });
        }, this.#end.signal);
    }

    /* My media may reach somebody. */
    get isLive() {
        return this.phase === 'joined' && (this.seat?.seat === 'present' || this.seat?.seat === 'admitted');
    }

    /* The socket is gone, the media may not be. */
    get isResuming() {
        return this.#resumeUntil_ms > 0;
    }

    /* The last link was lost, or the last attempt failed. */
    get isReturning() {
        return this.#failures > 0;
    }

    get mediaReady() {
        return this.media?.isReady ?? false;
    }

    /* For tests. */
    get pc() {
        return this.media?.pc ?? null;
    }

    maySend(source) {
        return this.isLive && this.seat.may_send.includes(source);
    }

    /* The track on which this person's source arrives, or null. */
    trackOf(participant, source) {
        for (const slot of this.slots.values())
            if (slot.participant === participant && slot.source === source) return this.media?.trackAt(slot.mid) ?? null;
        return null;
    }

    get audioTracks() {
        return this.media?.audioTracks ?? [];
    }

    join({ move = false } = {}) {
        this.#failures = 0;
        this.#move = move;
        this.#isRenewed = false;
        this.overReason = null;
        this.#open();
    }

    /* The code that came to them. Throws when it did not reach the server; a wrong one is `over`, like a bad link. */
    giveCode(code) {
        return this.#tryDoor(() => this.#link.giveCode(code));
    }

    anotherCode() {
        return this.#tryDoor(() => this.#link.open());
    }

    /* This page is done with it: no word, no media, no way back. A seat is left by { type: 'leave' }. */
    close() {
        this.#end.abort();
        clearTimeout(this.#retryTimer);
        this.#letGo();
        this.#over('closed');
    }

    /* Resolves with the reply; rejects with Refused. */
    request(message) {
        const canSay = this.#socket?.readyState === WebSocket.OPEN && (!this.isResuming || message.type === 'join');
        if (!canSay && !(this.isResuming && mayRepeat(message))) return Promise.reject(new Refused('connection_lost'));
        return this.#requests.make(message, canSay ? this.#socket : null);
    }

    /* Turns a source on (a live track) or off (null). The session owns the track from here on and stops it. Off is silent here first and
     * told afterwards; on counts only once the server agreed. */
    async send(source, track) {
        this.#drop(source);
        if (track) {
            this.tracks[source] = track;
            const isTaken = () => this.tracks[source] === track && this.#taken(source);
            track.addEventListener('ended', isTaken);
            track.addEventListener('mute', () => setTimeout(() => track.muted && isTaken(), MUTED_MS));
        }
        this.changed();
        try {
            await this.media?.send(source, this.tracks[source]);
            await this.#tellMedia();
        } catch (refusal) {
            if (track && this.tracks[source] === track) this.#drop(source);
            this.changed();
            throw refusal;
        }
    }

    /* By a phone call, or by whoever pulled the plug: it is off, and on again only when the person says so. */
    #taken(source) {
        this.send(source, null).catch(() => {});
        this.dispatchEvent(new CustomEvent('refusal', { detail: new Refused('source_taken') }));
    }

    /* ---- the socket ---- */

    async #open() {
        clearTimeout(this.#retryTimer);
        this.#letGo();
        if (!this.#link) return this.#over('bad_token');
        this.#setPhase('connecting');
        const attempt = this.#attempt = {};
        try {
            const isOpen = await this.#link.open();
            if (attempt !== this.#attempt) return;
            if (isOpen) this.#dial();
            else this.#awaitCode();
        } catch (failure) {
            if (attempt === this.#attempt) this.#entryFailed(failure);
        }
    }

    #awaitCode() {
        this.codeAskedAt_ms = Date.now();
        this.#setPhase('code');
    }

    /* What is asked of the door from the page where the code is typed. */
    async #tryDoor(ask) {
        const attempt = this.#attempt;
        try {
            await ask();
            if (attempt !== this.#attempt || this.phase !== 'code') return;
            if (this.#link.token) this.#open();
            else this.#awaitCode();
        } catch (failure) {
            if (NOT_REACHED.has(failure.code)) throw failure;
            if (attempt === this.#attempt) this.#over(failure.code);
        }
    }

    #dial() {
        const socket = new WebSocket(`${this.#link.server.replace(/^http/, 'ws')}/ws`, PROTOCOL);
        this.#socket = socket;
        socket.onmessage = (event) => (socket === this.#socket || socket === this.#left) && this.#hear(JSON.parse(event.data));
        socket.onclose = (event) => socket === this.#socket && this.#closed(event);
    }

    /* The server has greeted us. */
    async #enter({ nonce }) {
        const socket = this.#socket;
        if (this.isResuming) this.#loseAfter(REPLY_MS);
        try {
            const proof = await this.#link.proof(nonce);
            if (socket !== this.#socket) return;
            await this.request({ type: 'join', token: this.#link.token, proof, move: this.#move, resume: this.media?.link ?? undefined });
            this.#move = this.#link.takesOver;
            this.#isRenewed = false;
            this.#setPhase('joined');
            const resumed = this.#arrived();
            if (resumed) return;
            await this.#negotiate();
            await this.#restore();
        } catch (failure) {
            if (socket === this.#socket) this.#entryFailed(failure);
        }
    }

    /* Joined, by the first socket or by another. Whether the media is still what it was. */
    #arrived() {
        const wasResuming = this.isResuming;
        clearTimeout(this.#retryTimer);
        this.#resumeUntil_ms = 0;
        this.#left?.close();
        this.#left = null;
        this.#requests.sayKept(this.#socket);
        if (!this.media) return false;
        this.#isBack = wasResuming;
        if (this.#isWoken || !this.media.isReady) this.media.mend();
        this.#isWoken = false;
        return true;
    }

    #entryFailed(failure) {
        const code = failure instanceof Refused ? failure.code : 'no_media';
        if (code === 'connection_lost') return; /* the close event decides */
        if (NOT_REACHED.has(code)) return this.#lost();
        this.#letGo();
        if (code === 'already_connected') return this.#setPhase('elsewhere');
        this.#refused(code);
    }

    #refused(reason) {
        if (RENEWABLE.has(reason) && !this.#isRenewed && this.#link.renew()) {
            this.#isRenewed = true;
            return this.#open();
        }
        this.#over(reason);
    }

    #closed(event) {
        if (CLOSED_FOR_GOOD.has(event.code)) {
            this.#letGo();
            this.#refused(event.reason || 'ended');
        } else if (this.isResuming || (event.code === BROKEN && this.phase === 'joined' && this.media?.link)) {
            this.#resume();
        } else {
            this.#lost();
        }
    }

    /* Another socket for the same stay. The old one may yet live: it is heard until the new one has taken its place. */
    #resume({ woken = false } = {}) {
        if (!this.media?.link) {
            if (!woken) this.#lost(); /* else we are just coming in, and the socket tells */
            return;
        }
        this.#isWoken ||= woken;
        const isFirst = !this.isResuming;
        if (!isFirst && this.#socket && this.#socket.readyState <= WebSocket.OPEN) return; /* it is being tried */
        if (isFirst) this.#resumeUntil_ms = Date.now() + RESUME_MS;
        if (Date.now() >= this.#resumeUntil_ms) return this.#lost();
        if (isFirst) this.#left = this.#socket;
        this.#socket = null;
        this.#requests.breakOff();
        clearTimeout(this.#retryTimer);
        if (isFirst) this.#dialAgain();
        else this.#retryTimer = setTimeout(() => this.#dialAgain(), RESUME_EACH_MS);
        this.changed();
    }

    #dialAgain() {
        this.#dial();
        this.#loseAfter(this.#resumeUntil_ms - Date.now());
    }

    #loseAfter(wait_ms) {
        clearTimeout(this.#retryTimer);
        this.#retryTimer = setTimeout(() => this.#lost(), wait_ms);
    }

    /* The link is gone, we are not: come back. */
    #lost() {
        clearTimeout(this.#retryTimer);
        if (this.#wholeSince_ms && Date.now() - this.#wholeSince_ms > STEADY_MS) this.#failures = 0;
        this.#letGo();
        this.#setPhase('retrying');
        const wait_ms = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** this.#failures++);
        this.#retryTimer = setTimeout(() => this.#open(), wait_ms * (0.75 + Math.random() / 2));
    }

    /* Forgets the connection and all that was said on it: what we no longer hear confirmed, we no longer show. */
    #letGo() {
        const sockets = [this.#socket, this.#left];
        this.#attempt = null;
        this.#socket = this.#left = null;
        sockets.forEach((socket) => socket?.close());
        this.#resumeUntil_ms = 0;
        this.#requests.giveUp();
        this.#endStay();
    }

    #endStay() {
        this.#wholeSince_ms = null;
        this.#isBack = this.#isWoken = false;
        this.media?.close();
        this.media = null;
        this.forgetRoom();
        if (!this.isHost) this.#forgetStay();
    }

    /* What a loved one had in the span that is over: neither their media nor what was said goes on into the next. */
    #forgetStay() {
        SOURCES.forEach((source) => this.#drop(source));
        this.forgetTalk();
    }

    #over(reason) {
        this.overReason = reason;
        SOURCES.forEach((source) => this.#drop(source));
        this.forgetTalk();
        this.alerts.clear();
        this.#setPhase('over');
    }

    /* ---- what the server says ---- */

    #hear(said) {
        const before = this.seat;
        if (said.type === 'welcome' && !said.resumed) this.#endStay(); /* the server has let go of what we came back to */
        this.learn(said);
        if (said.type === 'hello') this.#enter(said);
        else if (said.type === 'seat') this.#seated(before);
        else if (said.type === 'roster') this.#compareMedia();
        else if (REPLIES.has(said.type)) this.#settle(said);
        this.changed();
    }

    #settle(said) {
        const isAwaited = this.#requests.settle(said);
        if (said.type === 'error' && !isAwaited) this.dispatchEvent(new CustomEvent('refusal', { detail: new Refused(said.code) }));
    }

    /* Every admission starts with everything off, and what the therapist has muted does not come back by itself: the person turns it on. */
    #seated(before) {
        const isNew = before?.seat !== this.seat.seat;
        if (isNew) {
            this.stay++;
            this.#isBack = false;
        }
        if (isNew && !this.isHost) this.#forgetStay();
        const forbidden = SOURCES.filter((source) => this.tracks[source] && !this.seat.may_send.includes(source));
        forbidden.forEach((source) => this.#drop(source));
        if (forbidden.length && this.isLive) this.#tellMedia().catch(() => {});
    }

    /* ---- media ---- */

    async #negotiate() {
        this.media = new Media({
            slots: this.welcome.slots, iceServers: this.welcome.ice, ask: (message) => this.request(message),
            changed: (media) => media === this.media && this.#mediaChanged(),
        });
        await this.media.negotiate();
        this.changed();
    }

    #mediaChanged() {
        if (this.media.hasFailed) return this.#lost();
        if (this.media.isReady) this.#wholeSince_ms = Date.now();
        this.changed();
    }

    /* Back by another socket. What was turned off meanwhile is told; what the server holds for off, as after a new admission, is off. */
    #compareMedia() {
        if (!this.#isBack || !this.mine) return;
        this.#isBack = false;
        const { sending } = this.mine;
        SOURCES.filter((source) => this.tracks[source] && !sending.includes(source)).forEach((source) => this.#drop(source));
        if (sending.some((source) => !this.tracks[source])) this.#tellMedia().catch(() => {});
    }

    /* After a lost link, a client or therapist goes on with what was on. A loved one starts anew, off. */
    async #restore() {
        if (!this.isHost || !SOURCES.some((source) => this.tracks[source])) return;
        await Promise.all(SOURCES.map((source) => this.media.send(source, this.tracks[source])));
        try {
            await this.#tellMedia();
        } catch (refusal) {
            if (refusal.code === 'connection_lost') return; /* the next attempt restores */
            SOURCES.forEach((source) => this.#drop(source));
            this.dispatchEvent(new CustomEvent('refusal', { detail: refusal }));
        }
    }

    async #tellMedia() {
        if (this.phase !== 'joined') return; /* #restore tells it later */
        const on = Object.fromEntries(SOURCES.map((source) => [source, Boolean(this.tracks[source])]));
        await this.request({ type: 'media', ...on });
    }

    #drop(source) {
        const track = this.tracks[source];
        if (!track) return;
        this.tracks[source] = null;
        track.stop();
        this.media?.send(source, null).catch(() => {});
    }

    #setPhase(phase) {
        this.phase = phase;
        this.changed();
    }
}
