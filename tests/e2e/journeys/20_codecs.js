/* Each codec that a clinic may prefer, from one browser's encoder to another's decoder: pictures come, in that codec, and at no more than their
 * lowest layer's size until there is bandwidth for more. */

import { equal, until } from '../check.js';

const CODECS = { chromium: ['h264', 'vp9', 'av1'], firefox: ['vp9'] }; /* VP8 is every other journey's; Debian's Firefox has no H.264 */

/* What this person's browser decodes of the other's camera. */
const codecOf = (person, other) => person.page.evaluate(async (participant) => {
    const { pc, slots } = window.kinroom;
    for (const transceiver of pc.getTransceivers()) {
        const slot = slots.get(transceiver.mid);
        if (slot?.participant !== participant || slot.source !== 'camera') continue;
        const stats = await transceiver.receiver.getStats();
        const inbound = [...stats.values()].find(({ type, framesDecoded }) => type === 'inbound-rtp' && framesDecoded > 0);
        if (inbound) return { codec: stats.get(inbound.codecId)?.mimeType.toLowerCase(), height: inbound.frameHeight };
    }
    return null;
}, other.id);

export async function journey(stage) {
    for (const codec of CODECS[stage.browser.kinds[0]]) {
        const broker = await stage.broker({ options: { '--video-codecs': `${codec},vp8` } });
        const therapist = await stage.browser.join('therapist', await broker.invite('p-therapist'), 'session');
        const client = await stage.browser.join('client', await broker.invite('p-client'), 'session');
        for (const person of [therapist, client]) for (const source of ['mic', 'camera']) await person.turn(source, true);
        await Promise.all([therapist.seesAndHears(client), client.seesAndHears(therapist)]);
        equal((await codecOf(client, therapist)).codec, `video/${codec}`, 'what the client decodes');
        equal((await codecOf(therapist, client)).codec, `video/${codec}`, 'what the therapist decodes');
        /* With the bandwidth of a loopback the whole picture comes, by a change of layers or two; and it goes on. */
        const { height } = await therapist.page.evaluate(() => window.kinroom.tracks.camera.getSettings());
        await until(`the client sees the therapist's ${height} lines`, async () => (await codecOf(client, therapist)).height === height, { within_ms: 40000 });
        await client.sees(therapist, { frames: 30 });
        await stage.browser.partWithAll();
    }
}
