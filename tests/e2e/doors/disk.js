/* A store that can't be written: nobody new comes in, whoever is in can go, and it passes when the cause does. */

import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeTcpPort, KINROOM } from '../broker.js';
import { Caller } from '../caller.js';
import { exchange, request } from '../http.js';
import { equal, includes, pause, Skipped, until } from '../check.js';

const DISK = '2m';
const PIECE_BYTES = 4096;
const START_WITHIN_MS = 5000;
/* What SQLite locks in every file (sqlite3.c, PENDING_BYTE): whoever holds it keeps all others out. */
const LOCK = 'use Fcntl; umask 077; open(my $file, "+>>", $ARGV[0]) or die; my $lock = pack("ssx4qqix4", F_WRLCK, 0, 1073741824, 512, 0);'
    + ' fcntl($file, F_SETLK, $lock) or die $!; $| = 1; print "locked"; sleep 60;';

let disk = null; /* where it is mounted */
let missing = 'needs root';

function unmount() {
    if (disk) execFileSync('umount', ['--lazy', disk]); /* lazily: after a failure the broker may still be dying */
    if (disk) rmdirSync(disk);
    disk = null;
}

export async function setUp() {
    if (process.getuid() !== 0) return {};
    const folder = mkdtempSync(join(tmpdir(), 'kinroom-disk-'));
    try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
        missing = 'needs leave to mount'; /* a container's root may not have it */
        rmdirSync(folder);
        return {};
    }
    disk = folder;
    process.on('exit', unmount);
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1)); /* which alone would not unmount */
    return { options: { '--store': join(disk, 'kinroom.db') } };
}

/* Until not one byte more fits. */
function fill() {
    const piece = Buffer.alloc(PIECE_BYTES);
    try {
        for (;;) writeFileSync(join(disk, 'filler'), piece, { flag: 'a' });
    } catch (error) {
        equal(error.code, 'ENOSPC', 'why it took no more');
    }
}

/* Everybody is ready, and Kim is in. */
async function scene(broker) {
    const therapist = await Caller.join(broker, 'p-therapist', 'therapist');
    const client = await Caller.join(broker, 'p-client', 'client');
    const sam = await Caller.join(broker, 'p-sam', 'loved_one');
    const kim = await Caller.join(broker, 'p-kim', 'loved_one');
    for (const participant of ['p-sam', 'p-kim'])
        equal((await client.ask({ type: 'agree', participant, yes: true })).type, 'done', 'the reply to agree');
    equal((await therapist.ask({ type: 'admit', participant: 'p-kim' })).type, 'done', 'the reply to admit');
    await isIn(kim, 'admitted');
    return { therapist, client, sam, kim };
}

const isIn = (caller, seat) => until(`the seat is ${seat}`, () => caller.last('seat').seat === seat, { within_ms: 3000 });

/* kinroom serve with everything of `broker` but its ports and this store: how it ended, and what it said. */
async function serveBeside(broker, store) {
    const port = await freeTcpPort(), mediaPort = await freeTcpPort();
    const at = (name) => broker.file(name);
    const words = ['serve', '--listen', '127.0.0.1', '--https-port', port, '--udp-port', mediaPort, '--shards', 1, '--media-addresses', '127.0.0.1',
        '--certificate', at('cert.pem'), '--key', at('key.pem'), '--origins', `https://127.0.0.1:${port}`, '--token-keys', at('key.jwk'),
        '--plan', at('plan.json'), '--store', store].map(String);
    return new Promise((done) => {
        execFile(KINROOM, words, { timeout: START_WITHIN_MS }, (error, out, complaints) => done({ code: error ? error.code : 0,
            said: out + complaints }));
    });
}

async function refusesToStart(broker, store, why) {
    const { code, said } = await serveBeside(broker, store);
    equal(code, 1, `how it ended, having said "${said}"`);
    includes(said.split('\n').find((line) => line.includes(store)) ?? said, `${store}${why}`, 'the line that names the file');
}

const readiness = async (broker) => (await exchange(broker.port, request('/readyz'))).status;

export const tests = {
    async 'a full disk lets nobody in, and those who are in can go; with space the same admit works'(broker) {
        if (!disk) throw new Skipped(missing);
        const { therapist, client, sam, kim } = await scene(broker);
        equal(await readiness(broker), 200, 'whether it is ready');
        fill();
        for (let i = 0; i < 3; i++) {
            const refusal = await therapist.ask({ type: 'admit', participant: 'p-sam' });
            equal(refusal.code, 'ledger_unavailable', 'the reply to admit');
            includes(refusal.message, "can't be recorded right now, so nobody is let in", 'its words');
            await isIn(sam, 'waiting');
            await pause(400); /* past the store's next try */
        }
        includes(broker.log, 'the disk is full', 'the log');
        equal(await readiness(broker), 503, 'whether it is ready');
        equal((await exchange(broker.port, request('/healthz'))).status, 200, 'the health');
        equal((await therapist.ask({ type: 'step_out', participant: 'p-kim' })).type, 'done', 'the reply to step_out');
        await isIn(kim, 'stepped_out');
        equal(sam.heard.some(({ said }) => said.seat === 'admitted'), false, 'that the one who waits was ever in');

        rmSync(join(disk, 'filler'));
        await until('the same admit works', async () => (await therapist.ask({ type: 'admit', participant: 'p-sam' })).type === 'done',
            { within_ms: 5000 });
        await isIn(sam, 'admitted');
        equal(await readiness(broker), 200, 'whether it is ready again');
        const verdict = execFileSync(KINROOM, ['ledger', 'verify', '--store', join(disk, 'kinroom.db')]).toString();
        includes(verdict, 'The ledger is whole', 'the verdict');
        includes(verdict, '1 intervals open', 'the verdict'); /* Sam's; Kim's end was kept while the disk was full */
        for (const caller of [therapist, client, sam, kim]) caller.hangUp();
    },

    async 'a store that another kinroom has open is not started with'(broker) {
        await refusesToStart(broker, disk ? join(disk, 'kinroom.db') : broker.file('kinroom.db'), ' is in use by another kinroom');
    },

    async 'a store that another program has locked is not started with'(broker) {
        const store = broker.file('locked.db');
        const holder = spawn('perl', ['-e', LOCK, store], { stdio: ['ignore', 'pipe', 'inherit'] });
        try {
            await new Promise((locked, fail) => holder.on('exit', () => fail(new Error('it cannot be locked'))).stdout.on('data', locked));
            await refusesToStart(broker, store, ': database is locked');
        } finally {
            holder.kill();
        }
    },
};
