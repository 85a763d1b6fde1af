/* bench.js - Kinroom beside the floor program and Janus, in one run on this machine: node bench.js [--quick] [--growth] [--shapes NAME,...]
 *      [--rounds N]
 *
 * Every server is driven by the same load generator, one after the other and round after round, so that what the machine does to one it
 * does to all. docs/BENCH.md says how to read it. Prints tables and figures; build/bench/ gets bench.json and bench.svg, or growth.json and
 * growth.svg. Exits with 1 when a load could not be run or another server crashed, with 3 when Kinroom did. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { percentile } from '../e2e/check.js';
import { growth } from './growth.js';
import { figure, machine, measured, median, spread, table } from './measure.js';
import { Floor, Janus, keepAwake, Kinroom } from './servers.js';
import { bars, COLOURS, legend, page } from './svg.js';

const FOLDER = join(new URL('../..', import.meta.url).pathname, 'build/bench');

/* People come no faster than Janus can take them, or it would still be at that when it is measured. rooms: so many that each server carries them on one processor, and none only idles. 10x3 is three times ten rooms of three. */
const SHAPES = {
    '8x8': { rooms: 3, people: 8, 'join-rate': 40 },
    '1x60': { rooms: 3, people: 61, senders: 1, 'join-rate': 60 },
    '10x3': { rooms: 30, people: 3, 'join-rate': 80 },
};
const SERVERS = {
    floor: () => Floor.start(),
    kinroom: () => Kinroom.start(),
    kinroom_openssl: () => Kinroom.start({ options: { '--aes-gcm': 'openssl' } }),
    janus_best: () => Janus.start({ best: true }),
    janus: () => Janus.start({ best: false }),
};
const NAMES = { floor: 'the floor', kinroom: 'Kinroom', kinroom_openssl: 'Kinroom, OpenSSL', janus_best: 'Janus, best', janus: 'Janus, default' };
const FULL = { rounds: 5, joins: 10, servers: Object.keys(SERVERS), load: { warmup: 2, seconds: 3 } };
const QUICK = { until_s: 30, rooms: { '1x60': 1, '10x3': 20 }, joins: 10, servers: ['floor', 'kinroom', 'kinroom_openssl', 'janus_best'], load: { warmup: 1, seconds: 1 } };
const ONCE = 'janus'; /* nobody's aim is measured against it */
const JOINED = ['kinroom', 'janus_best'], JOIN_SHAPE = '8x8'; /* people join when the round's measurement is done */
const HALF_PERCENT = 50, LATENCY_ROOMS_MOST = 16; /* the generator shares the machine */
const AWAKE_MOST_S = 3600;
const CRASHED = 3; /* exit code: our own server ended by itself */

const { values } = parseArgs({ options: {
    quick: { type: 'boolean' }, growth: { type: 'boolean' }, shapes: { type: 'string' }, rounds: { type: 'string' },
    feedback: { type: 'string', default: 'no' },
} });
const mode = { ...(values.quick ? QUICK : FULL), ...(values.rounds && { rounds: Number(values.rounds) }) };
mode.load.feedback = values.feedback;
const shapes = values.shapes?.split(',') ?? Object.keys(SHAPES);
for (const [shape, rooms] of Object.entries(mode.rooms ?? {})) SHAPES[shape].rooms = rooms;
const unknown = shapes.find((shape) => !SHAPES[shape]);
if (unknown) throw new Error(`there is no shape ${unknown}`);

/* ---- Measuring ---- */

const startedAt = performance.now();
const elapsed_s = () => (performance.now() - startedAt) / 1000;

/* shape -> server -> one result a round */
const cells = Object.fromEntries(shapes.map((shape) => [shape, Object.fromEntries(mode.servers.map((server) => [server, []]))]));
const notes = [];

/* server -> ms of each who joined rooms in which media flows, one after the other, to their first packet of it */
const joins = Object.fromEntries(JOINED.map((server) => [server, []]));

function takeJoins(server, found, wanted) {
    joins[server].push(...found.joins.times_ms);
    if (found.joins.times_ms.length < wanted) notes.push(`joins, ${NAMES[server]}: ${found.joins.times_ms.length} of ${wanted} saw a picture`);
}

async function cell(shape, server, round) {
    const more = shape === JOIN_SHAPE && joins[server] ? mode.joins : 0;
    const found = await measured(SERVERS[server], { ...SHAPES[shape], ...mode.load, joins: more });
    if (more) takeJoins(server, found, more);
    cells[shape][server].push(found);
    if (found.wrong) notes.push(`${shape}, ${NAMES[server]}, round ${round}: ${found.wrong} (lost ${found.lost}, delivered ${found.delivered_percent.toFixed(1)} %)`);
    process.stderr.write(`  round ${round} ${shape} ${server}: ${found.server.cpu_us_per_packet.toFixed(2)} us\n`);
}

/* There and back, so that a machine that gets slower or faster favours nobody. */
async function oneRound(round) {
    const here = mode.servers.filter((server) => server !== ONCE || round === 1);
    const servers = round % 2 ? here : here.reverse();
    for (const shape of shapes) for (const server of servers) await cell(shape, server, round);
}

async function allRounds() {
    for (let round = 1, longest_s = 0; ; round++) {
        const before_s = elapsed_s();
        await oneRound(round);
        longest_s = Math.max(longest_s, elapsed_s() - before_s);
        if (mode.rounds ? round >= mode.rounds : elapsed_s() + longest_s > mode.until_s) return round;
    }
}

/* Rooms of eight, so many that they take half of the processor that the server has. */
async function latencyAtHalfLoad() {
    const shape = SHAPES['8x8'], each = median(cells['8x8'].kinroom.map(({ server }) => server.busiest_thread_percent)) / shape.rooms;
    const rooms = Math.max(1, Math.min(LATENCY_ROOMS_MOST, Math.round(HALF_PERCENT / each)));
    const found = await measured(SERVERS.kinroom, { ...shape, ...mode.load, rooms });
    if (found.wrong) notes.push(`latency at half load: ${found.wrong} (lost ${found.lost})`);
    return found;
}

/* ---- Numbers ---- */

const cpuOf = ({ server }) => server.cpu_us_per_packet;
const memoryOf = ({ server }) => server.kb_per_participant;

/* Round by round, so that both of a pair ran within the same minute. */
const ratio = (shape, value, above, below) => spread(cells[shape][above].map((one, i) => value(one) / value(cells[shape][below][i])));

const joinTime = (server, percent) => percentile(joins[server], percent);

function summary() {
    const all = {};
    for (const shape of shapes) {
        all[`${shape}_ratio_vs_janus_best`] = ratio(shape, cpuOf, 'janus_best', 'kinroom');
        if (cells[shape].janus) all[`${shape}_ratio_vs_janus_default`] = ratio(shape, cpuOf, 'janus', 'kinroom');
        all[`${shape}_score_vs_floor`] = ratio(shape, cpuOf, 'floor', 'kinroom_openssl'); /* both seal with OpenSSL */
        all[`${shape}_score_vs_floor_ipsec`] = ratio(shape, cpuOf, 'floor', 'kinroom');
        all[`${shape}_memory_vs_janus`] = ratio(shape, memoryOf, 'kinroom', 'janus_best');
    }
    return all;
}

/* What one more person takes: of two loads, few and many, the difference; so what the process takes for itself once it has anything to do
 * counts for nobody. 8x8 has publishers alone; of 1x60, what is left without them are viewers. Slow pictures, so that many fit the machine;
 * what is kept of them to be sent again is full in that time. */
const SLOW = { 'video-kbps': 300, fps: 10, warmup: 6, seconds: 1, 'join-rate': 60 };
const FEW_AND_MANY = { '8x8': [4, 14], '1x60': [1, 5] };

async function kbOfOneMore(shape) {
    const [few, many] = FEW_AND_MANY[shape], taken = [];
    for (const rooms of [few, many]) {
        const { server, participants } = await measured(SERVERS.kinroom, { ...SHAPES[shape], ...SLOW, feedback: 'yes', rooms });
        taken.push({ kb: server.full_kb - server.idle_kb, participants });
    }
    return (taken[1].kb - taken[0].kb) / (taken[1].participants - taken[0].participants);
}

async function memoryOfEach() {
    const publisher = await kbOfOneMore('8x8'), { people } = SHAPES['1x60'];
    return { publisher, viewer: (await kbOfOneMore('1x60') * people - publisher) / (people - 1) };
}

/* ---- Telling ---- */

const range = (s, digits = 2) => (s ? `${s.median.toFixed(digits)} (${s.min.toFixed(digits)}-${s.max.toFixed(digits)})` : '');

function row(shape, server) {
    const all = cells[shape][server], of = (value) => all.map(value);
    return [shape, NAMES[server], range(spread(of(cpuOf))), (median(of((one) => one.server.packets_per_cpu_second)) / 1000).toFixed(0),
        median(of((one) => one.server.cpu_percent)).toFixed(0), median(of((one) => one.generator.cpu_percent)).toFixed(0),
        median(of(memoryOf)).toFixed(0), `${median(of((one) => one.latency_ms.p50)).toFixed(1)} / ${median(of((one) => one.latency_ms.p99)).toFixed(1)}`,
        of((one) => one.lost).reduce((a, b) => a + b), `${median(of((one) => one.delivered_percent)).toFixed(1)}`];
}

function tell(rounds, latency, ratios) {
    console.log(`${rounds} round${rounds > 1 ? 's' : ''}; median (least-most); CPU time is the server's, all threads; latency includes the generator's own\n`);
    console.log(table(['shape', 'server', 'us a packet', '1000/CPU-s', 'CPU %', 'load %', 'kB each', 'ms p50 / p99', 'lost', 'came %'],
        shapes.flatMap((shape) => mode.servers.map((server) => row(shape, server)))));
    console.log('');
    for (const [name, value] of Object.entries(ratios)) console.log(`${name.padEnd(28)} ${range(value)}`);
    for (const server of JOINED.filter((one) => joins[one].length))
        console.log(`join to first media, ${NAMES[server].padEnd(12)} p50 ${joinTime(server, 50)} ms, p99 ${joinTime(server, 99)} ms, of ${joins[server].length}`);
    if (latency) console.log(`Kinroom at half load (${latency.rooms} rooms of 8, busiest thread ${latency.server.busiest_thread_percent.toFixed(0)} %): latency p50 ${latency.latency_ms.p50} ms, p99 ${latency.latency_ms.p99} ms`);
    for (const note of notes) console.log(`note: ${note}`);
    console.log('');
}

function tellFigures(latency, ratios, each) {
    for (const [name, value] of Object.entries(ratios)) figure(name, value.median, 'x');
    for (const [server, name] of [['kinroom', 'join'], ['janus_best', 'janus_join']])
        for (const percent of joins[server].length ? [50, 99] : []) figure(`${name}_first_media_p${percent}`, joinTime(server, percent), 'ms');
    if (JOINED.every((server) => joins[server].length)) figure('join_vs_janus', joinTime('kinroom', 50) / joinTime('janus_best', 50), 'x');
    if (latency) figure('forward_latency_p99', latency.latency_ms.p99, 'ms');
    for (const [who, kb] of Object.entries(each)) figure(`${who}_kb`, kb, 'kB');
    const kinrooms = [...shapes.flatMap((shape) => cells[shape].kinroom), ...(latency ? [latency] : [])];
    figure('lost_packets', kinrooms.reduce((sum, { lost }) => sum + lost, 0), 'packets');
}

function draw(rounds) {
    const groups = (value, servers = mode.servers) => shapes.map((shape) => ({ name: shape, bars: servers.map((series) => {
        const s = spread(cells[shape][series].map(value));
        return { series, value: s.median, low: s.min, high: s.max };
    }) }));
    const products = mode.servers.filter((server) => server !== 'floor');
    const joined = [50, 99].map((percent) => ({ name: `p${percent}`, bars: JOINED.map((series) => ({ series, value: joins[series].length ? joinTime(series, percent) : undefined })) }));
    return page({
        width: 1000, height: 720, title: 'What one second of server CPU time delivers',
        notes: [`${machine().processor}, ${machine().processors} processors, Linux ${machine().kernel}; ${rounds} interleaved rounds; bars are medians, whiskers from the least to the most.`,
            'Per sender 30 pictures a second at 1 Mbit/s (VP8) and 50 packets of sound; AES-128-GCM; loopback.'],
        parts: [
            legend(70, 104, mode.servers.map((server) => [NAMES[server], COLOURS[server]])),
            bars({ x: 70, y: 150, width: 900, height: 210, title: 'Delivered packets per second of CPU time, thousands (more is better)' },
                groups(({ server }) => server.packets_per_cpu_second / 1000)),
            bars({ x: 70, y: 440, width: 540, height: 220, title: 'Memory per participant, kB (less is better)' }, groups(memoryOf, products)),
            bars({ x: 690, y: 440, width: 280, height: 220, title: 'Join to first media, ms (less is better)' }, joined),
        ],
    });
}

async function compare() {
    const rounds = await allRounds();
    const latency = cells['8x8'] && await latencyAtHalfLoad();
    const each = mode.until_s ? {} : await memoryOfEach();
    const ratios = summary();
    writeFileSync(join(FOLDER, 'bench.json'), JSON.stringify({ machine: machine(), date: new Date().toISOString(), mode, shapes: SHAPES, rounds, ratios, each, cells, joins, latency, notes }, null, 1));
    writeFileSync(join(FOLDER, 'bench.svg'), draw(rounds));
    tell(rounds, latency, ratios);
    tellFigures(latency, ratios, each);
    for (const value of Object.values(ratios).flatMap((s) => [s.median])) if (!Number.isFinite(value)) throw new Error('a ratio came out of nothing: short measurements, or memory that did not grow');
    console.log(`build/bench/bench.json, build/bench/bench.svg; ${elapsed_s().toFixed(0)} s`);
}

/* ---- The program ---- */

mkdirSync(FOLDER, { recursive: true });
const rest = keepAwake(AWAKE_MOST_S);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { rest(); process.exit(1); });
let failed = 1;
try {
    if (values.growth) await growth(FOLDER, values.quick);
    else await compare();
    failed = 0;
} catch (error) {
    console.log(`bench: ${error.message}`);
    if (error.message.startsWith('kinroom ended by itself')) failed = CRASHED;
} finally {
    rest();
}
process.exit(failed);
