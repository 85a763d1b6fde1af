/* entry.test.js - what the check and the waiting room judge by: a voice, a few requests, the path that media takes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browserFamily } from '../../web/common/browser.js';
import { VoiceJudge } from '../../web/entry/level.js';
import { PathJudge, verdictOfRequests } from '../../web/entry/verdict.js';
import { pathOf } from '../../web/sdk/path.js';

/* Every 100 ms. */
const voices = (levels) => {
    const judge = new VoiceJudge();
    return levels.map((level, at) => judge.look(level, at * 100));
};
const times = (count, value) => Array.from({ length: count }, () => value);

test('a voice is heard, and stays heard in the silence after it', () => {
    assert.deepEqual(voices([0.001, 0.05, 0.05, 0.05, 0.05, ...times(60, 0)]).slice(-1), ['heard']);
    assert.equal(voices([0.001, 0.05, 0, 0.05, 0.05, 0, 0.05]).at(-1), 'heard'); /* with the pauses between words */
});

test('a quiet room is nothing after four seconds, not before; and a single knock is no voice', () => {
    const quiet = voices([0.002, 0.2, 0.2, ...times(60, 0.002)]);
    assert.equal(quiet[39], 'listening');
    assert.equal(quiet[40], 'nothing');
    assert.ok(!quiet.includes('heard'));
});

test('what can’t be measured is not called silence', () => {
    assert.equal(voices(times(50, null)).at(-1), 'unknown');
});

test('whoever was not heard at first is heard later', () => {
    assert.equal(voices([...times(50, 0), ...times(4, 0.05)]).at(-1), 'heard');
});

test('requests: good, slow, and not at all', () => {
    assert.equal(verdictOfRequests([900, 40, 50, 60, 45, 50]), 'good'); /* the first made the connection */
    assert.equal(verdictOfRequests([900, 500, 600, 400, 500, 450]), 'slow');
    assert.equal(verdictOfRequests([900, 40, null, 60, 45, 50]), 'good');
    assert.equal(verdictOfRequests([900, 40, null, null, 45, 50]), 'slow');
    assert.equal(verdictOfRequests(times(6, null)), 'unreachable');
    assert.equal(verdictOfRequests([50, null, null, null, null, null]), 'slow');
});

const path = (changes) => ({ route: 'udp', overTcp: false, roundTrip_ms: 40, checksSent: null, checksAnswered: null, ...changes });

/* Every two seconds; the last word. */
const verdictOf = (paths) => {
    const judge = new PathJudge();
    return paths.map((one, at) => judge.look(one, 1e6 + at * 2000)).at(-1);
};

test('a path is good, or slow for its round trip, for TCP, for what is lost', () => {
    assert.equal(verdictOf([path()]), 'good');
    assert.equal(verdictOf([path({ route: 'relay' })]), 'good');
    assert.equal(verdictOf([path({ roundTrip_ms: null })]), 'good');
    assert.equal(verdictOf([path({ route: 'tcp', overTcp: true })]), 'slow');
    assert.equal(verdictOf(times(3, path({ roundTrip_ms: 400 }))), 'slow');
    assert.equal(verdictOf([path({ roundTrip_ms: 30 }), path({ roundTrip_ms: 900 }), path({ roundTrip_ms: 40 })]), 'good');
    assert.equal(verdictOf([path({ checksSent: 10, checksAnswered: 4 }), path({ checksSent: 30, checksAnswered: 23 })]), 'good');
    assert.equal(verdictOf([path({ checksSent: 10, checksAnswered: 10 }), path({ checksSent: 30, checksAnswered: 20 })]), 'slow');
});

test('no path for twelve seconds is a network that lets nothing through, and one that comes ends that', () => {
    assert.equal(verdictOf(times(6, null)), 'checking');
    assert.equal(verdictOf(times(7, null)), 'blocked');
    assert.equal(verdictOf([...times(9, null), path()]), 'good');
    assert.equal(verdictOf([...times(6, null), path(), ...times(5, null)]), 'checking');
});

test('a path that is gone for a moment changes nothing', () => {
    assert.equal(verdictOf([path(), null, null]), 'good');
    assert.equal(verdictOf([path(), null, null, null]), 'checking');
});

test('while nobody looks, as when the server can’t be reached, no time is counted', () => {
    const judge = new PathJudge();
    judge.look(null, 0);
    assert.equal(judge.look(null, 600_000), 'checking');
});

const STATS = {
    chromium: [
        { id: 'T', type: 'transport', selectedCandidatePairId: 'P2' },
        { id: 'P1', type: 'candidate-pair', state: 'succeeded', nominated: true, localCandidateId: 'L1' },
        { id: 'P2', type: 'candidate-pair', state: 'succeeded', nominated: true, localCandidateId: 'L2', currentRoundTripTime: 0.05,
          requestsSent: 12, responsesReceived: 11 },
        { id: 'L1', type: 'local-candidate', candidateType: 'host', protocol: 'udp' },
        { id: 'L2', type: 'local-candidate', candidateType: 'host', protocol: 'tcp' },
    ],
    firefox: [
        { id: 'P1', type: 'candidate-pair', state: 'failed', nominated: true, localCandidateId: 'L1' },
        { id: 'P2', type: 'candidate-pair', state: 'succeeded', nominated: true, selected: false, localCandidateId: 'L1' },
        { id: 'P3', type: 'candidate-pair', state: 'succeeded', nominated: true, selected: true, localCandidateId: 'L2', currentRoundTripTime: 0.2 },
        { id: 'L1', type: 'local-candidate', candidateType: 'host', protocol: 'udp' },
        { id: 'L2', type: 'local-candidate', candidateType: 'relay', protocol: 'udp', relayProtocol: 'tls' },
    ],
};

test('the path that is taken is found in what each browser counts', () => {
    assert.deepEqual(pathOf(STATS.chromium), { route: 'tcp', overTcp: true, roundTrip_ms: 50, checksSent: 12, checksAnswered: 11 });
    assert.deepEqual(pathOf(STATS.firefox), { route: 'relay', overTcp: true, roundTrip_ms: 200, checksSent: null, checksAnswered: null });
    assert.equal(pathOf([STATS.firefox[0]]), null);
});

test('each browser’s own way to its switches', () => {
    const agents = {
        chrome: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0',
        firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0',
        safari: 'Mozilla/5.0 (Windows) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
        ios: 'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/150.0 Mobile/15E148 Safari/604.1',
        android: 'Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36',
    };
    for (const [family, agent] of Object.entries(agents)) assert.equal(browserFamily(agent), family);
});
