/* A link that opens nothing is refused after the same time, whatever is wrong with it: neither the words nor the wait tell what exists. */

import { randomBytes } from 'node:crypto';
import { now_s } from '../broker.js';
import { Caller } from '../caller.js';
import { atLeast, equal, figure, pause, percentile } from '../check.js';
import { Device } from '../device.js';
import { Forge } from '../forge.js';
import { connect, request } from '../http.js';
import { codes, invite, Page } from '../links.js';

const ROUNDS = 44;
const REFUSED_AFTER_MS = 250;
const SPREAD_MOST_MS = 5;
const APART_MS = 7; /* joins of one round, so that they don't wait for each other */
const HOUR_S = 3600;

export const setUp = () => ({ options: { '--delivery': 'outbox' } });

/* ---- By admission token, on the WebSocket ---- */

function badTokens(broker) {
    const forge = new Forge(broker);
    return {
        'garbage': 'garbage',
        'a wrong key': forge.otherKey(),
        'expired': forge.token({ nbf: now_s() - 2 * HOUR_S, exp: now_s() - HOUR_S }),
        'a wrong audience': forge.token({ aud: 'mailroom' }),
        'an unknown session': forge.token({ room: 's-2' }),
        'an unknown participation': forge.token({ sub: 'p-nobody' }),
        'a removed participation': forge.token({ sub: 'p-kim' }),
        'a swapped role': forge.token({ role: 'client' }),
        'a token of a device that is not shown': forge.token({ cnf: { jkt: randomBytes(32).toString('base64url') } }),
    };
}

async function joinWith(broker, token) {
    const caller = await Caller.dial(broker);
    const asked = performance.now();
    await caller.send(JSON.stringify({ type: 'join', id: 7, token, move: true }));
    await caller.hears('an answer', ({ said }) => said.id === 7);
    return { caller, took_ms: caller.heard[0].at - asked };
}

/* All that it was told, to the byte, and after how long. */
async function refusal(broker, token) {
    const { caller, took_ms } = await joinWith(broker, token);
    await caller.isClosed(1008, 'bad_token');
    return { told: caller.heard.map(({ text }) => text).join('\n'), took_ms };
}

let kim_is_out;
const removeKim = (broker) => kim_is_out ??= remove(broker);

async function remove(broker) {
    const therapist = await Caller.join(broker, 'p-therapist', 'therapist');
    const kim = await Caller.join(broker, 'p-kim', 'loved_one');
    equal((await therapist.ask({ type: 'remove', participant: 'p-kim' })).type, 'done', 'the reply to remove');
    await kim.isClosed(1000, 'removed');
    therapist.hangUp();
}

/* A refusal by each kind's own means, with all that it says and the time that it took. */
const tokenKinds = (broker) => Object.entries(badTokens(broker)).map(([name, token]) => {
    broker.tokens.push(token);
    return { name, refusal: () => refusal(broker, token) };
});

/* ---- By invitation, over HTTP ---- */

/* As from different addresses: one has few places at a time. */
function linkKinds(broker, links) {
    let addresses = 0;
    return links.map(([name, door, token, code]) => {
        const page = new Page(broker, { from: `127.0.3.${++addresses}` });
        const refusal = async () => {
            const body = { invitation: token, ...(code && { code }) };
            const { status, headers, text, took_ms } = await page.knock(door, body, { device: await Device.create() });
            const alike = headers.map((value, at) => (headers[at - 1] === 'date' ? 'now' : value));
            return { told: [status, ...alike, text].join('\n'), took_ms };
        };
        return { name: `${name} (${door})`, refusal, page };
    });
}

/* A link for each way to be of no use, made in the order in which that can be. */
async function badLinks(broker) {
    const client = await invite(broker, 'p-client');
    const late = await invite(broker, 'p-sam', { expires: now_s() + 2 });
    const revoked = await invite(broker, 'p-lee');
    const removed = await invite(broker, 'p-kim');
    equal((await broker.api('DELETE', `/api/v1/invitations/${revoked.id}`)).status, 204, 'the answer to a revocation');
    await removeKim(broker);
    const page = new Page(broker);
    equal((await page.knock('open', { invitation: client.token }, { device: await Device.create() })).status, 200, 'the answer to a good link');
    page.leave();
    await pause(3000);
    const links = { 'an unknown link': randomBytes(32).toString('base64url'), 'a malformed one': 'garbage', 'an expired one': late.token,
        'a revoked one': revoked.token, 'of somebody removed': removed.token };
    const code = (await codes(broker)).at(-1);
    const wrong = code === '000000' ? '000001' : '000000';
    return [
        ...Object.entries(links).flatMap(([name, token]) => [[name, 'open', token], [name, 'code', token, code]]),
        ['a wrong code', 'code', client.token, wrong],
    ];
}

/* ---- Alike ---- */

/* One of each kind, a little apart, each round in another order. */
function round(kinds, number) {
    const order = kinds.map((_, place) => kinds[(place + number) % kinds.length]);
    return Promise.all(order.map(async (kind, place) => {
        await pause(place * APART_MS);
        const { told, took_ms } = await kind.refusal();
        kind.told.add(told);
        kind.times_ms.push(took_ms);
    }));
}

async function areAlike(of, name) {
    const kinds = of.map((kind) => ({ ...kind, told: new Set(), times_ms: [] }));
    for (let number = 0; number < ROUNDS; number++) await round(kinds, number);

    const medians = kinds.map(({ times_ms }) => percentile(times_ms, 50));
    const spread_ms = Math.max(...medians) - Math.min(...medians);
    console.log(`  ${kinds.map((kind, i) => `${kind.name} ${medians[i].toFixed(2)} ms`).join(', ')}`);
    console.log(`figure ${name}_time_spread_p50 ${spread_ms.toFixed(2)} ms`); /* one decimal would read 0.0 */
    figure(`${name}_kinds`, kinds.length, 'kinds');
    equal(new Set(kinds.flatMap(({ told }) => [...told])).size, 1, 'different replies');
    for (const kind of kinds) atLeast(Math.min(...kind.times_ms), REFUSED_AFTER_MS, `the soonest refusal of ${kind.name}, in ms`);
    equal(spread_ms <= SPREAD_MOST_MS, true, `that medians are within ${SPREAD_MOST_MS} ms of each other (${spread_ms.toFixed(2)})`);
    return [...kinds[0].told][0];
}

export const tests = {
    async 'links that are of no use are refused alike in bytes and time, at both doors'(broker) {
        const kinds = linkKinds(broker, await badLinks(broker));
        const told = await areAlike(kinds, 'link_refusal');
        for (const { page } of kinds) page.leave();
        equal(told.startsWith('404\n') && told.includes('bad_link'), true, `that it is the one answer (${told.slice(0, 40)})`);
    },

    async 'whoever holds back the last byte of a link waits as long for its refusal'(broker) {
        const device = await Device.create();
        const token = randomBytes(32).toString('base64url');
        const body = JSON.stringify({ invitation: token });
        const proof = await device.proof({ method: 'POST', url: `${broker.url}/join/open`, token });
        const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length, Origin: broker.url, DPoP: proof };
        const socket = await connect(broker.port);
        socket.write(request('/join/open', { method: 'POST', headers }) + body.slice(0, -1));
        await pause(REFUSED_AFTER_MS + 100);
        const asked = performance.now();
        const answered = new Promise((done) => socket.once('data', done));
        socket.write(body.slice(-1));
        equal((await answered).toString().slice(0, 12), 'HTTP/1.1 404', 'the answer');
        atLeast(performance.now() - asked, REFUSED_AFTER_MS, 'its time in ms');
        socket.destroy();
    },

    async 'who has a good link does not wait'(broker) {
        const page = new Page(broker);
        const device = await Device.create();
        const { token } = await invite(broker, 'p-sam');
        const isSoon = ({ status, took_ms }, what) => {
            equal(status, 200, `the answer to ${what}`);
            equal(took_ms < REFUSED_AFTER_MS / 2, true, `that it is there at once (${took_ms.toFixed(1)} ms)`);
        };
        isSoon(await page.knock('open', { invitation: token }, { device }), 'a good link');
        isSoon(await page.knock('code', { invitation: token, code: (await codes(broker)).at(-1) }, { device }), 'a good code');
        isSoon(await page.knock('open', { invitation: token }, { device }), 'the link on its device');
        page.leave();
    },

    async 'refusals on the WebSocket are alike in bytes and time'(broker) {
        await removeKim(broker);
        await areAlike(tokenKinds(broker), 'refusal');
    },

    async 'what follows a join in the same breath changes nothing of its refusal'(broker) {
        const behind = { 'binary': [Buffer.from([0]), true], 'too long': [Buffer.alloc(65537, ' '), false], 'a second join':
            [JSON.stringify({ type: 'join', id: 8, token: 'garbage' }), false], 'not JSON': ['{', false] };
        const links = Object.entries(badTokens(broker));
        const expected = (await refusal(broker, 'garbage')).told;
        for (const [what, [bytes, binary]] of Object.entries(behind)) {
            await Promise.all(links.map(async ([name, token]) => {
                const caller = await Caller.dial(broker);
                caller.send(JSON.stringify({ type: 'join', id: 7, token, move: true }));
                await caller.send(bytes, { binary });
                await caller.isClosed(1008, 'bad_token');
                equal(caller.heard.map(({ text }) => text).join('\n'), expected, `the answer to ${name}, with ${what} behind it`);
            }));
        }
    },

    async 'who is let in does not wait'(broker) {
        const token = broker.token('p-sam', 'loved_one');
        const times_ms = [];
        for (let i = 0; i < 10; i++) {
            const { caller, took_ms } = await joinWith(broker, token);
            equal(caller.heard[0].said.type, 'welcome', 'the first word');
            times_ms.push(took_ms);
            caller.hangUp();
        }
        equal(percentile(times_ms, 50) < REFUSED_AFTER_MS / 2, true, `that they are let in at once (${percentile(times_ms, 50).toFixed(1)} ms)`);
    },

    async 'who is connected elsewhere is told so at the same moment, and may still move'(broker) {
        const token = broker.token('p-sam', 'loved_one');
        const first = await Caller.join(broker, 'p-sam', 'loved_one');
        const second = await Caller.dial(broker);
        const asked = performance.now();
        equal((await second.ask({ type: 'join', token })).code, 'already_connected', 'the reply without a move');
        atLeast(second.heard[0].at - asked, REFUSED_AFTER_MS, 'its time in ms');
        equal((await second.ask({ type: 'join', token, move: true })).type, 'done', 'the reply with a move');
        await first.isClosed(1000, 'moved');
        second.hangUp();
    },
};
