/* captions.test.js - captions with a browser's class that we play: what starts, on what, and that nothing ever starts that is not on the device. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Captions } from '../../web/room/captions.js';

/* found: what the browser says of each language. */
function browser({ found = { 'en-US': 'available' }, isLocal = true, keeps = true, installs = true } = {}) {
    const started = [];
    class Recognition {
        static installed = false;

        static async available({ langs: [language], processLocally }) {
            assert.equal(processLocally, true);
            return this.installed ? 'available' : found[language] ?? 'unavailable';
        }

        static async install({ processLocally }) {
            assert.equal(processLocally, true);
            this.installed = installs;
            return installs;
        }

        start(track) {
            started.push({ recogniser: this, track });
        }

        abort() {
            this.isAborted = true;
            this.onend?.();
        }

        say(text, isFinal = false) {
            this.onresult({ resultIndex: 0, results: [Object.assign([{ transcript: text }], { isFinal })] });
        }
    }
    if (isLocal)
        Object.defineProperty(Recognition.prototype, 'processLocally', { get() { return this.local ?? false; }, set(value) { if (keeps) this.local = value; } });
    return { Recognition, started };
}

const voice = (participant, id = `track of ${participant}`) => ({ participant, name: participant.toUpperCase(), track: { id, readyState: 'live' } });

async function on(options, heard = [voice('sam'), voice('alex')], tag = 'en-US') {
    const { Recognition, started } = browser(options);
    const captions = new Captions(Recognition, () => {});
    await captions.check(tag);
    await captions.turnOn();
    captions.follow(heard);
    return { captions, started, Recognition };
}

const read = ({ lines }) => lines.map(({ name, text }) => `${name}: ${text}`);

test('each who is heard has a recogniser of their own, on this device, and their name beside their words', async () => {
    const { captions, started } = await on();
    assert.deepEqual(started.map(({ track, recogniser }) => [track.id, recogniser.processLocally, recogniser.lang]),
        [['track of sam', true, 'en-US'], ['track of alex', true, 'en-US']]);
    started[0].recogniser.say('good mor');
    started[1].recogniser.say('hello', true);
    started[0].recogniser.say('good morning', true);
    started[0].recogniser.say('all');
    assert.deepEqual(read(captions), ['SAM: good morning', 'ALEX: hello', 'SAM: all']);
});

test('nothing starts where the browser can\'t do it on the device', async () => {
    for (const options of [{ isLocal: false }, { found: {} }, { keeps: false }]) {
        const { captions, started } = await on(options);
        assert.equal(started.length, 0, JSON.stringify(options));
        assert.equal(captions.state, 'off');
        assert.ok(['browser', 'language', 'failed'].includes(captions.why));
    }
    const captions = new Captions(undefined, () => {});
    await captions.check('en-US');
    assert.deepEqual([captions.canBeOn, captions.why], [false, 'browser']);
    await captions.turnOn();
    assert.equal(captions.state, 'off');
});

test('they are off until they are turned on, and nobody is listened to', async () => {
    const { Recognition, started } = browser();
    const captions = new Captions(Recognition, () => {});
    await captions.check('en-US');
    captions.follow([voice('sam')]);
    assert.equal(started.length, 0);
});

test('a language that the browser has to fetch first is fetched to the device', async () => {
    const { captions, started, Recognition } = await on({ found: { 'es-MX': 'unavailable', 'es-ES': 'downloadable' } }, [voice('sam')], 'es-MX');
    assert.equal(Recognition.installed, true);
    assert.equal(captions.state, 'on');
    assert.equal(started[0].recogniser.lang, 'es-ES');
    const failed = await on({ found: { 'en-US': 'downloadable' }, installs: false });
    assert.deepEqual([failed.captions.state, failed.captions.why, failed.started.length], ['off', 'failed', 0]);
});

test('whose slot goes to somebody else is listened to no more, and what is said then is not theirs', async () => {
    const { captions, started } = await on({}, [voice('sam', 't1')]);
    captions.follow([voice('kim', 't1')]);
    assert.equal(started[0].recogniser.isAborted, true);
    started[0].recogniser.say('too late');
    started[1].recogniser.say('it is me');
    assert.deepEqual(read(captions), ['KIM: it is me']);
    captions.follow([]);
    assert.equal(started[1].recogniser.isAborted, true);
});

test('off: nobody is listened to, and nothing that was said is there', async () => {
    const { captions, started } = await on();
    started[0].recogniser.say('in confidence', true);
    captions.turnOff();
    assert.ok(started.every(({ recogniser }) => recogniser.isAborted));
    assert.deepEqual(captions.lines, []);
    captions.follow([voice('sam')]);
    assert.equal(started.length, 2);
});

test('only the last lines are there', async () => {
    const { captions, started } = await on({}, [voice('sam')]);
    for (let at = 0; at < 10; at++) started[0].recogniser.say(`line ${at}`, true);
    assert.deepEqual(read(captions), ['SAM: line 6', 'SAM: line 7', 'SAM: line 8', 'SAM: line 9']);
});

test('one that ends by itself begins again, while the captions are on', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const { captions, started } = await on({}, [voice('sam')]);
    started[0].recogniser.onend();
    context.mock.timers.tick(1000);
    assert.equal(started.length, 2);
    started[1].recogniser.onend();
    captions.turnOff();
    context.mock.timers.tick(1000);
    assert.equal(started.length, 2);
});
