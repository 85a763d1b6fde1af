/* Captions, in real browsers. Their own class of recogniser is watched: one that would send what is said to a service is never started, whatever the
 * browser can do. A class that we play, which works on the device, shows what the area does: names, and nothing kept once somebody is out. */

import { equal, includes, until } from '../check.js';

/* Before the page's own scripts. Each start of the browser's own is written down, with whether it was to be on the device. */
function watchTheirOwn() {
    window.starts = [];
    for (const name of ['SpeechRecognition', 'webkitSpeechRecognition']) {
        const own = window[name];
        if (!own || own.prototype.isWatched) continue;
        own.prototype.isWatched = true;
        own.prototype.start = function start() {
            window.starts.push(this.processLocally === true);
        };
    }
}

function playOurOwn() {
    window.started = [];
    window.SpeechRecognition = class {
        static available = async ({ processLocally }) => (processLocally ? 'available' : 'unavailable');

        #isLocal = false;

        get processLocally() { return this.#isLocal; }

        set processLocally(yes) { this.#isLocal = yes; }

        start(track) { window.started.push({ recogniser: this, id: track.id, isLocal: this.#isLocal }); }

        abort() { this.isAborted = true; }
    };
}

const isOn = (person) => person.page.$eval('#option-captions', (node) => !node.hidden && node.ariaChecked === 'true');

/* As somebody says it. */
const say = (person, other, text) => person.page.evaluate((participant, words) => {
    const { id } = window.kinroom.trackOf(participant, 'mic');
    const { recogniser } = window.started.findLast((entry) => entry.id === id && !entry.recogniser.isAborted);
    recogniser.onresult({ resultIndex: 0, results: [Object.assign([{ transcript: words }], { isFinal: true })] });
}, other.id, text);

const lines = (person) => person.page.$$eval('#caption-lines li', (all) => all.map((line) => line.textContent).join('|'));

async function theirOwnIsNeverTheCloud(therapist) {
    await therapist.click('[data-toggles="options"]');
    await until('the page says what there is', async () => (await therapist.text('#captions-why')) !== '');
    if (await therapist.page.$eval('#option-captions', (node) => node.hidden)) {
        includes(await therapist.text('#captions-why'), 'never sent to a service', 'why there are none');
    } else {
        await therapist.click('#option-captions');
        await until('they are on, or the browser could not', async () => (await isOn(therapist)) || (await therapist.text('#captions-why')).includes('could not'));
    }
    equal(await therapist.page.evaluate(() => window.starts.filter((isLocal) => !isLocal).length), 0, 'recognisers of the browser started in the cloud');
}

export async function journey(stage) {
    const broker = await stage.broker();
    const therapist = await stage.browser.join('therapist', await broker.invite('p-therapist'), 'session', { before: watchTheirOwn });
    const client = await stage.browser.join('client', await broker.invite('p-client'), 'session');
    const lovedOne = await stage.browser.join('loved one', await broker.invite('p-sam'), 'waiting', { before: playOurOwn });
    await therapist.admit(lovedOne, client);
    for (const person of [therapist, client, lovedOne]) await person.turn('mic', true);
    await Promise.all([lovedOne.hears(therapist), lovedOne.hears(client), therapist.hears(client)]);
    await theirOwnIsNeverTheCloud(therapist);

    equal(await lovedOne.page.evaluate(() => window.started.length), 0, 'recognisers started before anybody asked for captions');
    await lovedOne.click('[data-toggles="options"]');
    await lovedOne.click('#option-captions');
    await lovedOne.waitFor('#captions');
    await until('the two who are heard are listened to', () => lovedOne.page.evaluate(() => window.started.length === 2));
    equal(await lovedOne.page.evaluate(() => window.started.every(({ isLocal }) => isLocal)), true, 'that all is done on the device');
    await say(lovedOne, client, 'I am glad that you came.');
    await say(lovedOne, therapist, 'So am I.');
    await until('the captions name who said what', async () => (await lines(lovedOne)) === 'Alex I am glad that you came.|Dr. Rivera So am I.');
    await lovedOne.screenshot('loved-one-captions');

    await client.click('#stop');
    await lovedOne.isIn('stepped_out');
    equal(await lovedOne.page.evaluate(() => window.started.every(({ recogniser }) => recogniser.isAborted)), true, 'that nobody is listened to');
    includes(await lovedOne.page.evaluate(() => `[${document.getElementById('captions').textContent.trim()}]`), 'Captions', 'the area');
    equal(await lines(lovedOne), '', 'what is left of what was said');
    await therapist.admit(lovedOne, client);
    equal(await lovedOne.page.$eval('#captions', (node) => node.hidden), true, 'that captions are off again');
}
