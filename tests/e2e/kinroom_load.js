/* kinroom_load.js - `kinroom load` at a real broker, and at one behind a bad relay, so that what it counts is known to be there:
 * node kinroom_load.js
 *
 * One line per test; exits with 1 when one failed. */

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Broker, KINROOM } from './broker.js';
import { atLeast, equal, includes, within } from './check.js';

const RELAY = '127.0.0.2';
const SHAPE = { rooms: 2, people: 3 };
const SOUND_PPS = 50;
const MEDIA = (packet) => packet[0] >= 128 && packet[0] < 192; /* RFC 7983 */

/* Between the address that the broker names and the one that it has. Each packet of media towards the clients goes through `spoil`, which
 * gives back what is sent on: a packet, the same or another, or null. */
class Relay {
    #sockets = new Map(); /* the client's address -> the socket that speaks to the broker for it */
    #door;
    #count = 0;

    static async open(port, spoil) {
        const relay = new Relay();
        relay.#door = createSocket('udp4');
        relay.#door.on('message', (packet, from) => relay.#forth(packet, from, port, spoil));
        await new Promise((done, fail) => relay.#door.on('error', fail).bind(port, RELAY, done));
        return relay;
    }

    #forth(packet, from, port, spoil) {
        const key = `${from.address}:${from.port}`;
        if (!this.#sockets.has(key)) {
            const socket = createSocket('udp4');
            socket.on('message', (answer) => {
                const left = MEDIA(answer) && !isRtcp(answer) ? spoil(answer, this.#count++) : answer;
                if (left) this.#door.send(left, from.port, from.address);
            });
            this.#sockets.set(key, socket);
        }
        this.#sockets.get(key).send(packet, port, '127.0.0.1');
    }

    close() {
        for (const socket of [this.#door, ...this.#sockets.values()]) socket.close();
    }
}

const isRtcp = (packet) => packet[1] >= 192 && packet[1] < 224; /* RFC 5761 4 */

async function load(broker, options = {}) {
    const all = { url: broker.url.replace('https', 'wss'), keys: broker.file('key.jwk'), insecure: 'yes', seconds: 3, warmup: 1, feedback: 'no',
        ...SHAPE, ...options };
    const child = spawn(KINROOM, ['load', ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)])]);
    let out = '';
    let told = '';
    child.stdout.on('data', (piece) => (out += piece));
    child.stderr.on('data', (piece) => (told += piece));
    const code = await new Promise((done) => child.on('close', done));
    equal(out.trim().split('\n').length, 1, `the lines on stdout (${told})`);
    return { code, told, ...(out && { found: JSON.parse(out) }) };
}

async function withBroker(options, run) {
    const broker = await Broker.start({ tapped: false, options: { '--connections-per-address': 100, ...options } });
    try {
        await run(broker);
        await broker.stop();
    } finally {
        broker.clean();
    }
}

const behindRelay = (spoil, run) => withBroker({ '--advertise-addresses': RELAY }, async (broker) => {
    const relay = await Relay.open(broker.udpPort, spoil);
    try {
        await run(broker);
    } finally {
        relay.close();
    }
});

const tests = {
    'rooms of people lose nothing, and every figure is told': () => withBroker({}, async (broker) => {
        const { code, told, found } = await load(broker, { 'server-pid': broker.pid, joins: 2 });
        equal(code, 0, `the exit code (${told})`);
        for (const name of ['rooms', 'people', 'senders', 'participants', 'sent', 'received', 'expected', 'opened', 'streams']) atLeast(found[name], 1, name);
        for (const name of ['lost', 'bad', 'duplicates', 'reordered', 'nacks']) equal(found[name], 0, name);
        equal(found.good, true, 'good');
        within(found.seconds, [3, 4], 'seconds');
        equal(found.streams, SHAPE.rooms * SHAPE.people * (SHAPE.people - 1) * 2, 'the streams that came, sound and picture of each to each other');
        within(found.delivered_percent, [99, 101], 'percent of what was sent that came');
        atLeast(found.sent, SHAPE.rooms * SHAPE.people * 3 * (SOUND_PPS + 4 * 30) * 0.9, 'packets sent');
        for (const times of [found.latency_ms, found.join_ms, found.keyframe_ms, found.joins.media_ms, found.joins.keyframe_ms]) {
            atLeast(times.count, 1, 'times');
            within(times.p50, [0.001, times.p99], 'p50');
            within(times.p99, [times.p50, times.max], 'p99');
        }
        equal(found.joins.times_ms.length, 2, 'times of joins');
        within(found.server.cpu_us_per_packet, [0.1, 500], "the server's time for a packet");
        atLeast(found.server.full_kb, found.server.idle_kb, "the server's memory with everybody there");
        for (const name of ['cpu_percent', 'waited_percent', 'late', 'unsent', 'dropped']) atLeast(found.generator[name], 0, `generator.${name}`);
    }),

    'feedback passes, and costs no packet': () => withBroker({}, async (broker) => {
        const { code, told, found } = await load(broker, { feedback: 'yes', 'video-kbps': 80 });
        equal(code, 0, `the exit code (${told})`);
        equal(found.lost, 0, 'lost');
        within(found.delivered_percent, [99, 200], 'percent of what was sent that came, probes of the path included');
    }),

    'few may send to many, without sound': () => withBroker({}, async (broker) => {
        const { code, told, found } = await load(broker, { rooms: 1, people: 6, senders: 1, sound: 'no' });
        equal(code, 0, `the exit code (${told})`);
        equal(found.streams, 5, 'streams that came');
    }),

    'a search ends, and says what stood in the way': () => withBroker({ '--connections-per-address': 11 }, async (broker) => {
        const { code, told, found } = await load(broker, { rooms: 1, people: 2, search: 'yes', seconds: 1, warmup: 0, 'latency-limit': 1000, 'video-kbps': 100 });
        equal(code, 0, `the exit code (${told})`);
        within(found.rooms_held, [3, 5], 'rooms of two that eleven connections make, the API\'s among them');
        equal(found.limit.rooms, found.rooms_held + 1, 'rooms that were too many');
        equal(found.rooms, found.rooms_held, 'the rooms that the other figures are of');
    }),

    'packets that are lost are counted, and the exit code says so': () => behindRelay((packet, i) => (i % 20 === 7 ? null : packet), async (broker) => {
        /* Sound alone: the relay itself would lose some of more, on a busy machine. */
        const { code, found } = await load(broker, { fps: 0 });
        equal(code, 1, 'the exit code');
        within(found.lost / (found.lost + found.received), [0.04, 0.06], 'the share that was lost');
        includes(found.wrong, 'lost', 'what was wrong');
    }),

    'packets that were changed do not open': () => behindRelay((packet) => {
        packet[packet.length - 20] ^= 1;
        return packet;
    }, async (broker) => {
        const { code, found } = await load(broker);
        equal(code, 1, 'the exit code');
        equal(found.opened, 0, 'opened');
        atLeast(found.bad, 10, 'bad');
        equal(found.lost, 0, 'lost');
    }),

    'packets that come twice and late are no loss': () => {
        let held = null;
        return behindRelay((packet, i) => {
            if (i % 50 !== 7) return packet;
            [packet, held] = [held, packet];
            return packet;
        }, async (broker) => {
            const { found } = await load(broker, { rooms: 1, people: 2, senders: 1, fps: 0 });
            atLeast(found.reordered, 1, 'reordered');
            within(found.lost, [0, 1], 'lost: at most the one that is still held');
        });
    },

    'a server that does not take the key is told of': () => withBroker({ '--issuer': 'another' }, async (broker) => {
        const child = await load(broker).catch((error) => error);
        includes(String(child.message ?? child.told), 'status 401', 'what was said');
    }),
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
    try {
        await test();
        console.log(`ok load: ${name}`);
    } catch (error) {
        failed = 1;
        console.log(`not ok load: ${name}\n  ${String(error.stack).replace(/\n/g, '\n  ')}`);
    }
}
process.exit(failed);
