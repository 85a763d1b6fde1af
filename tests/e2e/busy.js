/* busy.js - a shard's thread that has as much to do as it can, on whatever machine: what makes it slow, and how busy it is. */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { nowNs } from './trio.js';

/* For Broker.start: as on a processor without instructions for AES, where a packet costs some 10 us to seal. A load generator that does not
 * share this handicap then fills the shard with a fraction of its own processor. */
export const SLOW_CIPHER = { env: { OPENSSL_ia32cap: '0', OPENSSL_armcap: '0' }, options: { '--aes-gcm': 'openssl' } };

export const SERVER_CPU = 0, LOAD_CPU = 1; /* where there are two */

/* Before a command's words, so that it runs on that processor. */
export const onCpu = (cpu) => (availableParallelism() > cpu ? ['taskset', '-c', String(cpu)] : []);

/* A thread's nanoseconds: that it ran, and that it was ready to while another had the core. A machine that is shared must not make it look
 * idle. */
export class Thread {
    #file;

    constructor(pid, name) {
        const of = (id, file) => `/proc/${pid}/task/${id}/${file}`;
        this.id = readdirSync(`/proc/${pid}/task`).find((each) => readFileSync(of(each, 'comm'), 'utf8').trim() === name);
        this.#file = of(this.id, 'schedstat');
    }

    pin(cpu) {
        if (availableParallelism() > cpu) execFileSync('taskset', ['-c', '-p', String(cpu), this.id], { stdio: 'ignore' });
    }

    now() {
        const [ran, waited] = readFileSync(this.#file, 'utf8').split(' ').map(Number);
        return { at: nowNs(), ran, waited };
    }

    /* Shares of the time since then. */
    since(then) {
        const now = this.now();
        const share = (name) => (now[name] - then[name]) / (now.at - then.at);
        return { ran: share('ran'), busy: share('ran') + share('waited') };
    }
}
