/* wake_lock.js - the screen stays on in the session: a phone that locks takes camera and microphone away. */

let lock = null;
let isWanted = false;
let isAsking = false;

async function take() {
    if (!isWanted || lock || isAsking || document.visibilityState !== 'visible') return;
    isAsking = true;
    const given = await navigator.wakeLock.request('screen').catch(() => null); /* such as with a low battery */
    isAsking = false;
    if (!given) return;
    lock = given;
    lock.addEventListener('release', () => { if (lock === given) lock = null; });
    if (!isWanted) lock.release();
}

/* On each drawing. A browser releases it with a page that is not seen any more. */
export function keepAwake(wanted) {
    if (!navigator.wakeLock || wanted === isWanted) return;
    isWanted = wanted;
    if (wanted) take();
    else lock?.release();
}

document.addEventListener('visibilitychange', take);
