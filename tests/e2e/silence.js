/* silence.js - nothing to them and nothing of theirs, by three witnesses: the broker's socket, their browser, the others' browsers. */

import { equal, pause } from './check.js';

/* A browser counts what had left in time, and its figures are a moment old, on a busy machine more than one: it has caught up when they stand
 * still. The socket needs no such patience. */
const STILL_MS = 250;
const LOOKS = 12;

/* Who goes on being sent something is found by what follows. */
async function stillOf(count) {
    let seen = await count();
    for (let look = 0; look < LOOKS; look++) {
        await pause(STILL_MS);
        const next = await count();
        if (JSON.stringify(next) === JSON.stringify(seen)) break;
        seen = next;
    }
    return seen;
}

export async function silenceOf({ tap, therapist, client, lovedOne }, ms, when) {
    const others = [therapist, client].filter(Boolean);
    const since = tap.mark();
    const count = async () => ({
        got: await lovedOne.packetsReceived().catch(() => 0),
        shown: await Promise.all(others.map((other) => other.received(lovedOne).then(({ packets }) => packets))),
    });
    const before = await stillOf(count);
    await pause(ms);
    const after = await count();

    equal(tap.media({ since, to: lovedOne.id }).length, 0, `RTP and RTCP datagrams to the ${lovedOne.name}, ${when}, in ${ms} ms`);
    equal(after.got - before.got, 0, `packets that the ${lovedOne.name}'s browser counted, ${when}`);
    others.forEach((other, i) => {
        const theirs = tap.slotsShowing(other.id, lovedOne.id);
        const shown = tap.media({ since, to: other.id }).filter(({ kind, ssrc }) => kind === 'rtp' && theirs.has(ssrc));
        equal(shown.length, 0, `RTP datagrams of the ${lovedOne.name} to the ${other.name}, ${when}, in ${ms} ms`);
        equal(after.shown[i] - before.shown[i], 0, `packets of the ${lovedOne.name} that the ${other.name}'s browser counted, ${when}`);
    });
}
