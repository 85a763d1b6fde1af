/* crash.js - kill -9 of a real broker, at random moments while people step in and out with their media flowing: node crash.js
 *
 *   --rounds N   how often (200)
 *   --seed N     of what people do and when the power goes; printed
 *
 * After each restart on the same store the ledger must hold exactly what happened, by what the wiretap saw pass the broker's sockets. Several
 * brokers at a time, as each mostly waits. Prints one line per test, and figures; exits with 1 when one failed. */

import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { parseArgs, promisify } from 'node:util';
import { Broker, grantFor, KINROOM, planOf } from './broker.js';
import { Caller } from './caller.js';
import { atLeast, equal, figure, includes, pause } from './check.js';
import { Peers } from './peers.js';
import { isMedia } from './wiretap.js';

const LANES = 2;
const LIVES_PER_SESSION = 20; /* each may remove somebody for good */
const LIFE_MOST_MS = 400;
const LONG_LIFE_MOST_MS = 2500; /* past a heartbeat or two */
const LONG_LIFE_EVERY = 10;
const STEPS_A_LIFE = 30;
const LAST_MOST_MS = 15;
const SLOW_DISK_US = 500; /* a write; a commit is several */
const PPS = { sound: 50, picture: 100 };
const CLOCKS_APART_MOST_US = 1000; /* between the two clocks' readings, as far as we can tell */
const HEARTBEAT_MOST_US = 1.5e6; /* one a second, and the disk takes its time */
const LOVED = ['sam', 'kim'];
const ROLES = { therapist: 'therapist', client: 'client', sam: 'loved_one', kim: 'loved_one' };

const run = promisify(execFile);

/* ---- Chance ---- */

/* mulberry32: 0 to 1, without 1. */
function diceOf(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let x = Math.imul(state ^ (state >>> 15), state | 1);
        x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
        return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
    };
}

const pick = (dice, list) => list[Math.floor(dice() * list.length)];

/* ---- The session, and what people do in it ---- */

const people = (session) => [
    { participation: `therapist-${session}`, person: 'rivera', role: 'therapist', name: 'Dr. Rivera' },
    { participation: `client-${session}`, person: 'alex', role: 'client', name: 'Alex' },
    ...LOVED.map((name) => ({ participation: `${name}-${session}`, person: name, role: 'loved_one', name })),
    ...Array.from({ length: LIVES_PER_SESSION }, (_, i) => (
        { participation: guestOf(session, i), person: `guest-${i}`, role: 'loved_one', name: 'Guest' })),
];

const guestOf = (session, i) => `guest-${i}-${session}`;

function plansFor(lives) {
    const grants = LOVED.map((name) => grantFor(name));
    const sessions = Array.from({ length: Math.ceil(lives / LIVES_PER_SESSION) }, (_, session) => session);
    return sessions.map((session) => planOf({ id: `s-${session}`, people: people(session), grants }));
}

/* One after the other, as the dice say; now and then the room refuses one, as things are. Each names who says what. */
const STEPS = {
    admit: ({ of }) => [['therapist', { type: 'admit', participant: of }]],
    /* Out while the ledger still writes that they come in. */
    in_and_out: ({ of }) => [['therapist', { type: 'admit', participant: of }], ['therapist', { type: 'step_out', participant: of }]],
    step_out: ({ of }) => [['therapist', { type: 'step_out', participant: of }]],
    everyone_out: () => [['therapist', { type: 'step_out', everyone: true }]],
    yes: ({ of }) => [['client', { type: 'agree', participant: of, yes: true }]],
    no_and_yes: ({ of }) => [false, true].map((yes) => ['client', { type: 'agree', participant: of, yes }]),
    client_stops: ({ of }) => [['client', { type: 'step_out', participant: of }]],
    steps_out: ({ of, who }) => [[who, { type: 'step_out', participant: of }]],
    remove: ({ guest }) => [['therapist', { type: 'remove', participant: guest }]],
    nothing: () => [],
};

/* Ways out are many; so ways in come up as often. */
const OFTEN = { admit: 6, nothing: 6 };
const DEALT = Object.entries(STEPS).flatMap(([name, step]) => Array(OFTEN[name] ?? 1).fill(step));

/* Everybody connected, with their media. */
class Scene {
    callers = {};
    #ids = 1000;
    #shown = new Map(); /* loved one -> the seat message that they answered by turning on their media */

    constructor(lane, life) {
        this.lane = lane;
        this.session = Math.floor(life / LIVES_PER_SESSION);
        this.guest = guestOf(this.session, life % LIVES_PER_SESSION);
        this.name = (who) => `${lane.number}-${life}-${who}`;
    }

    async set() {
        await Promise.all(Object.entries(ROLES).map(([who, role], i) => this.#arrive(who, role, i)));
        for (const who of ['therapist', 'client']) this.say(who, { type: 'media', mic: true, camera: true, screen: false });
        for (const who of LOVED) this.say('client', { type: 'agree', participant: `${who}-${this.session}`, yes: true });
    }

    /* Each sends packets of lengths that nobody else's have: so the wiretap's log tells whose packet it is, wherever it went. */
    async #arrive(who, role, i) {
        const { broker, peers } = this.lane;
        const door = { url: broker.url, token: (participation) => this.lane.token(participation, role, this.session) };
        this.callers[who] = await Caller.join(door, `${who}-${this.session}`, role);
        await peers.connect(this.name(who), this.callers[who]);
        peers.send(this.name(who), { pps: PPS.sound, bytes: 80 + i }, { pps: PPS.picture, bytes: 800 + i });
    }

    /* At once: the broker takes a burst, and a life is short. */
    say(who, request) {
        return this.callers[who].send(JSON.stringify({ ...request, id: ++this.#ids }));
    }

    #turnOn(who) {
        const seat = this.callers[who].last('seat');
        if (seat.seat === 'admitted' && this.#shown.get(who) !== seat) this.say(who, { type: 'media', mic: true, camera: true, screen: false });
        this.#shown.set(who, seat);
    }

    async play(dice, for_ms) {
        const end = performance.now() + for_ms;
        while (performance.now() < end) {
            const who = pick(dice, LOVED);
            const step = pick(dice, DEALT);
            for (const [actor, request] of step({ who, of: `${who}-${this.session}`, guest: this.guest })) this.say(actor, request);
            LOVED.forEach((each) => this.#turnOn(each));
            await pause(Math.min(end - performance.now(), dice() * Math.max(25, (2 * for_ms) / STEPS_A_LIFE)));
        }
    }

    /* Somebody is being let in: the moment that matters most. */
    async playLast(dice) {
        const of = `${pick(dice, LOVED)}-${this.session}`;
        this.say('therapist', { type: 'step_out', participant: of });
        await this.say('therapist', { type: 'admit', participant: of });
        const end = performance.now() + dice() * LAST_MOST_MS;
        while (performance.now() < end); /* timers are too coarse */
    }

    leave() {
        for (const who of Object.keys(ROLES)) {
            this.callers[who].hangUp();
            this.lane.peers.gone(this.name(who));
        }
    }
}

/* ---- What the wiretap saw of a life ---- */

/* What added to the monotonic clock makes the time of day, in microseconds. The instant at which Date.now() moves on is known best; a pause
 * of ours can only make it seem later than it was. */
function clockOffset_us() {
    const ticks = Array.from({ length: 5 }, () => {
        const before = Date.now();
        let after = before;
        while (after === before) after = Date.now();
        return after * 1000 - Number(process.hrtime.bigint() / 1000n);
    });
    return Math.max(...ticks);
}

/* Requests that were acknowledged; `about` null: everyone. */
function acknowledged(tap, us) {
    const asked = new Map();
    const found = [];
    for (const { t, dir, stream, text } of tap.events.filter((event) => event.text)) {
        const key = `${stream} ${text.id}`;
        const { type, participant, everyone, yes } = text;
        if (dir === 'in' && text.id !== undefined) asked.set(key, { type, about: everyone ? null : participant, yes, asked: us(t) });
        if (dir === 'out' && type === 'done' && asked.has(key)) found.push({ ...asked.get(key), done: us(t) });
    }
    return found;
}

/* Times of what left to a loved one, and of what left of theirs to anybody: participation -> [us]. */
function forwarded(tap, us, loved) {
    const media = tap.events.filter(isMedia);
    const author = new Map(); /* a packet's length -> whose it is */
    for (const { dir, kind, peer, len } of media) if (dir === 'in' && kind === 'rtp') author.set(len, tap.participantAt(peer));
    const times = new Map(loved.map((participation) => [participation, []]));
    for (const { dir, kind, peer, len, t } of media) {
        if (dir !== 'out') continue;
        times.get(tap.participantAt(peer))?.push(us(t));
        if (kind === 'rtp') times.get(author.get(len))?.push(us(t));
    }
    return times;
}

function observe({ tap }, session) {
    const offset = clockOffset_us();
    const us = (t) => t / 1000 + offset;
    tap.mark();
    return { done: acknowledged(tap, us), packets: forwarded(tap, us, LOVED.map((name) => `${name}-${session}`)) };
}

/* ---- What the ledger says of it ---- */

/* The last durable heartbeat, read from a copy: the store itself is for the broker to recover. */
async function heartbeat(broker) {
    const [store, copy] = [broker.file('kinroom.db'), broker.file('copy.db')];
    for (const end of ['', '-wal']) if (existsSync(`${store}${end}`)) copyFileSync(`${store}${end}`, `${copy}${end}`);
    const { stdout } = await run('sqlite3', [copy, 'SELECT unix_us FROM heartbeat']);
    for (const end of ['', '-wal', '-shm']) rmSync(`${copy}${end}`, { force: true });
    return Number(stdout.trim() || 0);
}

const ledger = (broker, command) => run(KINROOM, ['ledger', command, '--store', broker.file('kinroom.db')], { maxBuffer: 1 << 28 });

/* Rows from number `first` on. */
async function rowsFrom(broker, first) {
    const { stdout } = await ledger(broker, 'export');
    return stdout.trim().split('\n').slice(first - 1).filter((line) => line).map((line) => JSON.parse(line));
}

function intervalsOf(rows) {
    const intervals = new Map();
    for (const { record } of rows) {
        if (record.kind !== 'open' && record.kind !== 'close') continue;
        const { opens = [], closes = [] } = intervals.get(record.interval) ?? {};
        (record.kind === 'open' ? opens : closes).push(record);
        intervals.set(record.interval, { opens, closes });
    }
    return [...intervals.values()];
}

const tally = {
    rounds: 0, lost: 0, doubled: 0, misdated: 0, intervals: 0, recovered: 0, admitted: 0, stopped: 0, removed: 0, packets: 0,
};

function fault(kind, what) {
    tally[kind]++;
    console.log(`  ${kind}: ${what}`);
}

/* Open while its packets pass; recovery can only know of the last heartbeat. */
const covers = ({ opens: [open], closes: [close] }, t) => open.at <= t + CLOCKS_APART_MOST_US
    && t <= close.at + (close.recovered ? HEARTBEAT_MOST_US : CLOCKS_APART_MOST_US);

function judgeIntervals(intervals, lastHeartbeat, where) {
    for (const { opens, closes } of intervals) {
        const { interval } = opens[0] ?? closes[0];
        const seen = `${where}: interval ${interval} has ${opens.length} OPEN and ${closes.length} CLOSE`;
        if (opens.length === 0 || closes.length === 0) fault('lost', seen);
        if (opens.length > 1 || closes.length > 1) fault('doubled', seen);
        const known = Math.max(opens[0]?.at ?? 0, lastHeartbeat);
        if (closes[0]?.recovered && closes[0].at !== known) fault('misdated', `${seen}, and ends at ${closes[0].at}, not at ${known}`);
    }
}

function judgeAdmissions(whole, admits, where) {
    for (const { about, asked, done } of admits) {
        const isThis = ({ opens: [open] }) => open.participation === about && open.at >= asked - CLOCKS_APART_MOST_US
            && open.at <= done + CLOCKS_APART_MOST_US;
        if (!whole.some(isThis)) fault('lost', `${where}: the admission of ${about} at ${asked} was acknowledged`);
    }
    tally.admitted += admits.length;
}

/* Whatever was acknowledged before an admission was asked for came before its OPEN, which was on disk when the admission was acknowledged.
 * So an end among it was on disk, too, and can't be one that recovery had to make up. */
function judgeEnds(whole, stops, admits, where) {
    const durable = Math.max(0, ...admits.map(({ asked }) => asked));
    for (const { opens: [open] } of whole.filter(({ closes: [close] }) => close.recovered)) {
        const ends = ({ about, done }) => (about ?? open.participation) === open.participation && done > open.at + CLOCKS_APART_MOST_US
            && done < durable;
        if (stops.some(ends)) fault('lost', `${where}: the end of interval ${open.interval} was acknowledged`);
    }
    tally.stopped += stops.length;
}

function judgePackets(whole, packets, where) {
    for (const [participation, times] of packets) {
        const own = whole.filter(({ opens: [open] }) => open.participation === participation);
        const stray = times.filter((t) => !own.some((interval) => covers(interval, t)));
        if (stray.length > 0) fault('lost', `${where}: ${stray.length} packets to or of ${participation} in no interval, first at ${stray[0]}`);
        tally.packets += times.length;
    }
}

/* ---- A lane: one broker's lives ---- */

class Lane {
    #tokens = new Map();
    #row = 0; /* the last one of the lives before */
    #removed = [];
    #dice;

    constructor(number, seed) {
        this.number = number;
        this.#dice = diceOf(seed * LANES + number);
    }

    async start(lives) {
        this.peers = Peers.start();
        this.broker = await Broker.start({ plans: plansFor(lives), slowDisk_us: SLOW_DISK_US, options: { '--connections-per-address': 200 } });
    }

    token(participation, role, session) {
        if (!this.#tokens.has(participation)) this.#tokens.set(participation, this.broker.token(participation, role, { session: `s-${session}` }));
        return this.#tokens.get(participation);
    }

    /* `removed`: { guest, session }. */
    async #isShutOut({ guest, session }) {
        const caller = await Caller.dial(this.broker);
        const reply = await caller.ask({ type: 'join', token: this.token(guest, 'loved_one', session), move: false });
        if (reply.code !== 'bad_token') fault('lost', `the removal of ${guest} was acknowledged`);
        caller.hangUp();
    }

    async #judgeRemoval(rows, removed, where) {
        if (!rows.some(({ record }) => record.kind === 'removed' && record.participation === removed.guest))
            fault('lost', `${where}: no row tells that ${removed.guest} was removed`);
        this.#removed.push(removed);
        await this.#isShutOut(removed);
    }

    /* The life that just ended, by the store as the next one found it. */
    async #judge(where, { done, packets, lastHeartbeat }, removed) {
        includes((await ledger(this.broker, 'verify')).stdout, 'The ledger is whole', 'the verdict');
        const rows = await rowsFrom(this.broker, this.#row + 1);
        this.#row += rows.length;
        const intervals = intervalsOf(rows);
        const whole = intervals.filter(({ opens, closes }) => opens.length > 0 && closes.length > 0);
        const admits = done.filter(({ type }) => type === 'admit');
        judgeIntervals(intervals, lastHeartbeat, where);
        judgeAdmissions(whole, admits, where);
        judgeEnds(whole, done.filter(({ type, yes }) => type === 'step_out' || (type === 'agree' && !yes)), admits, where);
        judgePackets(whole, packets, where);
        if (done.some(({ type }) => type === 'remove')) await this.#judgeRemoval(rows, removed, where);
        tally.rounds++;
        tally.intervals += intervals.length;
        tally.recovered += whole.filter(({ closes: [close] }) => close.recovered).length;
    }

    async live(lives) {
        let scene = new Scene(this, 0);
        await scene.set();
        for (let life = 0; life < lives; life++) {
            const most_ms = life % LONG_LIFE_EVERY === LONG_LIFE_EVERY - 1 ? LONG_LIFE_MOST_MS : LIFE_MOST_MS;
            await scene.play(this.#dice, this.#dice() * most_ms);
            if (life % 2 === 0) await scene.playLast(this.#dice);
            await this.broker.kill();
            scene.leave();
            const over = scene;
            const seen = { ...observe(this.broker, over.session), lastHeartbeat: await heartbeat(this.broker) };
            await this.broker.restart();
            scene = new Scene(this, life + 1);
            await Promise.all([this.#judge(`lane ${this.number}, life ${life}`, seen, over), life + 1 < lives && scene.set()]);
        }
        await Promise.all(this.#removed.map((removed) => this.#isShutOut(removed)));
        tally.removed += this.#removed.length;
    }

    async stop() {
        await this.peers.stop();
        await this.broker.stop();
    }

    clean() {
        this.peers?.kill();
        this.broker?.clean();
    }
}

/* A run in which nothing happened would prove nothing. */
function judgeRun(rounds) {
    for (const kind of ['lost', 'doubled', 'misdated']) equal(tally[kind], 0, `intervals ${kind}`);
    equal(tally.rounds, rounds, 'rounds');
    atLeast(tally.admitted, rounds, 'admissions that were acknowledged');
    atLeast(tally.stopped, rounds, 'ends that were acknowledged');
    atLeast(tally.recovered, rounds / 4, 'intervals that recovery closed');
    atLeast(tally.packets, 10 * rounds, 'packets to and of loved ones');
    atLeast(tally.removed, rounds / 4, 'removals that were acknowledged');
}

const text = (fallback) => ({ type: 'string', default: String(fallback) });
const { values: { rounds, seed } } = parseArgs({ options: { rounds: text(200), seed: text(Date.now() % 1e9) } });
console.log(`seed ${seed}`);
const lanes = Array.from({ length: LANES }, (_, number) => new Lane(number, Number(seed)));
let failed = 1;
try {
    const lives = Math.ceil(Number(rounds) / LANES);
    for (const lane of lanes) await lane.start(lives);
    await Promise.all(lanes.map((lane) => lane.live(lives)));
    for (const lane of lanes) await lane.stop();
    console.log(JSON.stringify(tally));
    figure('crash_rounds', tally.rounds, 'rounds');
    figure('intervals_lost', tally.lost, 'intervals');
    figure('intervals_doubled', tally.doubled, 'intervals');
    judgeRun(lives * LANES);
    console.log(`ok kill -9 in ${tally.rounds} rounds`);
    failed = 0;
} catch (error) {
    console.log(`not ok kill -9, with --seed ${seed}\n  ${String(error.stack).replace(/\n/g, '\n  ')}`);
    for (const { broker } of lanes) console.log(broker?.log.trimEnd().split('\n').slice(-20).join('\n').replace(/^/gm, '  broker: '));
} finally {
    lanes.forEach((lane) => lane.clean());
}
process.exit(failed);
