/* judge.js - what the counts of a connection say about it, in one of few words. Arithmetic alone; trouble.js takes the counts. */

const WINDOW_MS = 10_000; /* what is judged */
const CALM_MS = 15_000; /* for so long nothing is wrong before we say that nothing is: a word that comes and goes helps nobody */
const LOSS_MOST = 0.08;
const HEARD_LEAST = 50; /* packets, before a loss is a part of anything */
const RTT_MOST_MS = 900;
const STALL_MS = 3000;
const PAUSED_MS = 3000;

export class Judge {
    #samples = []; /* { at_ms, received, lost, rtt_ms } */
    #moved = new Map(); /* flow -> { count, at_ms } */
    #pausedSince_ms = null;
    #badAt_ms = null;
    #last = null;

    /* sample: { at_ms, rtt_ms or null, flows: [{ key, participant, kind, received, lost, frames }] of what is meant to come, paused: all pictures
     * that are meant to come are held back, isSeen: the page is in front }. -> { mine: null | 'paused' | 'weak', weak: participants whose own
     * connection seems to be to blame }. */
    look({ at_ms, rtt_ms, flows, paused, isSeen }) {
        const { received, lost } = sums(flows);
        this.#samples = [...this.#samples.filter((sample) => at_ms - sample.at_ms <= WINDOW_MS && sample.flows === flows.length),
            { at_ms, received, lost, rtt_ms, flows: flows.length }];
        this.#pausedSince_ms = paused ? this.#pausedSince_ms ?? at_ms : null;
        const stalled = this.#stalled(at_ms, flows, isSeen);
        const isAll = flows.length > 1 && stalled.length === flows.length;
        const now = this.#word(at_ms, isAll);
        if (now) [this.#badAt_ms, this.#last] = [at_ms, now];
        else if (this.#badAt_ms !== null && at_ms - this.#badAt_ms > CALM_MS) [this.#badAt_ms, this.#last] = [null, null];
        return { mine: this.#last, weak: new Set(this.#last ? [] : stalled.map(({ participant }) => participant)) };
    }

    #word(at_ms, isAll) {
        if (this.#pausedSince_ms !== null && at_ms - this.#pausedSince_ms >= PAUSED_MS) return 'paused';
        const first = this.#samples[0], last = this.#samples.at(-1);
        const lost = last.lost - first.lost, heard = last.received - first.received;
        const isLossy = lost + heard >= HEARD_LEAST && lost / (lost + heard) > LOSS_MOST;
        const isSlow = this.#samples.length >= 3 && this.#samples.every(({ rtt_ms }) => rtt_ms !== null && rtt_ms > RTT_MOST_MS);
        return isLossy || isSlow || isAll ? 'weak' : null;
    }

    /* Flows of which nothing has come for a while. A browser decodes no picture of a page that is not seen. */
    #stalled(at_ms, flows, isSeen) {
        const keys = new Set(flows.map(({ key }) => key));
        for (const key of this.#moved.keys()) if (!keys.has(key)) this.#moved.delete(key);
        for (const { key, kind, received, frames } of flows) {
            const count = kind === 'video' ? frames : received;
            const before = this.#moved.get(key);
            if (!before || before.count !== count || (kind === 'video' && !isSeen)) this.#moved.set(key, { count, at_ms });
        }
        return flows.filter(({ key }) => at_ms - this.#moved.get(key).at_ms >= STALL_MS);
    }
}

/* Of the sound: a picture that lacks packets is asked for again. */
function sums(flows) {
    const sound = flows.filter(({ kind }) => kind === 'audio');
    return { received: sound.reduce((sum, flow) => sum + flow.received, 0), lost: sound.reduce((sum, flow) => sum + flow.lost, 0) };
}
