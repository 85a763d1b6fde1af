/* doors.js - knocks at every door of a real broker, without a browser: node doors.js [NAME ...]
 *
 * Each file in doors/ has a broker of its own, and the files run side by side. Prints a line per test, `ok`, `not ok` or `skipped`; exits with 1
 * when one failed. After the
 * tests each broker must end with 0, and its log, at its most talkative, must hold no name, no token and no sanitizer's report. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker, grantFor, planOf } from './broker.js';
import { equal, Skipped } from './check.js';

const HERE = new URL('.', import.meta.url).pathname;
const TEST_MOST_MS = 60000;
const LEAST_TELLING = 16; /* characters of a token's part */

const NAMES = { 'p-therapist': 'Perpetua Quill', 'p-colleague': 'Ignatius Marsh', 'p-client': 'Barnaby Thistle', 'p-sam': 'Clementine Fox',
    'p-kim': 'Leopold Wren', 'p-lee': 'Octavia Birch' };

/* The first room's session, with a second therapist and two more loved ones, under names that nothing else is called. */
function plan() {
    const session = planOf();
    const people = [...session.people,
        { participation: 'p-colleague', person: 'marsh', role: 'therapist' },
        { participation: 'p-kim', person: 'kim', role: 'loved_one' },
        { participation: 'p-lee', person: 'lee', role: 'loved_one' }];
    return {
        ...session, people: people.map((person) => ({ ...person, name: NAMES[person.participation] })),
        grants: [grantFor('sam'), grantFor('kim')],
    };
}

/* Remembers the tokens that it issued or was shown, so as to look for them in the log. */
class Door extends Broker {
    tokens = [];

    token(...of) {
        const token = super.token(...of);
        this.tokens.push(token);
        return token;
    }
}

const inTime = (work) => {
    let timer;
    const late = new Promise((_, fail) => {
        timer = setTimeout(() => fail(new Error(`took longer than ${TEST_MOST_MS} ms`)), TEST_MOST_MS);
    });
    return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

async function run(name, work) {
    const started = performance.now();
    const seconds = () => `(${((performance.now() - started) / 1000).toFixed(1)} s)`;
    try {
        await inTime(work());
        console.log(`ok ${name} ${seconds()}`);
        return true;
    } catch (error) {
        if (error instanceof Skipped) {
            console.log(`skipped ${name}: ${error.message}`);
            return true;
        }
        console.log(`not ok ${name} ${seconds()}\n  ${String(error.stack).replace(/\n/g, '\n  ')}`);
        return false;
    }
}

function nothingWasToldTo(log, { tokens }) {
    const parts = tokens.flatMap((token) => token.split('.')).filter((part) => part.length >= LEAST_TELLING);
    for (const secret of [...Object.values(NAMES), ...parts]) equal(log.includes(secret), false, `"${secret}" is in the log`);
}

async function end(broker) {
    await broker.stop();
    const report = /.*(?:ERROR: \w*Sanitizer|runtime error:|WARNING: \w*Sanitizer).*/.exec(broker.log)?.[0] ?? 'none';
    equal(report, 'none', "a sanitizer's report");
    nothingWasToldTo(broker.log, broker);
}

async function knock({ name, broker, tests }) {
    let failed = 0;
    for (const [title, test] of Object.entries(tests)) failed += (await run(`${name}: ${title}`, () => test(broker))) ? 0 : 1;
    failed += (await run(`${name}: the broker ends well, and its log tells nobody's name and no token`, () => end(broker))) ? 0 : 1;
    if (failed > 0) console.log(broker.log.trimEnd().split('\n').slice(-40).join('\n').replace(/^/gm, '  broker: '));
    return failed;
}

const all = readdirSync(join(HERE, 'doors')).map((file) => file.replace(/\.js$/, '')).sort();
const names = process.argv.length > 2 ? process.argv.slice(2) : all;
const folder = mkdtempSync(join(tmpdir(), 'kinroom-doors-'));
const doors = [];
let failed = 0;
try {
    /* One after the other: each asks the kernel for free ports, and gives them back before the broker takes them. */
    for (const name of names) {
        const { setUp = () => ({}), tests } = await import(`./doors/${name}.js`);
        const { options, ...rest } = await setUp(folder);
        const broker = await Door.start({ plan: plan(), tapped: false, options: { '--log-level': 'debug', ...options }, ...rest });
        doors.push({ name, broker, tests });
    }
    failed = (await Promise.all(doors.map(knock))).reduce((sum, count) => sum + count, 0);
} finally {
    for (const { broker } of doors) broker.clean();
    rmSync(folder, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);
