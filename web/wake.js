/* wake.js - says when nothing that was true a moment ago need still be: after sleep, a frozen page, another network.
 *
 * A machine that slept tells nobody: our own clock, which ticks each second, jumps. A page in the background ticks less often, and is
 * only taken for asleep a little too often. */

const TICK_MS = 1000;
const SLEPT_MS = 5000;

export function onWake(wake) {
    let ticked_ms = Date.now();
    const look = () => {
        const slept = Date.now() - ticked_ms > SLEPT_MS;
        ticked_ms = Date.now();
        if (slept) wake();
    };
    setInterval(look, TICK_MS);
    document.addEventListener('visibilitychange', look);
    document.addEventListener('resume', look);
    addEventListener('pageshow', (event) => event.persisted && wake());
    addEventListener('online', wake);
    navigator.connection?.addEventListener('change', wake);
}
