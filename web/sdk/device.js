/* device.js - this browser's own key, which can't be taken out of it: by it an invitation knows its device again.
 *
 * Proofs are DPoP (RFC 9449): a signature over one address, one token and, on a socket, the number that the server gave there. */

const DATABASE = 'kinroom';
const KEYS = 'keys';
const OURS = 'device';
const KEY = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };

const result = (request) => new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
});

async function openDatabase() {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(KEYS);
    return result(opening);
}

/* The pair that is kept here, else `fresh`, which is then kept. Both in one transaction, so that two tabs agree. */
async function keptPair(fresh) {
    const database = await openDatabase();
    try {
        const keys = database.transaction(KEYS, 'readwrite').objectStore(KEYS);
        const kept = await result(keys.get(OURS));
        if (!kept) await result(keys.put(fresh, OURS));
        return kept ?? fresh;
    } finally {
        database.close();
    }
}

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
const utf8 = (text) => new TextEncoder().encode(text);
const encoded = (value) => base64url(utf8(JSON.stringify(value)));

export class Device {
    ahead_s = 0; /* by how much the server's clock is ahead of this machine's */
    #pair;
    #jwk; /* the public half, as a proof's header shows it */

    constructor(pair, { kty, crv, x, y }) {
        this.#pair = pair;
        this.#jwk = { kty, crv, x, y };
    }

    /* A browser that keeps nothing has a new key after each reload, and needs a new code then. */
    static async load() {
        const fresh = await crypto.subtle.generateKey(KEY, false, ['sign']);
        const pair = await keptPair(fresh).catch(() => fresh);
        return new Device(pair, await crypto.subtle.exportKey('jwk', pair.publicKey));
    }

    /* nonce: left out where the server gave none. */
    async proof({ method, url, token, nonce }) {
        const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: this.#jwk };
        const claims = {
            htm: method, htu: url, iat: Math.floor(Date.now() / 1000 + this.ahead_s), jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
            ath: base64url(await crypto.subtle.digest('SHA-256', utf8(token))), nonce,
        };
        const signed = `${encoded(header)}.${encoded(claims)}`;
        return `${signed}.${base64url(await crypto.subtle.sign(SIGNATURE, this.#pair.privateKey, utf8(signed)))}`;
    }
}
