/* silence.js - nothing to them and nothing of theirs, by three witnesses: the broker's socket, their browser, the others' browsers. */

import { equal, pause } from './check.js';

/* A browser counts what had left in time, and its figures are a moment old; the socket needs no such patience. */
const BROWSER_CATCHES_UP_MS = 250;

export async function silenceOf({ tap, therapist, client, lovedOne }, ms, when) {
    const others = [therapist, client].filter(Boolean);
    const since = tap.mark();
    const count = async () => ({
        got: await lovedOne.packetsReceived().catch(() => 0),
        shown: await Promise.all(others.map((other) => other.received(lovedOne).then(({ packets }) => packets))),
    });
    await pause(BROWSER_CATCHES_UP_MS);
    const before = await count();
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
