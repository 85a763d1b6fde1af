/* receiver.js - what a clinic's system does with webhooks (Standard Webhooks), and what it may do wrong: answer badly, not at all, or be
 * away. */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const TOLERANCE_S = 5 * 60;

export class Receiver {
    #server = null;
    #key = randomBytes(32);
    taken = []; /* bodies, each id once, in the order in which they were taken */
    requests = []; /* { id, at } of all that came and was well signed */
    wrong = []; /* what should not have come */
    answer = 200; /* 0: none at all */
    port = 0;

    get secret() {
        return `whsec_${this.#key.toString('base64')}\n`;
    }

    get url() {
        return `http://127.0.0.1:${this.port}/hook?tenant=7`;
    }

    /* On the port that it had, if it had one. */
    async open() {
        this.#server = createServer((request, reply) => this.#take(request, reply).catch((error) => this.wrong.push(error.message)));
        await new Promise((done, fail) => this.#server.on('error', fail).listen(this.port, '127.0.0.1', done));
        this.port = this.#server.address().port;
    }

    /* With whoever is connected. */
    async close() {
        const server = this.#server;
        this.#server = null;
        await new Promise((done) => {
            server?.close(done) ?? done();
            server?.closeAllConnections();
        });
    }

    #isSigned(id, at, signatures, body) {
        const expected = createHmac('sha256', this.#key).update(`${id}.${at}.${body}`).digest();
        return signatures.split(' ').some((signature) => {
            const seen = Buffer.from(signature.replace(/^v1,/, ''), 'base64');
            return signature.startsWith('v1,') && seen.length === expected.length && timingSafeEqual(seen, expected);
        });
    }

    async #take(request, reply) {
        const body = Buffer.concat(await request.toArray()).toString();
        const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature = '', 'content-type': type } = request.headers;
        const answer = this.answer;
        if (!this.#isSigned(id, at, signature, body)) return this.#refuse(reply, 'a signature that is not ours');
        if (!(Math.abs(Date.now() / 1000 - Number(at)) < TOLERANCE_S)) return this.#refuse(reply, `the time ${at}`);
        if (type !== 'application/json' || request.method !== 'POST' || request.url !== '/hook?tenant=7') return this.#refuse(reply, 'another request');
        if (JSON.parse(body).id !== id) return this.#refuse(reply, 'two ids');
        this.requests.push({ id, at: performance.now() });
        if (answer === 200 && !this.taken.some((event) => event.id === id)) this.taken.push(JSON.parse(body));
        if (answer) reply.writeHead(answer).end('{}');
    }

    #refuse(reply, why) {
        this.wrong.push(why);
        reply.writeHead(400).end();
    }
}
