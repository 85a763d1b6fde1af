/* Connections that take their time: each is let go in the end, and holds up nobody meanwhile. */

import { equal, pause } from '../check.js';
import { connect, exchange, request } from '../http.js';

const LET_GO_WITHIN_MS = 20000;

const stillServes = async (broker) => equal((await exchange(broker.port, request('/healthz'))).status, 200, 'the health meanwhile');

/* A connection that has sent so much, and then only drips. */
async function linger(broker, bytes, { tls = true, drip = '' } = {}) {
    const socket = await connect(broker.port, { tls });
    const state = { over: false, end: () => socket.destroy() };
    const dripping = setInterval(() => state.over || socket.write(drip), 1000);
    socket.removeAllListeners('error').on('error', () => {}).on('data', () => {}).on('close', () => {
        clearInterval(dripping);
        state.over = true;
    });
    socket.write(bytes);
    return state;
}

async function areLetGo(broker, lingering) {
    const started = performance.now();
    const left = () => lingering.filter(({ over }) => !over).length;
    try {
        for (; left() > 0; await pause(500)) {
            const asked = performance.now();
            await stillServes(broker);
            equal(performance.now() - asked < 2000, true, 'that others are answered in time');
            equal(asked - started < LET_GO_WITHIN_MS ? 0 : left(), 0, 'connections that are left');
        }
    } finally {
        lingering.forEach(({ end }) => end());
    }
}

const times = (count, make) => Promise.all(Array.from({ length: count }, make));

export const tests = {
    async 'headers and handshakes that only drip, and connections that say nothing, are hung up on'(broker) {
        await areLetGo(broker, [
            ...await times(40, () => linger(broker, 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ', { drip: 'a' })),
            ...await times(10, () => linger(broker, '\x16', { tls: false, drip: '\x03' })),
            ...await times(10, () => linger(broker, '', { tls: false })),
            ...await times(10, () => linger(broker, '')),
        ]);
    },

    async 'an idle connection is let go'(broker) {
        await areLetGo(broker, [await linger(broker, request('/healthz'))]);
    },
};
