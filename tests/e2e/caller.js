/* caller.js - a client without a browser: says what it likes on the WebSocket, and remembers all that it was told. */

import { readFileSync } from 'node:fs';
import WebSocket from 'ws';
import { equal, pause, until } from './check.js';

const SUBPROTOCOL = 'kinroom.v1';
const PACE_MS = 55; /* the broker takes 20 messages a second for long, */
const PRICED_BYTES = 4096; /* where each of these counts as one more */
const OFFER = readFileSync(new URL('../support/offers/chromium.sdp', import.meta.url), 'utf8');

export class Caller {
    #socket;
    #address; /* as a proof has to name it */
    #ids = 0;
    #mayWriteAt = 0;
    nonce = null; /* of the hello, with which the broker begins */
    heard = []; /* { text, said, at } of all that came after it: as it came, parsed, and when */
    closed = null; /* { code, reason } */

    /* Up, and greeted. url: another door than the broker's own; origin: of the page. */
    static async dial(broker, { url = broker.url, origin = broker.url } = {}) {
        const caller = new Caller();
        const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, SUBPROTOCOL, { origin, rejectUnauthorized: false });
        caller.#socket = socket;
        caller.#address = `${origin}/ws`;
        socket.on('message', (text) => caller.#hear(text.toString(), performance.now()));
        socket.on('close', (code, reason) => (caller.closed = { code, reason: reason.toString() }));
        await new Promise((done, fail) => socket.on('open', done).on('error', fail));
        socket.on('error', () => {}); /* a reset is a close, too */
        await until('a hello', () => caller.nonce ?? caller.closed, { every_ms: 2 });
        return caller;
    }

    #hear(text, at) {
        const said = JSON.parse(text);
        if (this.nonce) this.heard.push({ text, said, at });
        else {
            equal(said.type, 'hello', 'the first word');
            this.nonce = said.nonce;
        }
    }

    /* Somebody of the plan, joined, whoever was in their place; with a device, by a token that is bound to it. */
    static async join(broker, participation, role, { device, ...options } = {}) {
        const caller = await Caller.dial(broker, options);
        const request = await caller.joinRequest(broker.token(participation, role, { device }), { device });
        const reply = await caller.ask({ ...request, move: true });
        equal(reply.code ?? reply.type, 'done', `the answer to ${participation}, who joins`);
        await caller.#prepare(role);
        return caller;
    }

    /* changes: to the proof; see device.js. */
    async joinRequest(token, { device, ...changes } = {}) {
        const proof = await device?.proof({ method: 'GET', url: this.#address, token, nonce: this.nonce, ...changes });
        return { type: 'join', token, ...(proof && { proof }) };
    }

    /* What comes before the waiting room: a client says where they are, a loved one has read guidance and notice. */
    async #prepare(role) {
        const { guidance, notice } = this.last('welcome');
        const steps = { client: { type: 'locate', address: '12 Elm Street', phone: '+1 555 0100' }, loved_one: { type: 'acknowledge', guidance, notice } };
        const due = { client: 'waiting', loved_one: 'preparing' };
        if (!(role in steps)) return;
        await this.hears('a seat', ({ said }) => said.type === 'seat');
        if (this.last('seat').seat === due[role])
            equal((await this.ask(steps[role])).type, 'done', `the reply to ${steps[role].type}`);
    }

    /* Bytes as one text frame, whatever they are; `more` leaves the message open. */
    send(bytes, { more = false, binary = false } = {}) {
        return new Promise((done) => this.#socket.send(bytes, { fin: !more, binary, compress: false }, done));
    }

    ping() {
        this.#socket.ping();
    }

    /* No faster than one may. */
    async sendPaced(bytes) {
        await pause(Math.max(0, this.#mayWriteAt - performance.now()));
        this.#mayWriteAt = performance.now() + PACE_MS * (1 + Math.floor(Buffer.byteLength(bytes) / PRICED_BYTES));
        await this.send(bytes);
    }

    /* The reply to it, whatever it is. */
    async ask(request) {
        const id = ++this.#ids;
        const mark = this.heard.length;
        await this.sendPaced(JSON.stringify({ ...request, id }));
        return this.hears(`a reply to ${request.type}`, ({ said }) => said.id === id, mark);
    }

    /* What comes back for a message that may be anything: the next `error`, as it was written. */
    async refusal(bytes) {
        const mark = this.heard.length;
        await this.sendPaced(bytes);
        return this.hears(`a refusal of ${bytes.toString().slice(0, 80)}`, ({ said }) => ['error', 'done', 'answer'].includes(said.type), mark);
    }

    async hears(what, wanted, since = 0) {
        return until(what, () => this.heard.slice(since).find(wanted)?.said ?? (this.closed && { closed: this.closed }), { every_ms: 2 });
    }

    /* The newest of a kind. */
    last(type) {
        return this.heard.map(({ said }) => said).filter((said) => said.type === type).at(-1);
    }

    async isClosed(code, reason, within_ms = 5000) {
        await until(`the socket is closed with ${code} ${reason}`, () => this.closed, { within_ms });
        equal(`${this.closed.code} ${this.closed.reason}`, `${code} ${reason}`, 'the close');
    }

    /* Media as Chromium offers it; the broker's ICE credentials. */
    async negotiate() {
        const answer = await this.ask({ type: 'offer', sdp: OFFER });
        equal(answer.type, 'answer', 'the reply to an offer');
        const value = (sdp, name) => new RegExp(`^a=${name}:(\\S+)`, 'm').exec(sdp)[1];
        return { ufrag: value(answer.sdp, 'ice-ufrag'), password: value(answer.sdp, 'ice-pwd'), theirs: value(OFFER, 'ice-ufrag') };
    }

    hangUp() {
        this.#socket.terminate();
    }
}
