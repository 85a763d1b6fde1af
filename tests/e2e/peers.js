/* peers.js - drives tests/support/peers.c: many fake browsers with real media, in one process, without a browser. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BUILD } from './broker.js';
import { equal } from './check.js';

export class Peers {
    #child = null;
    #waiting = new Map(); /* "offer NAME" -> { done, fail } */
    #exited;

    static start() {
        const peers = new Peers();
        /* A compiler cache may have made the paths that the program knows relative to where it was compiled. */
        const child = spawn(join(BUILD, 'tests/kinroom_peers'), { cwd: BUILD, stdio: ['pipe', 'pipe', 'inherit'] });
        peers.#child = child;
        peers.#exited = new Promise((done) => child.on('exit', (code, signal) => done(signal ?? code)));
        peers.#exited.then((how) => peers.#fail(() => true, `the peers ended with ${how}`));
        child.stdin.on('error', () => {}); /* the exit tells */
        createInterface({ input: child.stdout }).on('line', (line) => peers.#take(line));
        return peers;
    }

    #take(line) {
        const [, word, name, rest] = /^(\S+) (\S+) ?(.*)$/.exec(line);
        if (word === 'no') this.#fail((key) => key.endsWith(` ${name}`), `peer ${name} ${rest}`);
        this.#waiting.get(`${word} ${name}`)?.done(rest);
        this.#waiting.delete(`${word} ${name}`);
    }

    #fail(concerns, why) {
        for (const [key, { fail }] of this.#waiting) {
            if (!concerns(key)) continue;
            this.#waiting.delete(key);
            fail(new Error(why));
        }
    }

    #say(line) {
        this.#child.stdin.write(`${line}\n`);
    }

    #ask(line, answer) {
        return new Promise((done, fail) => {
            this.#waiting.set(answer, { done, fail });
            this.#say(line);
        });
    }

    /* Media for a caller who has joined: one offer, one answer, ICE and DTLS. */
    async connect(name, caller) {
        const sdp = JSON.parse(await this.#ask(`peer ${name}`, `offer ${name}`));
        const answer = await caller.ask({ type: 'offer', sdp });
        equal(answer.type, 'answer', `the reply to ${name}'s offer`);
        await this.#ask(`answer ${name} ${JSON.stringify(answer.sdp)}`, `ready ${name}`);
    }

    /* { pps, bytes } of sound and of picture; lasts until changed. */
    send(name, audio, video) {
        this.#say(`send ${name} ${audio.pps} ${audio.bytes} ${video.pps} ${video.bytes}`);
    }

    /* The octet of RFC 6464 beside their sound. */
    level(name, octet) {
        this.#say(`level ${name} ${octet}`);
    }

    async counts(name) {
        return JSON.parse(await this.#ask(`counts ${name}`, `counts ${name}`));
    }

    gone(name) {
        this.#say(`gone ${name}`);
    }

    get pid() {
        return this.#child.pid;
    }

    async stop() {
        this.#child.stdin.end();
        equal(await this.#exited, 0, 'how the peers ended');
    }

    kill() {
        this.#child.kill('SIGKILL');
    }
}
