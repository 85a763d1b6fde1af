/* networks.js - what somebody on a bad network sees and hears of somebody else, in real browsers: node networks.js [NETWORK ...]
 *      [--browser chromium|firefox] [--quick] [--judge] [--janus]
 *
 * Prints a row per network (docs/NETWORKS.md says what each column is) and the figures. --quick: few networks, in Chromium. --judge: exits with
 * 1 when one is so bad that something must be broken. --janus: Janus in our place, wherever the same can be measured on it. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Broker } from './broker.js';
import { figure, pause } from './check.js';
import { Coturn, turnUrls } from './coturn.js';
import { Janus } from './janus.js';
import { enterLab, Host, Path, SERVER } from './netns.js';
import { Browser } from './people.js';
import { scenery } from './scenery.js';
import { judge, readRecord, recoveredAfter, SAMPLE_MS, settledAfter, startWatching } from './viewer.js';

const ROOT = new URL('../..', import.meta.url).pathname;
const ROUND_TRIP_100 = { delay_ms: 50 };

/* shape: of the last link (Path.shape); loss: in percent, each way; allow: what a firewall lets through; behind: NATs. whose: who is on it.
 * event: what happens when the measure begins, with the path, and `settles` or `recovers` for what comes after it. */
const NETWORKS = {
    loss0: { shape: ROUND_TRIP_100 },
    loss1: { shape: ROUND_TRIP_100, loss: 1 },
    loss5: { shape: ROUND_TRIP_100, loss: 5 },
    loss10: { shape: ROUND_TRIP_100, loss: 10 },
    bursts: { shape: { ...ROUND_TRIP_100, burst: [0.01, 5] } },
    uplink5: { shape: ROUND_TRIP_100, loss: 5, whose: 'publisher' },
    cap: {
        shape: { delay_ms: 25, queue_ms: 200, rate_bps: 3e6 }, settles: true,
        event: (path) => path.set('both', 'rate', 5e5),
    },
    outage: {
        shape: ROUND_TRIP_100, recovers: true,
        event: async (path) => {
            await path.set('both', 'outage', 1);
            await pause(2000);
            await path.set('both', 'outage', 0);
        },
    },
    udp_blocked: { shape: ROUND_TRIP_100, allow: 'meta l4proto tcp', short: true },
    only_443: { shape: ROUND_TRIP_100, allow: 'tcp dport 443', short: true },
    nat_full_cone: { behind: ['full_cone'], short: true },
    nat_address_restricted: { behind: ['address_restricted'], short: true },
    nat_port_restricted: { behind: ['port_restricted'], short: true },
    nat_symmetric: { behind: ['symmetric'], short: true },
    nat_double: { behind: ['port_restricted', 'symmetric'], short: true },
};
const QUICK = ['loss0', 'loss5', 'cap', 'udp_blocked'];
const JANUS = ['loss0', 'loss1', 'loss5', 'loss10', 'bursts', 'cap', 'outage'];
const PAINTING = { 'layout.frame_rate': 60 }; /* when a picture was shown is what freezes are measured by */
const WARM_UP_MS = 6000;
const MEASURE_MS = 15000, QUICK_MS = 10000, SHORT_MS = 5000;

/* Something must be broken beyond these, however slow the machine is. */
const WORST = { concealed: 10, settle: 10 };

/* ---- one measure ---- */

/* Counts what a page tries: runs in it, before its own scripts. */
function countAttempts() {
    const Real = window.RTCPeerConnection;
    window.attempts = 0;
    window.RTCPeerConnection = class extends Real {
        constructor(...words) {
            super(...words);
            window.attempts++;
        }
    };
}

const theirCamera = (participant) => ({
    pc: window.kinroom.pc, video: document.querySelector(`#tiles [data-participant="${participant}"][data-source="camera"] video`),
});

/* Our broker and two people of a session. */
class Kinroom {
    /* turn: a Coturn beside it. */
    static async start(turn) {
        const call = new this();
        call.broker = await Broker.start({
            host: SERVER.v4, port: 443, tapped: false,
            options: { '--delivery': 'outbox', '--turn-secret-file': turn.secretFile, '--turn-urls': turnUrls(SERVER.turn) },
        });
        return call;
    }

    async publish(browser) {
        this.therapist = await browser.join('therapist', await this.broker.invite('p-therapist'), 'session');
        for (const source of ['mic', 'camera']) await this.therapist.turn(source, true);
    }

    async view(browser, options) {
        const client = await browser.join('client', await this.broker.invite('p-client'), 'session', options);
        await client.turn('mic', true);
        await startWatching(client.page, theirCamera, this.therapist.id);
        return client.page;
    }

    async stop() {
        await this.broker.stop();
        this.broker.clean();
    }
}

/* Which part of the machine's time nobody used. */
function cpu() {
    const [, user, nice, system, idle, wait, ...rest] = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).map(Number);
    return { idle: idle + wait, all: user + nice + system + idle + wait + rest.slice(0, 3).reduce((sum, ticks) => sum + ticks, 0) };
}

/* While `work` goes on: what the link down to the viewer dropped, over time. */
async function watchDrops(path, work) {
    const drops = [];
    let isOver = false;
    const watching = (async () => {
        while (!isOver) {
            const { down } = await path.counts();
            drops.push({ at: Date.now(), ...down });
            await pause(SAMPLE_MS);
        }
    })();
    try {
        await work();
    } finally {
        isOver = true;
        await watching;
    }
    return drops;
}

/* worsen: what the network does once they see each other; how one comes in through it is not what is measured. */
async function measure(startServer, { publisher, viewer, path, worsen }, { event, settles, recovers, short }) {
    const call = await startServer();
    try {
        await call.publish(publisher);
        const page = await call.view(viewer, { before: countAttempts });
        await page.waitForFunction(() => window.record.shown.length > 0);
        await worsen();
        await pause(WARM_UP_MS);
        const cpuBefore = cpu(), from = Date.now();
        let eventOver = from;
        const measured = async () => {
            await event?.(path);
            eventOver = Date.now();
            await pause(from + (short ? SHORT_MS : longest_ms) - Date.now());
        };
        const drops = settles ? await watchDrops(path, measured) : await measured();
        const to = Date.now(), cpuAfter = cpu();
        await pause(2 * SAMPLE_MS); /* the last sample */
        const record = await readRecord(page);
        const seen = judge(record, from, to);
        return {
            ...seen, attempts: await page.evaluate(() => window.attempts),
            idle: 100 * (cpuAfter.idle - cpuBefore.idle) / (cpuAfter.all - cpuBefore.all),
            ...(settles && { settle: settledAfter(record, drops, from, to) }),
            ...(recovers && { recover: recoveredAfter(record, eventOver, to, judge(record, from - 3000, from).decoded) }),
        };
    } finally {
        await Promise.all([publisher, viewer].map((browser) => browser.partWithAll()));
        await call.stop();
    }
}

/* ---- the table ---- */

const number = (digits) => (value) => (value === undefined ? '' : value === null ? 'never' : value.toFixed(digits));
const COLUMNS = [
    ['browser', 8, 'browser'], ['network', 22, 'name'], ['frozen %', 8, 'frozen', number(2)], ['freezes', 7, 'freezes', number(0)],
    ['longest ms', 10, 'longest_ms', number(0)], ['mean ms', 7, 'mean_ms', number(0)], ['frames/s', 8, 'decoded', number(1)],
    ['height', 6, 'height', number(0)], ['kbit/s', 6, 'kbps', number(0)], ['concealed %', 11, 'concealed', number(2)], ['lost %', 6, 'lost', number(2)],
    ['settle s', 8, 'settle', number(2)], ['recover s', 9, 'recover', number(2)], ['path', 8, 'path'], ['attempts', 8, 'attempts', number(0)],
    ['own frozen %', 12, 'ownFrozen', number(2)], ['CPU idle %', 10, 'idle', number(0)],
];
const cell = (text, width, at) => (at < 2 ? text.padEnd(width) : text.padStart(width));
const printHead = () => console.log(COLUMNS.map(([title, width], i) => cell(title, width, i)).join('  '));
const printRow = (row) => console.log(COLUMNS.map(([, width, name, show = String], i) => cell(show(row[name]), width, i)).join('  '));

function printFigures({ browser, name, ...seen }) {
    const net = `${browser === 'chromium' ? '' : `${browser}_`}${name}`;
    figure(`${net}_frozen_percent`, seen.frozen, '%');
    figure(`${net}_concealed_percent`, seen.concealed, '%');
    if (seen.settle !== undefined) figure(`${net}_settle_seconds`, seen.settle ?? longest_ms / 1000, 's');
    if (seen.recover !== undefined) figure(`${net}_recover_seconds`, seen.recover ?? longest_ms / 1000, 's');
}

const isBroken = ({ concealed, settle, attempts }) => !(concealed < WORST.concealed) || settle === null || settle > WORST.settle || attempts > 1;

/* ---- all of them ---- */

/* The publisher stays; viewers on the same kind of host share a browser. */
class Lab {
    #folder = mkdtempSync(join(tmpdir(), 'kinroom-lab-'));
    #stops = [];
    turn = new Coturn();

    async start() {
        this.flags = scenery(this.#folder);
        execFileSync(join(ROOT, 'certs/make-dev-certs.sh'), [this.#folder]);
        await this.turn.start({ address: SERVER.turn, peers: [SERVER.v4], cert: join(this.#folder, 'cert.pem'), key: join(this.#folder, 'key.pem') });
        this.publisher = await this.place('publisher', 'chromium', { path: new Path() });
    }

    /* A browser on a host of its own. */
    async place(name, kind, { behind = [], path = null } = {}) {
        const host = await Host.start(name, { behind, path });
        const place = { host, path, browser: null };
        place.stop = async () => {
            this.#stops = this.#stops.filter((other) => other !== place.stop);
            await place.browser?.stop();
            await host.stop();
            await path?.stop();
        };
        this.#stops.push(place.stop);
        try {
            place.browser = await Browser.start(kind, host, { flags: this.flags, preferences: PAINTING });
        } catch (error) {
            await place.stop();
            throw error;
        }
        return place;
    }

    async stop() {
        for (const stop of [...this.#stops].reverse()) await stop();
        await this.turn.stop();
        rmSync(this.#folder, { recursive: true, force: true });
    }
}

async function measureOn(lab, startServer, viewer, network) {
    const bad = network.whose === 'publisher' ? lab.publisher : viewer;
    try {
        const { burst = [0, 0], ...shape } = network.shape ?? {};
        const worsen = async () => {
            if (network.loss) bad.host.lose(network.loss);
            await bad.path?.shape({ burst });
        };
        await bad.path?.shape({ delay_ms: 0, rate_bps: 0, ...shape });
        if (network.allow) bad.host.allowOnly(network.allow);
        return await measure(startServer, { publisher: lab.publisher.browser, viewer: viewer.browser, path: bad.path, worsen }, network);
    } finally {
        bad.host.heal();
        await bad.path?.shape({ delay_ms: 0, rate_bps: 0, burst: [0, 0], outage: 0 });
    }
}

async function measureAll(lab, kind, { startServer, label = (name) => name }, names) {
    const rows = [];
    let viewer = null;
    for (const name of names) {
        const { behind = [], ...network } = NETWORKS[name];
        try {
            if (behind.length) {
                await viewer?.stop();
                viewer = null;
            }
            viewer ??= await lab.place('viewer', kind, { behind, path: behind.length ? null : new Path() });
            const row = { browser: kind, name: label(name), ...await measureOn(lab, startServer, viewer, network) };
            rows.push(row);
            printRow(row);
        } catch (error) {
            rows.push({ browser: kind, name: label(name), failed: true });
            console.log(`${kind.padEnd(8)}  ${label(name).padEnd(22)}  failed: ${error.message.split('\n')[0]}`);
        }
        if (behind.length) {
            await viewer?.stop();
            viewer = null;
        }
    }
    await viewer?.stop();
    return rows;
}

const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: { browser: { type: 'string' }, quick: { type: 'boolean' }, judge: { type: 'boolean' }, janus: { type: 'boolean' } },
});
for (const name of positionals)
    if (!NETWORKS[name]) {
        console.error(`networks: there is no '${name}'; there are ${Object.keys(NETWORKS).join(' ')}`);
        process.exit(2);
    }
enterLab();
const names = positionals.length ? positionals : options.quick ? QUICK : options.janus ? JANUS : Object.keys(NETWORKS);
const longest_ms = options.quick ? QUICK_MS : MEASURE_MS;
const kinds = options.browser ? [options.browser] : options.quick ? ['chromium'] : ['chromium', 'firefox'];
const lab = new Lab();
const servers = options.janus ? [false, true].map((simulcast) => ({
    startServer: () => Janus.start({ simulcast }), label: (name) => `janus_${simulcast ? 'simulcast_' : ''}${name}`,
})) : [{ startServer: () => Kinroom.start(lab.turn) }];
const rows = [];
try {
    await lab.start();
    printHead();
    for (const server of servers)
        for (const kind of kinds) rows.push(...await measureAll(lab, kind, server, names));
} finally {
    await lab.stop();
}
rows.filter(({ failed }) => !failed).forEach(printFigures);
const broken = options.judge ? rows.filter((row) => row.failed || isBroken(row)) : [];
for (const { browser, name } of options.judge ? rows : [])
    console.log(broken.some((row) => row.browser === browser && row.name === name) ? `not ok ${browser} ${name}` : `ok ${browser} ${name}`);
process.exit(broken.length ? 1 : 0);
