/* clock.js - the server's clock. All times of the protocol are Unix seconds by it. */

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
