/* warnings.js - names the thresholds before an end as they are crossed: each once per end, and only the nearest one when we come late. */

const AT_S = [20, 60, 300];

export class Warnings {
    #said = new Set();

    /* The threshold just crossed, or null. */
    crossed(end_s, now_s) {
        const left_s = end_s - now_s;
        const at_s = left_s > 0 ? AT_S.find((threshold) => left_s <= threshold) : undefined;
        const key = `${end_s} ${at_s}`;
        if (at_s === undefined || this.#said.has(key)) return null;
        this.#said.add(key);
        return at_s;
    }
}
