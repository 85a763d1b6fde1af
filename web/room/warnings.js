/* warnings.js - names the thresholds before an end as they are crossed: each once per end, and only the nearest one when we come late. */

export class Warnings {
    #at_s;
    #said = new Set();

    /* at_s: the thresholds, the nearest to the end first. */
    constructor(at_s) {
        this.#at_s = at_s;
    }

    /* The threshold just crossed, or null. */
    crossed(end_s, now_s) {
        const left_s = end_s - now_s;
        const at_s = left_s > 0 ? this.#at_s.find((threshold) => left_s <= threshold) : undefined;
        const key = `${end_s} ${at_s}`;
        if (at_s === undefined || this.#said.has(key)) return null;
        this.#said.add(key);
        return at_s;
    }
}
