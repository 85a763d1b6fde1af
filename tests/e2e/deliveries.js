/* deliveries.js - what leaves a real broker for other systems, at real receivers: node deliveries.js
 *
 * One line per test; exits with 1 when one failed. They run side by side, as most of their time is waiting. */

import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { Broker, KINROOM, freeTcpPort, now_s } from './broker.js';
import { Caller } from './caller.js';
import { atLeast, equal, figure, includes, pause, until } from './check.js';
import { Device } from './device.js';
import { Receiver } from './receiver.js';

const CODE = /\b\d{6}\b/;
const LINK = /https:\/\/\S+\/#i=[A-Za-z0-9_-]{43}/;
const CONTACT = 'mailto:sam@example.org';

/* A broker that may be started again on its store: its folder outlives it. */
class Clinic {
    #folder = mkdtempSync(join(tmpdir(), 'kinroom-deliveries-'));
    #options;
    broker = null;

    constructor(options) {
        this.#options = { '--store': this.file('kinroom.db'), '--log-level': 'debug', ...options };
    }

    file(name) {
        return join(this.#folder, name);
    }

    /* A file that only its owner can read. */
    keep(name, text) {
        writeFileSync(this.file(name), text, { mode: 0o600 });
        return this.file(name);
    }

    set options(more) {
        this.#options = { ...this.#options, ...more };
    }

    async open() {
        this.broker = await Broker.start({ tapped: false, options: this.#options });
    }

    /* The power goes, and comes back. */
    async kill() {
        await this.broker.kill();
        await this.broker.restart();
    }

    /* With other options, if they were changed. */
    async restart() {
        await this.broker.stop();
        this.broker.clean();
        await this.open();
    }

    /* The ledger's rows, { number, record }, in order. */
    ledger() {
        const lines = execFileSync(KINROOM, ['ledger', 'export', '--store', this.file('kinroom.db')]).toString().trim().split('\n');
        return lines.filter(Boolean).map((line) => JSON.parse(line));
    }

    async ask(method, path, { body, bearer, headers = {} } = {}) {
        const all = { ...(bearer && { authorization: `Bearer ${bearer}` }), ...(body && { 'content-type': 'application/json' }), ...headers };
        const text = body && JSON.stringify(body);
        const reply = await new Promise((done, fail) => {
            request(`${this.broker.url}${path}`, { method, headers: { ...all, ...(text && { 'content-length': Buffer.byteLength(text) }) }, rejectUnauthorized: false }, done)
                .on('error', fail).end(text);
        });
        const answer = Buffer.concat(await reply.toArray()).toString();
        return { status: reply.statusCode, body: answer ? JSON.parse(answer) : null };
    }

    service(scope) {
        return execFileSync(KINROOM, ['token', 'service', '--keys', this.broker.file('key.jwk'), '--service', 'ehr', '--scope', scope]).toString().trim();
    }

    async invite(changes = {}) {
        const body = { participation: 'p-sam', contact: CONTACT, deliver: true, ...changes };
        const { status, body: made } = await this.ask('POST', `/api/v1/sessions/${this.broker.session}/invitations`,
            { body, bearer: this.service('invitations:write') });
        equal(status, 201, `inviting (${JSON.stringify(made)})`);
        equal('url' in made, false, 'the link in the answer');
    }

    /* Asks at the door with a proof of the device. */
    async knock(device, path, body) {
        const { url } = this.broker;
        const proof = await device.proof({ method: 'POST', url: `${url}${path}`, token: body.invitation });
        return this.ask('POST', path, { body, headers: { dpop: proof, origin: url } });
    }

    /* What a person does with a link and the code that follows; `code` gives it once it came. */
    async enter(link, code) {
        const device = await Device.create();
        const invitation = link.split('#i=')[1];
        const opened = await this.knock(device, '/join/open', { invitation });
        equal(opened.body.state, 'code', `opening the link (${JSON.stringify(opened.body)})`);
        const passed = await this.knock(device, '/join/code', { invitation, code: await code() });
        equal(passed.body.state, 'open', 'typing the code');
        const caller = await Caller.dial(this.broker);
        equal((await caller.ask(await caller.joinRequest(passed.body.token, { device }))).type, 'done', 'joining');
        caller.hangUp();
    }

    checkLog(...secrets) {
        for (const secret of secrets.filter(Boolean)) equal(this.broker.log.includes(secret), false, `"${secret.slice(0, 12)}…" in the log`);
    }

    async close() {
        await this.broker.stop();
        const report = /.*(?:ERROR: \w*Sanitizer|runtime error:|WARNING: \w*Sanitizer).*/.exec(this.broker.log)?.[0];
        if (report) throw new Error(report);
    }

    clean() {
        this.broker?.clean();
        rmSync(this.#folder, { recursive: true, force: true });
    }
}

/* Everybody of the session, and Sam in and out for as long as `goesOn` says. */
async function live(clinic, goesOn) {
    const { broker } = clinic;
    const therapist = await Caller.join(broker, 'p-therapist', 'therapist');
    const client = await Caller.join(broker, 'p-client', 'client');
    const sam = await Caller.join(broker, 'p-sam', 'loved_one');
    equal((await client.ask({ type: 'agree', participant: 'p-sam', yes: true })).type, 'done', 'agreeing');
    while (goesOn()) {
        equal((await therapist.ask({ type: 'admit', participant: 'p-sam' })).type, 'done', 'admitting');
        equal((await therapist.ask({ type: 'step_out', participant: 'p-sam' })).type, 'done', 'stepping out');
    }
    for (const caller of [therapist, client, sam]) caller.hangUp();
}

const liveFor = (clinic, cycles) => live(clinic, () => cycles-- > 0);

/* On loopback, and as fussy as mail servers are. */
class Mailbox {
    #server;
    mails = []; /* { text, from, to, secure, user } */
    refuse = null; /* a status for recipients */

    constructor(options = {}) {
        this.#server = new SMTPServer({
            authOptional: false, disabledCommands: [], logger: false, ...options,
            onAuth: ({ username, password }, session, done) =>
                done(username === 'kinroom' && password === 'sesame opens' ? null : new Error('no'), { user: username }),
            onRcptTo: (address, session, done) => done(this.refuse ? Object.assign(new Error('no'), { responseCode: this.refuse }) : null),
            onData: (stream, session, done) => {
                stream.toArray().then((pieces) => {
                    this.mails.push({ text: Buffer.concat(pieces).toString(), from: session.envelope.mailFrom.address,
                        to: session.envelope.rcptTo.map(({ address }) => address).join(), secure: session.secure, user: session.user });
                    done();
                }, done);
            },
        });
        this.#server.on('error', () => {}); /* of connections */
    }

    async open(port = 0, host = '127.0.0.1') {
        await new Promise((done, fail) => {
            this.#server.server.once('error', fail);
            this.#server.listen(port, host, done);
        });
        this.port = this.#server.server.address().port;
    }

    close() {
        return new Promise((done) => this.#server.close(done));
    }

    mail(pattern) {
        return until(`a mail with ${pattern}`, () => this.mails.map(({ text }) => pattern.exec(text)?.[0]).filter(Boolean).at(-1), { within_ms: 20000 });
    }
}

/* An identity provider, as far as its keys and tokens go. */
class Provider {
    #server = createServer((asked, reply) => {
        this.fetches++;
        const jwk = { ...this.#key.publicKey.export({ format: 'jwk' }), kid: this.#kid, alg: 'ES256', use: 'sig' };
        reply.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=86400' }).end(JSON.stringify({ keys: [jwk] }));
    });
    #port = 0;
    #key = null;
    #kid = '';
    fetches = 0;

    async open() {
        await new Promise((done) => this.#server.listen(this.#port, '127.0.0.1', done));
        this.#port = this.#server.address().port;
    }

    get url() {
        return `http://127.0.0.1:${this.#port}/jwks`;
    }

    rotate(kid) {
        this.#key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        this.#kid = kid;
    }

    token(sub) {
        const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
        const claims = { iss: 'https://login.example', aud: 'kinroom', sub, scope: 'sessions:read', iat: now_s(), exp: now_s() + 600, jti: randomUUID() };
        const text = `${encode({ alg: 'ES256', typ: 'at+jwt', kid: this.#kid })}.${encode(claims)}`;
        return `${text}.${sign('sha256', Buffer.from(text), { key: this.#key.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    }

    close() {
        return new Promise((done) => {
            this.#server.close(done);
            this.#server.closeAllConnections();
        });
    }
}

const mailOptions = (clinic, port, host = '127.0.0.1') => ({
    '--delivery': 'smtp', '--smtp-url': `smtp://${host}:${port}`, '--smtp-from': 'calls@clinic.example', '--smtp-user': 'kinroom',
    '--smtp-password-file': clinic.keep('password', 'sesame opens\n'),
});

const hookOptions = (clinic, receiver) => ({ '--webhook-url': receiver.url, '--webhook-secret-file': clinic.keep('secret', receiver.secret) });

const tests = {
    async 'every row of the ledger reaches the webhook, in order, whatever happens to either side'(clinic) {
        const receiver = new Receiver();
        await receiver.open();
        clinic.options = { ...hookOptions(clinic, receiver), '--clinic': 'north' };
        await clinic.open();
        await liveFor(clinic, 20);
        receiver.answer = 500;
        await liveFor(clinic, 20);
        await clinic.kill(); /* what was refused is not lost */
        receiver.answer = 200;
        await liveFor(clinic, 10);
        receiver.answer = 0; /* until the broker has had enough of it */
        const before = receiver.requests.length;
        await liveFor(clinic, 20);
        await until('a second try of what hangs', () => receiver.requests.length > before + 1, { within_ms: 25000 });
        receiver.answer = 200;
        await receiver.close();
        await liveFor(clinic, 10);
        await receiver.open();
        let running = true;
        const life = live(clinic, () => running).catch(() => {}); /* whose broker is killed */
        await pause(1200);
        await clinic.kill();
        running = false;
        await life;
        await liveFor(clinic, 5);
        await clinic.restart();
        await liveFor(clinic, 5);
        await clinic.close();
        const rows = clinic.ledger();
        await clinic.open();
        await until('the last row', () => receiver.taken.length >= rows.length, { within_ms: 60000 });
        const missing = rows.filter((row, index) => receiver.taken[index]?.id !== `north-${row.number}` || JSON.stringify(receiver.taken[index].record) !== JSON.stringify(row.record));
        figure('webhook_events', receiver.taken.length, 'events');
        figure('webhook_missing', missing.length, 'events');
        equal(missing.length, 0, `rows that are missing or out of order (${JSON.stringify(missing[0])})`);
        equal(receiver.taken.length, rows.length, 'events');
        equal(receiver.wrong.join(), '', 'what should not have come');
        const types = new Set(receiver.taken.map(({ type }) => type));
        for (const type of ['session.opened', 'guidance.acknowledged', 'client.agreed', 'disclosure.opened', 'disclosure.closed'])
            equal(types.has(type), true, `an event ${type}`);
        atLeast(rows.length, 150, 'rows');
        await receiver.close();
    },

    async 'a receiver that is gone is left in peace until the next start'(clinic) {
        const receiver = new Receiver();
        await receiver.open();
        receiver.answer = 410;
        clinic.options = hookOptions(clinic, receiver);
        await clinic.open();
        await liveFor(clinic, 2);
        await pause(2500);
        equal(receiver.requests.length, 1, 'requests');
        includes(clinic.broker.log, 'it is gone (410)', 'the log');
        receiver.answer = 200;
        await clinic.restart();
        await until('all of it', () => receiver.taken.length >= clinic.ledger().length);
        await receiver.close();
    },

    async 'a receiver whose certificate does not verify gets nothing'(clinic) {
        const receiver = new Receiver();
        let requests = 0;
        clinic.options = { '--webhook-url': `https://127.0.0.1:${await freeTcpPort()}/`, '--webhook-secret-file': clinic.keep('secret', receiver.secret) };
        await clinic.open();
        const { broker } = clinic;
        const server = createTlsServer({ cert: readFileSync(broker.file('cert.pem')), key: readFileSync(broker.file('key.pem')) }, () => requests++);
        await new Promise((done) => server.listen(0, '127.0.0.1', done));
        clinic.options = { '--webhook-url': `https://127.0.0.1:${server.address().port}/` };
        await clinic.restart();
        await liveFor(clinic, 1);
        await until('a warning', () => clinic.broker.log.includes('the webhook does not take row'));
        includes(clinic.broker.log, 'certificate', 'the reason');
        await pause(1500);
        equal(requests, 0, 'requests');
        await new Promise((done) => server.close(done));
    },

    async 'an invitation and its code come by mail, also when the mail server is away for a while'(clinic) {
        const mailbox = new Mailbox();
        const port = await freeTcpPort();
        clinic.options = mailOptions(clinic, port);
        await clinic.open();
        await clinic.invite();
        await pause(700); /* a first try has failed by now */
        await mailbox.open(port);
        const link = await mailbox.mail(LINK);
        equal(mailbox.mails.length, 1, 'mails');
        await clinic.enter(link, () => mailbox.mail(CODE));
        for (const { text, from, to, secure, user } of mailbox.mails) {
            equal(`${from} ${to} ${secure} ${user}`, 'calls@clinic.example sam@example.org true kinroom', 'the envelope');
            for (const header of [/^Subject: Your video call\r$/m, /^Date: \w{3}, \d\d \w{3} \d{4} /m, /^Message-ID: <[0-9a-f]{32}@clinic\.example>\r$/m,
                /^Content-Type: text\/plain; charset=utf-8\r$/m])
                if (!header.test(text)) throw new Error(`no ${header} in ${text}`);
            for (const word of ['Rivera', 'Alex', 'Sam', 'therap', 'individual', clinic.broker.session]) equal(text.includes(word), false, `"${word}" in a mail`);
        }
        clinic.checkLog(link.split('#i=')[1], CODE.exec(mailbox.mails.at(-1).text)[0], 'sam@example.org', 'sesame');
        await mailbox.close();
    },

    async 'a mail that is refused for good is given up, and the log tells no address'(clinic) {
        const mailbox = new Mailbox();
        mailbox.refuse = 550;
        await mailbox.open();
        clinic.options = mailOptions(clinic, mailbox.port);
        await clinic.open();
        await clinic.invite();
        await until('a line', () => clinic.broker.log.includes('a delivery to p-sam of session s-1 is given up: the mail server refuses it for good'));
        await clinic.invite({ contact: 'tel:+15550100' });
        await until('another', () => clinic.broker.log.includes('is given up: the contact is no mail address'));
        clinic.checkLog('sam@example.org', '5550100');
        equal(mailbox.mails.length, 0, 'mails');
        await mailbox.close();
    },

    /* 0.0.0.0 leads to this machine, and is no loopback address by name. */
    async 'elsewhere than on this machine no mail goes without TLS, nor to whose certificate does not verify'(clinic) {
        const bare = new Mailbox({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'], allowInsecureAuth: true });
        await bare.open(0, '0.0.0.0');
        clinic.options = mailOptions(clinic, bare.port, '0.0.0.0');
        await clinic.open();
        await clinic.invite();
        await until('a try', () => /delivery to p-sam .* has failed: .*(SSL|TLS)/.test(clinic.broker.log));
        equal(bare.mails.length, 0, 'mails without TLS');
        const selfSigned = new Mailbox();
        await selfSigned.open(0, '0.0.0.0');
        clinic.options = mailOptions(clinic, selfSigned.port, '0.0.0.0');
        await clinic.restart();
        await clinic.invite();
        await until('a try', () => /delivery to p-sam .* has failed: .*certificate/.test(clinic.broker.log));
        equal(selfSigned.mails.length, 0, 'mails to whom nobody knows');
        await Promise.all([bare.close(), selfSigned.close()]);
    },

    async 'a system of the clinic brings links and codes, signed and under an id that stays'(clinic) {
        const receiver = new Receiver();
        await receiver.open();
        receiver.answer = 503;
        clinic.options = { '--delivery': 'webhook', '--delivery-url': receiver.url, '--webhook-secret-file': clinic.keep('secret', receiver.secret) };
        await clinic.open();
        await clinic.invite({ contact: 'tel:+15550100' });
        await until('two tries', () => receiver.requests.length >= 2);
        receiver.answer = 200;
        const came = (type) => until(type, () => receiver.taken.find((delivery) => delivery.type === type));
        const invitation = await came('delivery.invitation');
        equal(new Set(receiver.requests.map(({ id }) => id)).size, 1, 'ids');
        equal(`${invitation.participation} ${invitation.session} ${invitation.contact}`, 'p-sam s-1 tel:+15550100', 'whom it is for');
        await clinic.enter(invitation.url, async () => (await came('delivery.code')).code);
        const code = await came('delivery.code');
        atLeast(Date.parse(code.expires), Date.now(), 'when the code expires');
        equal(receiver.wrong.join(), '', 'what should not have come');
        clinic.checkLog(invitation.url.split('#i=')[1], code.code, '5550100');
        await receiver.close();
    },

    async 'staff get in by keys of their provider, which come and go'(clinic) {
        const provider = new Provider();
        provider.rotate('k-1');
        await provider.open();
        await provider.close();
        clinic.options = { '--oidc-issuer': 'https://login.example', '--oidc-audience': 'kinroom', '--oidc-jwks': provider.url };
        await clinic.open();
        const link = async (token) => (await clinic.ask('POST', `/api/v1/sessions/${clinic.broker.session}/links`, { bearer: token })).status;
        await until('a warning', () => clinic.broker.log.includes("'oidc-jwks': no keys come"));
        equal(await link(provider.token('rivera')), 401, 'a key while none came');
        await provider.open();
        await until('the keys', async () => await link(provider.token('rivera')) === 201);
        const old = provider.token('rivera');
        provider.rotate('k-2');
        equal(await link(provider.token('rivera')), 401, 'a key that is not known yet');
        equal(await link(old), 201, 'the key that is');
        for (let i = 0; i < 20; i++) await link(provider.token('rivera'));
        await until('the new keys', async () => await link(provider.token('rivera')) === 201, { within_ms: 45000, every_ms: 500 });
        equal(await link(old), 401, 'a key that is gone');
        equal(provider.fetches, 2, 'fetches');
        await provider.close();
    },

    async 'a secret that everybody can read is warned of, and a bad one is not taken'(clinic) {
        const receiver = new Receiver();
        const pem = clinic.file('pem');
        execFileSync(new URL('../../certs/make-dev-certs.sh', import.meta.url).pathname, [pem]);
        clinic.keep('key.jwk', execFileSync(KINROOM, ['token', 'key']));
        const saying = (...more) => {
            const words = ['check', '--certificate', join(pem, 'cert.pem'), '--key', join(pem, 'key.pem'), '--origins', 'https://localhost:8443',
                '--token-keys', clinic.file('key.jwk'), '--web-root', new URL('../../web', import.meta.url).pathname, ...more];
            const { status, stderr } = spawnSync(KINROOM, words);
            return `${status} ${stderr}`;
        };
        const hook = (file) => ['--webhook-url', 'https://hooks.example/', '--webhook-secret-file', file];
        const good = clinic.keep('good', receiver.secret);
        equal(saying(...hook(good)), '0 ', 'a file of our own');
        execFileSync('chmod', ['o+r', good]);
        includes(saying(...hook(good)), 'everybody on this machine can read', 'the warning');
        includes(saying(...hook(clinic.keep('short', 'whsec_c2hvcnQ='))), 'must hold whsec_', 'a short secret');
        includes(saying(...hook(clinic.file('none'))), '2 kinroom: \'webhook-secret-file\': cannot read', 'a secret that is not there');
    },
};

async function run([name, test]) {
    const started = performance.now();
    const clinic = new Clinic();
    const error = await test(clinic).then(() => clinic.broker && clinic.close()).then(() => null, (thrown) => thrown);
    console.log(`${error ? 'not ok' : 'ok'} deliveries: ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)${error ? `\n  ${error.stack.replace(/\n/g, '\n  ')}` : ''}`);
    if (error && clinic.broker) console.log(clinic.broker.log.trimEnd().split('\n').slice(-40).join('\n').replace(/^/gm, '  broker: '));
    clinic.clean();
    return error ? 1 : 0;
}

const wanted = process.argv[2] ?? '';
const failed = (await Promise.all(Object.entries(tests).filter(([name]) => name.includes(wanted)).map(run))).reduce((sum, one) => sum + one, 0);
process.exit(failed === 0 ? 0 : 1);
