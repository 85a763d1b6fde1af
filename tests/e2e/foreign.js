/* foreign.js - somebody whose client is no browser: foreign/client.py, which was written from the protocol alone and runs on Debian's aiortc. Here it
 * gets its orders; what it reports has the shape that a Person's has. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { equal, until } from './check.js';

const CLIENT = new URL('foreign/client.py', import.meta.url).pathname;
const PYTHON = '/usr/bin/python3'; /* Debian's own, which has Debian's packages */
const SEATS = { session: 'admitted' };
const STARTS_WITHIN_MS = 45000; /* Python, and FFmpeg with it */
const NOTHING = { frames: 0, pictures: 0, samples: 0, loud_samples: 0 };

export class Foreigner {
    #child;
    #told = [];
    #complaints = '';

    /* link: of Broker.invite. Resolves once ICE and DTLS are up, in the waiting room. */
    static async join(name, broker, link) {
        const foreigner = new Foreigner(name, broker, link.url.split('#i=')[1]);
        await foreigner.#hears('code', { within_ms: STARTS_WITHIN_MS });
        foreigner.#order('code', { code: await link.code() });
        await foreigner.#hears('media', { fits: ({ state }) => state === 'connected' });
        await foreigner.isIn('waiting');
        return foreigner;
    }

    constructor(name, broker, invitation) {
        this.name = name;
        this.#child = spawn(PYTHON, ['-B', CLIENT, broker.url, invitation, broker.file('cert.pem')]);
        this.#child.stderr.on('data', (text) => { this.#complaints += text; });
        createInterface(this.#child.stdout).on('line', (line) => this.#told.push(JSON.parse(line)));
    }

    get id() {
        return this.#last('seat').participant;
    }

    /* where: a seat, or the name of a page that a browser shows then. */
    async isIn(where) {
        const seat = SEATS[where] ?? where;
        await until(`the ${this.name} is ${seat}`, () => this.#isAlive() && this.#last('seat')?.seat === seat);
    }

    turnOn(...sources) {
        this.#order('send', { sources });
    }

    /* What their program decoded of `other` so far. */
    async received(other, source) {
        const known = this.#told.length;
        this.#order('count');
        const counts = await this.#hears('count', { from: known });
        return { ...NOTHING, ...counts.of.find((one) => one.participant === other.id && one.source === source) };
    }

    /* More pictures with something in them, and more sound that is no silence. */
    async seesAndHears(other, { pictures = 10, samples = 4800 } = {}) {
        const seen = (await this.received(other, 'camera')).pictures, heard = (await this.received(other, 'mic')).loud_samples;
        await until(`the ${this.name} sees ${other.name}`, async () => (await this.received(other, 'camera')).pictures >= seen + pictures);
        await until(`the ${this.name} hears ${other.name}`, async () => (await this.received(other, 'mic')).loud_samples >= heard + samples);
    }

    get refusals() {
        return this.#told.filter(({ told }) => told === 'refused').map(({ request, code }) => `${request}: ${code}`).join();
    }

    async leave() {
        this.#order('leave');
        await until(`the program of the ${this.name} ends`, () => this.#child.exitCode !== null);
        equal(this.#child.exitCode, 0, `how the program of the ${this.name} ended (${this.#complaints})`);
    }

    /* Whatever became of it. */
    stop() {
        this.#child.kill('SIGKILL');
    }

    #order(order, more = {}) {
        this.#child.stdin.write(`${JSON.stringify({ order, ...more })}\n`);
    }

    #last(what) {
        return this.#told.findLast(({ told }) => told === what);
    }

    #hears(what, { fits = () => true, from = 0, ...patience } = {}) {
        return until(`the program of the ${this.name} tells ${what}`,
            () => this.#isAlive() && this.#told.slice(from).find((one) => one.told === what && fits(one)), patience);
    }

    #isAlive() {
        const { exitCode } = this.#child;
        if (exitCode !== null) throw new Error(`the program of the ${this.name} ended with ${exitCode}:\n${this.#complaints}`);
        return true;
    }
}
