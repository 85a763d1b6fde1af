/* growth.js - what becomes of the cost per packet and the memory per participant when there are more of them, in more rooms or larger
 * ones, on one shard and on two.
 *
 * The server delivers about the same number of packets a second in every run: with more people each sends fewer pictures, of one packet each.
 * So what changes is what the number of people costs: tables, caches, reports, checks. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { figure, machine, measured, NotCarried, table } from './measure.js';
import { Kinroom } from './servers.js';
import { legend, lines, page, SPARE } from './svg.js';

const DELIVERED = 10800; /* packets a second in all */
const SHARDS = [1, 2];
const FEW = 10;
const PARTICIPANTS = [FEW, 100, 1000, 4000];
const CROWD_PEOPLE = 10;
const FPS_MOST = 120; /* the generator's */
const JOIN_RATE = 80; /* a TLS handshake each, on both sides */
const ROOM_SIZES = [2, 10, 30, 100, 300];
const ROOM_PEOPLE = 300; /* in all rooms together */
const ONE_PACKET_BYTES = 1000;

/* One sends in each room, or all where one alone could not send so many pictures. */
function crowdOf(count) {
    const rooms = count / CROWD_PEOPLE, reach = CROWD_PEOPLE - 1;
    return { rooms, people: CROWD_PEOPLE, senders: DELIVERED / (rooms * reach) <= FPS_MOST ? 1 : CROWD_PEOPLE };
}

function pace({ rooms, people, senders }) {
    const fps = Math.max(1, Math.min(FPS_MOST, Math.round(DELIVERED / (rooms * senders * (people - 1)))));
    return { fps, 'video-kbps': Math.max(16, Math.round((fps * ONE_PACKET_BYTES * 8) / 1000)) };
}

/* Undefined, and a note, when so many could not come; a server that crashed ends it all. */
async function one(shards, shape, quick) {
    const what = `${shape.rooms} rooms of ${shape.people}, ${shards} shards`;
    try {
        const found = await measured(() => Kinroom.start({ shards }), {
            ...shape, ...pace(shape), sound: 'no', feedback: 'no', 'join-rate': JOIN_RATE, warmup: quick ? 1 : 3, seconds: quick ? 2 : 5,
        });
        if (found.wrong) console.log(`note: ${what}: ${found.wrong}`);
        process.stderr.write(`  ${what}: ${found.server.cpu_us_per_packet.toFixed(2)} us\n`);
        return found;
    } catch (error) {
        if (!(error instanceof NotCarried)) throw error;
        console.log(`note: ${what}: ${error.message}`);
        return undefined;
    }
}

async function each(values, measure) {
    const found = new Map();
    for (const value of values) {
        const result = await measure(value);
        if (result) found.set(value, result);
    }
    return found;
}

const cellsOf = (found) => [Math.round(found.received / found.seconds), found.server.cpu_us_per_packet.toFixed(2), found.server.kb_per_participant.toFixed(1), found.latency_ms.p99, found.lost];

export async function growth(folder, quick) {
    const crowds = {}, rooms = {};
    for (const shards of SHARDS) {
        crowds[shards] = await each(quick ? PARTICIPANTS.slice(0, 3) : PARTICIPANTS, (count) => one(shards, crowdOf(count), quick));
        rooms[shards] = await each(ROOM_SIZES, (people) => one(shards, { rooms: ROOM_PEOPLE / people, people, senders: 1 }, quick));
    }
    const rows = (kind, all) => SHARDS.flatMap((shards) => [...all[shards]].map(([count, found]) => [`${kind} ${count}`, `${shards} shard${shards > 1 ? 's' : ''}`, ...cellsOf(found)]));
    console.log(table(['', '', 'packets/s', 'us a packet', 'kB each', 'p99 ms', 'lost'], [...rows('participants', crowds), ...rows('people in a room', rooms)]));
    const plain = (all) => Object.fromEntries(SHARDS.map((shards) => [shards, Object.fromEntries(all[shards])]));
    writeFileSync(join(folder, 'growth.json'), JSON.stringify({ machine: machine(), date: new Date().toISOString(), participants: plain(crowds), room_sizes: plain(rooms) }, null, 1));
    writeFileSync(join(folder, 'growth.svg'), draw(crowds, rooms));
    const cost = (count) => crowds[1].get(count)?.server.cpu_us_per_packet;
    for (const many of PARTICIPANTS.slice(2)) if (cost(many) && cost(FEW)) figure(`cost_growth_${FEW}_to_${many}`, cost(many) / cost(FEW), 'x');
    figure('growth_lost_packets', [crowds, rooms].flatMap((all) => SHARDS.flatMap((shards) => [...all[shards].values()])).reduce((sum, { lost }) => sum + lost, 0), 'packets');
    console.log('build/bench/growth.json, build/bench/growth.svg');
}

function draw(crowds, rooms) {
    const series = (all, value) => SHARDS.map((shards, i) => ({ name: `${shards}`, colour: SPARE[i], points: [...all[shards]].map(([x, found]) => [x, value(found)]) }));
    const cpu = ({ server }) => server.cpu_us_per_packet, memory = ({ server }) => server.kb_per_participant;
    const box = (x, y, title) => ({ x, y, width: 400, height: 200, title });
    return page({
        width: 1000, height: 680, title: 'What more people cost',
        notes: [`${machine().processor}, ${machine().processors} processors, Linux ${machine().kernel}; about ${DELIVERED} packets a second in every run.`],
        parts: [
            legend(70, 88, SHARDS.map((shards, i) => [`${shards} shard${shards > 1 ? 's' : ''}`, SPARE[i]])),
            lines(box(70, 140, 'CPU time per delivered packet, us'), 'participants, in rooms of 10', series(crowds, cpu)),
            lines(box(560, 140, 'Memory per participant, kB'), 'participants, in rooms of 10', series(crowds, memory)),
            lines(box(70, 430, 'CPU time per delivered packet, us'), 'people in a room, 300 in all', series(rooms, cpu)),
            lines(box(560, 430, 'Memory per participant, kB'), 'people in a room, 300 in all', series(rooms, memory)),
        ],
    });
}
