/* The media port by TCP, seen by those who hold a connection and nothing else: they are cut off, and nobody else notices. */

import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { Caller } from '../caller.js';
import { equal, pause, until } from '../check.js';
import { exchange, request } from '../http.js';
import { bindingRequest } from '../stun.js';

const STRANGER_MS = 10000; /* and a sweep a second */
const NEAR_MS = 3000;
const CROWD = 1000;

const framed = (datagram) => Buffer.concat([Buffer.from([datagram.length >> 8, datagram.length & 255]), datagram]);

/* One connection: what it was sent, and whether it is over. from: its address. */
class Line {
    received = Buffer.alloc(0);
    over = false;

    static open(broker, from = '127.0.0.1') {
        const line = new Line();
        line.socket = connect({ port: broker.udpPort, host: '127.0.0.1', localAddress: from });
        line.socket.on('data', (piece) => { line.received = Buffer.concat([line.received, piece]); })
            .on('error', () => {}).on('close', () => { line.over = true; });
        return new Promise((done) => line.socket.on('connect', () => done(line)).on('close', () => done(line)));
    }

    say(...pieces) {
        this.socket.write(Buffer.concat(pieces));
        return this;
    }

    isOver(what, within_ms = 5000) {
        return until(`${what}: the connection is over`, () => this.over, { within_ms });
    }

    close() {
        this.socket.destroy();
    }
}

/* What somebody with an answer in hand can do: over TCP, their check is answered. */
async function checkIsAnswered(broker) {
    const caller = await Caller.join(broker, 'p-sam', 'loved_one');
    const { ufrag, theirs, password } = await caller.negotiate();
    const check = framed(bindingRequest({ user: `${ufrag}:${theirs}`, password }));
    const line = await Line.open(broker);
    line.say(check);
    await until('the check is answered', () => line.received.length > 4);
    equal(line.received.readUInt16BE(2), 0x0101, 'the type of the answer: success');
    equal(line.received.readUInt16BE(0), line.received.length - 2, 'the length of its frame');
    return { caller, line, check };
}

async function serves(broker) {
    equal((await exchange(broker.port, request('/healthz'))).status, 200, 'the health');
    const { caller, line } = await checkIsAnswered(broker);
    line.close();
    caller.hangUp();
}

export const tests = {
    async 'whoever says nothing, or nothing that counts, has ten seconds'(broker) {
        const started = performance.now();
        const silent = await Line.open(broker);
        const chatty = await Line.open(broker);
        const talk = setInterval(() => chatty.say(framed(randomBytes(100))), 500);
        await Promise.all([silent.isOver('a silent one', STRANGER_MS + NEAR_MS), chatty.isOver('a chatty one', STRANGER_MS + NEAR_MS)]);
        clearInterval(talk);
        equal(performance.now() - started > STRANGER_MS - NEAR_MS, true, 'that it had its ten seconds');
        equal(silent.received.length + chatty.received.length, 0, 'bytes in reply');
    },

    async 'garbage and frames longer than any datagram end it at once'(broker) {
        const lines = await Promise.all(Array.from({ length: 4 }, () => Line.open(broker)));
        lines[0].say(Buffer.alloc(70000, 0xff));
        lines[1].say(framed(Buffer.alloc(65535)));
        lines[2].say(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
        lines[3].say(Buffer.from('1603010200010001fc0303', 'hex'), randomBytes(500));
        await Promise.all(lines.map((line) => line.isOver('garbage')));
        for (const line of lines) equal(line.received.length, 0, 'bytes in reply');
    },

    async 'half a frame, then nothing more, is no frame'(broker) {
        for (const half of [Buffer.from([0]), Buffer.from([0, 100]), framed(randomBytes(100)).subarray(0, 60)]) {
            const line = await Line.open(broker);
            line.say(half).socket.end();
            await line.isOver('half a frame');
            equal(line.received.length, 0, 'bytes in reply');
        }
    },

    async 'empty frames mean nothing, and a check that comes byte by byte is a check'(broker) {
        const { caller, line, check } = await checkIsAnswered(broker);
        const before = line.received.length;
        line.socket.setNoDelay(true);
        line.say(...Array.from({ length: 5000 }, () => framed(Buffer.alloc(0))));
        for (const byte of check) {
            line.say(Buffer.from([byte]));
            await pause(1);
        }
        await until('the second check is answered', () => line.received.length > before);
        equal(line.over, false, 'that the connection is over');
        line.close();
        caller.hangUp();
    },

    async 'a thousand connections leave room for the next one'(broker) {
        const crowd = [];
        for (let i = 0; i < CROWD; i += 50)
            crowd.push(...await Promise.all(Array.from({ length: 50 }, (_, n) => Line.open(broker, `127.0.0.${2 + n % 5}`))));
        await serves(broker);
        const kept = crowd.filter(({ over }) => !over).length;
        equal(kept <= 256, true, `that at most 256 of ${CROWD} are kept, of ${kept}`);
        for (const line of crowd) line.close();
    },

    async 'who never reads what is sent to them costs nobody else anything'(broker) {
        const { caller, line, check } = await checkIsAnswered(broker);
        line.socket.pause();
        for (let i = 0; i < 200; i++) {
            line.say(...Array.from({ length: 500 }, () => check));
            await pause(1);
        }
        await serves(broker);
        line.close();
        caller.hangUp();
    },

    'afterwards it serves as before': serves,
};
