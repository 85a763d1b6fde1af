/* What may come over an open WebSocket: text, of bounded length and at a bounded rate, in time, in proper frames. */

import { Caller } from '../caller.js';
import { equal, pause, until } from '../check.js';
import { connect, frame, upgrade } from '../http.js';

const MOST = 65536;
const JOIN_WITHIN_MS = 10000;
const CLOSES_WITHIN_MS = 2000; /* sooner than for an unanswered ping */

const closesWith = async (caller, code, reason, within_ms) => {
    await caller.isClosed(code, reason, within_ms);
    equal(caller.last('error')?.code, reason, 'the error before the close');
};

/* The code of the close frame among what came after the upgrade, if there is one yet. Ours are all short. */
function closeCodeIn(bytes) {
    let at = bytes.indexOf('\r\n\r\n') + 4;
    while (at >= 4 && at + 4 <= bytes.length) {
        if (bytes[at] === 0x88) return bytes.readUInt16BE(at + 2);
        at += bytes[at + 1] === 126 ? 4 + bytes.readUInt16BE(at + 2) : 2 + bytes[at + 1];
    }
    return null;
}

/* Upgrades, sends the frames, and waits until the broker closes, with this code if it says any. */
async function closesOn(broker, what, frames, code) {
    const socket = await connect(broker.port);
    let seen = Buffer.alloc(0);
    let over = false;
    socket.on('data', (piece) => (seen = Buffer.concat([seen, piece]))).removeAllListeners('error').on('error', () => {}).on('close',
        () => (over = true));
    socket.write(upgrade(broker));
    await pause(100);
    socket.write(frames);
    try {
        await until(`the broker closes on ${what}`, () => over || closeCodeIn(seen), { within_ms: CLOSES_WITHIN_MS });
        if (closeCodeIn(seen)) equal(closeCodeIn(seen), code, `the close on ${what}`);
    } finally {
        socket.destroy();
    }
}

export const tests = {
    async 'a message of exactly the most is read'(broker) {
        const caller = await Caller.dial(broker);
        const join = JSON.stringify({ type: 'join', id: 1, token: broker.token('p-kim', 'loved_one') });
        await caller.send(join.padEnd(MOST));
        equal((await caller.hears('a reply', ({ said }) => said.id === 1)).type, 'done', 'the reply');
        caller.hangUp();
    },

    async 'a message that is a byte longer is refused, joined or not'(broker) {
        for (const caller of [await Caller.dial(broker), await Caller.join(broker, 'p-sam', 'loved_one')]) {
            await caller.send(' '.repeat(MOST + 1));
            await closesWith(caller, 1009, 'too_long');
        }
    },

    async 'a message that grows too long by fragments is refused before it ends'(broker) {
        for (const size of [1, 1000, 40000]) {
            const caller = await Caller.join(broker, 'p-sam', 'loved_one');
            const piece = Buffer.alloc(size, ' ');
            for (let sent = 0; sent <= MOST && !caller.closed; sent += size) caller.send(piece, { more: true });
            await closesWith(caller, 1009, 'too_long');
        }
    },

    async 'a frame that only claims to be huge is refused when it gets too long'(broker) {
        for (const length of [MOST + 1, 2 ** 31, 2 ** 40]) 
            await closesOn(broker, `${length} bytes`, frame(1, Buffer.alloc(MOST + 1, ' '), { length }), 1009);
    },

    async 'binary is refused'(broker) {
        const caller = await Caller.join(broker, 'p-sam', 'loved_one');
        await caller.send(Buffer.from('{"type":"leave"}'), { binary: true });
        await closesWith(caller, 1003, 'not_text');
        equal((await Caller.join(broker, 'p-sam', 'loved_one')).last('seat').seat, 'waiting', 'the seat after a leave in binary');
    },

    async 'a flood is cut off, and nobody else notices'(broker) {
        const other = await Caller.join(broker, 'p-client', 'client');
        for (const caller of [await Caller.dial(broker), await Caller.join(broker, 'p-sam', 'loved_one')]) {
            for (let i = 0; i < 500; i++) caller.send('{"type":"media","mic":true,"camera":false,"screen":false}');
            await closesWith(caller, 1008, 'too_many_messages');
        }
        equal((await other.ask({ type: 'media', mic: true, camera: false, screen: false })).type, 'done', "the other's request");
        equal(other.closed, null, "the other's close");
        other.hangUp();
    },

    async 'a flood of empty fragments and of pings does no harm'(broker) {
        const other = await Caller.join(broker, 'p-client', 'client');
        const caller = await Caller.join(broker, 'p-sam', 'loved_one');
        for (let i = 0; i < 5000; i++) caller.ping();
        for (let i = 0; i < 5000; i++) caller.send(Buffer.alloc(0), { more: true });
        equal((await other.ask({ type: 'media', mic: true, camera: false, screen: false })).type, 'done', "the other's request");
        caller.hangUp();
        other.hangUp();
    },

    async 'frames against RFC 6455 end the connection'(broker) {
        const text = Buffer.from('{"type":"leave"}');
        const bad = {
            'a reserved opcode': frame(3, text), 'a reserved control': frame(11, text), 'a reserved bit': frame(1, text, { rsv: 4 }),
            'a ping in fragments': frame(9, text, { fin: false }), 'a ping that is too long': frame(9, Buffer.alloc(200)),
            'a continuation of nothing': frame(0, text), 'a text within a text': Buffer.concat([frame(1, text, { fin: false }), frame(1, text)]),
            'all ones': Buffer.alloc(4096, 0xff),
        };
        for (const [what, frames] of Object.entries(bad)) await closesOn(broker, what, frames, 1002);
    },

    async 'who does not join in time is let go, however much they say'(broker) {
        const silent = await Caller.dial(broker);
        const chatty = await Caller.dial(broker);
        const started = performance.now();
        const chat = setInterval(() => chatty.closed || chatty.send('{"type":"leave"}'), 500);
        try {
            await closesWith(silent, 1008, 'not_joined', JOIN_WITHIN_MS + 4000);
            await closesWith(chatty, 1008, 'not_joined', 4000);
        } finally {
            clearInterval(chat);
        }
        equal(performance.now() - started > JOIN_WITHIN_MS - 1000, true, 'that they were given the time');
    },

    async 'after all that a good caller joins'(broker) {
        (await Caller.join(broker, 'p-sam', 'loved_one')).hangUp();
    },
};
