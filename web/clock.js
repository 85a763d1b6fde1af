/* clock.js - the server's clock, and times in words. All times are Unix seconds; what is shown is the reader's local time. */

/* Built on Date and not on performance.now: the latter stands still while a phone sleeps. */
export class ServerClock {
    #ahead_s = 0;

    /* The server tells the second that has begun; it may be almost over. So no countdown shows more than there is. */
    set(unix_s) {
        this.#ahead_s = unix_s + 1 - Date.now() / 1000;
    }

    now() {
        return Date.now() / 1000 + this.#ahead_s;
    }
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit' });

export const timeOfDay = (unix_s) => TIME.format(new Date(unix_s * 1000));
export const dayAndTime = (unix_s) => DAY.format(new Date(unix_s * 1000));

/* 754 -> "12:34"; never negative. */
export function countdown(seconds) {
    const whole = Math.max(0, Math.ceil(seconds));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/* 754 -> "13 minutes", 45 -> "45 seconds". */
export function inWords(seconds) {
    const [count, unit] = seconds >= 60 ? [Math.round(seconds / 60), 'minute'] : [Math.max(0, Math.round(seconds)), 'second'];
    return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/* Names the thresholds as they are crossed: each once per end, and only the nearest one when we come late. */
export class Warnings {
    static AT_S = [20, 60, 300];
    #said = new Set();

    /* The threshold just crossed, or null. */
    crossed(end_s, now_s) {
        const left_s = end_s - now_s;
        const at_s = left_s > 0 ? Warnings.AT_S.find((threshold) => left_s <= threshold) : undefined;
        const key = `${end_s} ${at_s}`;
        if (at_s === undefined || this.#said.has(key)) return null;
        this.#said.add(key);
        return at_s;
    }
}
