/* run.js - runs the browser journeys: node run.js [--browsers KIND[,KIND]] [NAME ...]
 *
 * Every journey goes in each browser, but for one that says which it needs and why (`export const only`). One about a whole room goes also with
 * both in it, one way round and the other (`export const mixed`). `--browsers` names who sits at what, in turn, and leaves the other rounds out.
 *
 * Each has a broker of its own. Three people in one room fill two cores, so journeys go one after the other; only those that mostly wait
 * (`export const waits`) go beside them, in a lane and browsers of their own. Those that measure go alone (`export const alone`). Prints a line
 * per journey and the figures; exits with 1 when one failed. */

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { equal, figure, Skipped } from './check.js';
import { Broker } from './broker.js';
import { BROWSERS, mediaAddressFor } from './browsers.js';
import { Browser, Party } from './people.js';
import { leaks } from './wiretap.js';

const HERE = new URL('.', import.meta.url).pathname;
const SCREENSHOTS = join(HERE, '../../build/screenshots');
const JOURNEY_MOST_MS = 300000;

/* What a journey may use; knows what to look at and to clear away afterwards. */
class Stage {
    brokers = [];
    strangers = 0; /* requests to anybody but the brokers */

    constructor(browser) {
        this.browser = browser;
    }

    /* What would go out to people stays in the broker's outbox, where we read the codes. */
    async broker({ options, host = '127.0.0.1', media = mediaAddressFor(this.browser.kinds, host), ...rest } = {}) {
        const broker = await Broker.start({ host, media, ...rest, options: { '--delivery': 'outbox', ...options } });
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
        this.look();
        await this.browser.partWithAll();
        for (const broker of this.brokers) await broker.stop();
        return this.leaked();
    }

    /* What the pages asked for, and of whom. A link's secret is in none of it, nor in what the broker wrote down. */
    look() {
        const own = this.brokers.map(({ url }) => url);
        const { people } = this.browser;
        const asked = people.flatMap(({ requests }) => requests).filter(({ url }) => /^(?:http|ws)/.test(url));
        const strange = asked.filter(({ url }) => !own.includes(new URL(url).origin.replace(/^ws/, 'http')));
        this.strangers = strange.length;
        for (const { url } of strange.slice(0, 5)) console.log(`  asked of somebody else: ${url}`);
        const told = JSON.stringify(asked) + this.brokers.map(({ log }) => log).join('');
        for (const { name, secret } of people) if (secret) equal(told.includes(secret), false, `the secret of the ${name}'s link where others read`);
        equal(asked.filter(({ referer }) => referer).length, 0, 'requests that tell where somebody came from');
        equal(this.strangers, 0, 'requests to anybody but the broker');
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

const titleOf = (name, kinds) => `${name} in ${kinds.join(' and ')}`;

const WAS_LATE = /waited \d+ ms for|took longer than \d+ ms/;

/* isLast: what fails is not tried again. */
async function travel({ name, journey, kinds }, party, isLast) {
    const title = titleOf(name, kinds);
    const stage = new Stage(party);
    const started = performance.now();
    const result = { name, kinds, ok: false, skipped: false, leaked: 0, strangers: 0, goesAgain: false };
    try {
        await inTime(journey(stage));
        result.leaked = await stage.leave();
        equal(result.leaked, 0, 'RTP and RTCP datagrams outside an admission');
        result.ok = true;
        console.log(`ok ${title} ${seconds(started)}`);
    } catch (error) {
        result.skipped = error instanceof Skipped;
        if (result.skipped) {
            console.log(`skipped ${title}: ${error.message}`);
        } else {
            result.leaked = stage.leaked();
            result.goesAgain = !isLast && result.leaked === 0 && WAS_LATE.test(error.message);
            console.log(`${result.goesAgain ? 'once more, alone:' : 'not ok'} ${title} ${seconds(started)}\n  ${error.stack.replace(/\n/g, '\n  ')}`);
            await stage.report(`${name}-${kinds.join('-')}`);
        }
    } finally {
        result.strangers = stage.strangers;
        await party.partWithAll();
        stage.clean();
    }
    return result;
}

/* Of the browsers that a lane has, those that its next journey needs, and no others. */
async function seat(browsers, kinds) {
    for (const [kind, browser] of browsers) {
        if (kinds.includes(kind)) continue;
        browsers.delete(kind);
        await browser.stop();
    }
    for (const kind of kinds) if (!browsers.has(kind)) browsers.set(kind, await Browser.start(kind));
    return new Party(kinds.map((kind) => browsers.get(kind)));
}

/* One after the other. */
async function lane(travels, isLast = false) {
    const browsers = new Map();
    const results = [];
    for (const next of travels) results.push({ ...await travel(next, await seat(browsers, next.kinds), isLast), next });
    await seat(browsers, []);
    return results;
}

const KINDS = Object.keys(BROWSERS);
const ROUNDS = [...KINDS.map((kind) => [kind]), KINDS, [...KINDS].reverse()];

const goesIn = ({ mixed, only }, kinds) => (only ? kinds.join() === only : kinds.length === 1 || mixed);

const [first, wanted, ...rest] = process.argv.slice(2);
const asked = first === '--browsers' ? { rounds: [wanted.split(',')], names: rest } : { rounds: null, names: process.argv.slice(2) };
const all = readdirSync(join(HERE, 'journeys')).map((file) => file.replace(/\.js$/, '')).sort();
const journeys = await Promise.all((asked.names.length > 0 ? asked.names : all).map(async (name) =>
    ({ mixed: false, only: null, alone: false, waits: false, ...await import(`./journeys/${name}.js`), name })));
const travels = (asked.rounds ?? ROUNDS).flatMap((kinds) => journeys.filter((journey) => asked.rounds || goesIn(journey, kinds))
    .map((journey) => ({ ...journey, kinds })));
const [waiting, measuring, others] = [({ waits }) => waits, ({ alone }) => alone, ({ waits, alone }) => !waits && !alone].map((of) => travels.filter(of));
const tries = [...(await Promise.all([lane(waiting), lane(others)])).flat(), ...await lane(measuring)];
/* Two rooms on two cores may be late for each other. What is late goes once more by itself; what was wrong, or leaked, does not. */
const results = [
    ...tries.filter(({ goesAgain }) => !goesAgain),
    ...await lane(tries.filter(({ goesAgain }) => goesAgain).map(({ next }) => next), true),
];

const done = results.filter(({ skipped }) => !skipped);
const allIn = (kinds) => done.filter((result) => result.kinds.join() === kinds.join());
const allOf = (name) => done.filter((result) => result.name === name);
const areOk = (some) => some.length > 0 && some.every(({ ok }) => ok);
const count = (some) => some.filter(({ ok }) => ok).length;
figure('leaked_packets', results.reduce((sum, { leaked }) => sum + leaked, 0), 'packets');
figure('third_party_requests', results.reduce((sum, { strangers }) => sum + strangers, 0), 'requests');
figure('browser_journeys', journeys.filter(({ name }) => areOk(allOf(name))).length, 'count');
for (const kind of KINDS) figure(`journeys_${kind}`, count(allIn([kind])), 'count');
figure('journeys_mixed', count(done.filter(({ kinds }) => kinds.length > 1)), 'count');
figure('browsers', KINDS.filter((kind) => areOk(allIn([kind]))).length, 'count');
process.exit(done.every(({ ok }) => ok) ? 0 : 1);
