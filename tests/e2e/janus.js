/* janus.js - Debian's Janus 1.1.2 in our broker's place: its VideoRoom, over secure WebSockets, with a page of ours (janus/) for it.
 *
 * It sends every subscriber all that comes, or with simulcast the highest layer that comes: it has no estimate of what a receiver can take. */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { freeTcpPort } from './broker.js';
import { until } from './check.js';
import { SERVER } from './netns.js';
import { startWatching } from './viewer.js';

const HERE = new URL('.', import.meta.url).pathname;
const LIBRARIES = readdirSync('/usr/lib').map((name) => join('/usr/lib', name, 'janus')).find(existsSync);
const PARTS = { plugins: 'libjanus_videoroom.so', transports: 'libjanus_websockets.so' };
const TYPES = { '.html': 'text/html', '.js': 'text/javascript' };
const STOP_WITHIN_MS = 5000;

const theirPicture = () => ({ pc: window.janus.pc, video: document.querySelector('video') });

export class Janus {
    #folder = mkdtempSync(join(tmpdir(), 'kinroom-janus-'));
    #said = '';
    #child = null;
    #pages = null;

    static async start({ simulcast }) {
        const janus = new this();
        janus.simulcast = simulcast;
        await janus.#start();
        return janus;
    }

    async #start() {
        execFileSync(resolve(HERE, '../../certs/make-dev-certs.sh'), [this.#folder]);
        this.port = await freeTcpPort();
        this.#configure();
        this.#child = spawn('janus', ['-F', this.#folder], { stdio: ['ignore', 'pipe', 'pipe'] });
        for (const stream of [this.#child.stdout, this.#child.stderr]) stream.on('data', (text) => { this.#said += text; });
        await until('Janus is up', () => this.#child.exitCode === null ? this.#said.includes('WebSockets thread started') || null
            : Promise.reject(new Error(`Janus ended:\n${this.#said}`)));
        await this.#servePage();
    }

    #configure() {
        for (const [kind, file] of Object.entries(PARTS)) {
            mkdirSync(join(this.#folder, kind));
            symlinkSync(join(LIBRARIES, kind, file), join(this.#folder, kind, file));
        }
        const write = (name, text) => writeFileSync(join(this.#folder, name), text);
        const file = (name) => join(this.#folder, name);
        write('janus.jcfg', `general: { configs_folder = "${this.#folder}", plugins_folder = "${file('plugins')}",
                transports_folder = "${file('transports')}", debug_level = 4 }
            media: { ipv6 = false }
            nat: { ice_lite = true, ice_enforce_list = "to-" }`); /* libnice answers over the link whose address it took, so: the hosts' links */
        write('janus.transport.websockets.jcfg', `general: { json = "compact", ws = false, wss = true, wss_port = ${this.port}, wss_ip = "${SERVER.v4}" }
            certificates: { cert_pem = "${file('cert.pem')}", cert_key = "${file('key.pem')}" }`);
        write('janus.plugin.videoroom.jcfg', `room-1: { description = "measured", publishers = 6, bitrate = 3000000, fir_freq = 0,
            audiocodec = "opus", videocodec = "vp8", opus_fec = true }`);
    }

    async #servePage() {
        const port = await freeTcpPort();
        const [cert, key] = ['cert.pem', 'key.pem'].map((name) => readFileSync(join(this.#folder, name)));
        this.#pages = createServer({ cert, key }, (ask, reply) => {
            const name = ask.url === '/' ? 'index.html' : ask.url.slice(1);
            if (name === 'janus-port') return reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ port: this.port }));
            if (!['index.html', 'page.js'].includes(name)) return reply.writeHead(404).end();
            reply.writeHead(200, { 'content-type': TYPES[extname(name)] }).end(readFileSync(join(HERE, 'janus', name)));
        });
        await new Promise((done) => this.#pages.listen(port, SERVER.v4, done));
        this.url = `https://${SERVER.v4}:${port}/`;
    }

    async #open(browser, name, options) {
        const { page } = await browser.open(name, this, options);
        await page.waitForFunction(() => window.janus);
        return page;
    }

    async publish(browser) {
        const page = await this.#open(browser, 'publisher');
        await page.evaluate((simulcast) => window.janus.publish(['audio', 'video'], simulcast), this.simulcast);
    }

    async view(browser, options) {
        const page = await this.#open(browser, 'viewer', options);
        await page.evaluate(() => window.janus.view());
        await startWatching(page, theirPicture);
        return page;
    }

    async stop() {
        this.#pages?.close();
        this.#pages?.closeAllConnections();
        const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_WITHIN_MS);
        this.#child.kill('SIGTERM');
        await until('Janus ended', () => this.#child.exitCode !== null || this.#child.signalCode);
        clearTimeout(late);
        rmSync(this.#folder, { recursive: true, force: true });
    }
}
