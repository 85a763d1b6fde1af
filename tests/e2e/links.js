/* links.js - invitations as the clinic's system makes them, and their two doors as a page knocks at them. */

import { Agent, request } from 'node:https';
import { equal } from './check.js';

/* { id, token }: an invitation, and what its link holds. */
export async function invite(broker, participation, changes = {}) {
    const body = { participation, contact: 'mailto:someone@example.org', deliver: false, ...changes };
    const reply = await broker.api('POST', `/api/v1/sessions/${broker.session}/invitations`, body);
    equal(reply.status, 201, `the answer to an invitation of ${participation}`);
    return { id: reply.body.id, token: reply.body.url.split('#i=')[1] };
}

/* The codes that were sent, the newest last. */
export const codes = async (broker) => (await broker.api('GET', '/api/v1/deliveries')).body.items
    .filter(({ kind }) => kind === 'code').map(({ secret }) => secret);

/* One page's connections, which it keeps. from: its address. */
export class Page {
    #broker;
    #agent;

    constructor(broker, { from = '127.0.0.1' } = {}) {
        this.#broker = broker;
        this.#agent = new Agent({ keepAlive: true, localAddress: from, rejectUnauthorized: false });
    }

    /* door: 'open' or 'code'. changes: to the proof (see device.js), or headers that come in place of the good ones. */
    async knock(door, body, { device, headers = {}, ...changes } = {}) {
        const path = `/join/${door}`;
        const proof = await device?.proof({ method: 'POST', url: `${this.#broker.url}${path}`, token: body.invitation, ...changes });
        this.#broker.tokens?.push(...[body.invitation, proof].filter(Boolean));
        const text = JSON.stringify(body);
        return this.ask('POST', path, {
            'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text), Origin: this.#broker.url, ...(proof && { DPoP: proof }),
            ...headers,
        }, text);
    }

    /* { status, headers as they came, text, took_ms } */
    async ask(method, path, headers = {}, text) {
        const asked = performance.now();
        const reply = await new Promise((done, fail) => request(`${this.#broker.url}${path}`, { method, headers, agent: this.#agent }, done)
            .on('error', fail).end(text));
        const took_ms = performance.now() - asked;
        return { status: reply.statusCode, headers: reply.rawHeaders, text: Buffer.concat(await reply.toArray()).toString(), took_ms };
    }

    leave() {
        this.#agent.destroy();
    }
}
