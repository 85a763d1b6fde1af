/* banner.test.js - who shares a line of the banner: nobody is left out, and no line ends before one of those it names. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOf } from '../../web/room/banner_lines.js';

const guest = (name, until, mode = 'full') => ({ name, until, mode });
const said = (guests) => linesOf(guests).map(({ reach, people, until }) => `${people.map(({ name }) => name).join('+')} ${reach} ${until}`);

test('those who may do the same until the same minute share a line', () => {
    assert.deepEqual(said([]), []);
    assert.deepEqual(said([guest('Sam', 600), guest('Kim', 630)]), ['Sam+Kim full 630']);
    assert.deepEqual(said([guest('Sam', 600), guest('Kim', 660), guest('Lee', 600, 'listen')]), ['Sam full 600', 'Kim full 660', 'Lee audio 600']);
    assert.deepEqual(said([guest('Sam', 600, 'watch'), guest('Kim', 600)]), ['Sam+Kim full 600']);
});

test('a dozen have a line for each thing they may do, until the last of them', () => {
    const many = Array.from({ length: 12 }, (_, at) => guest(`p${at}`, 600 + 60 * at, at % 2 ? 'full' : 'audio'));
    const lines = linesOf(many);
    assert.deepEqual(lines.map(({ reach, until }) => `${reach} ${until}`), ['audio 1200', 'full 1260']);
    assert.equal(lines.flatMap(({ people }) => people).length, 12);
});

test('one without an end leaves the line without an end', () => {
    assert.deepEqual(said([guest('Sam', null)]), ['Sam full null']);
    assert.deepEqual(said([...Array(3).keys()].map((at) => guest(`p${at}`, 60 * (at + 1))).concat(guest('Sam', null))), ['p0+p1+p2+Sam full null']);
});
