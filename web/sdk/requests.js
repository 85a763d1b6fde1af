/* requests.js - what was asked of the server and has no reply yet. */

import { Refused } from './refused.js';

/* Nothing is asked twice, as what was not confirmed may have happened; but who stops must be heard, and twice stopped is stopped. */
const REPEATED = new Set(['step_out']);

export const mayRepeat = ({ type }) => REPEATED.has(type);

export class Requests {
    #nextId = 1;
    #pending = new Map(); /* id -> { message, resolve, reject } */
    #unsaid = []; /* the same, for the next socket */

    /* Resolves with the reply; rejects with Refused. socket: null keeps the message for the next one. */
    make(message, socket) {
        return new Promise((resolve, reject) => {
            const asked = { message, resolve, reject };
            if (socket) this.#say(asked, socket);
            else this.#unsaid.push(asked);
        });
    }

    #say(asked, socket) {
        const id = this.#nextId++;
        this.#pending.set(id, asked);
        socket.send(JSON.stringify({ ...asked.message, id }));
    }

    /* Whether somebody waited for this reply. */
    settle(said) {
        const waiting = this.#pending.get(said.id);
        this.#pending.delete(said.id);
        if (said.type === 'error') waiting?.reject(new Refused(said.code));
        else waiting?.resolve(said);
        return Boolean(waiting);
    }

    /* Another socket has taken the place of the one that broke. */
    sayKept(socket) {
        for (const asked of this.#unsaid.splice(0)) this.#say(asked, socket);
    }

    /* The socket broke, and another is tried for it. */
    breakOff() {
        for (const asked of this.#taken()) {
            if (mayRepeat(asked.message)) this.#unsaid.push(asked);
            else asked.reject(new Refused('connection_lost'));
        }
    }

    /* There will be no other socket. */
    giveUp() {
        for (const asked of [...this.#taken(), ...this.#unsaid.splice(0)]) asked.reject(new Refused('connection_lost'));
    }

    #taken() {
        const all = [...this.#pending.values()];
        this.#pending.clear();
        return all;
    }
}
