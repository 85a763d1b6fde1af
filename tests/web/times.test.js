/* times.test.js - the clocks of two places. The machine's own zone is set before anything reads it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

process.env.TZ = 'America/New_York';
const { atElsewhere } = await import('../../web/common/times.js');

const AT = { morning: Date.UTC(2026, 11, 1, 15, 23) / 1000, night: Date.UTC(2026, 11, 1, 5, 23) / 1000 };

test('another clock is told whenever it shows another hour, on the same day or not', () => {
    for (const [unix_s, hour, time] of [[AT.morning, 9, /^0?9:23/], [AT.night, 11, /^11:23/]]) {
        const there = atElsewhere(unix_s, 'America/Chicago');
        assert.match(there?.time ?? 'nothing', time);
        assert.equal(there.count, hour);
    }
});

test('the same clock is not told twice, nor one that nobody named', () => {
    for (const zone of ['America/New_York', 'America/Detroit', null]) assert.equal(atElsewhere(AT.morning, zone), null);
});
