/* How fast the gate opens and shuts: 24 rounds of admit and step out on one connection, without a new offer.
 *
 * First frame: from the therapist's click to the first frame that the loved one's browser decoded, on one clock (both pages' time
 * origin counts from the same machine's). Last packet: by the broker's socket, against the acknowledgement that it wrote. */

import { atLeast, equal, figure, pause, percentile, until } from '../check.js';
import { isMedia } from '../wiretap.js';

export const alone = true;
export const only = 'chromium'; /* it measures the broker, by an interface for frames that no other browser has */

const ROUNDS = 24;
const QUIET_MS = 400;
const NS_PER_MS = 1e6;
const FIRST_FRAME_MOST_MS = 1000; /* far above the aim: a round that misses it is broken, not slow */

/* Keeps the time of every video frame that any of the page's tracks decodes. */
const watchFrames = (page) => page.evaluate(() => {
    window.framesAt = [];
    for (const { receiver, direction } of window.kinroom.pc.getTransceivers()) {
        if (direction !== 'recvonly' || receiver.track.kind !== 'video') continue;
        const frames = new MediaStreamTrackProcessor({ track: receiver.track }).readable.getReader();
        (async () => {
            for (let next; !(next = await frames.read()).done; next.value.close())
                window.framesAt.push(performance.timeOrigin + performance.now());
        })();
    }
});

/* Presses the button and tells when, by the page's clock. */
const press = (page, selector) => page.evaluate((where) => {
    const at = performance.timeOrigin + performance.now();
    document.querySelector(where).click();
    return at;
}, selector);

async function admitRound({ therapist, lovedOne }) {
    const beside = `#people [data-participant="${lovedOne.id}"]`;
    await therapist.waitFor(`${beside} [data-action="admit"]:not([disabled])`);
    const clicked = await press(therapist.page, `${beside} [data-action="admit"]`);
    const first = await until('a first frame', () => lovedOne.page.evaluate((since) => window.framesAt.find((at) => at > since), clicked),
        { within_ms: 5000, every_ms: 20 });
    return first - clicked;
}

/* From the step_out's arrival at the broker to the last packet to them (0: there was none after it), and what came after the
 * acknowledgement. */
async function stepOutRound({ tap, therapist, client, lovedOne }) {
    const beside = `#people [data-participant="${lovedOne.id}"]`;
    await therapist.waitFor(`${beside} [data-action="step-out"]`);
    const since = tap.mark();
    await press(therapist.page, `${beside} [data-action="step-out"]`);
    await lovedOne.isIn('stepped_out');
    await pause(QUIET_MS);
    const asked = tap.texts({ since, dir: 'in', type: 'step_out', participant: therapist.id })[0];
    const done = tap.texts({ since, dir: 'out', type: 'done', participant: therapist.id }).find(({ text }) => text.id === asked.text.id);
    const theirs = new Map([therapist, client].map((other) => [other.id, tap.slotsShowing(other.id, lovedOne.id)]));
    const concerns = (event) => event.dir === 'out' && isMedia(event) && (tap.participantAt(event.peer) === lovedOne.id
        || (event.kind === 'rtp' && theirs.get(tap.participantAt(event.peer))?.has(event.ssrc)));
    const last = tap.events.slice(0, done.index).findLast(concerns);
    return {
        late: tap.events.slice(done.index).filter(concerns).length,
        last_ms: Math.max(0, (last.t - asked.t) / NS_PER_MS),
        done_ms: (done.t - asked.t) / NS_PER_MS,
    };
}

export async function journey(stage) {
    const broker = await stage.broker();
    const people = { tap: broker.tap, ...await stage.threePeople(broker) };
    const { tap, therapist, client, lovedOne } = people;
    for (const person of [therapist, client]) for (const source of ['mic', 'camera']) await person.turn(source, true);
    await Promise.all([therapist.seesAndHears(client), client.seesAndHears(therapist)]);
    await watchFrames(lovedOne.page);

    const firstFrames = [];
    const steps = [];
    for (let round = 0; round < ROUNDS; round++) {
        if (await client.page.$(`#requests [data-participant="${lovedOne.id}"]`)) await client.clickRequest(lovedOne, 'agree-yes');
        firstFrames.push(await admitRound(people));
        if (round === 0) await lovedOne.sees(client);
        await lovedOne.turn('mic', true);
        await lovedOne.turn('camera', true);
        await therapist.sees(lovedOne, { frames: 3 });
        steps.push(await stepOutRound(people));
    }

    const late = steps.reduce((sum, step) => sum + step.late, 0);
    const lasts = steps.map(({ last_ms }) => last_ms);
    figure('step_in_first_frame_p50', percentile(firstFrames, 50), 'ms');
    figure('step_in_first_frame_p99', percentile(firstFrames, 99), 'ms');
    figure('step_out_last_packet_p50', percentile(lasts, 50), 'ms');
    figure('step_out_last_packet_p99', percentile(lasts, 99), 'ms');
    for (const percent of [50, 99])
        figure(`step_out_acknowledged_p${percent}`, percentile(steps.map(({ done_ms }) => done_ms), percent), 'ms');
    figure('step_out_late_packets', late, 'packets');
    figure('step_rounds', ROUNDS, 'count');

    equal(late, 0, `packets to or of the loved one after the acknowledgement of a step-out, in ${ROUNDS} rounds`);
    atLeast(FIRST_FRAME_MOST_MS, percentile(firstFrames, 50), 'the median time to a first frame, in ms');
    for (const person of [therapist, client, lovedOne])
        for (const { offers, answers } of tap.streamsOf(person.id)) {
            equal(offers, 1, `offers of the ${person.name}`);
            equal(answers, 1, `answers to the ${person.name}`);
        }
}
