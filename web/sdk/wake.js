/* wake.js - says when nothing that was true a moment ago need still be: after sleep, a frozen page, another network.
 *
 * A machine that slept tells nobody: our own clock, which ticks each second, jumps. After a short sleep the sockets tell soon enough; and a
 * page that was merely busy, or ticks slowly in the background, is not to be taken for asleep. */

const TICK_MS = 1000;
const SLEPT_MS = 20000;

/* signal: an AbortSignal that ends it. */
export function onWake(wake, signal) {
    let ticked_ms = Date.now();
    const look = () => {
        const slept = Date.now() - ticked_ms > SLEPT_MS;
        ticked_ms = Date.now();
        if (slept) wake();
    };
    const timer = setInterval(look, TICK_MS);
    signal.addEventListener('abort', () => clearInterval(timer));
    document.addEventListener('visibilitychange', look, { signal });
    document.addEventListener('resume', look, { signal });
    addEventListener('pageshow', (event) => event.persisted && wake(), { signal });
    addEventListener('online', wake, { signal });
    navigator.connection?.addEventListener('change', wake, { signal });
}
