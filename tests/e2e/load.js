/* load.js - revocation under load: node load.js
 *
 * Rooms full of people whose sound and picture keep the thread that forwards them busy. The clinic's system withdraws one permission after
 * the other, and the wiretap at the broker's sockets says when the last packet to or of that loved one left: before the answer was written,
 * in every case. Prints one line per test, and figures; exits with 1 when one failed. */

import { readdirSync, readFileSync } from 'node:fs';
import { Broker, grantFor, planOf } from './broker.js';
import { Caller } from './caller.js';
import { atLeast, equal, figure, percentile, until } from './check.js';
import { Peers } from './peers.js';
import { isMedia } from './wiretap.js';

const ROOMS = 12;
const REVOCATIONS = 200;
const FLOW = { audio: 50, video: 100, bytes: 1000 };
const FLOWING = 20; /* packets each way before a round counts */
const NS_PER_MS = 1e6;
const TICKS_PER_S = 100; /* of /proc/PID/stat, see proc(5) */

/* The wiretap and process.hrtime both read the machine's monotonic clock. */
const nowNs = () => Number(process.hrtime.bigint());

/* What the session, its people and its grant are called: nobody is in two rooms. */
const names = (room) => ({ session: `s-${room}`, therapist: `t-${room}`, client: `c-${room}`, lovedOne: `l-${room}`, grant: `g-${room}` });

const grantOf = (room) => grantFor(`sam-${room}`, { id: names(room).grant, client: `alex-${room}` });

function planFor(room) {
    const { session, therapist, client, lovedOne } = names(room);
    return planOf({
        id: session, client: `alex-${room}`, grants: [grantOf(room)],
        people: [
            { participation: therapist, person: `rivera-${room}`, role: 'therapist', name: 'Dr. Rivera' },
            { participation: client, person: `alex-${room}`, role: 'client', name: 'Alex' },
            { participation: lovedOne, person: `sam-${room}`, role: 'loved_one', name: 'Sam' },
        ],
    });
}

async function done(caller, request) {
    equal((await caller.ask(request)).type, 'done', `the reply to ${request.type}`);
}

class Room {
    ids;
    grant;

    static async open(broker, peers, number) {
        const room = new Room();
        room.ids = names(number);
        const { id, epoch, ...grant } = grantOf(number);
        room.grant = grant;
        const door = { url: broker.url, token: (participation, role) => broker.token(participation, role, room.ids.session) };
        for (const [who, role] of [['therapist', 'therapist'], ['client', 'client'], ['lovedOne', 'loved_one']]) {
            room[who] = await Caller.join(door, room.ids[who], role);
            await peers.connect(room.ids[who], room[who]);
            peers.send(room.ids[who], FLOW);
        }
        for (const caller of [room.therapist, room.client]) await done(caller, { type: 'media', mic: true, camera: true, screen: false });
        await room.letIn();
        return room;
    }

    async seat(seat) {
        await until(`the seat of ${this.ids.lovedOne} is ${seat}`, () => this.lovedOne.last('seat').seat === seat, { every_ms: 5 });
    }

    async letIn() {
        await done(this.client, { type: 'agree', participant: this.ids.lovedOne, yes: true });
        await done(this.therapist, { type: 'admit', participant: this.ids.lovedOne });
        await this.seat('admitted');
        await done(this.lovedOne, { type: 'media', mic: true, camera: true, screen: false });
    }

    hangUp() {
        for (const caller of [this.therapist, this.client, this.lovedOne]) caller.hangUp();
    }
}

/* Follows the log as it grows, and keeps of it only what concerns the room that is watched. */
class Watch {
    #tap;
    #watched = { to: new Set(), others: new Set(), theirs: new Set() };

    constructor(tap) {
        this.#tap = tap;
        tap.keeps = (event) => event.text?.type === 'slots' || event.status !== undefined || this.isTo(event) || this.isFrom(event);
    }

    isTo(event) {
        return event.dir === 'out' && this.#watched.to.has(event.peer) && isMedia(event);
    }

    isFrom(event) {
        return event.dir === 'out' && event.kind === 'rtp' && this.#watched.others.has(event.peer) && this.#watched.theirs.has(event.ssrc);
    }

    /* Packets to the loved one of this room, and of theirs to the others: from here on. */
    watch({ ids: { therapist, client, lovedOne } }) {
        const tap = this.#tap;
        this.#watched = {
            to: new Set(tap.peersOf(lovedOne)), others: new Set([therapist, client].flatMap((id) => tap.peersOf(id))),
            theirs: new Set([therapist, client].flatMap((id) => [...tap.slotsShowing(id, lovedOne)])),
        };
        tap.events = tap.events.filter(({ text }) => text);
    }

    since(mark) {
        this.#tap.mark();
        return this.#tap.events.slice(mark);
    }

    mark() {
        return this.#tap.mark();
    }
}

async function flows(watch, mark) {
    await until('packets flow both ways', () => {
        const seen = watch.since(mark);
        return seen.filter((event) => watch.isTo(event)).length >= FLOWING && seen.filter((event) => watch.isFrom(event)).length >= FLOWING;
    }, { within_ms: 5000, every_ms: 2 });
}

/* The 204 is written once, and nothing else that is going on is answered with one. */
async function revoke(broker, watch, room) {
    watch.watch(room);
    await flows(watch, watch.mark());
    const mark = watch.mark();
    const asked = nowNs();
    equal((await broker.api('DELETE', `/api/v1/grants/${room.ids.grant}`)).status, 204, 'the status of the withdrawal');
    await room.seat('revoked');
    const seen = watch.since(mark);
    const answered = seen.findIndex(({ status }) => status === 204);
    atLeast(answered, 0, 'the place of the answer in the log');
    const isAbout = (event) => watch.isTo(event) || watch.isFrom(event);
    const last = seen.slice(0, answered).filter((event) => isAbout(event) && event.t > asked).at(-1);
    return { late: seen.slice(answered).filter(isAbout).length, last_ms: last ? (last.t - asked) / NS_PER_MS : 0 };
}

async function comeBack(broker, room) {
    equal((await broker.api('PUT', `/api/v1/grants/${room.ids.grant}`, room.grant)).status, 200, 'the status of the new grant');
    await room.seat('waiting');
    await room.letIn();
}

/* CPU seconds of the thread that forwards, so far. */
function shardSeconds(pid) {
    const thread = readdirSync(`/proc/${pid}/task`).find((id) => readFileSync(`/proc/${pid}/task/${id}/comm`, 'utf8').trim() === 'shard');
    const columns = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(columns[11]) + Number(columns[12])) / TICKS_PER_S;
}

const broker = await Broker.start({
    plans: Array.from({ length: ROOMS }, (_, room) => planFor(room)),
    options: { '--connections-per-address': 4 * ROOMS },
});
const peers = Peers.start();
const watch = new Watch(broker.tap);
const rooms = [];
for (let room = 0; room < ROOMS; room++) rooms.push(await Room.open(broker, peers, room));
const rounds = [];
const began = { at: nowNs(), cpu: shardSeconds(broker.pid) };
const back = new Map();
for (let round = 0; round < REVOCATIONS; round++) {
    const room = rooms[round % ROOMS];
    await back.get(room);
    rounds.push(await revoke(broker, watch, room));
    back.set(room, comeBack(broker, room));
}
await Promise.all(back.values());
const took_s = (nowNs() - began.at) / 1e9;
console.log(rounds.map(({ last_ms }) => last_ms.toFixed(1)).join(' '));
console.log('took', took_s);
figure('revocation_load_cpu_percent', 100 * (shardSeconds(broker.pid) - began.cpu) / took_s, '%');
const late = rounds.reduce((sum, one) => sum + one.late, 0);
figure('revocations_late', late, 'packets');
figure('revoke_to_last_packet_p99', percentile(rounds.map(({ last_ms }) => last_ms), 99), 'ms');
console.log(await peers.counts('l-0'), await peers.counts('t-0'));
rooms.forEach((room) => room.hangUp());
await peers.stop();
await broker.stop();
broker.clean();
