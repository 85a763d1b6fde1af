/* first_frame.js - how long it takes from opening a link to the first picture of somebody who is there already: node first_frame.js [TIMES]
 *
 * Each time in a browser context that has seen nothing yet, over each kind of path, without any delay and with 100 ms of round trip. The link is
 * staff's own, which wants no code, and the page's one button is pressed by a script the moment it is there: no human time is in it. What
 * the delay adds, divided by it, is the count of round trips; the table says how it spreads over the steps. */

import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { execFileSync } from 'node:child_process';
import { Broker } from './broker.js';
import { figure, percentile } from './check.js';
import { Coturn, turnUrls } from './coturn.js';
import { enterLab, Host, Path, SERVER } from './netns.js';
import { Browser } from './people.js';
import { scenery } from './scenery.js';

enterLab();

const ROOT = new URL('../..', import.meta.url).pathname;
const TIMES = Number(process.argv[2] ?? 15);
const ROUND_TRIP_MS = 100;
const FIRST_FRAME_MOST_MS = 30000;

/* What the firewall lets through, so that this is the only path. */
const PAGES = `ip daddr ${SERVER.v4} tcp dport 443`;
const PATHS = {
    udp: `${PAGES} accept; ip daddr ${SERVER.v4} meta l4proto udp`,
    tcp: `ip daddr ${SERVER.v4} meta l4proto tcp`,
    turns: 'tcp dport 443',
};

/* From one step to the next: [until, what the round trips are spent on]. */
const STEPS = [
    ['connected', 'TCP 1, TLS 1.3 1'],
    ['page', 'the page 1'],
    ['scripts', 'scripts, all named in the page, six at a time'],
    ['socket', 'TCP and TLS anew, WebSocket upgrade 1'],
    ['welcome', 'the join and its answer 1'],
    ['offered', 'gathering, with TURN: its connection, permissions'],
    ['answered', 'offer and answer 1'],
    ['ice', 'a check and its answer 1'],
    ['dtls', 'DTLS 1.2: two flights 2'],
    ['packet', 'the first packet of a picture'],
    ['shown', 'a keyframe, asked for through us'],
];

/* Runs in the page, before its own scripts. */
function keepTimes() {
    const times = window.times = {};
    const mark = (name) => { times[name] ??= performance.now(); };
    window.marked = (name) => times[name];

    const Socket = window.WebSocket;
    window.WebSocket = class extends Socket {
        constructor(...words) {
            super(...words);
            mark('dialled');
            this.addEventListener('open', () => mark('socket'));
            this.addEventListener('message', ({ data }) => JSON.parse(data).type === 'welcome' && mark('welcome'));
        }

        send(text) {
            if (JSON.parse(text).type === 'offer') mark('offered');
            super.send(text);
        }
    };

    const Connection = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Connection {
        constructor(...words) {
            super(...words);
            this.addEventListener('iceconnectionstatechange', () => /connected|completed/.test(this.iceConnectionState) && mark('ice'));
            this.addEventListener('connectionstatechange', () => this.connectionState === 'connected' && mark('dtls'));
            this.addEventListener('track', ({ track }) => track.kind === 'video' && track.addEventListener('unmute', () => mark('packet')));
        }

        async setRemoteDescription(description) {
            mark('answered');
            return super.setRemoteDescription(description);
        }
    };

    const watching = new WeakSet();
    new MutationObserver(() => {
        const button = document.querySelector('[data-action="join"]');
        if (button && window.kinroom && !times.scripts && button.checkVisibility()) {
            mark('scripts');
            button.click();
        }
        for (const video of document.querySelectorAll('#tiles .tile:not(.own) video')) {
            if (watching.has(video)) continue;
            watching.add(video);
            video.requestVideoFrameCallback(() => mark('shown'));
        }
    }).observe(document, { subtree: true, childList: true, attributes: true });
}

/* Ms from opening the link to each of STEPS. */
async function openOnce(browser, link) {
    const { page } = await browser.open('therapist', link, { before: keepTimes });
    try {
        await page.waitForFunction(() => window.times?.shown, { polling: 50, timeout: FIRST_FRAME_MOST_MS });
        return await page.evaluate(() => {
            const [{ connectEnd, responseEnd }] = performance.getEntriesByType('navigation');
            return { connected: connectEnd, page: responseEnd, ...window.times };
        });
    } finally {
        await browser.partWithAll();
    }
}

async function timesOver(stage, allow, delay_ms) {
    stage.host.allowOnly(allow);
    await stage.path.shape({ delay_ms });
    const all = [];
    try {
        for (let n = 0; n < TIMES; n++) all.push(await openOnce(stage.viewer, stage.link));
    } finally {
        stage.host.heal();
    }
    return all;
}

const pad = (value, width = 10) => String(value).padStart(width);

/* How long each step took at its quickest, without delay and with it, and what that is in round trips: what a busy machine adds is not the network's. */
function report(name, near, far) {
    const least = (all, from, to) => Math.min(...all.map((times) => times[to] - (times[from] ?? 0)));
    const row = (step, from, to, why) => {
        const [a, b] = [least(near, from, to), least(far, from, to)];
        console.log(`  ${step.padEnd(10)}${pad(a.toFixed(0))}${pad(b.toFixed(0))}${pad(((b - a) / ROUND_TRIP_MS).toFixed(1))}  ${why}`);
        return (b - a) / ROUND_TRIP_MS;
    };
    console.log(`\n${name.padEnd(12)}${pad('0 ms')}${pad('100 ms')}${pad('trips')}  spent on`);
    const trips = STEPS.reduce((sum, [step, why], at) => sum + row(step, STEPS[at - 1]?.[0], step, why), 0);
    console.log(`  ${'in all'.padEnd(30)}${pad(trips.toFixed(1))}`);
    for (const [suffix, all] of [['', near], ['_100ms', far]])
        for (const percent of [50, 99]) figure(`first_frame_${name}${suffix}_p${percent}`, percentile(all.map(({ shown }) => shown), percent), 'ms');
    figure(`first_frame_${name}_round_trips`, trips, 'count');
}

const folder = mkdtempSync(join(tmpdir(), 'kinroom-first-'));
const stage = { turn: new Coturn() }, stops = [];
try {
    execFileSync(join(ROOT, 'certs/make-dev-certs.sh'), [folder]);
    await stage.turn.start({ address: SERVER.turn, peers: [SERVER.v4], cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') });
    const broker = await Broker.start({
        host: SERVER.v4, port: 443, tapped: false,
        options: { '--delivery': 'outbox', '--turn-secret-file': stage.turn.secretFile, '--turn-urls': turnUrls(SERVER.turn) },
    });
    stops.unshift(() => broker.stop(), () => broker.clean());
    stage.path = new Path();
    stage.host = await Host.start('viewer', { path: stage.path });
    stops.unshift(() => stage.host.stop(), () => stage.path.stop());
    const flags = scenery(folder);
    const publisher = await Browser.start('chromium', null, { flags });
    stops.unshift(() => publisher.stop());
    stage.viewer = await Browser.start('chromium', stage.host);
    stops.unshift(() => stage.viewer.stop());
    const client = await publisher.join('client', await broker.invite('p-client'), 'session');
    for (const source of ['mic', 'camera']) await client.turn(source, true);
    stage.link = { url: `${broker.url}/#token=${broker.token('p-therapist', 'therapist')}` };
    for (const [name, allow] of Object.entries(PATHS)) {
        await openOnce(stage.viewer, stage.link); /* the first of all is the browser's start, too */
        report(name, await timesOver(stage, allow, 0), await timesOver(stage, allow, ROUND_TRIP_MS / 2));
    }
} finally {
    for (const stop of stops) await stop();
    await stage.turn.stop();
    rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
