/* Who may open a WebSocket: our pages, at our path, in our protocol; everybody else is refused before the upgrade. */

import { Caller } from '../caller.js';
import { equal } from '../check.js';
import { exchange, headerOf, upgrade } from '../http.js';

async function isRefused(broker, what, change, status) {
    const reply = await exchange(broker.port, upgrade(broker, change));
    equal(reply.status, status, `the answer to ${what}`);
    equal(headerOf(reply, 'sec-websocket-accept').length, 0, `upgrades for ${what}`);
}

const withOrigin = (Origin) => ({ headers: { Origin } });
const withProtocol = (protocol) => ({ headers: { 'Sec-WebSocket-Protocol': protocol } });

export const tests = {
    async 'the pages of our origin are let in'(broker) {
        const reply = await exchange(broker.port, upgrade(broker));
        equal(reply.status, 101, 'the answer to a good upgrade');
        equal(headerOf(reply, 'sec-websocket-protocol')[0], 'kinroom.v1', 'the subprotocol');
    },

    async 'any other origin is refused before the upgrade'(broker) {
        const { url, port } = broker;
        const others = {
            'no origin': undefined, 'an empty origin': '', 'the origin null': 'null', 'a stranger': 'https://evil.example',
            'another port': `https://127.0.0.1:${port + 1}`, 'no port': 'https://127.0.0.1', 'another scheme': `http://127.0.0.1:${port}`,
            'a longer host': `https://127.0.0.1.evil.example:${port}`, 'a longer port': `${url}0`,
            'our origin as a suffix': `https://evil.example/${url}`,
            'our origin before an at sign': `${url}@evil.example`, 'our host as a suffix': `https://evil127.0.0.1:${port}`,
            'a trailing slash': `${url}/`, 'a trailing dot': `https://127.0.0.1.:${port}`, 'a path': `${url}/ws`,
            'another name of this host': `https://localhost:${port}`, 'capitals': url.toUpperCase(),
            'two in one': `${url}, https://evil.example`,
            'one too long to be looked at': `${url}/${'a'.repeat(1000)}`,
        };
        for (const [what, origin] of Object.entries(others)) await isRefused(broker, what, withOrigin(origin), 403);
    },

    async 'two Origin headers are refused, in either order'(broker) {
        await isRefused(broker, 'a stranger behind us', withOrigin([broker.url, 'https://evil.example']), 403);
        await isRefused(broker, 'a stranger before us', withOrigin(['https://evil.example', broker.url]), 403);
    },

    async 'another subprotocol, or none, or a list, is refused'(broker) {
        for (const protocol of [undefined, '', 'http', 'kinroom.v2', 'kinroom', 'kinroom.v10', 'KINROOM.V1', 'http, kinroom.v1',
            'kinroom.v1, http'])
            await isRefused(broker, `the subprotocol ${protocol}`, withProtocol(protocol), 400);
    },

    async 'another path is refused'(broker) {
        for (const target of ['/', '/wss', '/ws/', '/WS', '/ws/x', '/index.html', '/healthz', '/../ws/..'])
            await isRefused(broker, `the path ${target}`, { target }, 404);
    },

    async 'another version of WebSockets is refused, and ours is named'(broker) {
        for (const version of [undefined, '8', '0', '130', '13, 8']) {
            const reply = await exchange(broker.port, upgrade(broker, { headers: { 'Sec-WebSocket-Version': version } }));
            equal(reply.status, 426, `the answer to version ${version}`);
            equal(headerOf(reply, 'sec-websocket-version')[0], '13', 'the version that we speak');
        }
    },

    async 'another kind of upgrade, one without a key or by another method opens nothing'(broker) {
        const broken = [{ headers: { Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAAP__' } }, { headers: { Upgrade: 'TLS/1.0' } },
            { headers: { 'Sec-WebSocket-Key': undefined } }, { method: 'POST', headers: { 'Content-Length': '0' } }];
        for (const change of broken) {
            const reply = await exchange(broker.port, upgrade(broker, change));
            equal(reply.status === null || reply.status >= 400, true, `a refusal of an upgrade with ${JSON.stringify(change)}: ${reply.status}`);
        }
    },

    async 'after all that a good caller joins'(broker) {
        (await Caller.join(broker, 'p-sam', 'loved_one')).hangUp();
    },
};
