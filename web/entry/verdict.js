/* verdict.js - whether a connection will do, in one word: good, slow, blocked. Arithmetic alone; network.js measures. */

const SLOW_MS = 350; /* there and back; above it people begin to talk at the same time */
const SLOW_LOSS = 0.1; /* of the connectivity checks */
const CHECKS_LEAST = 10; /* before a part of them means anything */
const KEPT = 5;
const BLOCKED_MS = 12_000; /* an address that answers does so within a few seconds, also by the last way that is tried */
const GRACE_MS = 5000; /* a path that is gone for a moment is mended meanwhile */
const LOOK_MOST_MS = 3000;
const FAILURES_MOST = 1;

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/* Of some small requests to the server, one after the other: how long each took, null where none came back. The first of them also made the
 * connection, and counts only as a failure. */
export function verdictOfRequests(took_ms) {
    const came = took_ms.filter((ms) => ms !== null);
    if (took_ms.length - came.length > FAILURES_MOST) return came.length ? 'slow' : 'unreachable';
    return median(took_ms.slice(1).filter((ms) => ms !== null)) > SLOW_MS ? 'slow' : 'good';
}

/* Of the connection that media will take. */
export class PathJudge {
    #without_ms = 0; /* how long there has been none, while anybody looked: nobody does while the server itself can't be reached */
    #looked_ms = null;
    #paths = [];
    #last = 'checking';

    /* path: Session.path(); null: there is none, also while it is made. */
    look(path, now_ms) {
        const span_ms = this.#looked_ms === null ? 0 : Math.min(LOOK_MOST_MS, now_ms - this.#looked_ms);
        this.#looked_ms = now_ms;
        this.#without_ms = path ? 0 : this.#without_ms + span_ms;
        return this.#last = path ? this.#ofPath(path) : this.#ofNone();
    }

    #ofNone() {
        this.#paths = [];
        if (this.#without_ms < GRACE_MS) return this.#last;
        return this.#without_ms >= BLOCKED_MS ? 'blocked' : 'checking';
    }

    #ofPath(path) {
        this.#paths = [...this.#paths, path].slice(-KEPT);
        const trips_ms = this.#paths.map(({ roundTrip_ms }) => roundTrip_ms).filter((ms) => ms !== null);
        const isSlow = path.overTcp || median(trips_ms) > SLOW_MS || this.#loss > SLOW_LOSS;
        return isSlow ? 'slow' : 'good';
    }

    /* Of what was sent since the first that is kept; the last answer may be on its way. */
    get #loss() {
        const first = this.#paths[0], last = this.#paths.at(-1);
        const sent = last.checksSent - first.checksSent, answered = last.checksAnswered - first.checksAnswered;
        return sent >= CHECKS_LEAST ? Math.max(0, sent - 1 - answered) / sent : 0;
    }
}
