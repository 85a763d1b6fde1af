/* Whoever says more before they were answered may go without an answer; everybody else is served meanwhile. */

import { equal, pause, until } from '../check.js';
import { freeTcpPort } from '../broker.js';
import { connect, exchange, request } from '../http.js';

const ANSWERED_WITHIN_MS = 5000;
const BEHIND_MS = 100; /* before the refusal of a link is written */

let port;

export async function setUp() {
    port = await freeTcpPort();
    return { options: { '--http-port': port } };
}

const post = (target, body = '{}') =>
    request(target, { method: 'POST', headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) } }) + body;

/* All at once, or the rest while the first is being answered. */
const HASTE = {
    'two links': [post('/join/open') + post('/join/open')],
    'thirty links': [post('/join/code').repeat(30)],
    'a link and the half of another': [post('/join/open') + post('/join/open').slice(0, 40)],
    'a link, and another a little later': [post('/join/open'), post('/join/open')],
    'links without a body': [post('/join/open', '').repeat(30)],
    'a body that is longer than it says': [post('/join/open') + 'x'.repeat(5000)],
    'two of the API': [post('/api/v1/sessions') + post('/api/v1/sessions')],
    'a body that is too large, and another': [post('/join/open', 'x'.repeat(100000)) + post('/join/open')],
    'texts': [request('/texts/guidance/2026-1').repeat(30)],
    'a link, and a WebSocket': [post('/join/open') + request('/ws', { headers: { Connection: 'Upgrade', Upgrade: 'websocket' } })],
};

const soon = (work, what) => Promise.race([work, pause(ANSWERED_WITHIN_MS).then(() => Promise.reject(new Error(`${what} takes too long`)))]);

async function saidInHaste(parts, { to, tls }) {
    const socket = await soon(connect(to, { tls }), 'connecting');
    const state = { over: false };
    socket.removeAllListeners('error').on('error', () => {}).on('close', () => (state.over = true)).resume();
    for (const part of parts) {
        socket.write(part);
        await pause(BEHIND_MS);
    }
    return { state, socket };
}

export const tests = Object.fromEntries(Object.entries(HASTE).map(([what, parts]) => [`${what} in one breath keep nobody waiting`, async (broker) => {
    for (const door of [{ to: broker.port, tls: true }, { to: port, tls: false }]) {
        const { socket, state } = await saidInHaste(parts, door);
        for (const at of [0, 400]) {
            await pause(at);
            equal((await soon(exchange(broker.port, request('/healthz')), 'the health')).status, 200, 'the health meanwhile');
        }
        socket.destroy();
        await until('the connection is over', () => state.over);
        equal((await soon(exchange(broker.port, request('/texts/guidance/2026-1')), 'a text')).status, 200, 'a text afterwards');
    }
}]));
