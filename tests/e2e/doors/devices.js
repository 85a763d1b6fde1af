/* A token that is bound to a device opens nothing without a proof of that device's key, made for this very socket. */

import { createHmac, randomBytes } from 'node:crypto';
import { now_s } from '../broker.js';
import { Caller } from '../caller.js';
import { atLeast, equal } from '../check.js';
import { Device } from '../device.js';
import { Forge } from '../forge.js';
import { connect, frame, upgrade } from '../http.js';

const REFUSED_AFTER_MS = 250;
const SOCKETS = 20;
const PROOF_MOST = 2048;

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const bound = (broker, device, claims = {}) => new Forge(broker).token({ cnf: { jkt: device.thumbprint }, ...claims });

/* All that a caller is told who joins with this, to the byte, how the socket closes, and when. */
async function answerTo(broker, token, proofFor) {
    broker.tokens.push(token);
    const caller = await Caller.dial(broker);
    const proof = await proofFor?.({ method: 'GET', url: `${broker.url}/ws`, token, nonce: caller.nonce });
    if (proof) broker.tokens.push(proof);
    const asked = performance.now();
    await caller.send(JSON.stringify({ type: 'join', id: 7, token, proof, move: true }));
    await caller.hears('an answer, or the close', ({ said }) => said.type === 'done');
    const took_ms = caller.heard[0].at - asked;
    caller.hangUp();
    return { told: [...caller.heard.map(({ text }) => text), JSON.stringify(caller.closed)].join('\n'), took_ms };
}

const withClaims = (device, claims) => (of) => device.proof({ ...of, claims });
const withHeader = (device, header) => (of) => device.proof({ ...of, header });

/* A proof whose signature is made by other means. */
const resigned = (device, header, sign) => async (of) => {
    const [, payload] = (await device.proof(of)).split('.');
    const text = `${encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: device.jwk, ...header })}.${payload}`;
    return `${text}.${sign(text)}`;
};

async function badProofs(broker, device) {
    const other = await Device.create();
    const elsewhere = await Caller.dial(broker);
    const overheard = await device.proof({ method: 'GET', url: `${broker.url}/ws`, token: bound(broker, device), nonce: elsewhere.nonce });
    elsewhere.hangUp();
    const changed = (changes) => (of) => device.proof({ ...of, ...changes });
    return {
        'no proof': null,
        'another key': (of) => other.proof(of),
        "another device's name over that key": (of) => other.proof({ ...of, header: { jwk: device.jwk } }),
        "another socket's proof": () => overheard,
        'another nonce': changed({ nonce: randomBytes(16).toString('hex') }), 'no nonce': changed({ nonce: undefined }),
        'a nonce that is a number': withClaims(device, { nonce: 5 }),
        "another token's hash": changed({ token: bound(broker, device, { jti: 'j-2' }) }), 'no hash of the token': changed({ token: undefined }),
        'another method': changed({ method: 'POST' }), 'no method': withClaims(device, { htm: undefined }),
        'another path': changed({ url: `${broker.url}/join/open` }), 'another host': changed({ url: 'https://evil.example/ws' }),
        'another scheme': changed({ url: `${broker.url.replace('https', 'http')}/ws` }), 'no address': withClaims(device, { htu: undefined }),
        'no time': withClaims(device, { iat: undefined }), 'a time in words': withClaims(device, { iat: 'now' }),
        'no id': withClaims(device, { jti: undefined }),
        'alg none, well signed': withHeader(device, { alg: 'none' }), 'alg none': resigned(device, { alg: 'none' }, () => ''),
        'alg HS256': resigned(device, { alg: 'HS256' }, (text) => createHmac('sha256', device.jwk.x).update(text).digest('base64url')),
        'alg ES384': withHeader(device, { alg: 'ES384' }),
        'another type': withHeader(device, { typ: 'JWT' }), 'no type': withHeader(device, { typ: undefined }),
        'no key': withHeader(device, { jwk: undefined }), 'a private key': withHeader(device, { jwk: { ...device.jwk, d: device.jwk.x } }),
        'a critical extension': withHeader(device, { crit: ['iat'] }),
        'no signature': resigned(device, {}, () => ''), 'zeros for a signature': resigned(device, {}, () => Buffer.alloc(64).toString('base64url')),
        'two proofs': async (of) => `${await device.proof(of)},${await device.proof(of)}`,
        'its own token': ({ token }) => token, 'garbage': () => 'garbage', 'dots': () => '..',
        'one as long as may be': () => 'a'.repeat(PROOF_MOST),
    };
}

export const tests = {
    async 'each socket is greeted with a nonce of its own, and nothing else'(broker) {
        const callers = await Promise.all(Array.from({ length: SOCKETS }, () => Caller.dial(broker)));
        equal(new Set(callers.map(({ nonce }) => nonce)).size, SOCKETS, 'different nonces');
        for (const { nonce, heard } of callers) {
            equal(/^[0-9a-f]{32}$/.test(nonce), true, `that ${nonce} is a nonce`);
            equal(heard.length, 0, 'words after the hello');
        }
        for (const caller of callers) caller.hangUp();
    },

    async 'a good proof opens, again and again'(broker) {
        const device = await Device.create();
        for (let i = 0; i < 3; i++) (await Caller.join(broker, 'p-sam', 'loved_one', { device })).hangUp();
        equal((await answerTo(broker, bound(broker, device), (of) => device.proof(of))).told.includes('"type":"done"'), true, 'that they are let in');
    },

    async 'any other proof is refused as any bad token is, to the byte and at the same moment'(broker) {
        const device = await Device.create();
        const expected = (await answerTo(broker, 'garbage')).told;
        equal(expected.split('\n').length, 2, 'an error and a close');
        equal(JSON.parse(expected.split('\n')[0]).code, 'bad_token', 'the code');
        for (const [what, proofFor] of Object.entries(await badProofs(broker, device))) {
            const { told, took_ms } = await answerTo(broker, bound(broker, device), proofFor);
            equal(told, expected, `the answer to ${what}`);
            atLeast(took_ms, REFUSED_AFTER_MS, `the time of ${what} in ms`);
        }
    },

    async 'a token that is bound to no good name of a device opens nothing'(broker) {
        const device = await Device.create();
        const expected = (await answerTo(broker, 'garbage')).told;
        const none = [{}, null, 'x', { jkt: '' }, { jkt: 5 }, { jkt: 'a'.repeat(42) }, { jkt: 'a'.repeat(44) }, { jkt: '+'.repeat(43) },
            { jwk: device.jwk }];
        for (const cnf of none) {
            const { told } = await answerTo(broker, bound(broker, device, { cnf }), (of) => device.proof(of));
            equal(told, expected, `the answer to ${JSON.stringify(cnf)}`);
        }
    },

    async 'a token that is bound to none takes any proof, and asks for none'(broker) {
        const token = broker.token('p-sam', 'loved_one');
        for (const proofFor of [undefined, () => 'garbage', (of) => Device.create().then((device) => device.proof(of))])
            equal((await answerTo(broker, token, proofFor)).told.includes('"type":"done"'), true, 'that they are let in');
    },

    async 'a proof that is too long, or there twice, is no message'(broker) {
        const caller = await Caller.dial(broker);
        const token = bound(broker, await Device.create());
        equal((await caller.ask({ type: 'join', token, proof: 'a'.repeat(3000) })).code, 'too_long', 'the answer to 3000 bytes');
        equal((await caller.refusal(`{"type":"join","token":"${token}","proof":"a","proof":"b"}`)).code, 'malformed', 'the answer to two');
        equal(caller.closed, null, 'the close');
        caller.hangUp();
    },

    async 'a join on the heels of the upgrade is greeted at once, whatever it is worth'(broker) {
        const forge = new Forge(broker);
        for (const token of ['garbage', forge.token({ room: 's-2' }), forge.token({ nbf: now_s() - 7200, exp: now_s() - 3600 })]) {
            const socket = await connect(broker.port);
            const seen = [];
            socket.on('data', (piece) => seen.push({ piece, at: performance.now() }));
            const asked = performance.now();
            const join = frame(1, Buffer.from(JSON.stringify({ type: 'join', token })));
            /* libwebsockets misreads a long frame that comes in one TLS record with the upgrade. */
            const pieces = join.length < 128 ? [Buffer.concat([Buffer.from(upgrade(broker)), join])] : [upgrade(broker), join];
            for (const piece of pieces) socket.write(piece);
            await new Promise((done) => socket.on('close', done));
            const after = (text) => seen.find(({ piece }) => piece.includes(text)).at - asked;
            equal(after('hello') < REFUSED_AFTER_MS / 2, true, `that the hello is there at once (${after('hello')} ms)`);
            atLeast(after('bad_token'), REFUSED_AFTER_MS, 'the refusal in ms');
        }
    },
};
