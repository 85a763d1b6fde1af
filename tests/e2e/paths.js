/* paths.js - the ways from browsers to a broker, and what happens to them: a relay in front of its UDP port, and one in front of its TCP port.
 *
 * The broker advertises the first in place of its own address, and names the second as its pages' origin. */

import { createSocket } from 'node:dgram';
import { createServer, connect } from 'node:net';
import { freeTcpPort } from './broker.js';

const BROKER = '127.0.0.1';

/* Datagrams, both ways. */
export class MediaPath {
    #front = createSocket({ type: 'udp4', recvBufferSize: 1 << 22 });
    #backs = new Map(); /* "ip:port" of a browser -> the socket that the broker sees it as; null: nothing passes any more */
    #open = new Set();
    #port;
    #address;
    #isUp = true;

    /* address: where it is, which the broker advertises in place of its own; at the same port. */
    static async start(port, address) {
        const path = new MediaPath();
        path.#port = port;
        path.#address = address;
        path.#front.on('message', (datagram, from) => path.#backOf(from)?.send(datagram, port, BROKER));
        await new Promise((done, fail) => path.#front.on('error', fail).bind(port, address, done));
        return path;
    }

    #backOf({ address, port }) {
        const name = `${address}:${port}`;
        if (!this.#isUp) return null;
        if (!this.#backs.has(name)) {
            const back = createSocket({ type: 'udp4', recvBufferSize: 1 << 22 });
            back.on('message', (datagram) => this.#isUp && this.#backs.get(name) === back && this.#front.send(datagram, port, address));
            back.bind(0, this.#address); /* a port of its own at once; Firefox believes in no mapped address that is loopback's */
            this.#open.add(back);
            this.#backs.set(name, back);
        }
        return this.#backs.get(name);
    }

    /* As a NAT that forgot: the same browsers, and the broker sees each at another port. */
    rebind() {
        this.#backs.clear();
    }

    /* As a network that went away, and another that came: nothing passes until `up`, and the ports that were in use by now are good for nothing
     * ever. */
    cut() {
        this.#isUp = false;
        for (const name of this.#backs.keys()) this.#backs.set(name, null);
    }

    up() {
        this.#isUp = true;
    }

    stop() {
        this.#front.close();
        for (const back of this.#open) back.close();
    }
}

/* The connections of one person. */
export class Line {
    #server;
    #sockets = new Set();
    #port = null;
    #isUp = true;

    static async start() {
        const line = new Line();
        line.port = await freeTcpPort();
        line.url = `https://${BROKER}:${line.port}`;
        line.#server = createServer((socket) => line.#carry(socket));
        await new Promise((done, fail) => line.#server.on('error', fail).listen(line.port, BROKER, done));
        return line;
    }

    /* To the broker, which is started after it. */
    leadTo({ port }) {
        this.#port = port;
        return this;
    }

    #carry(socket) {
        if (!this.#isUp) return socket.resetAndDestroy();
        const back = connect(this.#port, BROKER);
        for (const [one, other] of [[socket, back], [back, socket]]) {
            this.#sockets.add(one);
            one.on('error', () => {});
            one.on('close', () => { this.#sockets.delete(one); other.destroy(); });
            one.pipe(other);
        }
        return undefined;
    }

    /* All that is open is reset, on both sides. down: and nothing new comes through until `up`. */
    breakOff({ down = false } = {}) {
        this.#isUp = !down;
        for (const socket of this.#sockets) socket.resetAndDestroy();
    }

    up() {
        this.#isUp = true;
    }

    /* The same link, by this line. */
    of(link) {
        const { pathname, hash } = new URL(link.url);
        return { ...link, url: `${this.url}${pathname}${hash}` };
    }

    stop() {
        this.breakOff({ down: true });
        this.#server.close();
    }
}
