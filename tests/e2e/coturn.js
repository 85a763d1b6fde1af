/* coturn.js - Debian's TURN server, set up with the very lines that the README shows. */

import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { includes, until } from './check.js';

const README = new URL('../../README.md', import.meta.url);
const SECRET = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';
const TLS_PORT = 443;
const NAME = 'turn.example.org';

const readme = () => readFileSync(README, 'utf8');

/* The settings, and the options that go with them, both with the addresses and files of here in place of those of the example. */
function settings({ address, peers, cert, key }) {
    const [, lines] = /```ini\n([^`]*listening-ip[^`]*)```/.exec(readme());
    includes(lines, 'static-auth-secret=', "the README's settings");
    return lines.replaceAll('203.0.113.2', address).replace('/etc/turn/cert.pem', cert).replace('/etc/turn/key.pem', key)
        .replace(/static-auth-secret=.*/, `static-auth-secret=${SECRET}`)
        .replace(/allowed-peer-ip=.*/, peers.map((peer) => `allowed-peer-ip=${peer}`).join('\n'));
}

/* By TLS at its name, which Firefox asks for; else at its address, as Chromium asks a name server for names, and in the lab there is none. */
export const turnUrls = (address) => /--turn-urls "([^"]*)"/.exec(readme())[1].replaceAll(`turn:${NAME}`, `turn:${address}`);

export class Coturn {
    #folder = mkdtempSync(join(tmpdir(), 'kinroom-turn-'));
    #child = null;

    constructor() {
        this.secretFile = this.file('secret');
        writeFileSync(this.secretFile, `${SECRET}\n`, { mode: 0o600 });
    }

    /* In the lab. peers: the media addresses to which it may relay. */
    async start(how) {
        this.#beNamed(how.address);
        const file = this.file('turnserver.conf');
        const log = openSync(this.file('log'), 'w');
        writeFileSync(file, settings(how));
        const words = ['-c', file, '--pidfile=', '--log-file=stdout', `--userdb=${this.file('turndb')}`, '-v'];
        this.#child = spawn('turnserver', words, { cwd: this.#folder, stdio: ['ignore', log, log] });
        closeSync(log);
        await until(`coturn takes connections at ${how.address}`, () => this.#child.exitCode === null ? this.#accepts(how.address)
            : Promise.reject(new Error(`coturn ended with ${this.#child.exitCode}:\n${this.log}`)), { every_ms: 20 });
    }

    /* In the mounts of the lab alone; and no name server is there to be waited for. */
    #beNamed(address) {
        const files = { hosts: `127.0.0.1 localhost\n${address} ${NAME}\n`, 'resolv.conf': 'nameserver 127.0.0.1\n' };
        for (const [name, text] of Object.entries(files)) {
            writeFileSync(this.file(name), text);
            execFileSync('mount', ['--bind', this.file(name), `/etc/${name}`]);
        }
    }

    #accepts(address) {
        return new Promise((done) => {
            const socket = connect(TLS_PORT, address, () => done(true)).on('error', () => done(false));
            socket.on('connect', () => socket.destroy());
        });
    }

    /* In the folder of this server. */
    file(name) {
        return join(this.#folder, name);
    }

    get log() {
        return readFileSync(this.file('log'), 'utf8');
    }

    async stop() {
        if (this.#child?.exitCode === null) {
            const ended = new Promise((done) => this.#child.on('exit', done));
            this.#child.kill('SIGKILL');
            await ended;
        }
        rmSync(this.#folder, { recursive: true, force: true });
    }
}
