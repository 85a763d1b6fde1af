/* crowd.test.js - who has a tile, and whose is large. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseTiles, leadOf } from '../../web/room/crowd.js';

const person = (participant, role = 'loved_one', sending = []) => ({ participant, role, sending, hand: false });
const crowd = (count, role) => Array.from({ length: count }, (_, at) => person(`p${at}`, role));
const session = (changes = {}) => ({
    welcome: { kind: 'family' }, role: 'client', speaker: null, trackOf: () => null, isPaused: () => false, ...changes,
});
const ids = (people) => people.map(({ participant }) => participant).join();

test('up to twelve have a tile each, in the order of the room', () => {
    const { shown, counted } = chooseTiles(crowd(12), session());
    assert.equal(ids(shown), ids(crowd(12)));
    assert.equal(counted, 0);
});

test('of more, those who lead, speak or show themselves; the rest is counted', () => {
    const all = [...crowd(20), person('t', 'therapist'), person('c', 'loved_one', ['camera'])];
    const { shown, counted } = chooseTiles(all, session({ speaker: 'p19' }));
    assert.equal(shown.length, 12);
    assert.equal(counted, 10);
    for (const wanted of ['t', 'c', 'p19']) assert.ok(ids(shown).split(',').includes(wanted), wanted);
});

test('in a workshop whoever listens is counted, and not shown', () => {
    const all = [person('t', 'therapist'), ...crowd(40)];
    const listening = chooseTiles(all, session({ welcome: { kind: 'workshop' }, role: 'loved_one' }));
    assert.equal(ids(listening.shown), 't');
    assert.equal(listening.counted, 40);
    const asking = chooseTiles(all, session({ welcome: { kind: 'workshop' }, role: 'loved_one', speaker: 'p7' }));
    assert.equal(ids(asking.shown), 't,p7');
});

test('a raised hand in a workshop is a tile to the therapist alone', () => {
    const all = [{ ...person('p0'), hand: true }, person('p1')];
    assert.equal(ids(chooseTiles(all, session({ welcome: { kind: 'workshop' }, role: 'therapist' })).shown), 'p0');
    assert.equal(ids(chooseTiles(all, session({ welcome: { kind: 'workshop' }, role: 'loved_one' })).shown), '');
});

test('a shared screen leads, whatever the reader chose', () => {
    const shown = [person('a'), person('b', 'client', ['camera', 'screen'])];
    assert.deepEqual(leadOf(shown, session({ speaker: 'a' }), 'speaker', null), { participant: 'b', source: 'screen' });
    assert.deepEqual(leadOf(shown, session(), 'grid', null), { participant: 'b', source: 'screen' });
});

test('who speaks leads where the reader wants that, and stays while somebody speaks who has no tile', () => {
    const shown = [person('a'), person('b')];
    assert.equal(leadOf(shown, session({ speaker: 'b' }), 'grid', null), null);
    assert.equal(leadOf(shown, session({ speaker: 'b' }), 'speaker', null).participant, 'b');
    assert.equal(leadOf(shown, session({ speaker: 'me' }), 'speaker', 'b').participant, 'b');
    assert.equal(leadOf(shown, session(), 'speaker', null).participant, 'a');
    assert.equal(leadOf([person('a')], session({ speaker: 'a' }), 'speaker', null), null);
});

test('in a workshop the presenter is large, also beside a loved one who speaks', () => {
    const shown = [person('p1'), person('t', 'therapist', ['camera']), person('u', 'therapist')];
    const workshop = { welcome: { kind: 'workshop' }, role: 'loved_one' };
    assert.equal(leadOf(shown, session({ ...workshop, speaker: 'p1' }), 'grid', null).participant, 't');
    assert.equal(leadOf(shown, session({ ...workshop, speaker: 'u' }), 'grid', null).participant, 'u');
    assert.equal(leadOf(shown, session({ ...workshop, role: 'therapist' }), 'grid', null), null);
});
