/* wake.js - says when nothing that was true a moment ago need still be: after sleep, a frozen page, another network.
 *
 * A machine that slept tells nobody: our own clock, which ticks each second, jumps. After a short sleep the sockets tell soon enough; and a
 * page that was merely busy, or ticks slowly in the background, is not to be taken for asleep. */

const TICK_MS = 1000;
const SLEPT_MS = 20000;

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
