/* netns.js - a small internet on this machine: hosts that are network namespaces, around the one in which the script and its servers run.
 *
 *   host ── [home ── home ──] ═══ server (the script's own namespace: the addresses of SERVER)
 *        veth      NATs      veth, or a Path
 *
 * A script calls enterLab() first: it is run again in namespaces of its own (network, mounts, processes), so that whatever way it ends, the
 * kernel takes away all hosts, links, rules and processes. Nothing outside sees any of it. */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { BUILD } from './broker.js';
import { equal, until } from './check.js';

const IN_LAB = 'KINROOM_LAB';
const SERVER_SIDE = { netns: '/proc/self/ns/net' };
const FORWARD = 'for file in ipv4/ip_forward ipv6/conf/all/forwarding; do echo 1 >/proc/sys/net/$file; done';

/* Addresses of documentation (RFC 5737, RFC 3849): several, as a server and its TURN server may both want port 443. */
export const SERVER = { v4: '203.0.113.1', turn: '203.0.113.2', other: '203.0.113.3', v6: '2001:db8::1' };

export function enterLab() {
    if (process.env[IN_LAB]) return prepareServer();
    const asRoot = process.getuid() === 0 ? [] : ['--map-root-user'];
    const { status } = spawnSync('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...asRoot, '--net', '--mount', '--pid', '--fork', '--kill-child',
        '--mount-proc', process.execPath, ...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, [IN_LAB]: '1' } });
    process.exit(status ?? 1);
}

function prepareServer() {
    /* As the first process of its namespace, the script gets no signal that it did not ask for. */
    for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143]]) process.on(signal, () => process.exit(status));
    execFileSync('mkdir', ['-p', '/run/netns']);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/run/netns']);
    /* Not on loopback, which some servers take for no network at all. */
    ip('link', 'add', 'server', 'type', 'veth', 'peer', 'name', 'server-end');
    for (const link of ['lo', 'server', 'server-end']) ip('link', 'set', link, 'up');
    for (const address of Object.values(SERVER)) ip('addr', 'add', address, 'dev', 'server', ...(address.includes(':') ? ['nodad'] : []));
    forward();
}

const ip = (...words) => execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });

function forward(netns = null) {
    execFileSync(...inside(netns, 'sh', ['-c', FORWARD]));
}

/* [program, arguments] that run it in the host of this name; null: here. */
const inside = (netns, program, args) => netns ? ['nsenter', [`--net=/run/netns/${netns}`, program, ...args]] : [program, args];

/* What a home router does to UDP, RFC 4787's words; TCP is masqueraded by each. `in` and `out` are its two links, `host` who is behind it. */
const NATS = {
    /* Endpoint-independent mapping and filtering: what comes to the mapped port goes in, whoever sends it. */
    full_cone: ({ host }) => ({ postrouting: 'masquerade persistent', prerouting: `meta l4proto udp dnat ip to ${host}` }),
    /* Address-dependent filtering: from whoever was written to, whatever port they use now. */
    address_restricted: ({ host }) => ({
        sets: 'set written_to { type ipv4_addr; flags dynamic,timeout; timeout 2m; }',
        forward: 'oifname "out" meta l4proto udp add @written_to { ip daddr }',
        postrouting: 'masquerade persistent', prerouting: `meta l4proto udp ip saddr @written_to dnat ip to ${host}`,
    }),
    /* Address- and port-dependent filtering: what the kernel's own masquerading is. */
    port_restricted: () => ({ postrouting: 'masquerade' }),
    /* Address- and port-dependent mapping: each place that is written to sees another port. */
    symmetric: () => ({ postrouting: 'masquerade random,fully-random' }),
};
export const NAT_KINDS = Object.keys(NATS);

function natRules(kind, behind) {
    const { sets = '', forward: passing = '', prerouting = '', postrouting } = NATS[kind](behind);
    return `table ip nat {
        ${sets}
        chain passing { type filter hook forward priority 0; ${passing}; }
        chain before { type nat hook prerouting priority -100; ${prerouting && `iifname "out" ${prerouting}`}; }
        chain after { type nat hook postrouting priority 100; oifname "out" ${postrouting}; }
    }`;
}

let links = 0;

/* Two ends of a new link: { netns, name } each, and the addresses that they have on it. The far end is the one nearer to the server. */
function addresses() {
    const n = ++links;
    return { near: { v4: `10.${n}.0.2`, v6: `2001:db8:${n}::2` }, far: { v4: `10.${n}.0.1`, v6: `2001:db8:${n}::1` } };
}

const at = ({ netns }) => (netns === SERVER_SIDE.netns ? [] : ['-n', netns]);

function setUp(end, own, peer) {
    ip(...at(end), 'addr', 'add', own.v4, 'peer', peer.v4, 'dev', end.name);
    ip(...at(end), '-6', 'addr', 'add', `${own.v6}/64`, 'dev', end.name, 'nodad');
    /* The server sends trains, which a wire carries as the datagrams that they are; a link of the kernel's would hand them on whole, to be lost
     * whole. */
    ip(...at(end), 'link', 'set', end.name, 'txqueuelen', '4000', 'gso_max_segs', '1', 'up');
}

/* A link that is slow, narrow, lossy or down: our own relay (tests/support/netpath.c, which says what it can be told). */
export class Path {
    #child = null;
    #answers = [];

    constructor({ seed = 1 } = {}) {
        this.seed = seed;
    }

    async connect(...ends) {
        this.#child = spawn(join(BUILD, 'tests/kinroom_netpath'), [...ends, this.seed].map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
        this.#child.once('exit', (code) => this.#answers.splice(0).forEach(({ fail }) => fail(new Error(`the relay ended with ${code}`))));
        const ready = this.#answer();
        createInterface(this.#child.stdout).on('line', (line) => this.#answers.shift()?.done(line));
        equal(await ready, 'ready', 'what the relay says');
    }

    #answer() {
        return new Promise((done, fail) => this.#answers.push({ done, fail }));
    }

    /* direction: 'up' (to the server), 'down' or 'both'. Gives what happened on the link so far, in packets. */
    async set(direction, what, ...values) {
        const answer = this.#answer();
        this.#child.stdin.write(`${[direction, what, ...values].join(' ')}\n`);
        const [, ...counts] = (await answer).match(/^up (\d+) (\d+) (\d+) down (\d+) (\d+) (\d+)$/).map(Number);
        return { up: { carried: counts[0], lost: counts[1], dropped: counts[2] }, down: { carried: counts[3], lost: counts[4], dropped: counts[5] } };
    }

    counts() {
        return this.set('both', 'count', 0);
    }

    /* Every direction as `how` has it: { delay_ms, jitter_ms, rate_bps, queue_ms, burst: [chance, length] }. */
    async shape(how, direction = 'both') {
        for (const [name, value] of Object.entries(how)) await this.set(direction, name.replace(/_.*/, ''), ...[value].flat());
    }

    async stop() {
        this.#child?.stdin.end();
        await until('the relay has ended', () => this.#child.exitCode !== null);
    }
}

export class Host {
    #folder = mkdtempSync(join(tmpdir(), 'kinroom-host-'));
    #children = [];
    #bridges = [];
    #namespaces = [];

    /* behind: kinds of NAT, the nearest first. path: a Path, to be the last link before the server. */
    static async start(name, { behind = [], path = null } = {}) {
        const host = new this();
        host.name = name;
        await host.#connect(behind, path);
        return host;
    }

    /* From the host outwards. */
    async #connect(behind, path) {
        this.#make(this.name);
        let inner = this.name;
        for (const [i, kind] of behind.entries()) {
            const home = `${this.name}-${i}`;
            this.#make(home);
            forward(home);
            const { near, far } = this.#veth({ netns: inner, name: 'out' }, { netns: home, name: 'in' });
            ip('-n', inner, 'route', 'add', 'default', 'via', far.v4, 'dev', 'out');
            this.address ??= near.v4;
            this.#nftables(natRules(kind, { host: near.v4 }), home);
            inner = home;
        }
        await this.#joinServer({ netns: inner, name: 'out' }, path);
    }

    #make(netns) {
        ip('netns', 'add', netns);
        this.#namespaces.push(netns);
        ip('-n', netns, 'link', 'set', 'lo', 'up');
    }

    #veth(near, far) {
        ip('link', 'add', near.name, 'netns', near.netns, 'type', 'veth', 'peer', 'name', far.name, ...(at(far).length ? ['netns', far.netns] : []));
        const given = addresses();
        setUp(near, given.near, given.far);
        setUp(far, given.far, given.near);
        return given;
    }

    async #joinServer(near, path) {
        const far = { ...SERVER_SIDE, name: `to-${this.name}`.slice(0, 15) };
        this.serverLink = far.name;
        this.edge = near.netns; /* the namespace in which the way to the server begins: the host's own, or its outermost NAT's */
        let given;
        if (path) {
            await path.connect(`/run/netns/${near.netns}`, near.name, far.netns, far.name);
            given = addresses();
            setUp(near, given.near, given.far);
            setUp(far, given.far, given.near);
        } else {
            given = this.#veth(near, far);
        }
        this.address ??= given.near.v4;
        ip('-n', near.netns, 'route', 'add', 'default', 'dev', near.name);
        /* Through the link's own address: nobody answers there for one that the server has elsewhere, as in IPv4. */
        ip('-n', near.netns, '-6', 'route', 'add', 'default', 'via', given.far.v6, 'dev', near.name);
    }

    /* By hand, as the kernel takes its time over what goes with a namespace, and the next host may have this name. A path's relay takes its own. */
    #leaveServer() {
        try {
            execFileSync('ip', ['link', 'del', this.serverLink], { stdio: 'ignore' });
        } catch { /* gone already */ }
    }

    #nftables(rules, netns) {
        execFileSync(...inside(netns, 'nft', ['-f', '-']), { input: rules });
    }

    /* Each packet is lost with this chance, in either direction: where it comes in, as whoever sends is not told. */
    lose(percent) {
        const drop = (link) => `table inet loss_${this.name}
            delete table inet loss_${this.name}
            table inet loss_${this.name} {
                chain coming { type filter hook prerouting priority raw; iifname "${link}" numgen random mod 1000 < ${Math.round(percent * 10)} drop; }
            }`;
        this.#nftables(drop('out'), this.edge);
        this.#nftables(drop(this.serverLink), null);
    }

    /* A firewall on the way to the server lets through only what this says, in nftables' words: 'meta l4proto tcp', or 'tcp dport 443'.
     * Silently, as most do. Said again, it is another. */
    allowOnly(what) {
        this.#nftables(`table inet fw_${this.name}
        delete table inet fw_${this.name}
        table inet fw_${this.name} {
            chain ours { ${what} accept; drop; }
            chain coming { type filter hook prerouting priority raw; iifname "${this.serverLink}" meta l4proto { tcp, udp } jump ours; }
        }`, null);
    }

    /* Neither of the two any more. */
    heal() {
        const gone = (table) => `table inet ${table}_${this.name}\ndelete table inet ${table}_${this.name}\n`;
        this.#nftables(gone('loss') + gone('fw'), null);
        this.#nftables(gone('loss'), this.edge);
    }

    /* Starts a program in it. */
    spawn(program, args, options) {
        const child = spawn(...inside(this.name, program, args), options);
        this.#children.push(child);
        return child;
    }

    /* Runs a program in it to its end, and gives what it printed. */
    run(program, args, options) {
        return execFileSync(...inside(this.name, program, args), { encoding: 'utf8', ...options });
    }

    /* The path of a script that runs a program in it: for what starts browsers. */
    launcher(program) {
        const path = join(this.#folder, basename(program));
        writeFileSync(path, `#!/bin/sh\nexec nsenter --net=/run/netns/${this.name} ${program} "$@"\n`);
        chmodSync(path, 0o700);
        return path;
    }

    /* What listens on a port of the host's own loopback can be reached at the same port of ours: over a socket in the file system, which no
     * rule for the network is about. */
    async bridge(port) {
        const path = join(this.#folder, `port-${port}`);
        const script = `const { connect, createServer } = require('node:net');
            createServer((a) => { const b = connect(${port}, '127.0.0.1'); a.pipe(b).pipe(a); a.on('error', () => b.destroy());
                b.on('error', () => a.destroy()); }).listen(${JSON.stringify(path)}, () => console.log('ready'));`;
        const child = this.spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
        await new Promise((ready) => child.stdout.once('data', ready));
        const ours = createServer((a) => {
            const b = connect(path);
            a.pipe(b).pipe(a);
            a.on('error', () => b.destroy());
            b.on('error', () => a.destroy());
        });
        await new Promise((done, fail) => ours.on('error', fail).listen(port, '127.0.0.1', done));
        this.#bridges.push(ours);
    }

    async stop() {
        for (const bridge of this.#bridges) bridge.close();
        for (const child of this.#children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
        await until(`the programs in ${this.name} have ended`, () => this.#children.every(({ exitCode, signalCode }) => exitCode !== null || signalCode));
        this.heal();
        this.#leaveServer();
        for (const netns of this.#namespaces) ip('netns', 'del', netns);
        rmSync(this.#folder, { recursive: true, force: true });
    }
}
