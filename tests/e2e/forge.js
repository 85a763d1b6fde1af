/* forge.js - admission tokens as nobody should make them. */

import { createPrivateKey, createPublicKey, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { now_s } from './broker.js';

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

export class Forge {
    constructor(broker) {
        this.jwk = JSON.parse(readFileSync(broker.file('key.jwk'), 'utf8'));
        this.session = broker.session;
    }

    claims(changes = {}) {
        return {
            iss: 'kinroom', aud: 'kinroom', sub: 'p-sam', room: this.session, role: 'loved_one',
            nbf: now_s() - 60, exp: now_s() + 3600, jti: 'j-1', ...changes,
        };
    }

    header(changes = {}) {
        return { alg: 'ES256', kid: this.jwk.kid, ...changes };
    }

    /* Signed as it should be, whatever it says. */
    token(claims = {}, header = {}, jwk = this.jwk) {
        const text = `${encode(this.header(header))}.${encode(this.claims(claims))}`;
        const key = createPrivateKey({ key: jwk, format: 'jwk' });
        return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    }

    unsigned() {
        return `${encode({ alg: 'none' })}.${encode(this.claims())}.`;
    }

    /* The public key taken for a shared secret (RFC 8725 2.1). */
    hmac() {
        const { d, ...open } = this.jwk;
        const secret = createPublicKey({ key: open, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
        const text = `${encode(this.header({ alg: 'HS256' }))}.${encode(this.claims())}`;
        return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    }

    /* By a key that nobody knows, under the name of the one that counts. */
    otherKey() {
        return this.token({}, {}, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }));
    }

    /* Somebody else's claims over a good signature. */
    tampered() {
        const [header, , signature] = this.token().split('.');
        return [header, encode(this.claims({ sub: 'p-therapist', role: 'therapist' })), signature].join('.');
    }
}
