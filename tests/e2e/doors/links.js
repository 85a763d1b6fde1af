/* The doors of a link, over HTTP: only a POST from our own pages, with a proof of a device's key, does anything; opening leads into the room. */

import { randomBytes } from 'node:crypto';
import { now_s } from '../broker.js';
import { Caller } from '../caller.js';
import { atLeast, equal } from '../check.js';
import { Device } from '../device.js';
import { connect, exchange, request } from '../http.js';
import { codes, invite, Page } from '../links.js';

const REFUSED_AFTER_MS = 250;

export const setUp = () => ({ options: { '--delivery': 'outbox' } });

/* A link, a page and a device; and a way to see that no code was sent. */
async function scene(broker) {
    const { token } = await invite(broker, 'p-sam');
    const before = (await codes(broker)).length;
    return {
        token, device: await Device.create(), page: new Page(broker),
        unchanged: async () => equal((await codes(broker)).length, before, 'the codes that were sent'),
    };
}

const isRefused = (reply, status, what) => {
    equal(reply.status, status, `the answer to ${what} (${reply.text})`);
    atLeast(reply.took_ms, REFUSED_AFTER_MS, `its time in ms`);
};

export const tests = {
    async 'a GET opens nothing, nor does any other method'(broker) {
        const { token, page, unchanged } = await scene(broker);
        for (const door of ['open', 'code'])
            for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS']) {
                const reply = await page.ask(method, `/join/${door}?invitation=${token}`, { Origin: broker.url });
                isRefused(reply, 405, `${method} ${door}`);
                equal(reply.headers[reply.headers.findIndex((name) => name.toLowerCase() === 'allow') + 1], 'POST', 'what is allowed');
            }
        isRefused(await page.ask('GET', `/join/${token}`), 401, 'a path that is none');
        equal((await exchange(broker.port, request('/join'))).status, 404, 'a page of this name');
        await unchanged();
        page.leave();
    },

    async 'pages of others are turned away'(broker) {
        const { token, device, page, unchanged } = await scene(broker);
        const { url } = broker;
        for (const Origin of ['https://evil.example', 'null', `${url}.evil.example`, `${url}/`, url.toUpperCase(), `${url}, ${url}`,
            [url, 'https://evil.example'], `https://${'a'.repeat(300)}.example`]) {
            const reply = await page.knock('open', { invitation: token }, { device, headers: { Origin } });
            isRefused(reply, 403, `a page of ${Origin}`);
            equal(reply.headers.some((name) => /access-control/i.test(name)), false, 'permission to read the answer');
        }
        await unchanged();
        page.leave();
    },

    async 'without a good proof nothing is done, whatever the link is worth'(broker) {
        const { token, device, page, unchanged } = await scene(broker);
        const other = await Device.create();
        const bad = {
            'no proof': { device: null }, 'garbage': { headers: { DPoP: 'garbage' } }, 'an empty one': { headers: { DPoP: '' } },
            '3000 bytes': { headers: { DPoP: 'a'.repeat(3000) } }, 'the other door': { url: `${broker.url}/join/code` },
            'another host': { url: 'https://evil.example/join/open' }, 'another method': { method: 'GET' },
            "another link's hash": { token: 'garbage' },
            'no hash of the link': { token: undefined }, 'one of two minutes ago': { claims: { iat: now_s() - 120 } },
            'one of the future': { claims: { iat: now_s() + 120 } }, 'alg none': { header: { alg: 'none' } },
            'a key that did not sign': { header: { jwk: other.jwk } },
        };
        for (const invitation of [token, randomBytes(32).toString('base64url')])
            for (const [what, changes] of Object.entries(bad))
                isRefused(await page.knock('open', { invitation }, { device, ...changes }), 400, what);
        const proof = await device.proof({ method: 'POST', url: `${broker.url}/join/open`, token });
        isRefused(await page.knock('open', { invitation: token }, { headers: { DPoP: `${proof}, ${proof}` } }), 400, 'two proofs');
        await unchanged();
        page.leave();
    },

    async 'answers have the security headers, and are kept nowhere'(broker) {
        const { token, device, page } = await scene(broker);
        const good = await page.knock('open', { invitation: token }, { device });
        const refusal = await page.ask('GET', '/join/open');
        for (const [what, { headers }] of Object.entries({ good, refusal })) {
            const of = (name) => headers.filter((_, at) => at % 2 && headers[at - 1].toLowerCase() === name).join(' | ');
            equal(of('cache-control'), 'no-store', `Cache-Control of ${what}`);
            equal(of('referrer-policy'), 'no-referrer', `Referrer-Policy of ${what}`);
            equal(of('x-content-type-options'), 'nosniff', `X-Content-Type-Options of ${what}`);
            equal(of('content-security-policy').startsWith("default-src 'none'"), true, `that ${what} has a Content-Security-Policy`);
        }
        page.leave();
    },

    async 'a link, its code and its device lead into the room, and nobody else does with what they overheard'(broker) {
        const { token, device, page } = await scene(broker);
        equal(JSON.parse((await page.knock('open', { invitation: token }, { device })).text).state, 'code', 'the first door');
        const opened = await page.knock('code', { invitation: token, code: (await codes(broker)).at(-1) }, { device });
        const { state, token: bound } = JSON.parse(opened.text);
        equal(state, 'open', 'the second door');
        broker.tokens.push(bound);

        const caller = await Caller.dial(broker);
        equal((await caller.ask(await caller.joinRequest(bound, { device }))).type, 'done', 'the reply to the device');
        caller.hangUp();
        for (const thief of [undefined, await Device.create()]) {
            const stolen = await Caller.dial(broker);
            const reply = await stolen.ask(await stolen.joinRequest(bound, { device: thief }));
            equal(reply.code, 'bad_token', 'the reply to whoever has the token alone');
            await stolen.isClosed(1008, 'bad_token');
        }
        page.leave();
    },

    async 'a body that never comes is waited for no longer than others'(broker) {
        const socket = await connect(broker.port);
        const over = new Promise((done) => socket.on('close', done).resume());
        const began = performance.now();
        socket.write(`${request('/join/open', { method: 'POST', headers: { 'Content-Type': 'application/json', 'Content-Length': '50' } })}{`);
        await over;
        equal(performance.now() - began < 20000, true, 'that it is hung up on');
        equal((await exchange(broker.port, request('/healthz'))).status, 200, 'the health afterwards');
    },
};
