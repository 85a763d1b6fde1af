/* wiretap.js - reads the log of tests/support/wiretap.c: who was sent what, when, by what really passed the broker's sockets.
 *
 * People are told apart without asking the broker's own books: the answer on a person's WebSocket names our ICE user fragment, and each
 * connectivity check that carries it comes from that person's address. */

import { closeSync, openSync, readSync } from 'node:fs';

const LEAD_FIRST = 128; /* RFC 7983: RTP and RTCP */
const LEAD_LAST = 191;

export const isMedia = (event) => event.peer !== undefined && event.lead >= LEAD_FIRST && event.lead <= LEAD_LAST;

export class Wiretap {
    events = []; /* the log's lines in order; { t, dir, peer, kind, pt, seq, ssrc, len }, { t, dir, stream, text } or { t, dir, status } */
    reads = /./; /* the lines that count; under load there are too many to take in each */
    streams = new Map(); /* stream -> { participant, role, ufrag, ssrcOf: mid -> its SSRCs, offers } */
    #peers = new Map(); /* "127.0.0.1:40404", "tcp/127.0.0.1:40404" -> stream */
    #byFragment = new Map(); /* our ICE user fragment -> stream */
    #file;
    #offset = 0;
    #rest = '';

    constructor(path) {
        this.#file = openSync(path, 'r'); /* made by the wiretap itself as the broker starts: one that was not preloaded hears no leak */
    }

    close() {
        closeSync(this.#file);
    }

    /* Takes in what was logged since; returns the number of lines so far, a mark in time for the questions below. */
    mark() {
        const piece = Buffer.alloc(1 << 20);
        for (let got; (got = readSync(this.#file, piece, 0, piece.length, this.#offset)) > 0; this.#offset += got) {
            const lines = (this.#rest + piece.toString('utf8', 0, got)).split('\n');
            this.#rest = lines.pop();
            for (const line of lines) if (this.reads.test(line)) this.#take(JSON.parse(line));
        }
        return this.events.length;
    }

    #take(event) {
        event.index = this.events.length;
        this.events.push(event);
        if (event.text) this.#takeText(event);
        else if (event.user && event.dir === 'in') this.#takeCheck(event);
    }

    #takeText({ dir, stream, text }) {
        const known = this.streams.get(stream) ?? { stream, participant: null, role: null, ssrcOf: new Map(), offers: 0, answers: 0 };
        this.streams.set(stream, known);
        if (dir === 'in' && text.type === 'offer') known.offers++;
        if (dir === 'out' && text.type === 'welcome') {
            [known.participant, known.role] = [text.participant, text.role];
            if (text.resumed) known.ssrcOf = this.streamsOf(text.participant).findLast(({ ssrcOf }) => ssrcOf.size > 0).ssrcOf;
        }
        if (dir === 'out' && text.type === 'ice') this.#byFragment.set(text.ufrag, stream);
        if (dir === 'out' && text.type === 'answer') {
            known.answers++;
            const fragment = /^a=ice-ufrag:(\S+)/m.exec(text.sdp)?.[1];
            this.#byFragment.set(fragment, stream);
            known.ssrcOf = slotSsrcs(text.sdp);
        }
    }

    #takeCheck({ peer, user }) {
        const stream = this.#byFragment.get(user.split(':')[0]);
        if (stream !== undefined) this.#peers.set(peer, stream);
    }

    participantAt(peer) {
        return this.streams.get(this.#peers.get(peer))?.participant ?? null;
    }

    streamsOf(participant) {
        return [...this.streams.values()].filter((stream) => stream.participant === participant);
    }

    peersOf(participant) {
        this.mark();
        return [...this.#peers.keys()].filter((peer) => this.participantAt(peer) === participant);
    }

    /* RTP and RTCP datagrams between two marks. to, from: a participant; neither: anybody. */
    media({ since = 0, until = Infinity, to = null, from = null }) {
        this.mark();
        return this.events.slice(since, Math.min(until, this.events.length)).filter((event) => isMedia(event)
            && (from === null ? event.dir === 'out' && (to === null || this.participantAt(event.peer) === to)
                : event.dir === 'in' && this.participantAt(event.peer) === from));
    }

    /* Messages between two marks. */
    texts({ since = 0, until = Infinity, dir, type, participant = null }) {
        this.mark();
        return this.events.slice(since, Math.min(until, this.events.length)).filter((event) => event.text?.type === type
            && event.dir === dir && (participant === null || this.streams.get(event.stream)?.participant === participant));
    }

    /* The SSRCs on which `viewer` may be sent `shown`, by every slots message and answer so far. source: one of theirs alone. */
    slotsShowing(viewer, shown, source = null) {
        const ssrcs = new Set();
        for (const { text, stream } of this.texts({ dir: 'out', type: 'slots', participant: viewer }))
            for (const slot of text.slots)
                if (slot.participant === shown && (!source || slot.source === source))
                    this.streams.get(stream).ssrcOf.get(slot.mid)?.forEach((ssrc) => ssrcs.add(ssrc));
        return ssrcs;
    }
}

/* mid -> the SSRCs that the answer gives the section: of its stream, and of what is sent once more. */
function slotSsrcs(sdp) {
    const found = new Map();
    for (const section of sdp.split(/^m=/m).slice(1)) {
        const mid = /^a=mid:(\S+)/m.exec(section)?.[1];
        if (mid !== undefined) found.set(mid, [...section.matchAll(/^a=ssrc:(\d+)/gm)].map(([, ssrc]) => Number(ssrc)));
    }
    return found;
}

/* Every RTP or RTCP datagram to a loved one outside an admission, and every RTP datagram of theirs to anybody else outside one, over the
 * whole log. An admission opens when the request for it that will be granted arrives, and ends as soon as anything that says so is
 * written: the acknowledgement of a step_out or remove, or a seat that is not `admitted`. */
export function leaks(tap) {
    tap.mark();
    const lovedOnes = new Set([...tap.streams.values()].filter(({ role }) => role === 'loved_one').map(({ participant }) => participant));
    return [...lovedOnes].flatMap((participant) => leaksAbout(tap, participant));
}

function leaksAbout(tap, participant) {
    const others = new Set([...tap.streams.values()].map((stream) => stream.participant).filter((other) => other && other !== participant));
    const theirs = new Map([...others].map((other) => [other, tap.slotsShowing(other, participant)]));
    const granted = grantedAdmissions(tap, participant);
    const closing = new Map(); /* stream and request -> true: its `done` shuts */
    const found = [];
    let open = false;
    for (const event of tap.events) {
        if (event.text) {
            const { dir, stream, text } = event;
            const key = `${stream} ${text.id}`;
            if (granted.has(event.index)) open = true;
            const own = tap.streams.get(stream)?.participant === participant;
            if (dir === 'in' && shuts(text, participant, own)) closing.set(key, true);
            if (dir === 'out' && text.type === 'done' && closing.has(key)) open = false;
            if (dir === 'out' && text.type === 'seat' && !isIn(text.seat) && own) open = false;
        } else if (!open && event.dir === 'out' && isMedia(event)) {
            const to = tap.participantAt(event.peer);
            if (to === participant || (event.kind === 'rtp' && theirs.get(to)?.has(event.ssrc))) found.push({ ...event, about: participant, to });
        }
    }
    return found;
}

/* `admitting`: granted, while the ledger writes; then the gate opens without a further word from anybody. */
const isIn = (seat) => seat === 'admitted' || seat === 'admitting';

const shuts = (text, participant, own) => (text.type === 'step_out' && (text.everyone || text.participant === participant))
    || (text.type === 'leave' && own) || (text.type === 'remove' && text.participant === participant) || text.type === 'end'
    || (text.type === 'agree' && text.participant === participant && !text.yes);

/* The indices of what opened an admission: the admit requests for this person that were answered with `done`, and their own rejoins
 * after a short loss, which led straight back in. */
function grantedAdmissions(tap, participant) {
    const asked = new Map();
    const granted = new Set();
    for (const { stream } of tap.streamsOf(participant)) {
        const said = tap.events.filter((event) => event.text && event.stream === stream);
        const seat = said.find(({ dir, text }) => dir === 'out' && text.type === 'seat');
        const join = said.find(({ dir, text }) => dir === 'in' && text.type === 'join');
        if (seat && isIn(seat.text.seat) && join) granted.add(join.index);
    }
    for (const { index, dir, stream, text } of tap.events.filter((event) => event.text)) {
        const key = `${stream} ${text.id}`;
        if (dir === 'in' && text.type === 'admit' && text.participant === participant) asked.set(key, index);
        if (dir === 'out' && text.type === 'done' && asked.has(key)) granted.add(asked.get(key));
    }
    return granted;
}
