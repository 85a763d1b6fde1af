/* layout.test.js - the arithmetic of the pictures' places, over every number of people and many shapes of window. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grid, led, mayFill } from '../../web/room/layout.js';

const GAP = 8;
const SIZES = [
    { name: 'desktop', width: 860, height: 600 }, { name: 'wide', width: 1900, height: 900 }, { name: 'portrait', width: 374, height: 560 },
    { name: 'landscape', width: 780, height: 230 }, { name: 'small', width: 304, height: 360 },
];
const names = (count) => Array.from({ length: count }, (_, at) => `p${at}`);
const whole = ({ width, height }) => ({ x: 0, y: 0, width, height });

function holds({ rects, height }, count, size, title) {
    const all = [...rects.values()];
    assert.equal(all.length, count, `${title}: each has a place`);
    for (const { x, y, width, height: tall } of all) {
        assert.ok(x >= 0 && y >= 0 && x + width <= size.width + 1 && y + tall <= height + 1, `${title}: ${JSON.stringify({ x, y, width, tall })} is inside`);
        assert.ok(width > 0 && tall > 0, `${title}: not empty`);
    }
    all.forEach((one, at) => all.slice(at + 1).forEach((other) => assert.ok(one.x + one.width <= other.x || other.x + other.width <= one.x
        || one.y + one.height <= other.y || other.y + other.height <= one.y, `${title}: ${JSON.stringify([one, other])} do not overlap`)));
}

test('every number of people has places that do not overlap, in shapes that cut no head off', () => {
    for (const size of SIZES) {
        for (let count = 1; count <= 13; count++) {
            const placed = grid(names(count), whole(size), GAP);
            holds(placed, count, size, `${count} in ${size.name}`);
            for (const { width, height } of placed.rects.values())
                assert.ok(width / height < 16 / 9 + 0.03 && width / height > 4 / 3 - 0.03, `${count} in ${size.name}: ${width}x${height}`);
        }
    }
});

test('no other number of columns makes faces larger', () => {
    for (const size of SIZES) {
        for (let count = 1; count <= 12; count++) {
            const { rects, height } = grid(names(count), whole(size), GAP);
            if (height > size.height) continue; /* scrolls */
            const best = rects.values().next().value.height;
            for (let columns = 1; columns <= count; columns++) {
                const rows = Math.ceil(count / columns);
                const room = { width: (size.width - GAP * (columns - 1)) / columns, height: (size.height - GAP * (rows - 1)) / rows };
                assert.ok(best >= Math.floor(Math.min(room.height, room.width * 3 / 4)) - 1, `${count} in ${size.name}: ${columns} columns are better`);
            }
        }
    }
});

test('two stand beside each other in a wide window and below each other in a tall one', () => {
    const at = (size) => [...grid(names(2), whole(size), GAP).rects.values()];
    const [left, right] = at({ width: 1000, height: 400 });
    assert.ok(left.y === right.y && left.x < right.x);
    const [upper, lower] = at({ width: 374, height: 600 });
    assert.ok(upper.x === lower.x && upper.y < lower.y);
});

test('who leads is larger than all others, and the others are still to be seen', () => {
    for (const size of SIZES) {
        for (let count = 1; count <= 11; count++) {
            const placed = led('lead', names(count), size, GAP);
            holds(placed, count + 1, size, `lead and ${count} in ${size.name}`);
            const { height } = placed.rects.get('lead');
            for (const name of names(count)) assert.ok(placed.rects.get(name).height <= height, `lead and ${count} in ${size.name}`);
        }
    }
    assert.deepEqual(led('lead', [], { width: 800, height: 450 }, GAP).rects.get('lead'), { x: 0, y: 0, width: 800, height: 450 });
});

test('where there is no room for all they scroll, and stay large enough to be seen', () => {
    const { rects, height } = grid(names(12), whole({ width: 304, height: 150 }), GAP);
    assert.ok(height > 150);
    for (const tile of rects.values()) assert.ok(tile.width >= 128 && tile.height >= 95);
});

test('a camera fills its tile; a tall picture, as of a phone held upright, is shown whole', () => {
    assert.equal(mayFill({ width: 1280, height: 720 }, { width: 400, height: 300 }), true);
    assert.equal(mayFill({ width: 640, height: 480 }, { width: 320, height: 180 }), true);
    assert.equal(mayFill({ width: 720, height: 1280 }, { width: 320, height: 180 }), false);
    assert.equal(mayFill({ width: 0, height: 0 }, { width: 320, height: 180 }), true);
});
