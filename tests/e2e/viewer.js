/* viewer.js - what somebody sees and hears of somebody else, counted in their browser: pictures as they are shown, and the browser's own counts.
 *
 * Freezes are found the same way in both browsers, from the times at which the page's video showed pictures (requestVideoFrameCallback), by the
 * rule of W3C's webrtc-stats: a gap longer than three times the mean of the last 30, and than that mean and 150 ms more. */

export const SAMPLE_MS = 250;
const RECENT = 30; /* pictures */
const LEAST_GAP_MS = 150;

/* Runs in the page. `window.watched` gives { pc, video }, the ones of the moment. Times are Unix time in ms, as Node has it. */
function probe(sample_ms) {
    const record = window.record = { shown: [], samples: [] };
    const unix = (time) => performance.timeOrigin + time;
    let video = null;

    const watch = (one) => one.requestVideoFrameCallback((time, { presentedFrames }) => {
        if (one !== video) return;
        record.shown.push([unix(time), presentedFrames]);
        watch(one);
    });

    const sample = async () => {
        const { pc, video: current } = window.watched();
        if (current && current !== video) watch(video = current);
        if (!pc) return;
        const sum = { at: unix(performance.now()), decoded: 0, height: 0, bytes: 0, lost: 0, packets: 0, nacks: 0, plis: 0, freezes: 0, frozen_s: 0,
            concealed: 0, samples: 0, audioPackets: 0 };
        const all = await pc.getStats();
        for (const stats of all.values()) {
            if (stats.type !== 'inbound-rtp' || !stats.packetsReceived) continue;
            sum.lost += stats.packetsLost ?? 0;
            sum.packets += stats.packetsReceived;
            if (stats.kind === 'video') {
                sum.decoded += stats.framesDecoded ?? 0;
                sum.height = Math.max(sum.height, stats.frameHeight ?? 0);
                sum.bytes += stats.bytesReceived;
                sum.nacks += stats.nackCount ?? 0;
                sum.plis += stats.pliCount ?? 0;
                sum.freezes += stats.freezeCount ?? 0;
                sum.frozen_s += stats.totalFreezesDuration ?? 0;
            } else {
                sum.concealed += stats.concealedSamples ?? 0;
                sum.samples += stats.totalSamplesReceived ?? (stats.totalSamplesDuration ?? 0) * 48000;
                sum.audioPackets += stats.packetsReceived;
            }
        }
        const transport = [...all.values()].find((entry) => entry.type === 'transport'); /* Firefox has none */
        const pair = all.get(transport?.selectedCandidatePairId) ?? [...all.values()].find((entry) => entry.type === 'candidate-pair' && entry.selected);
        const local = pair && all.get(pair.localCandidateId);
        sum.path = local ? (local.candidateType === 'relay' ? `turn/${local.relayProtocol ?? '?'}` : local.protocol) : 'none';
        record.samples.push(sum);
    };
    sample();
    setInterval(sample, sample_ms);
}

/* watched: a function for the page that gives { pc, video }; argument: what it gets. */
export async function startWatching(page, watched, argument) {
    await page.evaluate(`window.watched = () => (${watched})(${JSON.stringify(argument ?? null)})`);
    await page.evaluate(probe, SAMPLE_MS);
}

export const readRecord = (page) => page.evaluate(() => window.record);

/* { start, ms } of each freeze from `from` to `to`, the one that had not ended by then too. A page that was too busy to see each picture knows
 * how many it missed: those were shown in between. */
function freezes({ shown }, from, to) {
    const times = [];
    for (const [i, [time, count]] of shown.entries()) {
        const missed = i ? count - shown[i - 1][1] - 1 : 0;
        for (let k = 1; k <= missed; k++) times.push(shown[i - 1][0] + (time - shown[i - 1][0]) * k / (missed + 1));
        times.push(time);
    }
    times.push(Math.max(to, times.at(-1) ?? from));
    const found = [], recent = [];
    for (let i = 1; i < times.length; i++) {
        const gap = times[i] - times[i - 1];
        const mean = recent.reduce((sum, ms) => sum + ms, 0) / recent.length;
        const isFrozen = recent.length === RECENT && gap > Math.max(3 * mean, mean + LEAST_GAP_MS);
        const start = Math.max(times[i - 1], from), end = Math.min(times[i], to);
        if (isFrozen && end > start) found.push({ start, ms: end - start });
        if (recent.push(gap) > RECENT) recent.shift();
    }
    return found;
}

const nearest = (samples, time) => samples.reduce((best, one) => (Math.abs(one.at - time) < Math.abs(best.at - time) ? one : best));

/* Of what was seen and heard from one moment to another. */
export function judge(record, from, to) {
    const before = nearest(record.samples, from), after = nearest(record.samples, to);
    const grown = (name) => after[name] - before[name];
    const seconds = (after.at - before.at) / 1000;
    const found = freezes(record, from, to);
    const frozen_ms = found.reduce((sum, { ms }) => sum + ms, 0);
    return {
        frozen: 100 * frozen_ms / (to - from), freezes: found.length, longest_ms: Math.max(0, ...found.map(({ ms }) => ms)),
        mean_ms: found.length ? frozen_ms / found.length : 0,
        decoded: grown('decoded') / seconds, height: after.height, kbps: grown('bytes') * 8 / seconds / 1000,
        concealed: 100 * grown('concealed') / Math.max(1, grown('samples')), lost: 100 * grown('lost') / Math.max(1, grown('packets') + grown('lost')),
        nacks: grown('nacks'), plis: grown('plis'), ownFrozen: 100 * grown('frozen_s') / seconds, path: after.path,
    };
}

/* Seconds from `since` until the first `calm_ms` in which the picture moves, all sound arrives, and the link drops next to nothing; null: never.
 * drops: [{ at, dropped, carried }] of the link, over time. */
export function settledAfter(record, drops, since, to, { calm_ms = 2000, most = 0.02, mostConcealed = 0.03 } = {}) {
    const found = freezes(record, since, to);
    for (let start = since; start + calm_ms <= to; start += SAMPLE_MS) {
        const end = start + calm_ms;
        const a = nearest(record.samples, start), b = nearest(record.samples, end), c = nearest(drops, start), d = nearest(drops, end);
        const dropped = d.dropped - c.dropped, carried = d.carried - c.carried;
        const isCalm = dropped <= most * (dropped + carried) && b.concealed - a.concealed <= mostConcealed * (b.samples - a.samples)
            && b.decoded > a.decoded && !found.some((one) => one.start < end && one.start + one.ms > start);
        if (isCalm) return (start - since) / 1000;
    }
    return null;
}

/* Seconds from `since` until pictures come as often as before it, over the next second; null: never. */
export function recoveredAfter({ shown }, since, to, usualFps) {
    const count = (from) => shown.filter(([time]) => time >= from && time < from + 1000).length;
    for (const [time] of shown) if (time >= since && time + 1000 <= to && count(time) >= 0.8 * usualFps) return (time - since) / 1000;
    return null;
}
