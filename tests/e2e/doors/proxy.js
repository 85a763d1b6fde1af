/* Plain HTTP for a reverse proxy: on loopback only, and with the same checks. */

import { Caller } from '../caller.js';
import { equal } from '../check.js';
import { freeTcpPort } from '../broker.js';
import { listeners } from '../listeners.js';
import { connect, exchange, headerOf, request, upgrade } from '../http.js';

let port;

export async function setUp() {
    port = await freeTcpPort();
    return { options: { '--http-port': port, '--connections-per-address': 2 } };
}

const plain = (bytes) => exchange(port, bytes, { tls: false });

export const tests = {
    async 'it listens on 127.0.0.1 alone'(broker) {
        equal(listeners(broker.pid).sort().join(), [broker.port, broker.udpPort, port].map((one) => `127.0.0.1:${one}`).sort().join(),
            'what the broker listens on');
        equal(await connect(port, { tls: false, host: '127.0.0.2' }).then(() => 'open', (error) => error.code), 'ECONNREFUSED',
            'another address');
    },

    async 'pages and health are there, without promises about TLS'() {
        for (const target of ['/', '/healthz']) {
            const reply = await plain(request(target));
            equal(reply.status, 200, `the answer to ${target}`);
            equal(headerOf(reply, 'strict-transport-security').length, 0, 'Strict-Transport-Security (RFC 6797 7.2)');
            equal(headerOf(reply, 'x-content-type-options').join(), 'nosniff', 'the other headers');
            equal(headerOf(reply, 'content-security-policy').length, 1, 'the other headers');
        }
    },

    async 'the origin is checked here, too'(broker) {
        for (const Origin of [undefined, 'null', 'https://evil.example', `http://127.0.0.1:${port}`, `${broker.url}.evil.example`])
            equal((await plain(upgrade(broker, { headers: { Origin } }))).status, 403, `the answer to ${Origin}`);
        equal((await plain(upgrade(broker, { headers: { 'Sec-WebSocket-Protocol': 'http' } }))).status, 400,
            'the answer to another subprotocol');
        equal((await plain(upgrade(broker))).status, 101, 'the answer to our origin');
    },

    async 'a good caller joins, and the limit per address does not count the proxy'(broker) {
        const door = { url: `http://127.0.0.1:${port}` };
        const callers = [];
        for (const who of [['p-sam', 'loved_one'], ['p-client', 'client'], ['p-therapist', 'therapist'], ['p-kim', 'loved_one']])
            callers.push(await Caller.join(broker, ...who, door));
        for (const caller of callers) equal(caller.closed, null, 'the close');
        for (const caller of callers) caller.hangUp();
    },
};
