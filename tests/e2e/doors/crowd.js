/* Crowds that want nothing but the places of others: those who mean it still come in, and those who are in notice nothing. */

import { readdirSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { freeTcpPort } from '../broker.js';
import { Caller } from '../caller.js';
import { atLeast, equal, pause, until } from '../check.js';
import { exchange, request } from '../http.js';

const PLACES = 8;
const UNJOINED = 2; /* a quarter */
const CONNECTIONS = 1200; /* more than the files that a broker with so few places allows itself */
const ANSWERED_WITHIN_MS = 1000;

let port;

export async function setUp() {
    port = await freeTcpPort();
    return { options: { '--connections-max': PLACES, '--connections-per-address': 100, '--http-port': port } };
}

const PEOPLE = [['p-therapist', 'therapist'], ['p-client', 'client'], ['p-sam', 'loved_one'], ['p-kim', 'loved_one'],
    ['p-colleague', 'therapist']];

async function isAnswered(caller) {
    const asked = performance.now();
    equal((await caller.ask({ type: 'media', mic: true, camera: false, screen: false })).type, 'done', 'the reply to who is in');
    equal(performance.now() - asked < ANSWERED_WITHIN_MS, true, 'that they are answered in time');
}

/* From many addresses, as a botnet would; they say nothing, and come back when they are hung up on. */
class Idlers {
    #sockets = new Set();
    #over = false;
    #port;

    constructor(count, to) {
        this.#port = to;
        for (let i = 0; i < count; i++) this.#dial(i);
    }

    #dial(i) {
        if (this.#over) return;
        const socket = connectPlain({ host: '127.0.0.1', port: this.#port, localAddress: `127.0.${1 + (i % 20)}.1` });
        this.#sockets.add(socket);
        socket.on('error', () => {}).on('close', () => {
            this.#sockets.delete(socket);
            setTimeout(() => this.#dial(i), 1000);
        });
    }

    end() {
        this.#over = true;
        for (const socket of this.#sockets) socket.destroy();
    }
}

export const tests = {
    async 'sockets that nobody joins with make room, at either door'(broker) {
        for (const url of [broker.url, `http://127.0.0.1:${port}`]) {
            const loiterers = [];
            const loiter = async () => loiterers.push(await Caller.dial(broker, { url }));
            for (let i = 0; i < 2 * PLACES; i++) await loiter();
            const people = [];
            for (const who of PEOPLE) people.push(await Caller.join(broker, ...who, { url }));
            for (let i = 0; i < 2 * PLACES; i++) await loiter();
            await until('the older ones were let go', () => loiterers.slice(0, -UNJOINED).every(({ closed }) => closed), { within_ms: 3000 });
            for (const caller of [...people, ...loiterers.slice(-UNJOINED)]) equal(caller.closed, null, 'the close of who may stay');
            for (const caller of [...people, ...loiterers]) caller.hangUp();
            await pause(200);
        }
    },

    async 'idle connections by the hundred keep nobody out, and take no more files than there are'(broker) {
        const client = await Caller.join(broker, 'p-client', 'client');
        const idlers = new Idlers(CONNECTIONS, broker.port);
        try {
            await pause(2500);
            let served = 0;
            for (let i = 0; i < 10; i++) {
                served += await exchange(broker.port, request('/healthz')).then(({ status }) => status === 200, () => false) ? 1 : 0;
                await isAnswered(client);
                equal(readdirSync(`/proc/${broker.pid}/fd`).length < 400, true, 'that the files are bounded');
                await pause(300);
            }
            atLeast(served, 9, 'newcomers that were served, of ten');
            equal(client.closed, null, 'the close of who is in');
        } finally {
            idlers.end();
        }
        await until('it is quiet again', async () => (await exchange(broker.port, request('/healthz')).catch(() => ({}))).status === 200);
        client.hangUp();
    },

    async 'headers without end leave a few lines in the log, not one each'(broker) {
        const before = broker.log.length;
        const long = `GET / HTTP/1.1\r\n${'X-AAAAAAAA: b\r\n'.repeat(4000)}`;
        for (let i = 0; i < 300; i++) await exchange(port, long, { tls: false }).catch(() => {});
        const lines = broker.log.slice(before).split('\n').filter((line) => line.includes('libwebsockets:'));
        atLeast(lines.length, 1, 'lines about it');
        equal(lines.length <= 60, true, `that 300 connections make few lines (${lines.length})`);
    },

    async 'long messages count as several, and do not hold up the others'(broker) {
        const client = await Caller.join(broker, 'p-client', 'client');
        const flooder = await Caller.join(broker, 'p-sam', 'loved_one');
        const formats = `v=0\nm=audio 9 X${' 1'.repeat(15000)}\n`;
        const offer = JSON.stringify({ type: 'offer', sdp: formats + 'a=rtpmap:9 x\n'.repeat((59900 - formats.length) / 13) });
        /* More than may be, and no more than is read before the close: bytes that nobody reads reset the connection, and the reason with it. */
        for (let i = 0; i < 12; i++) flooder.send(offer);
        await isAnswered(client);
        await flooder.isClosed(1008, 'too_many_messages');
        const answers = flooder.heard.filter(({ said }) => said.code === 'bad_offer').length;
        equal(answers > 0 && answers <= 5, true, `that a few offers were looked at (${answers})`);
        client.hangUp();
    },
};
