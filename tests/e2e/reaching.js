/* reaching.js - people on networks that let little through reach a session all the same, at their first try: node reaching.js [NETWORK ...]
 *
 * The server has several addresses, of which one is behind a 1:1 NAT, and coturn beside it as the README has it. A therapist is at the server; Chromium
 * and Firefox are in a host of the lab's (netns.js) behind a firewall. Prints a line per network and how long it took; exits with 1 when one failed. */

import { execFileSync } from 'node:child_process';
import { Broker, planOf } from './broker.js';
import { atLeast, equal, figure } from './check.js';
import { Coturn, turnUrls } from './coturn.js';
import { enterLab, Host, SERVER } from './netns.js';
import { Browser } from './people.js';
import { silenceOf } from './silence.js';
import { leaks } from './wiretap.js';

enterLab();

const INNER = '10.200.0.1'; /* of SERVER.other, behind the NAT */
const NAT = `table ip kr_nat {
    chain coming { type nat hook prerouting priority -100; ip daddr ${SERVER.other} dnat to ${INNER}; }
    chain going { type nat hook output priority -100; ip daddr ${SERVER.other} dnat to ${INNER}; }
}`;
const PAGES = `ip daddr ${SERVER.v4} tcp dport 443`;
const QUIET_MS = 1000;
const GUESTS = [
    { browser: 'chromium', participation: 'p-client', name: 'client' },
    { browser: 'firefox', participation: 'p-colleague', name: 'colleague' },
];

function relayOnly() {
    const Native = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Native {
        constructor(configuration) {
            super({ ...configuration, iceTransportPolicy: 'relay' });
        }
    };
}

/* allowed: by the firewall. path: what the browser says of the one in use. */
const NETWORKS = {
    udp_blocked: { allowed: 'meta l4proto tcp', path: { relayed: false, by: 'tcp' }, andThen: steppingOutIsAtOnce },
    only_443: { allowed: 'tcp dport 443', path: { relayed: true, by: 'tls', to: SERVER.v4 } },
    turn_by_udp: { allowed: `${PAGES} accept; ip daddr ${SERVER.turn} udp dport 3478`, before: relayOnly, path: { relayed: true, by: 'udp', to: SERVER.v4 } },
    turn_by_tcp: { allowed: `${PAGES} accept; ip daddr ${SERVER.turn} tcp dport 3478`, before: relayOnly, path: { relayed: true, by: 'tcp', to: SERVER.v4 } },
    ipv6: { allowed: `${PAGES} accept; meta nfproto ipv6 meta l4proto udp`, path: { relayed: false, by: 'udp', to: SERVER.v6 } },
    behind_1to1_nat: { allowed: `${PAGES} accept; ip daddr ${SERVER.other} meta l4proto udp`, path: { relayed: false, by: 'udp', to: SERVER.other } },
};

/* The path in use, in the words of NETWORKS. */
const pathOf = (person) => person.page.evaluate(async () => {
    const stats = await window.kinroom.pc.getStats();
    const all = [...stats.values()];
    const chosen = all.find(({ type }) => type === 'transport')?.selectedCandidatePairId;
    const pair = stats.get(chosen) ?? all.find(({ type, selected }) => type === 'candidate-pair' && selected);
    const [local, remote] = [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)];
    const relayed = local.candidateType === 'relay';
    return { relayed, by: relayed ? local.relayProtocol : local.protocol, to: remote.address };
});

async function reach(stage, name, network, guest) {
    const { broker, therapist } = stage;
    broker.tap.mark();
    const streamsBefore = broker.tap.streamsOf(guest.participation).length;
    const started = performance.now();
    const person = await stage.browsers[guest.browser].arrive(guest.name, await broker.invite(guest.participation), 'session', { before: network.before });
    const arrived = performance.now();
    await person.waitFor('#page[data-media="ready"]');
    figure(`reaching_${name}_${guest.browser}`, Math.round(performance.now() - arrived), 'ms');
    for (const source of ['mic', 'camera']) await person.turn(source, true);
    await Promise.all([person.seesAndHears(therapist), therapist.seesAndHears(person)]);
    const path = await pathOf(person);
    for (const what of Object.keys(network.path)) equal(path[what], network.path[what], `${guest.browser}'s path: ${what}`);
    broker.tap.mark();
    const streams = broker.tap.streamsOf(guest.participation).slice(streamsBefore);
    equal(streams.length, 1, `connections of the ${guest.name} until media flowed`);
    equal(streams[0].offers, 1, `offers of the ${guest.name} until media flowed`);
    return { person, seconds: (performance.now() - started) / 1000 };
}

/* Over TCP, where packets may queue: none is sent to a browser that was stepped out, and none is left for it to read. */
async function steppingOutIsAtOnce({ broker, therapist, browsers }) {
    const lovedOne = await browsers.chromium.join('loved one', await broker.invite('p-sam'), 'waiting');
    const client = browsers.chromium.people.find((person) => person.name === 'client');
    await therapist.admit(lovedOne, client);
    await Promise.all([lovedOne.seesAndHears(therapist), lovedOne.seesAndHears(client)]);
    equal((await pathOf(lovedOne)).by, 'tcp', "the loved one's path");
    await therapist.clickBeside(lovedOne, 'step-out');
    await lovedOne.isIn('stepped_out');
    atLeast(broker.tap.media({ to: lovedOne.id }).filter(({ peer }) => peer.startsWith('tcp/')).length, 50, 'datagrams in frames to who was in');
    await silenceOf({ tap: broker.tap, therapist, client, lovedOne }, QUIET_MS, 'stepped out, by TCP');
}

async function visit(stage, name) {
    const network = NETWORKS[name];
    stage.host.allowOnly(network.allowed);
    try {
        /* One after the other: how long it takes is not to depend on how many cameras the machine carries. */
        const guests = [];
        for (const guest of GUESTS) guests.push(await reach(stage, name, network, guest));
        await network.andThen?.(stage);
        console.log(`ok ${name} (${guests.map(({ seconds }) => seconds.toFixed(1)).join(' s and ')} s)`);
        return true;
    } catch (error) {
        console.log(`not ok ${name}\n  ${error.stack.replace(/\n/g, '\n  ')}`);
        for (const { name: who, complaints } of [stage.therapist, ...Object.values(stage.browsers).flatMap(({ people }) => people)])
            for (const complaint of complaints) console.log(`  ${who}'s console: ${complaint}`);
        console.log(stage.broker.log.trimEnd().split('\n').slice(-20).join('\n').replace(/^/gm, '  broker: '));
        console.log(stage.turn.log.trimEnd().split('\n').slice(-20).join('\n').replace(/^/gm, '  coturn: '));
        return false;
    } finally {
        await Promise.all(Object.values(stage.browsers).map((browser) => browser.partWithAll()));
    }
}

function plan() {
    const session = planOf();
    return { ...session, people: [...session.people, { participation: 'p-colleague', person: 'marsh', role: 'therapist', name: 'Dr. Marsh' }] };
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(NETWORKS);
const stage = { turn: new Coturn(), browsers: {} };
let reached = 0, local;
try {
    execFileSync('ip', ['addr', 'add', INNER, 'dev', 'lo']);
    execFileSync('nft', ['-f', '-'], { input: NAT });
    stage.broker = await Broker.start({
        plan: plan(), host: SERVER.v4, port: 443, media: [SERVER.v4, SERVER.v6, INNER].join(),
        options: {
            '--delivery': 'outbox', '--advertise-addresses': [SERVER.v4, SERVER.v6, SERVER.other].join(),
            '--turn-secret-file': stage.turn.secretFile, '--turn-urls': turnUrls(SERVER.turn),
        },
    });
    const files = { cert: stage.broker.file('cert.pem'), key: stage.broker.file('key.pem') };
    stage.host = await Host.start('kr-reach', {});
    [local, stage.browsers.chromium, stage.browsers.firefox] = await Promise.all([Browser.start('chromium'), Browser.start('chromium', stage.host),
        Browser.start('firefox', stage.host), stage.turn.start({ address: SERVER.turn, peers: [SERVER.v4, SERVER.other], ...files })]);
    stage.therapist = await local.join('therapist', await stage.broker.invite('p-therapist'), 'session');
    for (const source of ['mic', 'camera']) await stage.therapist.turn(source, true);
    for (const name of names) reached += await visit(stage, name) ? 1 : 0;
    await local.partWithAll();
    await stage.broker.stop();
    equal(leaks(stage.broker.tap).length, 0, 'RTP and RTCP datagrams outside an admission');
} finally {
    for (const browser of [local, ...Object.values(stage.browsers)]) await browser?.stop();
    await stage.host?.stop();
    await stage.turn.stop();
    stage.broker?.clean();
}
figure('networks_reached', reached, 'count');
process.exit(reached === names.length ? 0 : 1);
