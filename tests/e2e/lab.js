/* lab.js - the lab's hosts reach the server, and each NAT, firewall and bad link is what its name says: node lab.js
 *
 * Prints a line per network; exits with 1 when one is not what it is called. */

import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { setPriority } from 'node:os';
import { equal, pause, percentile, until, within } from './check.js';
import { enterLab, Host, Path, SERVER } from './netns.js';

enterLab();
/* The links are what is measured, and not who else is busy on this machine. */
try {
    setPriority(-15);
} catch { /* not allowed: then on a quiet machine */ }

/* For each kind: does a second place see the same port (mapping), and may it answer: from another port of where was written to, and from
 * another address (filtering)? */
const KINDS = {
    open: { behind: [], samePort: true, otherPort: true, otherAddress: true },
    full_cone: { behind: ['full_cone'], samePort: true, otherPort: true, otherAddress: true },
    address_restricted: { behind: ['address_restricted'], samePort: true, otherPort: true, otherAddress: false },
    port_restricted: { behind: ['port_restricted'], samePort: true, otherPort: false, otherAddress: false },
    symmetric: { behind: ['symmetric'], samePort: false, otherPort: false, otherAddress: false },
    double_nat: { behind: ['port_restricted', 'symmetric'], samePort: false, otherPort: false, otherAddress: false },
};
const PLACES = { home: [SERVER.v4, 7001], second: [SERVER.turn, 7001], otherPort: [SERVER.v4, 7002], otherAddress: [SERVER.other, 7001] };
const QUIET_MS = 300;

const bound = ([address, port]) => new Promise((done, fail) => {
    const socket = createSocket('udp4').on('error', fail);
    socket.bind(port, address, () => done(socket));
});

/* In the host: writes to its arguments' places from one port, and prints what comes: the name of the place that sent it. */
const CLIENT = `const s = require('node:dgram').createSocket('udp4');
    s.on('message', (m) => console.log(String(m)));
    process.argv.slice(1).forEach((place) => { const [a, p] = place.split(':'); s.send('hello', Number(p), a); });`;

async function probe(sockets, behind) {
    const host = await Host.start('probe', { behind });
    try {
        const seen = {};
        const met = Promise.all(['home', 'second'].map((name) => new Promise((done) => sockets[name].once('message', (_, from) => {
            seen[name] = from;
            done();
        }))));
        const child = host.spawn(process.execPath, ['-e', CLIENT, ...['home', 'second'].map((name) => PLACES[name].join(':'))],
            { stdio: ['ignore', 'pipe', 'inherit'] });
        const words = [];
        child.stdout.on('data', (text) => words.push(...String(text).trim().split('\n')));
        await met;
        const { address, port } = seen.home;
        for (const name of ['otherPort', 'otherAddress', 'home']) sockets[name].send(name, port, address);
        /* What comes by the port that was written to comes after what the others sent, if that comes at all. */
        await until('the answer from where it wrote to', () => words.includes('home'));
        await pause(QUIET_MS);
        return { samePort: seen.home.port === seen.second.port, otherPort: words.includes('otherPort'), otherAddress: words.includes('otherAddress') };
    } finally {
        await host.stop();
    }
}

/* A connection of the host to this port of the server: 'open', or 'silence', as a firewall gives no answer. */
const TCP_CLIENT = `const s = require('node:net').connect(Number(process.argv[2]), process.argv[1]);
    s.on('connect', () => { console.log('open'); process.exit(); }).on('error', () => { console.log('refused'); process.exit(); });
    setTimeout(() => { console.log('silence'); process.exit(); }, ${QUIET_MS});`;

const ECHO = [SERVER.v4, 7001];
const PACKET = 1000, HEADERS = 28; /* bytes */
const RATE_BPS = 1e6;

/* In the host: sends numbered datagrams at a pace, and prints what each answer's round trip was. */
const PINGER = `const [address, port, count, every_ms, size] = process.argv.slice(1);
    const s = require('node:dgram').createSocket('udp4'), sent = [], back = [];
    let came = 0;
    const now = () => Number(process.hrtime.bigint()) / 1e6;
    s.on('message', (m) => { came = now(); back.push(came - sent[m.readUInt32BE()]); });
    const start = now();
    const timer = setInterval(() => {
        for (let most = 8; most && sent.length < count && now() - start >= sent.length * every_ms; most--) {
            const m = Buffer.alloc(Number(size));
            m.writeUInt32BE(sent.length);
            sent.push(now());
            s.send(m, Number(port), address);
        }
        if (Number(count) === sent.length && now() - sent.at(-1) > 500) { console.log(JSON.stringify({ back, took_ms: came - start })); process.exit(); }
    }, 1);`;

/* back: round trips in ms of those that came back; took_ms: from the first sent to the last that came. */
async function ping(host, { count, every_ms, size = PACKET }) {
    const child = host.spawn(process.execPath, ['-e', PINGER, ...ECHO, count, every_ms, size].map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
    return JSON.parse(Buffer.concat(await child.stdout.toArray()));
}

async function badLinks(echo) {
    const path = new Path();
    const host = await Host.start('probe', { path });
    const answer = (message, { port, address }) => echo.send(message.subarray(0, 4), port, address);
    echo.on('message', answer);
    try {
        const quiet = { count: 100, every_ms: 5 }, many = { count: 4000, every_ms: 0.5, size: 100 };
        const least = async () => Math.min(...(await ping(host, quiet)).back);
        within(await least(), [0, 60], 'ms of a round trip on a good link');
        await path.shape({ delay_ms: 50 });
        within(await least(), [100, 160], 'ms of a round trip with 50 ms each way');
        /* Twice what the line takes: all that it could carry comes through, and late. A busy machine sends in fits, which it carries less of. */
        await path.shape({ delay_ms: 0, queue_ms: 100, rate_bps: RATE_BPS });
        const packet_ms = (PACKET + HEADERS) * 8000 / RATE_BPS;
        const { back, took_ms } = await ping(host, { count: 500, every_ms: packet_ms / 2 });
        within(back.length / (took_ms / packet_ms), [0.5, 1.01], 'of what a narrow line could carry');
        within(percentile(back, 50), [50, 250], 'ms of a round trip through a queue of 100 ms');
        await path.shape({ rate_bps: 0, burst: [0.01, 5] });
        const before = (await path.counts()).up;
        await ping(host, many);
        const { lost, carried } = (await path.counts()).up;
        within((lost - before.lost) / (lost - before.lost + carried - before.carried), [0.025, 0.075], 'lost to bursts that take 5 %');
        await path.shape({ burst: [0, 0] });
        host.lose(10);
        within((await ping(host, many)).back.length, [2400, 3400], 'of 4000 packets with 10 % lost each way; a busy machine loses more');
    } finally {
        echo.off('message', answer);
        await host.stop();
        await path.stop();
    }
}

async function firewalls() {
    const servers = await Promise.all([443, 8443].map((port) => new Promise((done) => {
        const server = createServer((socket) => socket.destroy()).listen(port, SERVER.v4, () => done(server));
    })));
    const host = await Host.start('probe');
    try {
        const tries = (port) => host.spawn(process.execPath, ['-e', TCP_CLIENT, SERVER.v4, port], { stdio: ['ignore', 'pipe', 'inherit'] })
            .stdout.toArray().then((words) => Buffer.concat(words).toString().trim());
        equal(await tries(8443), 'open', 'another port without a firewall');
        host.allowOnly('tcp dport 443');
        equal(await tries(443), 'open', 'port 443');
        equal(await tries(8443), 'silence', 'another port');
    } finally {
        await host.stop();
        servers.forEach((server) => server.close());
    }
}

const sockets = Object.fromEntries(await Promise.all(Object.entries(PLACES).map(async ([name, place]) => [name, await bound(place)])));
let failed = false;
async function judge(name, work) {
    try {
        await work();
        console.log(`ok ${name}`);
    } catch (error) {
        failed = true;
        console.log(`not ok ${name}\n  ${error.message}`);
    }
}

for (const [name, { behind, ...expected }] of Object.entries(KINDS))
    await judge(name, async () => {
        const seen = await probe(sockets, behind);
        for (const what of Object.keys(expected)) equal(seen[what], expected[what], `${name}: ${what}`);
    });
await judge('firewall', firewalls);
await judge('bad links', () => badLinks(sockets.home));
Object.values(sockets).forEach((socket) => socket.close());
process.exit(failed ? 1 : 0);
