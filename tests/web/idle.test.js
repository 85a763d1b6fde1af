/* idle.test.js - a staff page that is left alone logs off; never in a session, never for anybody else. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { watchIdle } from '../../web/console/idle.js';

const QUARTER_MS = 15 * 60 * 1000;

let listeners = {}, loggedOff = 0;

beforeEach(() => {
    mock.timers.enable({ apis: ['setInterval', 'Date'] });
    listeners = {};
    loggedOff = 0;
    globalThis.addEventListener = (name, listener) => { listeners[name] = listener; };
});

afterEach(() => {
    mock.timers.reset();
    delete globalThis.addEventListener;
});

function watched(session) {
    watchIdle(session, () => { loggedOff++; });
    return session;
}

test('a therapist who has left is logged off after a quarter of an hour', () => {
    watched({ role: 'therapist', phase: 'over' });
    mock.timers.tick(QUARTER_MS - 20_000);
    assert.equal(loggedOff, 0);
    mock.timers.tick(40_000);
    assert.ok(loggedOff > 0);
});

test('somebody who moves the mouse or types is there', () => {
    watched({ role: 'therapist', phase: 'over' });
    for (const sign of ['pointerdown', 'keydown', 'wheel', 'touchstart']) {
        mock.timers.tick(QUARTER_MS - 20_000);
        listeners[sign]();
    }
    mock.timers.tick(QUARTER_MS - 20_000);
    assert.equal(loggedOff, 0);
});

test('never in a session, nor while it is being mended', () => {
    const session = watched({ role: 'therapist', phase: 'joined' });
    for (const phase of ['joined', 'retrying', 'connecting', 'code', 'elsewhere']) {
        session.phase = phase;
        mock.timers.tick(8 * QUARTER_MS);
    }
    assert.equal(loggedOff, 0);
    session.phase = 'over'; /* and from then on the whole quarter */
    mock.timers.tick(QUARTER_MS - 20_000);
    assert.equal(loggedOff, 0);
    mock.timers.tick(40_000);
    assert.ok(loggedOff > 0);
});

test('clients and loved ones keep their page', () => {
    watched({ role: 'client', phase: 'over' });
    watched({ role: 'loved_one', phase: 'over' });
    watched({ role: null, phase: 'idle' });
    mock.timers.tick(8 * QUARTER_MS);
    assert.equal(loggedOff, 0);
});
