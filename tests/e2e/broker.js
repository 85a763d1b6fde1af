/* broker.js - one real broker for one test: its own folder, keys, plans and ports; the wiretap preloaded. */

import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { get, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { equal, until } from './check.js';
import { Wiretap } from './wiretap.js';

const ROOT = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');
export const BUILD = process.env.KINROOM_BUILD ?? join(ROOT, 'build/dev');
export const KINROOM = join(BUILD, 'broker/kinroom');
export const WIRETAP = join(BUILD, 'tests/libkinroom_wiretap.so');
const SLOW_DISK = join(BUILD, 'tests/libkinroom_slow_disk.so');
const STOP_WITHIN_MS = 10000;

const MINUTE_S = 60;
export const now_s = () => Math.floor(Date.now() / 1000);

/* A grant that is live for the whole session. */
export const grantFor = (person, changes = {}) => ({
    id: `g-${person}`, epoch: 1, client: 'alex', person, granted_by: 'patient', kinds: ['individual'], modes: ['full'],
    chat: true, topics: ['general_progress'], purpose: 'FAMRQT', notice_version: 'test-1', evidence: 'DocumentReference/test',
    not_before: now_s() - MINUTE_S, expires: now_s() + 90 * MINUTE_S, ...changes,
});

/* An individual session that is open now. */
export const planOf = (changes = {}) => ({
    id: 's-1', kind: 'individual', opens_at: now_s() - MINUTE_S, closes_at: now_s() + 49 * MINUTE_S, client: 'alex',
    people: [
        { participation: 'p-therapist', person: 'rivera', role: 'therapist', name: 'Dr. Rivera' },
        { participation: 'p-client', person: 'alex', role: 'client', name: 'Alex' },
        { participation: 'p-sam', person: 'sam', role: 'loved_one', name: 'Sam' },
    ],
    grants: [grantFor('sam')],
    ...changes,
});

/* Below those that the kernel gives to connections (ip_local_port_range): a broker that comes back must find its port free. And above those that
 * browsers refuse. */
const PORTS = { first: 20000, count: 12000 };
const anyPort = () => PORTS.first + Math.floor(Math.random() * PORTS.count);

/* Tries ports until `take(port)`, which rejects for one in use, has one; resolves to it. */
async function portFor(take) {
    for (;;) {
        const port = anyPort();
        try {
            await take(port);
            return port;
        } catch (error) {
            if (error.code !== 'EADDRINUSE') throw error;
        }
    }
}

const takeTcp = (port) => new Promise((done, fail) => {
    const server = createServer().on('error', fail).listen(port, '127.0.0.1', () => server.close(done));
});

const takeUdp = (port) => new Promise((done, fail) => {
    const socket = createSocket('udp4').on('error', fail).bind(port, '127.0.0.1', () => socket.close(done));
});

/* A free port, as far as one can know: taken, and given back. */
export const freeTcpPort = () => portFor(takeTcp);

/* The same for media: free for UDP and for TCP. */
const freeMediaPort = () => portFor(async (port) => {
    await takeUdp(port);
    await takeTcp(port);
});

export class Broker {
    #folder = mkdtempSync(join(tmpdir(), 'kinroom-'));
    #child = null;
    #exited = null;
    #words = [];
    #lives = 0;
    #slowDisk_us = 0;
    #env = {};
    tap = null;
    #service = null;

    /* plans: its sessions, of which the first is the one that tokens are for unless another is named. host: the address that pages
     * use, 127.0.0.1 or ::1; port: theirs, if it may not be any; media: the address of media, if it is another. tapped: with the wiretap, which a
     * broker under a sanitizer can't take; with it, each write to the disk may last longer, too. options: more of the command line; env: of the
     * environment. */
    static async start({
        plan = planOf(), plans = [plan], host = '127.0.0.1', port = null, media = host, tapped = true, slowDisk_us = 0, options = {}, env = {},
        webRoot = join(ROOT, 'web'),
    } = {}) {
        const broker = new this();
        broker.#slowDisk_us = slowDisk_us;
        broker.#env = { ...process.env, ...env };
        await broker.#start(plans, { host, port, media }, tapped, { '--web-root': webRoot, ...options });
        return broker;
    }

    async #start(plans, { host, port, media }, tapped, options) {
        const at = (name) => this.file(name);
        execFileSync(join(ROOT, 'certs/make-dev-certs.sh'), [this.#folder]);
        writeFileSync(at('key.jwk'), execFileSync(KINROOM, ['token', 'key']));
        writeFileSync(at('plan.json'), JSON.stringify({ sessions: plans }));
        this.port = port ?? await freeTcpPort();
        this.url = new URL(`https://${host.includes(':') ? `[${host}]` : host}:${this.port}`).origin; /* as browsers name it: without a 443 */
        this.session = plans[0].id;

        this.udpPort = await freeMediaPort();
        this.#words = ['serve', '--listen', host, '--https-port', this.port, '--udp-port', this.udpPort,
            '--shards', 1, '--media-addresses', media, '--certificate', at('cert.pem'), '--key', at('key.pem'), '--origins', this.url,
            '--token-keys', at('key.jwk'), '--plan', at('plan.json'),
            ...Object.entries({ '--store': at('kinroom.db'), ...options }).flat()].map(String);
        await this.#launch(tapped);
    }

    async #launch(tapped) {
        const log = openSync(this.file('log'), 'a');
        const wiretap = this.file(`wiretap-${++this.#lives}`);
        this.#child = spawn(KINROOM, this.#words, {
            env: tapped ? this.#preloaded(wiretap) : this.#env, stdio: ['ignore', log, log],
        });
        closeSync(log);
        this.pid = this.#child.pid;
        this.#exited = new Promise((done) => this.#child.on('exit', (code, signal) => done(signal ?? code)));
        await until(`the broker answers ${this.url}/healthz`, () => this.#child.exitCode === null ? this.#healthy() : Promise.reject(
            new Error(`the broker ended with ${this.#child.exitCode}:\n${this.log}`)), { every_ms: 10 });
        if (tapped) this.tap = new Wiretap(wiretap);
    }

    #preloaded(wiretap) {
        const slow = this.#slowDisk_us > 0;
        return {
            ...this.#env, LD_PRELOAD: slow ? `${WIRETAP}:${SLOW_DISK}` : WIRETAP, KINROOM_WIRETAP: wiretap,
            ...(slow && { KINROOM_SLOW_DISK_US: String(this.#slowDisk_us) }),
        };
    }

    /* The power goes: kill -9. */
    async kill() {
        this.#child.kill('SIGKILL');
        equal(await this.#exited, 'SIGKILL', 'how the broker ended');
        this.tap?.mark();
    }

    /* On the same store, keys and ports; with a wiretap of its own, the old one's log goes. */
    async restart() {
        const tapped = this.tap !== null;
        this.tap?.close();
        rmSync(this.file(`wiretap-${this.#lives}`), { force: true });
        await this.#launch(tapped);
    }

    #healthy() {
        return new Promise((done) => {
            get(`${this.url}/healthz`, { rejectUnauthorized: false }, (reply) => done(reply.resume().statusCode === 200))
                .on('error', () => done(false));
        });
    }

    /* A link as a person gets it, and the newest code that came to the contact that the clinic has for them (--delivery outbox). */
    async invite(participation, session = this.session) {
        const contact = `mailto:${participation}@example.org`;
        const invitation = await this.api('POST', `/api/v1/sessions/${session}/invitations`, { participation, contact, deliver: false });
        equal(invitation.status, 201, `the invitation of ${participation}`);
        return { url: invitation.body.url, code: () => this.#codeFor(session, participation) };
    }

    async #codeFor(session, participation) {
        const { body } = await this.api('GET', '/api/v1/deliveries');
        return body.items.filter((one) => one.kind === 'code' && one.session === session && one.participation === participation).at(-1)?.secret;
    }

    /* device: the only one for which it is good. */
    token(participation, role, { session = this.session, device } = {}) {
        return execFileSync(KINROOM, ['token', 'issue', '--keys', this.file('key.jwk'), '--participation', participation,
            '--session', session, '--role', role, ...(device ? ['--device', device.thumbprint] : [])]).toString().trim();
    }

    /* Of one of the clinic's systems, which may do all that is asked for in the tests. */
    get serviceToken() {
        return this.#service ??= execFileSync(KINROOM, ['token', 'service', '--keys', this.file('key.jwk'), '--service', 'ehr',
            '--scope', 'sessions:write grants:read grants:write invitations:read invitations:write moderate deliveries:read']).toString().trim();
    }

    async api(method, path, body) {
        const headers = { authorization: `Bearer ${this.serviceToken}`, ...(body && { 'content-type': 'application/json' }) };
        const reply = await new Promise((done, fail) => {
            /* A connection of its own: one that was kept may end just when it is used again. */
            request(`${this.url}${path}`, { method, headers, agent: false, rejectUnauthorized: false }, done).on('error', fail).end(body && JSON.stringify(body));
        });
        const answeredNs = Number(process.hrtime.bigint());
        const text = Buffer.concat(await reply.toArray()).toString();
        return { status: reply.statusCode, body: text ? JSON.parse(text) : null, answeredNs };
    }

    /* How it ended, once it has: its exit code, or the signal. */
    get exited() {
        return this.#exited;
    }

    /* In the folder of this broker: cert.pem, key.pem, key.jwk, plan.json, log. */
    file(name) {
        return join(this.#folder, name);
    }

    get log() {
        return readFileSync(this.file('log'), 'utf8');
    }

    /* Asks it to end; whatever is left of it after that is killed and counts as a failure, like any crash. */
    async stop() {
        const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_WITHIN_MS);
        this.#child.kill('SIGINT');
        const ended = await this.#exited;
        clearTimeout(late);
        this.tap?.mark();
        equal(ended, 0, 'how the broker ended');
    }

    clean() {
        this.tap?.close();
        if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
        rmSync(this.#folder, { recursive: true, force: true });
    }
}
