/* overload.js - one shard is offered clearly more than it can carry: does it shed pictures before sound, tell people, keep all it has, and
 * carry out every decision on time?
 *
 * The crowd is `kinroom load`; beside it is one session of three, whose loved one is stepped out again and again, by each of them in turn, and
 * let in again. The shard's thread has one processor, the crowd the other; SLOW_CIPHER makes it far the weaker. */

import { spawn } from 'node:child_process';
import { Broker, KINROOM } from './broker.js';
import { LOAD_CPU, onCpu, SERVER_CPU, SLOW_CIPHER, Thread } from './busy.js';
import { equal, figure, includes, percentile, until } from './check.js';
import { Peers } from './peers.js';
import { planFor, stepOut, Trio, Watch } from './trio.js';

const PEOPLE = 8;
const CONNECTIONS = 1000;
const SOUND = { pps: 50, bytes: 80 }, PICTURE = { pps: 100, bytes: 1000 }; /* each of the three */
const WARMUP_S = 2; /* the shard notices within a second */
const ROUND_MOST_S = 0.8, SPARE_S = 4; /* a step-out and the way back */
const TOLD_WITHIN_MS = 30000;
const WHO = ['therapist', 'client', 'lovedOne'];

const saysPaused = ({ said }) => said.type === 'slots' && said.slots.some(({ paused }) => paused);

/* Rooms of eight by `kinroom load`; `ended` resolves to what it found. */
function crowdOf(broker, rooms, seconds) {
    const options = { url: broker.url.replace('https', 'wss'), keys: broker.file('key.jwk'), insecure: 'yes', rooms, people: PEOPLE, feedback: 'no',
        'join-rate': 60, warmup: WARMUP_S, seconds };
    const [command, ...words] = [...onCpu(LOAD_CPU), KINROOM, 'load', ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])];
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    const crowd = { child, said: '', out: '', exited: false };
    child.stdout.on('data', (text) => { crowd.out += text; });
    child.stderr.on('data', (text) => { crowd.said += text; });
    crowd.ended = new Promise((done) => child.on('close', () => {
        crowd.exited = true;
        done();
    }));
    return crowd;
}

async function run(broker, peers, rooms, stepOuts) {
    broker.tap.reads = Watch.reading([]);
    const thread = new Thread(broker.pid, 'shard');
    thread.pin(SERVER_CPU);
    const trio = await Trio.open(broker, peers, 0);
    for (const name of trio.people) peers.send(name, SOUND, PICTURE);
    const crowd = crowdOf(broker, rooms, Math.ceil(stepOuts * ROUND_MOST_S + SPARE_S));
    try {
        await until('the therapist is told that a picture pauses', () => trio.therapist.heard.some(saysPaused)
            || (crowd.exited && Promise.reject(new Error(`the crowd is gone:\n${crowd.said}`))), { within_ms: TOLD_WITHIN_MS });
        const rounds = [], then = thread.now();
        while (rounds.length < stepOuts) {
            rounds.push(await stepOut(broker, trio, WHO[rounds.length % WHO.length]));
            await trio.letIn();
        }
        const { ran, busy } = thread.since(then), inTime = !crowd.exited;
        await crowd.ended;
        equal(inTime, true, `the step-outs were done before the crowd went (${crowd.said})`);
        const found = JSON.parse(crowd.out);
        includes(found.wrong ?? 'nothing', 'held back', 'what was wrong for the crowd');
        equal(trio.lovedOne.closed ?? trio.client.closed ?? trio.therapist.closed, null, 'whose connection was closed');
        trio.hangUp();
        return { rounds, found, ran, busy, told: trio.therapist.heard.filter(saysPaused).length };
    } finally {
        crowd.child.kill('SIGKILL');
    }
}

const missing = ({ expected, received }) => Math.max(0, 100 * (1 - received / expected));

/* { rounds: [{ late, last_ms }], found: of the crowd, ran, busy: shares of the thread's time, told: how often the therapist was told of paused
 * pictures, soundLost, pictureShed: percent of the crowd's }. Throws when the broker or anybody's connection did not live through it. */
export async function overload({ rooms, stepOuts }) {
    const broker = await Broker.start({
        plans: [planFor(0)], env: SLOW_CIPHER.env,
        options: { ...SLOW_CIPHER.options, '--connections-max': CONNECTIONS, '--connections-per-address': CONNECTIONS, '--rooms-max': CONNECTIONS },
    });
    const peers = Peers.start();
    try {
        const all = await run(broker, peers, rooms, stepOuts);
        await peers.stop();
        await broker.stop();
        return { ...all, soundLost: missing(all.found.sound_packets), pictureShed: missing(all.found.picture_packets) };
    } catch (error) {
        error.message += `\n${broker.log.trimEnd().split('\n').slice(-20).join('\n').replace(/^/gm, 'broker: ')}`;
        throw error;
    } finally {
        peers.kill();
        broker.clean();
    }
}

export function overloadFigures({ rounds, ran, busy, soundLost, pictureShed, found }) {
    const late = rounds.reduce((sum, one) => sum + one.late, 0), times = rounds.map(({ last_ms }) => last_ms);
    figure('overload_step_outs', rounds.length, 'step-outs');
    figure('overload_offered', Math.round((found.sound_packets.expected + found.picture_packets.expected) / found.seconds), 'packets/s');
    figure('overload_carried', Math.round(found.received / found.seconds), 'packets/s');
    figure('overload_cpu_percent', 100 * ran, '%');
    figure('overload_busy_percent', 100 * busy, '%');
    figure('overload_stop_to_last_packet_p50', percentile(times, 50), 'ms');
    figure('overload_stop_to_last_packet_p99', percentile(times, 99), 'ms');
    figure('overload_late_packets', late, 'packets');
    figure('overload_sound_lost_percent', soundLost, '%');
    figure('overload_video_shed_percent', pictureShed, '%');
    return late;
}
