/* Who speaks is marked in every window, by what the browsers say of their own sound: a voice moves the mark, a cough does not, and silence leaves
 * it. Who has stepped out is told nothing. */

import { equal, pause, until } from '../check.js';

/* What a person's microphone takes, as a tone that is there or not; browsers read their levels from it as from any voice. Firefox's fake
 * microphone is such a tone already. Chromium's only beeps, and one of our own takes its place; without a sound card, Firefox plays none. */
const tune = (person) => person.page.evaluate(async (isOwn) => {
    const { tracks, pc } = window.kinroom;
    if (!isOwn) {
        window.sing = (loud) => { tracks.mic.enabled = loud; };
        window.cough = (ms) => {
            window.sing(true);
            setTimeout(() => window.sing(false), ms); /* how long it lasts: nothing is waited for */
        };
        return window.sing(false);
    }
    const audio = new AudioContext();
    const tone = new OscillatorNode(audio, { frequency: 300 });
    const gain = new GainNode(audio, { gain: 0 });
    const out = new MediaStreamAudioDestinationNode(audio);
    tone.connect(gain).connect(out);
    tone.start();
    window.sing = (loud, at = audio.currentTime) => gain.gain.setValueAtTime(loud ? 0.5 : 0, at);
    /* By the clock of the sound itself, however busy the machine is. */
    window.cough = (ms) => {
        window.sing(true, audio.currentTime + 0.1);
        window.sing(false, audio.currentTime + 0.1 + ms / 1000);
    };
    return pc.getTransceivers()[0].sender.replaceTrack(out.stream.getAudioTracks()[0]);
}, person.kind === 'chromium');

const sing = (person, on) => person.page.evaluate((loud) => { window.sing(loud); }, on);

const cough = (person) => person.page.evaluate(() => { window.cough(150); });

const marked = (person) => person.page.evaluate(() => ({
    framed: [...document.querySelectorAll('#tiles [data-speaks]')].map((tile) => tile.dataset.participant),
    read: [...document.querySelectorAll('#tiles .speaks')].filter((text) => text.textContent === 'Speaking').length,
}));

const sees = async (person, speaker) => {
    await until(`${person.name} sees that ${speaker.name} speaks`, async () => (await marked(person)).framed.join() === speaker.id);
    equal((await marked(person)).read, 1, `tiles that say so to ${person.name}`);
};

const speakers = (tap, person, since) => tap.texts({ since, dir: 'out', type: 'speaker', participant: person.id });

export async function journey(stage) {
    const broker = await stage.broker();
    const { tap } = broker;
    const { therapist, client, lovedOne } = await stage.threePeople(broker);
    const all = [therapist, client, lovedOne];
    await client.agreeTo(lovedOne);
    await therapist.admit(lovedOne, client);
    for (const person of all) for (const source of ['mic', 'camera']) await person.turn(source, true);
    await Promise.all(all.map(tune));

    for (const speaker of [therapist, lovedOne, client]) {
        await sing(speaker, true);
        await Promise.all(all.map((person) => sees(person, speaker)));
        await sing(speaker, false);
        if (speaker === lovedOne) await therapist.screenshot('therapist-sees-who-speaks');
    }
    if (client.kind === 'chromium') { /* only there can it be chosen for a running page */
        await client.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
        await client.screenshot('client-sees-who-speaks-in-the-dark');
    }

    const mark = tap.mark();
    await cough(therapist);
    await pause(1500);
    await Promise.all(all.map((person) => sees(person, client)));

    await therapist.clickBeside(lovedOne, 'step-out');
    await lovedOne.isIn('stepped_out');
    const out = tap.mark();
    await sing(therapist, true);
    await sees(client, therapist);
    equal(speakers(tap, lovedOne, out).length, 0, 'times that somebody who has stepped out was told who speaks');
    equal(speakers(tap, client, mark).length > 0, true, 'that the wiretap knows the message');
}
