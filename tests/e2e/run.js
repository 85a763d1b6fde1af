/* run.js - runs the browser journeys: node run.js [--browsers KIND[,KIND]] [NAME ...]
 *
 * Every journey goes in each browser, but for one that says which it needs and why (`export const only`). One about a whole room goes also with
 * both in it, one way round and the other (`export const mixed`). `--browsers` names who sits at what, in turn, and leaves the other rounds out.
 *
 * Each has a broker of its own. Three people in one room fill two cores, so journeys go one after the other; only those that mostly wait
 * (`export const waits`) go beside them, in a lane and browsers of their own. Those that measure go alone (`export const alone`). Prints a line
 * per journey and the figures; exits with 1 when one failed. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { equal, figure, Skipped } from './check.js';
import { BROWSERS } from './browsers.js';
import { Browser, Party } from './people.js';
import { Stage } from './stage.js';

const HERE = new URL('.', import.meta.url).pathname;
const JOURNEY_MOST_MS = 300000;

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
    const result = { name, kinds, ok: false, skipped: false, leaked: 0, strangers: 0, forbidden: 0, goesAgain: false };
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
        result.forbidden = stage.forbidden;
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
figure('csp_violations', results.reduce((sum, { forbidden }) => sum + forbidden, 0), 'count');
figure('browser_journeys', journeys.filter(({ name }) => areOk(allOf(name))).length, 'count');
for (const kind of KINDS) figure(`journeys_${kind}`, count(allIn([kind])), 'count');
figure('journeys_mixed', count(done.filter(({ kinds }) => kinds.length > 1)), 'count');
figure('browsers', KINDS.filter((kind) => areOk(allIn([kind]))).length, 'count');
process.exit(done.every(({ ok }) => ok) ? 0 : 1);
