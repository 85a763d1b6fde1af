/* network.js - what is known of the connection: before joining by a few small requests to our own server, after it by the very path that
 * sound and picture will take. The verdict is a word of verdict.js. */

import { PathJudge, verdictOfRequests } from './verdict.js';

const REQUESTS = 6;
const REQUEST_MOST_MS = 3000;
const LOOK_EACH_MS = 2000;

async function timed() {
    const begun_ms = performance.now();
    const reply = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(REQUEST_MOST_MS) }).catch(() => null);
    return reply?.ok ? performance.now() - begun_ms : null;
}

/* Resolves with a verdict. */
export async function tryServer() {
    const took_ms = [];
    for (let i = 0; i < REQUESTS; i++) took_ms.push(await timed());
    return verdictOfRequests(took_ms);
}

/* One for the whole visit: a network that lets nothing through makes the session come and go, and is the same network all the while. */
const judge = new PathJudge();
let verdict = 'checking';
let lookedAt_ms = 0;

export const pathVerdict = () => verdict;

/* On each drawing of a screen on which there may be a path. again: draws anew. */
export function watchPath(session, again) {
    if (Date.now() - lookedAt_ms < LOOK_EACH_MS) return;
    lookedAt_ms = Date.now();
    session.path().catch(() => null).then((path) => { /* a connection that was closed meanwhile has none */
        const before = verdict;
        verdict = judge.look(path, Date.now());
        if (verdict !== before) again();
    });
}
