/* The UDP port, seen by those who were given no credentials, or half of them: silence, or at most an answer no longer than the question. */

import { randomBytes } from 'node:crypto';
import { Caller } from '../caller.js';
import { equal } from '../check.js';
import { exchange, request } from '../http.js';
import { bindingRequest, Knocker } from '../stun.js';

const knocking = async (broker, work) => {
    const knocker = await Knocker.open(broker.udpPort);
    try {
        return await work(knocker);
    } finally {
        knocker.close();
    }
};

const prefixes = (datagram) => Array.from({ length: datagram.length }, (_, length) => datagram.subarray(0, length));
const startingWith = (lead, length) => Buffer.concat([Buffer.from([lead]), randomBytes(length - 1)]);

/* A DTLS 1.2 record with a ClientHello: well made as far as its length fields go. */
function clientHello() {
    const body = Buffer.concat([Buffer.from('fefd', 'hex'), randomBytes(32), Buffer.from('0000', 'hex'), Buffer.from('0002c02b0100', 'hex')]);
    const handshake = Buffer.concat([Buffer.from([1, 0, 0, body.length, 0, 0, 0, 0, 0, 0, 0, body.length]), body]);
    return Buffer.concat([Buffer.from('16feff0000000000000000', 'hex'), Buffer.from([0, handshake.length]), handshake]);
}

const rtp = () => Buffer.concat([Buffer.from([0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]), randomBytes(100)]);
const rtcp = () => Buffer.concat([Buffer.from([0x81, 206, 0, 2]), randomBytes(8)]);

let caller, keys;

/* Somebody with an answer in hand, whose browser has not sent a check yet. */
const negotiated = async (broker) => {
    caller?.hangUp();
    caller = await Caller.join(broker, 'p-sam', 'loved_one');
    keys = await caller.negotiate();
    return keys;
};

const user = () => `${keys.ufrag}:${keys.theirs}`;

export const tests = {
    async 'strangers get no answer, whatever they send'(broker) {
        await negotiated(broker);
        await knocking(broker, async (knocker) => {
            for (const length of [0, 1, 2, 11, 12, 19, 20, 100, 1200, 1500, 2048, 9000, 65000]) await knocker.send(randomBytes(length));
            for (let lead = 0; lead < 256; lead++) await knocker.send(startingWith(lead, 40), startingWith(lead, 1));
            const check = bindingRequest({ user: 'AAAAAAAA:BBBB', password: 'x'.repeat(24) });
            await knocker.send(check, ...prefixes(check), clientHello(), ...prefixes(clientHello()), rtp(), ...prefixes(rtp()), rtcp(),
                ...prefixes(rtcp()));
            equal(await knocker.replyBytes(), 0, 'bytes in reply to strangers');
        });
    },

    async 'a check with the right password is answered, so silence elsewhere means something'(broker) {
        await negotiated(broker);
        await knocking(broker, async (knocker) => {
            await knocker.send(bindingRequest({ user: user(), password: keys.password, nominate: false }));
            await knocker.replyBytes();
            equal(knocker.replies.length, 1, 'replies');
            equal(knocker.replies[0].readUInt16BE(0), 0x0101, 'the type of the reply: success');
        });
    },

    async 'a check with a wrong password is never answered with more than it sent, and opens nothing'(broker) {
        await negotiated(broker);
        const wrong = ['', 'x', keys.password.slice(0, -1), `${keys.password}x`, 'x'.repeat(keys.password.length)];
        for (const password of [...wrong, null]) {
            await knocking(broker, async (knocker) => {
                const check = bindingRequest({ user: user(), password });
                await knocker.send(check);
                const back = await knocker.replyBytes();
                equal(back <= check.length, true, `that ${back} bytes answer ${check.length} at most`);
                for (const reply of knocker.replies) equal(reply.readUInt16BE(0), 0x0111, 'the type of the reply: error');
                /* Nominated by nobody: the handshake must not begin, whose certificate would be the big answer. */
                await knocker.send(clientHello(), rtp(), rtcp());
                equal(await knocker.replyBytes(), back, 'bytes in reply to DTLS, RTP and RTCP after that');
            });
        }
    },

    async 'a tampered, cut or half-made check is answered with less, or not at all'(broker) {
        await negotiated(broker);
        const good = bindingRequest({ user: user(), password: keys.password });
        const flipped = Array.from(good, (_, i) => Buffer.concat([good.subarray(0, i), Buffer.from([good[i] ^ 1]), good.subarray(i + 1)]));
        await knocking(broker, async (knocker) => {
            await knocker.send(...prefixes(good), ...flipped, bindingRequest({ user: user(), password: keys.password, fingerprint: false }),
                bindingRequest({ user: `${keys.ufrag}:`, password: keys.password }), bindingRequest({ user: keys.ufrag,
                    password: keys.password }),
                bindingRequest({ user: `${keys.ufrag}:evil`, password: keys.password }));
            const back = await knocker.replyBytes();
            equal(back <= knocker.sentBytes, true, `that ${back} bytes answer ${knocker.sentBytes} at most`);
            equal(knocker.replies.filter((reply) => reply.readUInt16BE(0) === 0x0101).length, 0, 'successes');
            await knocker.send(clientHello());
            equal(await knocker.replyBytes(), back, 'bytes in reply to DTLS after that');
        });
    },

    async 'a check that went by is answered again where it came from, and to nobody else'(broker) {
        await negotiated(broker);
        const check = bindingRequest({ user: user(), password: keys.password });
        await knocking(broker, async (peer) => {
            await peer.send(check);
            const once = await peer.replyBytes();
            equal(once > 0, true, 'that it is answered');
            await knocking(broker, async (thief) => {
                await thief.send(check, check, clientHello(), rtp(), rtcp(), ...peer.replies);
                equal(await thief.replyBytes(), 0, 'bytes to somebody else who sends it, and more');
            });
            await peer.send(check);
            equal(await peer.replyBytes(), 2 * once, 'bytes in reply after a retransmission');
            await peer.send(...peer.replies);
            equal(await peer.replyBytes(), 2 * once, 'bytes in reply after the answers are sent back');
        });
    },

    async 'other methods, indications and responses are not answered'(broker) {
        await negotiated(broker);
        await knocking(broker, async (knocker) => {
            for (const method of [0x0003, 0x0011, 0x0101, 0x0111, 0x0016])
                await knocker.send(bindingRequest({ user: user(), password: keys.password, method }));
            equal(await knocker.replyBytes(), 0, 'bytes in reply');
        });
    },

    async 'a checked address that sends garbage is not answered'(broker) {
        await negotiated(broker);
        await knocking(broker, async (knocker) => {
            await knocker.send(bindingRequest({ user: user(), password: keys.password }));
            const back = await knocker.replyBytes();
            equal(back > 0, true, 'that the check is answered');
            for (let lead = 128; lead < 192; lead++) await knocker.send(startingWith(lead, 60), startingWith(lead, 1), startingWith(lead, 1400));
            await knocker.send(...prefixes(rtp()), ...prefixes(rtcp()));
            equal(await knocker.replyBytes(), back, 'bytes in reply to RTP and RTCP before DTLS');
            for (let lead = 20; lead < 64; lead++) await knocker.send(startingWith(lead, 60), startingWith(lead, 13), startingWith(lead, 1400));
            await knocker.replyBytes();
        });
    },

    async 'a storm of datagrams is weathered'(broker) {
        await knocking(broker, async (knocker) => {
            for (let i = 0; i < 20000; i++) await knocker.send(startingWith(i & 255, 200));
            equal(await knocker.replyBytes(), 0, 'bytes in reply');
        });
    },

    async 'afterwards it serves as before'(broker) {
        equal((await exchange(broker.port, request('/healthz'))).status, 200, 'the health');
        await negotiated(broker);
        await knocking(broker, async (knocker) => {
            await knocker.send(bindingRequest({ user: user(), password: keys.password }));
            equal(await knocker.replyBytes() > 0, true, 'that a check is answered');
        });
        caller.hangUp();
    },
};
