/* device.js - a device without a browser: a key that can't be exported, and proofs that it is there (DPoP, RFC 9449). */

import { randomUUID, webcrypto } from 'node:crypto';
import { now_s } from './broker.js';

const { subtle } = webcrypto;
const KEY = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const encode = (value) => base64url(JSON.stringify(value));
const hash = async (text) => base64url(await subtle.digest('SHA-256', Buffer.from(text)));

export class Device {
    #privateKey;

    static async create() {
        const device = new Device();
        const { privateKey, publicKey } = await subtle.generateKey(KEY, false, ['sign']);
        const { crv, kty, x, y } = await subtle.exportKey('jwk', publicKey);
        device.#privateKey = privateKey;
        device.jwk = { crv, kty, x, y };
        device.thumbprint = await hash(JSON.stringify(device.jwk)); /* RFC 7638 3: these members, in this order */
        return device;
    }

    /* Speaks of one address and, where they are given, of a token and of a nonce. claims and header: changes to what a good proof says;
     * undefined leaves one out. */
    async proof({ method, url, token, nonce, claims = {}, header = {} }) {
        const good = { htm: method, htu: url, iat: now_s(), jti: randomUUID(), ...(token && { ath: await hash(token) }), ...(nonce && { nonce }) };
        const text = `${encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: this.jwk, ...header })}.${encode({ ...good, ...claims })}`;
        return `${text}.${base64url(await subtle.sign(SIGNATURE, this.#privateKey, Buffer.from(text)))}`;
    }
}
