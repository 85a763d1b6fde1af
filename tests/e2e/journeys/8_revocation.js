/* Revocation on a live connection, over and over: the clinic's system withdraws the grant while sound and picture flow, and no packet
 * leaves after its answer. Each round the grant comes back, the client says yes and the therapist lets them in again. */

import { equal, figure, percentile, until } from '../check.js';
import { isMedia } from '../wiretap.js';

export const alone = true;
export const only = 'chromium'; /* it measures the broker, by the broker's socket */

const ROUNDS = 200;
const FLOWING = 5; /* packets each way before a round counts */
const NS_PER_MS = 1e6;

/* The wiretap and process.hrtime both read the machine's monotonic clock. */
const nowNs = () => Number(process.hrtime.bigint());

const ask = (person, request) => person.page.evaluate((message) => window.kinroom.request(message), request);

/* Packets of the loved one to others, and of others to the loved one. */
function packetsAbout(tap, lovedOne, others) {
    const theirs = new Map(others.map((other) => [other.id, tap.slotsShowing(other.id, lovedOne.id)]));
    return {
        to: (event) => event.dir === 'out' && isMedia(event) && tap.participantAt(event.peer) === lovedOne.id,
        from: (event) => event.dir === 'out' && event.kind === 'rtp' && theirs.get(tap.participantAt(event.peer))?.has(event.ssrc),
    };
}

async function letIn({ client, therapist, lovedOne }) {
    await ask(client, { type: 'agree', participant: lovedOne.id, yes: true });
    await ask(therapist, { type: 'admit', participant: lovedOne.id });
    await lovedOne.isIn('session');
    await lovedOne.turn('mic', true);
}

async function flows({ tap, client, therapist, lovedOne }) {
    const since = tap.mark();
    await until('packets flow both ways', () => {
        tap.mark();
        const about = packetsAbout(tap, lovedOne, [client, therapist]);
        const seen = tap.events.slice(since);
        return seen.filter(about.to).length >= FLOWING && seen.filter(about.from).length >= FLOWING;
    }, { within_ms: 10000, every_ms: 10 });
}

async function revoke(broker, { client, therapist, lovedOne }, grant) {
    const since = broker.tap.mark();
    const asked = nowNs();
    const answer = await broker.api('DELETE', `/api/v1/grants/${grant}`);
    equal(answer.status, 204, 'the status of the withdrawal');
    await lovedOne.isIn('revoked');
    broker.tap.mark();
    const about = packetsAbout(broker.tap, lovedOne, [client, therapist]);
    const packets = broker.tap.events.slice(since).filter((event) => about.to(event) || about.from(event));
    const last = packets.filter(({ t }) => t > asked).at(-1);
    return { late: packets.filter(({ t }) => t > answer.answeredNs).length, last_ms: last ? (last.t - asked) / NS_PER_MS : 0 };
}

export async function journey(stage) {
    const broker = await stage.broker();
    const people = { tap: broker.tap, ...await stage.threePeople(broker) };
    const { therapist, client, lovedOne } = people;
    for (const person of [therapist, client]) for (const source of ['mic', 'camera']) await person.turn(source, true);
    const { id, epoch, status, ...grant } = (await broker.api('GET', '/api/v1/grants/g-sam')).body;
    await letIn(people);

    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
        await flows(people);
        rounds.push(await revoke(broker, people, id));
        equal((await broker.api('PUT', `/api/v1/grants/${id}`, grant)).status, 200, 'the status of the new grant');
        await lovedOne.isIn('waiting');
        await letIn(people);
    }
    const late = rounds.reduce((sum, one) => sum + one.late, 0);
    figure('idle_revocations_late', late, 'packets');
    figure('idle_revocations', rounds.length, 'rounds');
    figure('idle_revoke_to_last_packet_p99', percentile(rounds.map(({ last_ms }) => last_ms), 99), 'ms');
    equal(late, 0, `packets to or of the loved one after the answer to a withdrawal, in ${ROUNDS} rounds`);
}
