/* servers.js - the servers that are compared, each started afresh for a run: the floor program, Kinroom, Janus.
 *
 * Each has a name, a pid, `signalling` (for kinroom_bench_load), `words` (more of its options) and stop(). One that ends by itself fails
 * the run: `crashed` rejects then, with the end of what it said. */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker, BUILD, freeTcpPort } from '../e2e/broker.js';
import { LOAD_CPU, SERVER_CPU } from '../e2e/busy.js';
import { until } from '../e2e/check.js';

const LIBRARIES = readdirSync('/usr/lib').map((name) => join('/usr/lib', name, 'janus')).find(existsSync);
const PARTS = { plugins: 'libjanus_videoroom.so', transports: 'libjanus_websockets.so' };

const tail = (text) => text.trimEnd().split('\n').slice(-15).join('\n');

/* Moves all threads of a process; those that come later follow. */
const pin = (pid, cpu) => execFileSync('taskset', ['-a', '-c', '-p', String(cpu), String(pid)], { stdio: 'ignore' });

/* A program of which one line says that it is up. */
class Program {
    said = '';
    #stopping = false;

    async launch(command, words, isUp) {
        this.child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
        this.pid = this.child.pid;
        for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (text) => { this.said += text; });
        this.exited = new Promise((done) => this.child.on('exit', (code, signal) => done(signal ?? code)));
        this.crashed = this.exited.then((how) => {
            if (!this.#stopping) throw new Error(`${this.name} ended by itself (${how}):\n${tail(this.said)}`);
        });
        this.crashed.catch(() => {}); /* whoever runs a load awaits it, too */
        await Promise.race([until(`${this.name} is up`, () => isUp(this.said), { every_ms: 10 }), this.crashed]);
    }

    /* How it ends is nobody's question: Janus takes three seconds for it when asked. */
    async stop() {
        this.#stopping = true;
        this.child.kill('SIGKILL');
        await this.exited;
    }
}

export class Floor extends Program {
    name = 'floor';
    signalling = 'floor';

    static async start() {
        const floor = new this();
        await floor.launch(join(BUILD, 'tests/kinroom_floor'), [], (said) => {
            const [, port] = /^floor (\d+)$/m.exec(said) ?? [];
            if (port) floor.words = ['--url', `udp://127.0.0.1:${port}`, '--keys', 'none'];
            return port;
        });
        pin(floor.pid, SERVER_CPU);
        return floor;
    }
}

export class Kinroom {
    name = 'kinroom';
    signalling = 'kinroom';

    /* options: of the server's command line. With one shard it is pinned to one processor. */
    static async start({ shards = 1, options = {} } = {}) {
        const server = new this();
        server.broker = await Broker.start({
            tapped: false,
            options: {
                '--shards': shards, '--connections-max': 5000, '--connections-per-address': 5000, '--rooms-max': 2000, '--log-level': 'error', ...options,
            },
        });
        server.pid = server.broker.pid;
        server.words = ['--url', server.broker.url.replace('https', 'wss'), '--keys', server.broker.file('key.jwk'), '--insecure', 'yes'];
        if (shards === 1) pin(server.pid, SERVER_CPU);
        server.crashed = server.broker.exited.then((how) => {
            if (!server.stopping) throw new Error(`kinroom ended by itself (${how}):\n${tail(server.broker.log)}`);
        });
        server.crashed.catch(() => {});
        return server;
    }

    async stop() {
        this.stopping = true;
        try {
            await this.broker.stop();
        } finally {
            this.broker.clean();
        }
    }
}

/* Debian's, with its defaults; best: with what made it fastest, two event loops for all and one processor. Both do ICE lite on loopback,
 * as Kinroom does, and load the one plugin and the one transport that are used. */
export class Janus extends Program {
    signalling = 'janus';
    #folder = mkdtempSync(join(tmpdir(), 'kinroom-janus-'));

    static async start({ best }) {
        const janus = new this();
        janus.name = best ? 'janus_best' : 'janus';
        const port = await freeTcpPort();
        janus.words = ['--url', `ws://127.0.0.1:${port}`, '--keys', 'none'];
        janus.#configure(port, best);
        await janus.launch('janus', ['-F', janus.#folder], (said) => said.includes('WebSockets thread started'));
        if (best) pin(janus.pid, SERVER_CPU);
        return janus;
    }

    #configure(port, best) {
        const file = (name) => join(this.#folder, name);
        for (const [kind, name] of Object.entries(PARTS)) {
            mkdirSync(file(kind));
            symlinkSync(join(LIBRARIES, kind, name), join(file(kind), name));
        }
        writeFileSync(file('janus.jcfg'), `general: { configs_folder = "${this.#folder}", plugins_folder = "${file('plugins')}",
                transports_folder = "${file('transports')}", debug_level = 4${best ? ', event_loops = 2' : ''} }
            media: { ipv6 = false }
            nat: { ice_lite = true, ice_enforce_list = "lo" }`);
        writeFileSync(file('janus.transport.websockets.jcfg'), `general: { json = "compact", ws = true, ws_port = ${port}, ws_ip = "127.0.0.1", wss = false }`);
        writeFileSync(file('janus.plugin.videoroom.jcfg'), 'general: { }');
    }

    async stop() {
        await super.stop();
        rmSync(this.#folder, { recursive: true, force: true });
    }
}

/* Idle virtual processors are taken away and given back at a price that lands in the CPU time of whoever runs next. So both are kept busy,
 * at a priority that gives way to everybody. They end by themselves, whatever becomes of us. */
export function keepAwake(seconds) {
    const spinners = [SERVER_CPU, LOAD_CPU].map((cpu) => spawn('timeout', [String(seconds), 'taskset', '-c', String(cpu), 'chrt', '-i', '0',
        'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' }));
    return () => spinners.forEach((one) => one.kill());
}
