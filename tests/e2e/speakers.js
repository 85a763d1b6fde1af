/* speakers.js - more voices than slots: node speakers.js
 *
 * A workshop of nine on a real broker: a therapist and eight loved ones whom the therapist lets speak, all with open microphones and the four
 * slots of the offer that their fake browsers make. Each speaks in turn; all others hear it, but for the first tenth of a second at most, and are told who it is. Prints one line per test, and figures; exits with 1 when one failed. */

import { Broker, grantFor, planOf } from './broker.js';
import { Caller } from './caller.js';
import { atLeast, equal, figure, pause, until } from './check.js';
import { Peers } from './peers.js';

const SOUND = { pps: 50, bytes: 80 };
const NOTHING = { pps: 0, bytes: 0 };
const VOICE = 0x80 | 30;
const QUIET = 127;
const SLOTS = 4;
const TURN_MS = 1500;
const ONSET_PACKETS = 5; /* that may be missing: a tenth of a second */

const guests = Array.from({ length: 8 }, (_, i) => ({ participation: `p-${i + 1}`, person: `guest-${i + 1}`, client: `client-${i + 1}`,
    role: 'loved_one', name: `Guest ${i + 1}` }));
const people = ['p-therapist', ...guests.map(({ participation }) => participation)];

const plan = () => planOf({
    kind: 'workshop',
    people: [{ participation: 'p-therapist', person: 'rivera', role: 'therapist', name: 'Dr. Rivera' }, ...guests],
    grants: guests.map(({ person, client }) => grantFor(person, { client, kinds: ['workshop'], topics: ['education'] })),
});

async function done(caller, request) {
    const reply = await caller.ask(request);
    equal(reply.code ?? reply.type, 'done', `the reply to ${request.type}`);
}

async function letIn(therapist, participant) {
    await done(therapist, { type: 'admit', participant });
    await done(therapist, { type: 'enable', participant, mic: true, camera: false, screen: false, chat: false, others: false });
}

async function gather(broker, peers) {
    const callers = new Map();
    for (const id of people) {
        const caller = await Caller.join(broker, id, id === 'p-therapist' ? 'therapist' : 'loved_one');
        callers.set(id, caller);
        await peers.connect(id, caller);
        peers.send(id, SOUND, NOTHING);
        if (id !== 'p-therapist') await letIn(callers.get('p-therapist'), id);
        await done(caller, { type: 'media', mic: true, camera: false, screen: false });
    }
    await until(`everybody hears ${SLOTS} others`, async () => {
        const counts = await Promise.all(people.map((id) => peers.counts(id)));
        return counts.every(({ heard }) => Object.values(heard).filter((count) => count > 0).length >= SLOTS);
    });
    return callers;
}

const snapshot = async (peers) => new Map(await Promise.all(people.map(async (id) => [id, await peers.counts(id)])));

/* What the others heard of the packets that were sent, at the least. */
async function turn(peers, callers, speaker) {
    const before = await snapshot(peers);
    peers.level(speaker, VOICE);
    await pause(TURN_MS);
    const after = await snapshot(peers);
    const sent = after.get(speaker).sent - before.get(speaker).sent;
    const heard = people.filter((id) => id !== speaker).map((id) => after.get(id).heard[speaker] - before.get(id).heard[speaker]);
    for (const [id, caller] of callers) equal(caller.last('speaker')?.participant, speaker, `who speaks, as ${id} was told`);
    peers.level(speaker, QUIET);
    return { sent, heard: Math.min(...heard) };
}

const broker = await Broker.start({ plan: plan(), tapped: false });
const peers = Peers.start();
let failed = 1;
try {
    const callers = await gather(broker, peers);
    let missed = 0;
    for (const speaker of [...people, ...people.toReversed()]) {
        const { sent, heard } = await turn(peers, callers, speaker);
        missed = Math.max(missed, sent - heard);
        atLeast(heard, sent - ONSET_PACKETS, `packets of ${speaker}'s ${sent} that everybody heard`);
        await pause(600); /* they are silent, and somebody else begins */
    }
    const told = [...callers.values()].map(({ heard }) => heard.filter(({ said }) => said.type === 'speaker').length);
    figure('speaker_onset_most', missed * 1000 / SOUND.pps, 'ms');
    atLeast(2 * people.length + 2, Math.max(...told), 'messages about who speaks, to anybody');
    await peers.stop();
    await broker.stop();
    console.log(`ok each of ${people.length} who speaks is heard by all, on ${SLOTS} slots`);
    failed = 0;
} catch (error) {
    console.log(`not ok more voices than slots\n  ${String(error.stack).replace(/\n/g, '\n  ')}`);
    console.log(broker.log.trimEnd().split('\n').slice(-20).join('\n').replace(/^/gm, '  broker: '));
} finally {
    peers.kill();
    broker.clean();
}
process.exit(failed);
