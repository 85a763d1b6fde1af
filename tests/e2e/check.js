/* check.js - assertions that name what was expected and what was seen; waiting that ends; numbers. */

import assert from 'node:assert/strict';

/* Thrown by a test that can't be done here, with what it needs. */
export class Skipped extends Error {}

export function equal(seen, expected, what) {
    assert.ok(Object.is(seen, expected), `${what}: expected ${expected}, saw ${seen}`);
}

export function atLeast(seen, least, what) {
    assert.ok(seen >= least, `${what}: expected at least ${least}, saw ${seen}`);
}

export function within(seen, [least, most], what) {
    assert.ok(seen >= least && seen <= most, `${what}: expected ${least} to ${most}, saw ${seen}`);
}

export function includes(text, part, what) {
    assert.ok(text.includes(part), `${what}: expected "${part}" in "${text}"`);
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/* Polls until `probe` gives something true, and returns it. Failing says what was seen last. */
export async function until(what, probe, { within_ms = 15000, every_ms = 50 } = {}) {
    const end = performance.now() + within_ms;
    for (let seen; ; await pause(every_ms)) {
        seen = await probe();
        if (seen) return seen;
        if (performance.now() > end) assert.fail(`waited ${within_ms} ms for: ${what}; last saw ${JSON.stringify(seen)}`);
    }
}

/* The nearest-rank percentile. */
export function percentile(values, percent) {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

export const figure = (name, value, unit) => console.log(`figure ${name} ${Number.isInteger(value) ? value : value.toFixed(1)} ${unit}`);
