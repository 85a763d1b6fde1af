/* Crowds at the doors that ask for no token: people's links and texts. They are up against each other, and the clinic's systems come through. */

import { atLeast, equal, pause, until } from '../check.js';
import { freeTcpPort } from '../broker.js';
import { connect, exchange, headerOf, request } from '../http.js';

const PLACES = 64;
const STRANGERS = 32;
const FLOODERS = 60;
const FLOOD_MS = 3000;
const PER_ADDRESS = 4;
const ANSWERED_WITHIN_MS = 5000; /* far less than a place is held, far more than a busy machine needs */
const SLOW_AFTER_MS = 5000;
const LOOKED_AT = 405; /* by the API: a GET opens no link */

let port;

export async function setUp() {
    port = await freeTcpPort();
    return { options: { '--http-port': port } };
}

const JOIN = { target: '/join/open', headers: {} };
const asClinic = (broker) => ({ target: '/api/v1/grants/g-sam', headers: { Authorization: `Bearer ${broker.serviceToken}` } });
const asAnybody = { target: '/api/v1/grants/g-sam', headers: { Authorization: 'Bearer garbage' } };

/* A request whose body never comes whole: it holds its place. */
async function hold({ target, headers }, { from, to, tls = true } = {}) {
    const socket = await connect(to, { from, tls });
    socket.removeAllListeners('error').on('error', () => {}).on('close', () => {}).resume();
    socket.write(request(target, { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json', 'Content-Length': '50' } }) + '{');
    return socket;
}

class Crowd {
    #sockets = [];

    constructor(broker) {
        this.broker = broker;
    }

    /* So many from one address, and a moment for them to be seen. */
    async hold(count, what, from = '127.0.0.1', { seen_ms = 50, ...options } = {}) {
        for (let i = 0; i < count; i++) this.#sockets.push(await hold(what, { to: this.broker.port, from, ...options }));
        await pause(seen_ms);
    }

    async goHome() {
        for (const socket of this.#sockets) socket.destroy();
        await until('the places are free again', async () => (await ask(this.broker, JOIN)).status === LOOKED_AT, { within_ms: 3000 });
    }
}

/* A whole request, and what came back after how long. */
async function ask(broker, { target, headers }, { from, to = broker.port, tls = true } = {}) {
    const asked = performance.now();
    const reply = await exchange(to, request(target, { headers }), { from, tls });
    return { ...reply, took_ms: performance.now() - asked };
}

const isTurnedAway = (reply, status, what) => {
    equal(reply.status, status, `the answer to ${what}`);
    equal(headerOf(reply, 'retry-after').join(), '1', 'Retry-After');
    equal(headerOf(reply, 'content-type').join(), 'application/problem+json', 'the type');
    equal(headerOf(reply, 'connection').join(), 'close', 'what becomes of the connection');
    equal(reply.took_ms < ANSWERED_WITHIN_MS, true, `that it is told at once (${reply.took_ms.toFixed(0)} ms)`);
};

async function clinicIsServed(broker) {
    for (const from of ['127.0.0.1', '127.0.0.9']) {
        const reply = await ask(broker, asClinic(broker), { from });
        equal(reply.status, 200, "the answer to the clinic's system");
        equal(reply.took_ms < ANSWERED_WITHIN_MS, true, 'that it is answered in time');
    }
    equal((await exchange(broker.port, request('/healthz'))).status, 200, 'the health meanwhile');
}

export const tests = {
    async 'one address has four places, and others and the clinic do not notice'(broker) {
        const crowd = new Crowd(broker);
        await crowd.hold(PER_ADDRESS, JOIN);
        for (const what of [JOIN, { target: '/texts/guidance/2026-1', headers: {} }, asAnybody])
            isTurnedAway(await ask(broker, what), 429, `one too many at ${what.target}`);
        equal((await ask(broker, JOIN, { from: '127.0.0.2' })).status, LOOKED_AT, 'the answer to another address');
        await clinicIsServed(broker);
        await crowd.goHome();
    },

    async 'whatever they ask for, a crowd from many addresses has half of the places'(broker) {
        const crowd = new Crowd(broker);
        for (let i = 0; i < STRANGERS; i++) await crowd.hold(1, i % 2 ? JOIN : asAnybody, `127.0.1.${i + 1}`, { seen_ms: 0 });
        await until('the last of them is seen', async () => (await ask(broker, JOIN, { from: '127.0.0.2' })).status === 503, { within_ms: 3000 });
        for (const what of [JOIN, asAnybody]) isTurnedAway(await ask(broker, what, { from: '127.0.0.2' }), 503, 'one too many');
        await clinicIsServed(broker);
        await crowd.goHome();
    },

    async 'of bodies that drip, those of the address with the most give way at once'(broker) {
        const crowd = new Crowd(broker);
        for (let i = 0; i < STRANGERS / PER_ADDRESS; i++) await crowd.hold(PER_ADDRESS, JOIN, `127.0.1.${i + 1}`);
        for (let i = 0; i < 10; i++) equal((await ask(broker, JOIN, { from: '127.0.0.2' })).status, LOOKED_AT, 'the answer to one who has no other');
        await crowd.goHome();
    },

    async 'and any other gives way after a while, behind one address and behind the proxy'(broker) {
        for (const [count, door] of [[PER_ADDRESS, { to: broker.port }], [STRANGERS, { to: port, tls: false }]]) {
            const crowd = new Crowd(broker);
            await crowd.hold(count, JOIN, '127.0.0.1', door);
            await pause(SLOW_AFTER_MS);
            equal((await ask(broker, JOIN, door)).status, LOOKED_AT, 'the answer to one more');
            await crowd.goHome();
        }
    },

    async 'the clinic has all the rest, and is told when that is full'(broker) {
        const crowd = new Crowd(broker);
        await crowd.hold(PLACES, asClinic(broker));
        isTurnedAway(await ask(broker, asClinic(broker)), 503, "one too many of the clinic's");
        isTurnedAway(await ask(broker, JOIN), 503, "a person's");
        await crowd.goHome();
    },

    async 'behind the proxy nothing is counted by address'(broker) {
        const crowd = new Crowd(broker);
        const door = { to: port, tls: false };
        await crowd.hold(STRANGERS - 1, JOIN, '127.0.0.1', door);
        equal((await ask(broker, JOIN, door)).status, LOOKED_AT, 'the answer to the last one');
        await crowd.hold(1, JOIN, '127.0.0.1', door);
        isTurnedAway(await ask(broker, JOIN, door), 503, 'one too many');
        await crowd.goHome();
    },

    async 'requests as fast as they go in keep neither the clinic nor the pages waiting'(broker) {
        const door = { to: port, tls: false }; /* where none has to shake hands first */
        let over = false;
        let refused = 0;
        const flood = Array.from({ length: FLOODERS }, async () => {
            while (!over) refused += (await ask(broker, JOIN, door).catch(() => ({}))).status >= 400 ? 1 : 0;
        });
        try {
            for (const end = performance.now() + FLOOD_MS; performance.now() < end; await pause(50)) await clinicIsServed(broker);
        } finally {
            over = true;
            await Promise.all(flood);
        }
        atLeast(refused, STRANGERS, 'refusals of the flood');
    },
};
