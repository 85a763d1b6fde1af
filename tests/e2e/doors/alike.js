/* A link that opens nothing is refused after the same time, whatever is wrong with it: neither the words nor the wait tell what exists. */

import { now_s } from '../broker.js';
import { Caller } from '../caller.js';
import { atLeast, equal, figure, pause, percentile } from '../check.js';
import { Forge } from '../forge.js';

const ROUNDS = 44;
const REFUSED_AFTER_MS = 250;
const SPREAD_MOST_MS = 5;
const APART_MS = 7; /* joins of one round, so that they don't wait for each other */
const HOUR_S = 3600;

function badLinks(broker) {
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

async function removeKim(broker) {
    const therapist = await Caller.join(broker, 'p-therapist', 'therapist');
    const kim = await Caller.join(broker, 'p-kim', 'loved_one');
    equal((await therapist.ask({ type: 'remove', participant: 'p-kim' })).type, 'done', 'the reply to remove');
    await kim.isClosed(1000, 'removed');
    therapist.hangUp();
}

/* One of each kind, a little apart, each round in another order. */
function round(broker, kinds, number) {
    const order = kinds.map((_, place) => kinds[(place + number) % kinds.length]);
    return Promise.all(order.map(async (kind, place) => {
        await pause(place * APART_MS);
        const { told, took_ms } = await refusal(broker, kind.token);
        kind.told.add(told);
        kind.times_ms.push(took_ms);
    }));
}

export const tests = {
    async 'refusals are alike in bytes and time'(broker) {
        await removeKim(broker);
        const kinds = Object.entries(badLinks(broker)).map(([name, token]) => ({ name, token, told: new Set(), times_ms: [] }));
        broker.tokens.push(...kinds.map(({ token }) => token));
        for (let number = 0; number < ROUNDS; number++) await round(broker, kinds, number);

        const medians = kinds.map(({ times_ms }) => percentile(times_ms, 50));
        const spread_ms = Math.max(...medians) - Math.min(...medians);
        console.log(`  ${kinds.map(({ name }, i) => `${name} ${medians[i].toFixed(2)} ms`).join(', ')}`);
        console.log(`figure refusal_time_spread_p50 ${spread_ms.toFixed(2)} ms`); /* one decimal would read 0.0 */
        figure('refusal_kinds', kinds.length, 'kinds');
        equal(new Set(kinds.flatMap(({ told }) => [...told])).size, 1, 'different replies');
        for (const { name, times_ms } of kinds) atLeast(Math.min(...times_ms), REFUSED_AFTER_MS, `the soonest refusal of ${name}, in ms`);
        equal(spread_ms <= SPREAD_MOST_MS, true, `that medians are within ${SPREAD_MOST_MS} ms of each other (${spread_ms.toFixed(2)})`);
    },

    async 'what follows a join in the same breath changes nothing of its refusal'(broker) {
        const behind = { 'binary': [Buffer.from([0]), true], 'too long': [Buffer.alloc(65537, ' '), false], 'a second join':
            [JSON.stringify({ type: 'join', id: 8, token: 'garbage' }), false], 'not JSON': ['{', false] };
        const links = Object.entries(badLinks(broker));
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
