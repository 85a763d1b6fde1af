/* lossy.js - a bad network between one browser and a broker: our own relay for its UDP port, which loses and delays datagrams in both
 * directions, but of those who are spared, as they came before.
 *
 * The broker advertises the relay's address in place of its own. Seeded, so that the same run loses the same datagrams. */

import { createSocket } from 'node:dgram';

export const RELAY = '127.0.0.2';
const BROKER = '127.0.0.1';

export class LossyNetwork {
    #front = createSocket({ type: 'udp4', recvBufferSize: 1 << 22 });
    #backs = new Map(); /* "ip:port" of a browser -> the socket that the broker sees it as */
    #chance;
    #spared = null; /* at first everybody */
    lost = 0;
    passed = 0;

    /* loss: of 1; delay_ms: one way. */
    static async start(port, { loss, delay_ms, seed = 1 }) {
        const network = new LossyNetwork();
        Object.assign(network, { port, loss, delay_ms });
        network.#chance = seed;
        network.#front.on('message', (datagram, from) => {
            const back = network.#backOf(from);
            network.#carry(back, datagram, (late) => back.send(late, port, BROKER));
        });
        await new Promise((done, fail) => network.#front.on('error', fail).bind(port, RELAY, done));
        return network;
    }

    #backOf({ address, port }) {
        const name = `${address}:${port}`;
        if (!this.#backs.has(name)) {
            const back = createSocket({ type: 'udp4', recvBufferSize: 1 << 22 });
            back.on('message', (datagram) => this.#carry(back, datagram, (late) => this.#front.send(late, port, address)));
            this.#backs.set(name, back);
        }
        return this.#backs.get(name);
    }

    /* Everybody who is connected by now. Not the other way round: a browser on a bad path looks for another. */
    spare() {
        this.#spared = new Set(this.#backs.values());
    }

    /* Handshakes pass: what is measured is the stay, and not how one comes in. */
    #carry(back, datagram, send) {
        if (!this.#spared || this.#spared.has(back)) return send(datagram);
        const isMedia = datagram[0] >= 128 && datagram[0] < 192;
        if (isMedia && this.#next() < this.loss) {
            this.lost++;
            return;
        }
        this.passed++;
        setTimeout(() => { try { send(datagram); } catch { /* closed meanwhile */ } }, this.delay_ms);
    }

    /* Park and Miller's minimal generator. */
    #next() {
        this.#chance = (this.#chance * 48271) % 2147483647;
        return this.#chance / 2147483647;
    }

    stop() {
        this.#front.close();
        for (const back of this.#backs.values()) back.close();
    }
}
