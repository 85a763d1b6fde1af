/* networks.js - what somebody on a bad network sees and hears of somebody on a good one, in real browsers: node networks.js
 *
 * Prints a table and the figures; judges nothing by itself. */

import { Broker } from './broker.js';
import { figure, pause } from './check.js';
import { LossyNetwork, RELAY } from './lossy.js';
import { Browser } from './people.js';

const NETWORKS = {
    loss0: { loss: 0, delay_ms: 50 },
    loss1: { loss: 0.01, delay_ms: 50 },
    loss5: { loss: 0.05, delay_ms: 50 },
    loss10: { loss: 0.1, delay_ms: 50 },
};
const SETTLE_MS = 5000;
const MEASURE_MS = 15000;

/* Of all that a browser receives: sums over its streams. */
const receivedBy = (person) => person.page.evaluate(async () => {
    const sum = { freezes: 0, frozen_s: 0, frames: 0, concealed: 0, samples: 0, nacks: 0, plis: 0, lost: 0, packets: 0 };
    for (const stats of (await window.kinroom.pc.getStats()).values()) {
        if (stats.type !== 'inbound-rtp' || !stats.packetsReceived) continue;
        sum.freezes += stats.freezeCount ?? 0;
        sum.frozen_s += stats.totalFreezesDuration ?? 0;
        sum.frames += stats.framesDecoded ?? 0;
        sum.concealed += (stats.concealedSamples ?? 0) - (stats.silentConcealedSamples ?? 0);
        sum.samples += stats.totalSamplesReceived ?? 0;
        sum.nacks += stats.nackCount ?? 0;
        sum.plis += stats.pliCount ?? 0;
        sum.lost += stats.packetsLost;
        sum.packets += stats.packetsReceived;
    }
    return sum;
});

async function measure(browser, path) {
    const broker = await Broker.start({ options: { '--delivery': 'outbox', '--advertise-addresses': RELAY } });
    const network = await LossyNetwork.start(broker.udpPort, path);
    try {
        const therapist = await browser.join('therapist', await broker.invite('p-therapist'), 'session');
        network.spare();
        const client = await browser.join('client', await broker.invite('p-client'), 'session');
        for (const person of [therapist, client]) for (const source of ['mic', 'camera']) await person.turn(source, true);
        await pause(SETTLE_MS);
        const before = await receivedBy(client);
        await pause(MEASURE_MS);
        const after = await receivedBy(client);
        return Object.fromEntries(Object.keys(after).map((name) => [name, after[name] - before[name]]));
    } finally {
        await browser.partWithAll();
        network.stop();
        await broker.stop();
        broker.clean();
    }
}

const browser = await Browser.start();
try {
    console.log('network   frozen %   freezes   frames/s   concealed %   asked again   keyframes asked');
    for (const [name, path] of Object.entries(NETWORKS)) {
        const seen = await measure(browser, path);
        const frozen = (100 * seen.frozen_s * 1000) / MEASURE_MS, concealed = (100 * seen.concealed) / seen.samples;
        console.log([name.padEnd(9), frozen.toFixed(2).padStart(8), seen.freezes, (seen.frames * 1000 / MEASURE_MS).toFixed(1), concealed.toFixed(2), seen.nacks,
            seen.plis].join('   '));
        figure(`${name}_frozen_percent`, frozen, '%');
        figure(`${name}_concealed_percent`, concealed, '%');
    }
} finally {
    await browser.stop();
}
