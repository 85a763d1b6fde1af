/* link.js - the link that somebody opened, and how it becomes the token that a session is joined with.
 *
 * Two kinds with the same verbs: an invitation (#i=...), which wants a code once on each device, and staff's own link (#token=...), which
 * holds the token itself. */

import { Device } from './device.js';
import { Refused } from './refused.js';

const STORED = 'kinroom.link';
const KINDS = { i: (secret, server) => new Invitation(secret, server), token: (token, server) => new OwnLink(token, server) };

const kindOf = (fragment) => Object.keys(KINDS).find((kind) => new URLSearchParams(fragment).get(kind)) ?? null;

/* fragment: what stands behind the # of a link. server: the origin that it is asked of. Null: it is no link. */
export function linkFrom(fragment, { server = location.origin } = {}) {
    const kind = kindOf(fragment);
    return kind ? KINDS[kind](new URLSearchParams(fragment).get(kind), server) : null;
}

export const isLink = (fragment) => kindOf(fragment) !== null;

/* The fragment never travels to a server; we also take it out of the address bar and the history, so that a shared screen or a copied address
 * doesn't hand it on. sessionStorage keeps it for reloads of this tab only. Null: there is none. */
export function takeLink(options) {
    const fragment = location.hash.slice(1);
    if (location.hash) history.replaceState(null, '', location.pathname + location.search);
    if (isLink(fragment)) sessionStorage.setItem(STORED, fragment);
    return linkFrom(sessionStorage.getItem(STORED) ?? '', options);
}

export const forgetLink = () => sessionStorage.removeItem(STORED);

class OwnLink {
    constructor(token, server) {
        this.token = token;
        this.server = server;
    }

    async open() {
        return true;
    }

    async proof() {
        return undefined;
    }

    /* Whoever holds it can be only one: what stands in the way is a dead connection of ours. */
    get takesOver() {
        return true;
    }

    renew() {
        return false;
    }
}

class Invitation {
    token = null; /* bound to this device; in memory alone */
    #secret;
    #device = null;

    constructor(secret, server) {
        this.#secret = secret;
        this.server = server;
    }

    /* True once there is a token; false when a code is needed, and on its way. */
    async open() {
        if (!this.token) await this.#ask('/join/open', {});
        return this.token !== null;
    }

    async giveCode(code) {
        await this.#ask('/join/code', { code });
    }

    /* Of the device, on the socket that gave the nonce. */
    async proof(nonce) {
        return (await this.#key()).proof({ method: 'GET', url: `${this.server}/ws`, token: this.token, nonce });
    }

    /* The server knows the device: nothing need be taken over from it, and from another only when the person says so. */
    get takesOver() {
        return false;
    }

    /* The token is no good any more; the link may give another. */
    renew() {
        this.token = null;
        return true;
    }

    async #key() {
        if (!crypto.subtle) throw new Refused('no_device_key');
        this.#device ??= await Device.load();
        return this.#device;
    }

    async #ask(path, more) {
        const device = await this.#key();
        let reply = await this.#post(device, path, more);
        if (reply.status === BAD_PROOF && setClock(device, reply)) reply = await this.#post(device, path, more);
        if (!reply.ok) throw new Refused(REFUSALS[reply.status] ?? 'refused');
        const { state, token } = await reply.json();
        if (state === 'open') this.token = token;
    }

    async #post(device, path, more) {
        const proof = await device.proof({ method: 'POST', url: this.server + path, token: this.#secret });
        return fetch(this.server + path, {
            method: 'POST', cache: 'no-store', headers: { 'content-type': 'application/json', dpop: proof },
            body: JSON.stringify({ invitation: this.#secret, ...more }),
        }).catch(() => { throw new Refused('unreachable'); });
    }
}

/* A proof is good for a minute by the server's clock, and this machine's may be wrong. Whether it was. */
function setClock(device, reply) {
    const ahead_s = (Date.parse(reply.headers.get('date')) - Date.now()) / 1000;
    const wasWrong = Math.abs(ahead_s - device.ahead_s) > CLOCKS_AGREE_S;
    if (wasWrong) device.ahead_s = ahead_s;
    return wasWrong;
}

const BAD_PROOF = 400;
const CLOCKS_AGREE_S = 30;
const REFUSALS = { 404: 'bad_link', 429: 'busy', 503: 'busy' };
