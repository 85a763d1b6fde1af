/* idle.js - a staff page that is left alone forgets its link, so that nobody else finds it there (45 CFR 164.312(a)(2)(iii), automatic logoff). Never in
 * a session: only once the therapist has left, or it is over, or the page never got in. */

const IDLE_MS = 15 * 60 * 1000;
const LOOK_MS = 10 * 1000;
const SIGNS = ['pointerdown', 'keydown', 'wheel', 'touchstart'];

/* logOff: forgets the link, and shows a page without one. idle_ms: for tests. */
export function watchIdle(session, logOff, { idle_ms = IDLE_MS, look_ms = LOOK_MS } = {}) {
    let seen_ms = Date.now();
    let isStaff = false; /* as of the last time when we knew */
    const seen = () => { seen_ms = Date.now(); };
    for (const sign of SIGNS) addEventListener(sign, seen, { passive: true, capture: true });
    setInterval(() => {
        isStaff ||= session.role === 'therapist';
        if (session.phase !== 'over' && session.phase !== 'idle') seen();
        else if (isStaff && Date.now() - seen_ms >= idle_ms) logOff();
    }, look_ms);
}
