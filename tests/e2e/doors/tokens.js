/* A token that is not good in any way gets the very same answer: the reply does not tell what exists. */

import { Caller } from '../caller.js';
import { equal } from '../check.js';
import { Forge } from '../forge.js';
import { now_s } from '../broker.js';

const HOUR_S = 3600;

/* All that a caller with this token is told, to the byte, and how the socket closes. */
async function answerTo(broker, token) {
    broker.tokens.push(token);
    const caller = await Caller.dial(broker);
    await caller.send(JSON.stringify({ type: 'join', id: 7, token, move: true }));
    await caller.hears('an answer', ({ said }) => said.type === 'done');
    caller.hangUp();
    return [...caller.heard.map(({ text }) => text), JSON.stringify(caller.closed)].join('\n');
}

const flipped = (token, at) => token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);

function badTokens(broker) {
    const forge = new Forge(broker);
    const good = forge.token();
    const [header, payload, signature] = good.split('.');
    return {
        'garbage': 'garbage', 'three dots': '...', 'two parts': `${header}.${payload}`, 'four parts': `${good}.${signature}`,
        'padding': `${good}==`, 'no signature': `${header}.${payload}.`, 'half a signature': good.slice(0, -43),
        'not base64url': good.replace('.', '+.'),
        'a changed header': flipped(good, 5), 'a changed signature': flipped(good, good.length - 40), 'other claims': forge.tampered(),
        'alg none': forge.unsigned(), 'alg HS256 with our public key': forge.hmac(), 'alg none, well signed': forge.token({}, { alg: 'none' }),
        'alg ES384': forge.token({}, { alg: 'ES384' }), 'a critical extension': forge.token({}, { crit: ['exp'] }),
        "a stranger's key": forge.otherKey(), 'an unknown kid': forge.token({}, { kid: 'other' }), 'no kid': forge.token({}, { kid: undefined }),
        'its own key': forge.token({}, { kid: 'mine', jwk: forge.jwk }),
        'expired': forge.token({ nbf: now_s() - 2 * HOUR_S, exp: now_s() - HOUR_S }), 'too early': forge.token({ nbf: now_s() + HOUR_S,
        exp: now_s() + 2 * HOUR_S }),
        'no expiry': forge.token({ exp: undefined }), 'an expiry in words': forge.token({ exp: 'never' }),
        'an endless one': forge.token({ exp: 1e18 }),
        'another audience': forge.token({ aud: 'mailroom' }), 'no audience': forge.token({ aud: undefined }),
        'another issuer': forge.token({ iss: 'me' }),
        'an unknown role': forge.token({ role: 'owner' }), 'a role that is not theirs': forge.token({ role: 'therapist' }),
        'an admin': forge.token({ role: 'admin' }),
        'another room': forge.token({ room: 's-2' }), 'no room': forge.token({ room: undefined }),
        'an unknown person': forge.token({ sub: 'p-nobody' }),
        'an id that is none': forge.token({ sub: '../p-sam' }), 'no token id': forge.token({ jti: undefined }),
    };
}

export const tests = {
    async 'a good forgery opens, so the bad ones fail for what is bad in them'(broker) {
        equal((await answerTo(broker, new Forge(broker).token())).includes('"type":"done"'), true, 'that they are let in');
    },

    async 'all bad tokens read alike, to the byte'(broker) {
        const expected = await answerTo(broker, 'garbage');
        equal(JSON.parse(expected.split('\n')[0]).code, 'bad_token', 'the code');
        equal(expected.split('\n').length, 2, 'an error and a close');
        equal(expected.split('\n')[1], '{"code":1008,"reason":"bad_token"}', 'the close');
        for (const [what, token] of Object.entries(badTokens(broker))) equal(await answerTo(broker, token), expected, `the answer to ${what}`);
    },

    async 'who was removed reads the same'(broker) {
        const expected = await answerTo(broker, 'garbage');
        const therapist = await Caller.join(broker, 'p-therapist', 'therapist');
        const removed = await Caller.join(broker, 'p-kim', 'loved_one');
        equal((await therapist.ask({ type: 'remove', participant: 'p-kim' })).type, 'done', 'the reply to remove');
        await removed.isClosed(1000, 'removed');
        equal(await answerTo(broker, broker.token('p-kim', 'loved_one')), expected, 'the answer to who was removed');
        therapist.hangUp();
    },

    async 'a token that is too long is refused'(broker) {
        const caller = await Caller.dial(broker);
        equal((await caller.ask({ type: 'join', token: 'a'.repeat(2049) })).code, 'too_long', 'the code');
        caller.hangUp();
    },

    async 'a second connection of the same person is refused unless it moves'(broker) {
        const first = await Caller.join(broker, 'p-sam', 'loved_one');
        const second = await Caller.dial(broker);
        const token = broker.token('p-sam', 'loved_one');
        equal((await second.ask({ type: 'join', token })).code, 'already_connected', 'the reply without a move');
        equal(first.closed, null, "the first one's close");
        equal((await second.ask({ type: 'join', token, move: true })).type, 'done', 'the reply with a move');
        await first.isClosed(1000, 'moved');
        second.hangUp();
    },
};
