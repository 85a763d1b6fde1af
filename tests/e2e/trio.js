/* trio.js - sessions of three whose loved one is let in, stepped out and revoked, with media by peers.js; and what the wiretap at the
 * broker's sockets says of the last packet to or of that loved one: when it left, and whether any left after the answer. */

import { grantFor, planOf } from './broker.js';
import { Caller } from './caller.js';
import { atLeast, equal, pause, until } from './check.js';
import { isMedia } from './wiretap.js';

const FLOWING = 20; /* packets each way before a round counts */
const LATE_MS = 50; /* after an answer, in which a packet that should not have left would */
const NS_PER_MS = 1e6;

/* The wiretap and process.hrtime both read the machine's monotonic clock. */
export const nowNs = () => Number(process.hrtime.bigint());

/* What the session, its people and its grant are called: nobody is in two rooms. */
const names = (room) => ({ session: `s-${room}`, therapist: `t-${room}`, client: `c-${room}`, lovedOne: `l-${room}`, grant: `g-${room}` });

const grantOf = (room) => grantFor(`sam-${room}`, { id: names(room).grant, client: `alex-${room}` });

export function planFor(room) {
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

export class Trio {
    static async open(broker, peers, number) {
        const room = new Trio();
        const { id, epoch, ...grant } = grantOf(number);
        Object.assign(room, { ids: names(number), grant });
        const door = { url: broker.url, token: (participation, role) => broker.token(participation, role, { session: room.ids.session }) };
        for (const [who, role] of [['therapist', 'therapist'], ['client', 'client'], ['lovedOne', 'loved_one']]) {
            room[who] = await Caller.join(door, room.ids[who], role);
            await peers.connect(room.ids[who], room[who]);
        }
        for (const caller of [room.therapist, room.client]) await done(caller, { type: 'media', mic: true, camera: true, screen: false });
        await room.letIn();
        return room;
    }

    get people() {
        return [this.ids.therapist, this.ids.client, this.ids.lovedOne];
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

    async comeBack(broker) {
        equal((await broker.api('PUT', `/api/v1/grants/${this.ids.grant}`, this.grant)).status, 200, 'the status of the new grant');
        await this.seat('waiting');
        await this.letIn();
    }

    hangUp() {
        for (const caller of [this.therapist, this.client, this.lovedOne]) caller.hangUp();
    }
}

/* ---- The log as it grows ---- */

/* Of all packets, those of one room are looked at. */
export class Watch {
    #tap;

    constructor(tap, room) {
        const { therapist, client, lovedOne } = room.ids;
        this.#tap = tap;
        this.to = new Set(tap.peersOf(lovedOne));
        this.others = new Set([therapist, client].flatMap((id) => tap.peersOf(id)));
        this.theirs = new Set([therapist, client].flatMap((id) => [...tap.slotsShowing(id, lovedOne)]));
        tap.reads = Watch.reading([...this.to, ...this.others]);
    }

    /* The lines of what is said and answered, and of these addresses. */
    static reading(peers) {
        return new RegExp(['"stream"', '"user"', '"status"', ...peers.map((peer) => `"peer":"${peer.replaceAll('.', '\\.')}"`)].join('|'));
    }

    isTo(event) {
        return event.dir === 'out' && this.to.has(event.peer) && isMedia(event);
    }

    isFrom(event) {
        return event.dir === 'out' && event.kind === 'rtp' && this.others.has(event.peer) && this.theirs.has(event.ssrc);
    }

    isAbout(event) {
        return this.isTo(event) || this.isFrom(event);
    }

    mark() {
        return this.#tap.mark();
    }

    since(mark) {
        this.#tap.mark();
        return this.#tap.events.slice(mark);
    }

    async flows() {
        const mark = this.mark();
        await until('packets flow both ways', () => {
            const seen = this.since(mark);
            const passed = (which) => seen.filter(which).length >= FLOWING;
            return passed((event) => this.isTo(event)) && passed((event) => this.isFrom(event));
        }, { within_ms: 10000, every_ms: 2 });
    }
}

/* A withdrawal's answer is the only 204 there is. */
export async function revoke(broker, room) {
    const watch = new Watch(broker.tap, room);
    await watch.flows();
    const mark = watch.mark();
    const asked = nowNs();
    equal((await broker.api('DELETE', `/api/v1/grants/${room.ids.grant}`)).status, 204, 'the status of the withdrawal');
    await room.seat('revoked');
    const seen = watch.since(mark);
    return judged(watch, seen, asked, seen.findIndex(({ status }) => status === 204));
}

/* by: 'therapist', 'client' or 'lovedOne'. */
export async function stepOut(broker, room, by) {
    const watch = new Watch(broker.tap, room);
    await watch.flows();
    const mark = watch.mark();
    const asked = nowNs();
    await done(room[by], { type: 'step_out', participant: room.ids.lovedOne });
    await room.seat('stepped_out');
    await pause(LATE_MS);
    const seen = watch.since(mark);
    const request = seen.find(({ dir, text }) => dir === 'in' && text?.type === 'step_out');
    return judged(watch, seen, asked, seen.findIndex(({ dir, stream, text }) => dir === 'out' && stream === request?.stream
        && text?.type === 'done' && text.id === request.text.id));
}

function judged(watch, seen, asked, answered) {
    atLeast(answered, 0, 'the place of the answer in the log');
    const last = seen.slice(0, answered).filter((event) => watch.isAbout(event) && event.t > asked).at(-1);
    return { late: seen.slice(answered).filter((event) => watch.isAbout(event)).length, last_ms: last ? (last.t - asked) / NS_PER_MS : 0 };
}
