/* stun.js - Binding requests (RFC 8489) by hand, for knocking at the media port. */

import { createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { pause } from './check.js';

const MAGIC = 0x2112a442;
const FINGERPRINT_XOR = 0x5354554e;
const HEADER = 20;
const INTEGRITY = 24;
const FINGERPRINT = 8;

const attribute = (type, value) => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(type, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
};

const number = (value, bytes) => {
    const out = Buffer.alloc(bytes);
    out.writeUInt32BE(value, bytes - 4);
    return out;
};

function crc32(bytes) {
    let crc = 0xffffffff;
    for (const byte of bytes) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return (crc ^ 0xffffffff) >>> 0;
}

/* The header's length counts up to and with the attribute that is being made (14.5, 14.7). */
const withLength = (message, more) => {
    const counted = Buffer.from(message);
    counted.writeUInt16BE(message.length - HEADER + more, 2);
    return counted;
};

/* password null: no MESSAGE-INTEGRITY. */
export function bindingRequest({ user, password, nominate = true, fingerprint = true, method = 0x0001 }) {
    const head = Buffer.alloc(8);
    head.writeUInt16BE(method, 0);
    head.writeUInt32BE(MAGIC, 4);
    let message = Buffer.concat([head, randomBytes(12), attribute(0x0006, Buffer.from(user)), attribute(0x0024, number(1, 4)),
        attribute(0x802a, number(7, 8)), ...(nominate ? [attribute(0x0025, Buffer.alloc(0))] : [])]);
    if (password !== null) {
        const hmac = createHmac('sha1', password).update(withLength(message, INTEGRITY)).digest();
        message = Buffer.concat([withLength(message, INTEGRITY), attribute(0x0008, hmac)]);
    }
    if (fingerprint) {
        const counted = withLength(message, FINGERPRINT);
        message = Buffer.concat([counted, attribute(0x8028, number((crc32(counted) ^ FINGERPRINT_XOR) >>> 0, 4))]);
    }
    return withLength(message, 0);
}

/* An address from which to knock; counts what it sends and what comes back. */
export class Knocker {
    sentBytes = 0;
    replies = [];

    static async open(port) {
        const knocker = new Knocker();
        knocker.port = port;
        knocker.socket = createSocket('udp4');
        knocker.socket.on('message', (reply) => knocker.replies.push(reply)).on('error', () => {});
        await new Promise((done) => knocker.socket.bind(0, '127.0.0.1', done));
        return knocker;
    }

    async send(...datagrams) {
        for (const datagram of datagrams) {
            this.sentBytes += datagram.length;
            await new Promise((done) => this.socket.send(datagram, this.port, '127.0.0.1', done));
        }
    }

    /* After whatever is on its way has arrived. */
    async replyBytes() {
        await pause(300);
        return this.replies.reduce((sum, reply) => sum + reply.length, 0);
    }

    close() {
        this.socket.close();
    }
}
