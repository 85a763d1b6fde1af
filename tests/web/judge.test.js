/* judge.test.js - what is said of a connection, from counts that are told; time moves as the test says. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Judge } from '../../web/room/judge.js';

const EACH_MS = 2000;

/* Sound and picture of two others, who send 50 and 30 a second. change(sample, at_ms): what goes wrong. -> all that was said */
function listen(seconds, change = () => {}) {
    const judge = new Judge();
    const said = [];
    const count = { lost: 0 };
    const flow = (participant, kind, at_ms) => ({
        key: `${participant} ${kind}`, participant, kind, received: Math.round(at_ms / 1000 * (kind === 'audio' ? 50 : 30)), lost: 0, frames: at_ms,
    });
    for (let at_ms = 0; at_ms <= seconds * 1000; at_ms += EACH_MS) {
        const flows = ['sam', 'alex'].flatMap((name) => ['audio', 'video'].map((kind) => flow(name, kind, at_ms)));
        const sample = { at_ms, rtt_ms: 40, flows, paused: false, isSeen: true };
        change(sample, at_ms, count);
        said.push(judge.look(sample));
    }
    return said;
}

const words = (said) => [...new Set(said.map(({ mine }) => mine))];
const weak = (said) => [...new Set(said.flatMap((one) => [...one.weak]))];

test('nothing is said of a good connection', () => {
    const said = listen(60);
    assert.deepEqual(words(said), [null]);
    assert.deepEqual(weak(said), []);
});

test('all pictures held back is my own connection, once it lasts', () => {
    const said = listen(20, (sample) => { sample.paused = true; });
    assert.equal(said[0].mine, null);
    assert.equal(said.at(-1).mine, 'paused');
});

test('much lost sound is my own connection, a little is not', () => {
    const losing = (part) => (sample, at_ms) => {
        for (const flow of sample.flows) flow.lost = Math.round(flow.received * part);
    };
    assert.deepEqual(words(listen(20, losing(0.03))), [null]);
    assert.equal(listen(20, losing(0.15)).at(-1).mine, 'weak');
});

test('a round trip of more than a second is, too', () => {
    assert.equal(listen(20, (sample) => { sample.rtt_ms = 1200; }).at(-1).mine, 'weak');
});

test('what is said stays for a while, and goes', () => {
    const said = listen(60, (sample, at_ms) => { sample.paused = at_ms < 10_000; });
    const at = (seconds) => said[seconds * 1000 / EACH_MS].mine;
    assert.deepEqual([at(8), at(20), at(40)], ['paused', 'paused', null]);
});

test('whose picture stands still while all else comes has a weak connection', () => {
    const said = listen(20, (sample, at_ms) => {
        const { key } = sample.flows[1];
        sample.flows.find((flow) => flow.key === key).frames = Math.min(at_ms, 8000);
    });
    assert.deepEqual(weak(said), ['sam']);
    assert.deepEqual(words(said), [null]);
});

test('when nothing comes from anybody it is mine, and nobody else is blamed', () => {
    const said = listen(30, (sample, at_ms) => {
        for (const flow of sample.flows) Object.assign(flow, { received: Math.min(flow.received, 400), frames: Math.min(at_ms, 8000) });
    });
    assert.equal(said.at(-1).mine, 'weak');
    assert.deepEqual(weak(said), []);
});

test('a page that is not seen decodes no pictures, which is nobody\'s connection', () => {
    const said = listen(30, (sample, at_ms) => {
        sample.isSeen = false;
        for (const flow of sample.flows) flow.frames = Math.min(at_ms, 4000);
    });
    assert.deepEqual([words(said), weak(said)], [[null], []]);
});
