/* run.js - runs the browser journeys: node run.js [NAME ...]
 *
 * Each has a broker of its own. Some go side by side, each lane with a browser of its own; those that measure go alone (`export const alone`),
 * and those that mostly wait begin first (`export const waits`). Prints a line per journey and the figures; exits with 1 when one failed. */

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { equal, figure } from './check.js';
import { Broker } from './broker.js';
import { Browser } from './people.js';
import { leaks } from './wiretap.js';

const HERE = new URL('.', import.meta.url).pathname;
const SCREENSHOTS = join(HERE, '../../build/screenshots');
const JOURNEY_MOST_MS = 180000;
const LANES = 3; /* on two cores: one of them mostly waits */

/* What a journey may use; knows what to look at and to clear away afterwards. */
class Stage {
    brokers = [];

    constructor(browser) {
        this.browser = browser;
    }

    /* What would go out to people stays in the broker's outbox, where we read the codes. */
    async broker({ options, ...rest } = {}) {
        const broker = await Broker.start({ ...rest, options: { '--delivery': 'outbox', ...options } });
        this.brokers.push(broker);
        return broker;
    }

    /* The three of the first room, in their places; none with anything turned on. */
    async threePeople(broker) {
        const therapist = await this.browser.join('therapist', await broker.invite('p-therapist'), 'session');
        const client = await this.browser.join('client', await broker.invite('p-client'), 'session');
        const lovedOne = await this.browser.join('loved one', await broker.invite('p-sam'), 'waiting');
        return { therapist, client, lovedOne };
    }

    /* After every journey, whatever it was about: no byte outside an admission, and a clean end. */
    async leave() {
        await this.browser.partWithAll();
        for (const broker of this.brokers) await broker.stop();
        return this.leaked();
    }

    leaked() {
        const found = this.brokers.flatMap((broker) => leaks(broker.tap));
        for (const event of found.slice(0, 5)) console.log(`  leaked: ${JSON.stringify(event)}`);
        return found.length;
    }

    async report(name) {
        mkdirSync(SCREENSHOTS, { recursive: true });
        for (const person of this.browser.people) {
            const file = join(SCREENSHOTS, `failed-${name}-${person.name.replaceAll(' ', '-')}.png`);
            await person.page.screenshot({ path: file }).catch(() => {});
            for (const complaint of person.complaints) console.log(`  ${person.name}'s console: ${complaint}`);
        }
        for (const broker of this.brokers) console.log(broker.log.trimEnd().split('\n').slice(-30).join('\n').replace(/^/gm, '  broker: '));
    }

    clean() {
        for (const broker of this.brokers) broker.clean();
    }
}

const inTime = (work) => {
    let timer;
    const late = new Promise((_, fail) => {
        timer = setTimeout(() => fail(new Error(`took longer than ${JOURNEY_MOST_MS} ms`)), JOURNEY_MOST_MS);
    });
    return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

const seconds = (since) => `(${((performance.now() - since) / 1000).toFixed(1)} s)`;

async function travel({ name, journey }, browser) {
    const stage = new Stage(browser);
    const started = performance.now();
    const result = { ok: false, leaked: 0 };
    try {
        await inTime(journey(stage));
        result.leaked = await stage.leave();
        equal(result.leaked, 0, 'RTP and RTCP datagrams outside an admission');
        result.ok = true;
        console.log(`ok ${name} ${seconds(started)}`);
    } catch (error) {
        console.log(`not ok ${name} ${seconds(started)}\n  ${error.stack.replace(/\n/g, '\n  ')}`);
        await stage.report(name);
        result.leaked = stage.leaked();
    } finally {
        await browser.partWithAll();
        stage.clean();
    }
    return result;
}

/* One after the other in each lane, taken from the front of the list. */
async function travelAll(journeys, lanes) {
    const left = [...journeys];
    const results = [];
    await Promise.all(Array.from({ length: Math.min(lanes, left.length) }, async () => {
        const browser = await Browser.start();
        for (let next; (next = left.shift());) results.push(await travel(next, browser));
        await browser.stop();
    }));
    return results;
}

const all = readdirSync(join(HERE, 'journeys')).map((file) => file.replace(/\.js$/, '')).sort();
const names = process.argv.length > 2 ? process.argv.slice(2) : all;
const journeys = await Promise.all(names.map(async (name) => ({ alone: false, waits: false, ...await import(`./journeys/${name}.js`), name })));
const results = [
    ...await travelAll(journeys.filter(({ alone }) => !alone).sort((a, b) => b.waits - a.waits), LANES),
    ...await travelAll(journeys.filter(({ alone }) => alone), 1),
];
figure('leaked_packets', results.reduce((sum, { leaked }) => sum + leaked, 0), 'packets');
figure('browser_journeys', results.filter(({ ok }) => ok).length, 'count');
process.exit(results.every(({ ok }) => ok) ? 0 : 1);
