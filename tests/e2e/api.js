/* api.js - the clinic's systems at a real broker, without a browser: node api.js
 *
 * One line per test; exits with 1 when one failed. Every answer of every test is held against docs/openapi.json as the server gives
 * it. */

import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker, KINROOM, grantFor, now_s, planOf } from './broker.js';
import { Caller } from './caller.js';
import { equal, includes, pause, until } from './check.js';
import { Device } from './device.js';
import { misfit } from './schema.js';

const EXAMPLES = new URL('../support/fhir/', import.meta.url);
const ALL = 'sessions:read sessions:write grants:read grants:write invitations:read invitations:write moderate guidance:write deliveries:read';

/* An identity provider, as far as we see of it: its issuer, and its keys in a file. */
const provider = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }), kid: 'staff-1', issuer: 'https://id.example', audience: 'kinroom-staff',
    folder: mkdtempSync(join(tmpdir(), 'kinroom-id-')) };
const jwks = join(provider.folder, 'jwks.json');
writeFileSync(jwks, JSON.stringify({ keys: [{ ...createPublicKey(provider.privateKey).export({ format: 'jwk' }), kid: provider.kid, alg: 'RS256', use: 'sig' }] }));

const broker = await Broker.start({ tapped: false, options: { '--shards': 2, '--log-level': 'debug', '--delivery': 'outbox',
    '--oidc-issuer': provider.issuer, '--oidc-audience': provider.audience, '--oidc-jwks': jwks } });
const serviceToken = (scope, service = 'ehr') => execFileSync(KINROOM,
    ['token', 'service', '--keys', broker.file('key.jwk'), '--service', service, '--scope', scope]).toString().trim();
const token = serviceToken(ALL);
const answered = []; /* { method, path, status, type, body } of everything that was asked */

function ask(method, path, { body, bearer = token, headers = {}, type = 'application/json' } = {}) {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const given = {
        ...(bearer && { authorization: `Bearer ${bearer}` }),
        ...(text !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(text) }),
        ...headers,
    };
    const all = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    return new Promise((done, fail) => {
        const asked = request(`${broker.url}${path}`, { method, headers: all, rejectUnauthorized: false }, (reply) => {
            const pieces = [];
            reply.on('data', (piece) => pieces.push(piece)).on('error', fail).on('end', () => {
                const content = Buffer.concat(pieces).toString();
                const answer = { method, path, status: reply.statusCode, headers: reply.headers, type: reply.headers['content-type'], text: content,
                    at: performance.now() };
                if (/json/.test(answer.type)) answer.body = JSON.parse(content);
                answered.push(answer);
                done(answer);
            });
        });
        asked.on('error', fail).end(text);
    });
}

async function expect(status, ...request) {
    const answer = await ask(...request);
    equal(answer.status, status, `${request[0]} ${request[1]} (${answer.text.slice(0, 200)})`);
    return answer;
}

const sessionOf = (changes = {}) => {
    const { id, grants, ...session } = planOf();
    return { ...session, ...changes };
};
const sessionWithKim = () => {
    const session = sessionOf();
    return { ...session, people: [...session.people, { participation: 'p-kim', person: 'kim', role: 'loved_one', name: 'Kim' }] };
};
const grantBody = (changes = {}) => {
    const { id, epoch, ...grant } = grantFor('sam');
    return { ...grant, ...changes };
};
const consentOf = (id, changes = {}) => ({
    resourceType: 'Consent', id, status: 'active', dateTime: '2026-01-01T00:00:00Z',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: 'Patient/alex' }, performer: [{ reference: 'Patient/alex' }],
    sourceReference: { reference: 'DocumentReference/77' },
    extension: [{ url: 'https://kinroom.example/fhir/StructureDefinition/notice-version', valueString: '2026-02' }],
    provision: {
        provision: [{
            type: 'permit', period: { start: '2026-01-01T00:00:00Z', end: '2036-01-01T00:00:00Z' },
            actor: [{ role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
                reference: { reference: 'RelatedPerson/lee' } }],
            purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'FAMRQT' }],
            class: [{ system: 'https://kinroom.example/fhir/CodeSystem/session-kind', code: 'individual' }],
            code: [{ coding: [{ system: 'https://kinroom.example/fhir/CodeSystem/session-mode', code: 'full' }] }],
        }],
    },
    ...changes,
});

const ROLES = { 'p-therapist': 'therapist', 'p-client': 'client', 'p-sam': 'loved_one' };

/* A bearer link, as the command line makes them. */
const linkFor = (session, participation) => `${broker.url}/#token=${broker.token(participation, ROLES[participation], { session })}`;

async function joinBy(link) {
    const caller = await Caller.dial(broker);
    equal((await caller.ask({ type: 'join', token: link.split('#token=')[1], move: false })).type, 'done', 'joining by a link');
    await caller.hears('a seat', ({ said }) => said.type === 'seat'); /* it follows the reply, later */
    return caller;
}

/* ---- By invitation ---- */

const secrets = []; /* what the log must not hold */

/* Without `deliver`, with the token that the link holds. */
async function invite(session, participation, changes = {}) {
    const body = { participation, deliver: false, contact: 'mailto:sam.miller@example.org', ...changes };
    const invitation = (await expect(201, 'POST', `/api/v1/sessions/${session}/invitations`, { body })).body;
    return { ...invitation, token: invitation.url?.split('#i=')[1] };
}

/* At one of the two doors, from a device, on our own page. */
async function knock(door, device, body) {
    const proof = await device.proof({ method: 'POST', url: `${broker.url}/join/${door}`, token: body.invitation });
    secrets.push(body.invitation);
    return ask('POST', `/join/${door}`, { body, bearer: null, headers: { dpop: proof, origin: broker.url } });
}

const deliveries = async (kind, session) => (await expect(200, 'GET', '/api/v1/deliveries')).body.items
    .filter((delivery) => delivery.kind === kind && delivery.session === session);

/* From the link to the token, with the code out of the outbox. */
async function comeIn(session, invitation, device) {
    const opened = await knock('open', device, { invitation });
    equal(`${opened.status} ${opened.body.state}`, '200 code', 'the first door');
    const code = (await deliveries('code', session)).at(-1).secret;
    secrets.push(code);
    const given = await knock('code', device, { invitation, code });
    equal(`${given.status} ${given.body.state}`, '200 open', 'the second door');
    return given.body.token;
}

async function joinWith(token, device) {
    const caller = await Caller.dial(broker);
    const reply = await caller.ask(await caller.joinRequest(token, { device }));
    return { caller, reply };
}

/* ---- Staff ---- */

const staffToken = (person, scope = '') => {
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${encode({ alg: 'RS256', typ: 'JWT', kid: provider.kid })}.${encode({ iss: provider.issuer, aud: provider.audience, sub: person,
        iat: now_s(), exp: now_s() + 600, scope: `openid ${scope}` })}`;
    return `${text}.${sign('sha256', Buffer.from(text), provider.privateKey).toString('base64url')}`;
};

/* Everybody in, and the loved one admitted. */
async function fullRoom(session) {
    const [therapist, client, sam] = await Promise.all(['p-therapist', 'p-client', 'p-sam'].map((p) => joinBy(linkFor(session, p))));
    const welcome = sam.last('welcome');
    await client.ask({ type: 'locate', address: '12 Elm Street', phone: '+1 555 0100' });
    if (sam.last('seat').seat === 'preparing') /* once is enough for every session of the kind */
        equal((await sam.ask({ type: 'acknowledge', guidance: welcome.guidance, notice: welcome.notice })).type, 'done', 'acknowledging');
    equal((await client.ask({ type: 'agree', participant: welcome.participant, yes: true })).type, 'done', 'agreeing');
    equal((await therapist.ask({ type: 'admit', participant: welcome.participant })).type, 'done', 'admitting');
    await until('Sam is in', () => sam.last('seat')?.seat === 'admitted');
    return { therapist, client, sam };
}

const hangUpAll = (...callers) => callers.forEach((caller) => caller.hangUp());

const tests = {
    async 'a session made by the API is joined'() {
        const made = await expect(201, 'POST', '/api/v1/sessions', { body: sessionOf() });
        equal(made.headers.location, `/api/v1/sessions/${made.body.id}`, 'Location');
        const read = await expect(200, 'GET', made.headers.location);
        equal(JSON.stringify(read.body), JSON.stringify(made.body), 'what is read back');
        const caller = await joinBy(linkFor(made.body.id, 'p-therapist'));
        equal(caller.last('welcome').session, made.body.id, 'the session of the welcome');
        hangUpAll(caller);
    },

    async 'withdrawing a grant ends it on a live connection before the answer'() {
        const id = 's-live';
        await expect(201, 'PUT', `/api/v1/sessions/${id}`, { body: sessionOf() });
        await expect(201, 'PUT', '/api/v1/grants/g-live', { body: grantBody() });
        await ask('DELETE', '/api/v1/grants/g-sam'); /* of the plan file, which would do as well */
        const { therapist, client, sam } = await fullRoom(id);
        let told = null;
        const mark = sam.heard.length;
        const watch = setInterval(() => {
            if (!told && sam.heard.slice(mark).some(({ said }) => said.type === 'seat' && said.seat === 'revoked')) told = performance.now();
        }, 1);
        const gone = await expect(204, 'DELETE', '/api/v1/grants/g-live');
        await until('Sam hears of it', () => told, { every_ms: 1 });
        clearInterval(watch);
        if (told > gone.at + 20) throw new Error(`the seat came ${told - gone.at} ms after the answer`);
        equal((await expect(200, 'GET', '/api/v1/grants/g-live')).body.status, 'withdrawn', 'the grant');
        await expect(204, 'DELETE', '/api/v1/grants/g-live');
        await expect(409, 'PUT', `/api/v1/sessions/${id}`, { body: sessionOf() });
        hangUpAll(therapist, client, sam);
    },

    async 'a session is replaced once nobody is in it, and stays as it was until then'() {
        const closes = sessionOf().closes_at + 60;
        await until('the room is empty', async () => (await ask('PUT', '/api/v1/sessions/s-live', { body: sessionOf({ closes_at: closes }) })).status === 200);
        equal((await expect(200, 'GET', '/api/v1/sessions/s-live')).body.closes_at, closes, 'the new end');
    },

    async 'who was removed is not let back in by leaving them out and putting them back'() {
        const id = 's-removed';
        await expect(201, 'PUT', `/api/v1/sessions/${id}`, { body: sessionOf() });
        const therapist = await joinBy(linkFor(id, 'p-therapist'));
        equal((await therapist.ask({ type: 'remove', participant: 'p-sam' })).type, 'done', 'removing Sam');
        hangUpAll(therapist);
        const sameBut = (people) => ask('PUT', `/api/v1/sessions/${id}`, { body: sessionOf({ people }) });
        const everybody = sessionOf().people;
        await until('the room is empty', async () => (await sameBut(everybody)).status === 200);
        equal((await sameBut(everybody.filter(({ participation }) => participation !== 'p-sam'))).status, 409, 'leaving Sam out');
        const sam = await Caller.dial(broker);
        const refusal = await sam.ask({ type: 'join', token: linkFor(id, 'p-sam').split('#token=')[1], move: false });
        equal(refusal.code, 'bad_token', 'the answer to Sam');
        hangUpAll(sam);
    },

    async 'a list comes in pages'() {
        for (let i = 0; i < 5; i++) await expect(201, 'PUT', `/api/v1/sessions/page-${i}`, { body: sessionOf() });
        const seen = [];
        for (let next = ''; next !== null;) {
            const page = await expect(200, 'GET', `/api/v1/sessions?limit=2${next && `&cursor=${next}`}`);
            if (page.body.items.length > 2) throw new Error('too many in a page');
            seen.push(...page.body.items.map(({ id }) => id));
            next = page.body.next;
        }
        equal(new Set(seen).size, seen.length, 'each once');
        equal([...seen].sort().join(), seen.join(), 'in order');
        equal(seen.filter((id) => id.startsWith('page-')).length, 5, 'all of them');
        for (const query of ['limit=0', 'limit=101', 'limit=x', 'cursor=a%20b', 'page=2', 'limit=1&limit=2']) await expect(400, 'GET', `/api/v1/sessions?${query}`);
    },

    async 'the same Idempotency-Key does it once'() {
        const headers = { 'idempotency-key': 'once-1' };
        const body = sessionOf();
        const first = await expect(201, 'POST', '/api/v1/sessions', { body, headers });
        const again = await expect(201, 'POST', '/api/v1/sessions', { body, headers });
        equal(again.text, first.text, 'the answer');
        equal(again.headers.location, first.headers.location, 'Location');
        const other = await expect(422, 'POST', '/api/v1/sessions', { body: { ...body, kind: 'family' }, headers });
        equal(other.body.type, 'urn:kinroom:problem:key_reused', 'the problem');
        const theirs = await expect(201, 'POST', '/api/v1/sessions', { body, headers, bearer: serviceToken(ALL, 'other') });
        if (theirs.body.id === first.body.id) throw new Error('keys are shared by services');
        await expect(400, 'POST', '/api/v1/sessions', { body, headers: { 'idempotency-key': 'k'.repeat(129) } });
        const path = `/api/v1/sessions/${first.body.id}/links`;
        const claims = ({ body: { url } }) => url.split('#token=')[1].split('.')[1];
        const own = { bearer: staffToken('rivera'), headers: { 'idempotency-key': 'link-1' } };
        equal(claims(await expect(201, 'POST', path, own)), claims(await expect(201, 'POST', path, own)), 'the claims of the link');
    },

    async 'a person comes from a link by a code to a seat, on their device alone'() {
        const id = 's-invited';
        await expect(201, 'PUT', `/api/v1/sessions/${id}`, { body: sessionOf() });
        const therapist = await joinBy(linkFor(id, 'p-therapist'));
        const codeOfSam = () => therapist.last('roster')?.people.find(({ participant }) => participant === 'p-sam')?.code;
        const { token: link, id: invitation } = await invite(id, 'p-sam');
        const phone = await Device.create();
        const token = await comeIn(id, link, phone);
        await until('the therapist reads that the code passed', () => codeOfSam() === 'passed');
        const { caller: sam, reply } = await joinWith(token, phone);
        equal(reply.type, 'done', 'joining with the device');
        equal(sam.last('welcome').session, id, 'the session of the welcome');
        equal((await knock('open', phone, { invitation: link })).body.state, 'open', 'the device again');

        const other = await Device.create();
        const { caller: stranger, reply: refusal } = await joinWith(token, other);
        equal(refusal.code, 'bad_token', 'the token on another device');
        await pause(1000);
        const listed = (await expect(200, 'GET', `/api/v1/sessions/${id}/invitations`)).body.items.find((item) => item.id === invitation);
        equal(`${listed.devices} ${listed.code} ${listed.revoked} ${'url' in listed}`, '1 passed false false', 'the invitation');
        hangUpAll(therapist, sam, stranger);
    },

    async 'a wrong code reads like an unknown link, and the therapist is told'() {
        const id = 's-forwarded';
        await expect(201, 'PUT', `/api/v1/sessions/${id}`, { body: sessionOf() });
        const therapist = await joinBy(linkFor(id, 'p-therapist'));
        const { token: link } = await invite(id, 'p-sam');
        const device = await Device.create();
        equal((await knock('open', device, { invitation: link })).body.state, 'code', 'the first door');
        const right = (await deliveries('code', id)).at(-1).secret;
        secrets.push(right);
        const wrong = await knock('code', device, { invitation: link, code: right === '000000' ? '000001' : '000000' });
        const unknown = await knock('code', device, { invitation: 'A'.repeat(43), code: right });
        equal(`${wrong.status} ${wrong.text}`, `404 ${unknown.text}`, 'the two answers');
        equal(wrong.body.type, 'urn:kinroom:problem:bad_link', 'the problem');
        const trouble = await therapist.hears('link_trouble', ({ said }) => said.type === 'link_trouble');
        equal(trouble.participant, 'p-sam', 'whose link it is');
        equal((await expect(200, 'GET', `/api/v1/sessions/${id}/participations`)).body.people.find((p) => p.participation === 'p-sam').code, 'failed', 'the code');
        await expect(400, 'POST', '/join/open', { body: { invitation: link }, bearer: null, headers: { origin: broker.url } });
        hangUpAll(therapist);
    },

    async 'a link goes to the person alone, and the newest is the only one'() {
        const id = 's-delivered';
        await expect(201, 'PUT', `/api/v1/sessions/${id}`, { body: sessionOf() });
        const first = await invite(id, 'p-sam', { deliver: true });
        equal('url' in first, false, 'a link in the answer');
        const sent = async () => (await deliveries('invitation', id)).map(({ secret }) => secret.split('#i=')[1]);
        equal((await sent()).length, 1, 'links sent');
        await expect(202, 'POST', `/api/v1/invitations/${first.id}/deliver`);
        const [old, renewed] = await sent();
        const device = await Device.create();
        equal((await knock('open', device, { invitation: old })).status, 404, 'the link before');
        await comeIn(id, renewed, device);
        const { token: another } = await invite(id, 'p-sam');
        equal((await knock('open', device, { invitation: renewed })).status, 404, 'the link of the invitation before');
        await expect(409, 'POST', `/api/v1/invitations/${first.id}/deliver`);
        const { items } = (await expect(200, 'GET', `/api/v1/sessions/${id}/invitations?limit=1`)).body;
        equal(items.length, 1, 'a page of invitations');
        const latest = (await expect(200, 'GET', `/api/v1/sessions/${id}/invitations`)).body.items.find(({ revoked }) => !revoked);
        await expect(204, 'DELETE', `/api/v1/invitations/${latest.id}`);
        equal((await knock('open', device, { invitation: another })).status, 404, 'a link that was revoked');
        const headers = { 'idempotency-key': 'invite-1' };
        const body = { participation: 'p-client', deliver: true };
        const once = await expect(201, 'POST', `/api/v1/sessions/${id}/invitations`, { body, headers });
        equal((await expect(201, 'POST', `/api/v1/sessions/${id}/invitations`, { body, headers })).body.id, once.body.id, 'the same invitation');
        equal((await sent()).length, 3, 'links sent in all');
    },

    async 'moderation has happened when it is answered'() {
        const id = 's-moderated';
        await expect(201, 'PUT', `/api/v1/sessions/${id}`, { body: sessionOf() });
        await expect(201, 'PUT', '/api/v1/grants/g-mod', { body: grantBody() });
        const order = (action, more = {}) => ask('POST', `/api/v1/sessions/${id}/moderation`, { body: { action, ...more } });
        equal((await order('step_out', { participation: 'p-sam' })).status, 409, 'nobody is in');
        const { therapist, client, sam } = await fullRoom(id);
        const seatOf = async (p) => (await expect(200, 'GET', `/api/v1/sessions/${id}/participations`)).body.people.find(({ participation }) => participation === p).seat;
        equal(await seatOf('p-sam'), 'admitted', 'the seat before');
        equal((await order('step_out', { participation: 'p-sam' })).status, 200, 'stepping out');
        equal(await seatOf('p-sam'), 'stepped_out', 'the seat after');
        await until('Sam reads it', () => sam.last('seat').seat === 'stepped_out');
        equal((await therapist.ask({ type: 'admit', participant: 'p-sam' })).type, 'done', 'admitting again');
        equal((await order('step_out_everyone')).status, 200, 'stepping everyone out');
        equal(await seatOf('p-sam'), 'stepped_out', 'the seat after that');
        equal((await order('remove', { participation: 'p-sam', reason: 'safety_threat' })).status, 200, 'removing');
        await sam.isClosed(1000, 'removed');
        equal(JSON.stringify(sam.heard).includes('safety'), false, 'the safety code in what Sam heard');
        const people = (await expect(200, 'GET', `/api/v1/sessions/${id}/participations`)).body.people;
        equal(people.filter(({ removed }) => removed).map(({ participation }) => participation).join(), 'p-sam', 'who is removed');
        equal((await ask('POST', `/api/v1/sessions/${id}/invitations`, { body: { participation: 'p-sam', deliver: false } })).status, 409, 'inviting Sam again');
        equal((await order('end')).status, 200, 'ending');
        await client.isClosed(1000, 'ended');
        equal((await order('end')).status, 409, 'ending twice');
        equal((await order('remove', { participation: 'p-nobody', reason: 'safety_other' })).status, 404, 'removing nobody');
        equal((await order('remove', { participation: 'p-client', reason: 'rude' })).status, 422, 'a reason that is none');
        await expect(404, 'POST', '/api/v1/sessions/nobody/moderation', { body: { action: 'end' } });
        hangUpAll(therapist, client, sam);
    },

    async 'a removed person and their device are out for good'() {
        const id = 's-out';
        await expect(201, 'PUT', `/api/v1/sessions/${id}`, { body: sessionWithKim() });
        const phone = await Device.create();
        const { token: link } = await invite(id, 'p-sam');
        const { token: kims } = await invite(id, 'p-kim');
        const { token: clients } = await invite(id, 'p-client');
        const token = await comeIn(id, link, phone);
        const { caller: sam } = await joinWith(token, phone);
        await expect(200, 'POST', `/api/v1/sessions/${id}/moderation`, { body: { action: 'remove', participation: 'p-sam', reason: 'safety_other' } });
        equal((await knock('open', phone, { invitation: link })).status, 404, 'the same link');
        equal((await knock('open', phone, { invitation: kims })).status, 404, 'another link on the same device');
        equal((await knock('open', phone, { invitation: clients })).body.state, 'code', "the client's, whose device it may be, too");
        equal((await knock('open', await Device.create(), { invitation: clients })).status, 200, 'that link on its own device');
        hangUpAll(sam);
    },

    async 'kill -9 forgets no link, no device and no removal'() {
        const id = 's-killed';
        await expect(201, 'PUT', `/api/v1/sessions/${id}`, { body: sessionWithKim() });
        const [phone, laptop] = [await Device.create(), await Device.create()];
        const { token: sams } = await invite(id, 'p-sam');
        const { token: clients } = await invite(id, 'p-client');
        const { token: kims } = await invite(id, 'p-kim');
        const { caller: sam } = await joinWith(await comeIn(id, sams, phone), phone);
        await comeIn(id, clients, laptop);
        const { token: unopened } = await invite(id, 'p-therapist');
        await expect(200, 'POST', `/api/v1/sessions/${id}/moderation`, { body: { action: 'remove', participation: 'p-sam', reason: 'safety_other' } });
        await broker.kill();
        await broker.restart();
        equal((await knock('open', laptop, { invitation: clients })).body.state, 'open', 'a device that is bound');
        equal((await knock('open', laptop, { invitation: unopened })).body.state, 'code', 'a link that nobody has opened');
        equal((await knock('open', phone, { invitation: sams })).status, 404, 'the link of who was removed');
        equal((await knock('open', phone, { invitation: kims })).status, 404, 'their device');
        equal((await deliveries('code', id)).length, 1, 'codes in an outbox that lives in memory');
        hangUpAll(sam);
    },

    async 'who is there is told while the session runs'() {
        const id = 's-scheduled';
        await expect(201, 'PUT', `/api/v1/sessions/${id}`, { body: sessionOf({ opens_at: now_s() + 7200, closes_at: now_s() + 9000 }) });
        const { body, text } = await expect(200, 'GET', `/api/v1/sessions/${id}/participations`);
        equal(body.phase, 'scheduled', 'the phase');
        equal(body.people.map(({ seat }) => seat).join(), 'absent,absent,invited', 'the seats');
        for (const name of ['Rivera"', 'Alex', 'Sam']) equal(text.includes(name), false, `"${name}" in the answer`);
    },

    async 'texts are put once, and read by everybody'() {
        const body = { language: 'en', title: 'Hello', parts: [{ title: 'First', points: ['One thing.'] }] };
        await expect(422, 'POST', '/api/v1/sessions', { body: sessionOf({ guidance_version: '2026-x' }) });
        await expect(201, 'PUT', '/api/v1/texts/guidance/2026-x', { body });
        await expect(200, 'PUT', '/api/v1/texts/guidance/2026-x', { body });
        await expect(409, 'PUT', '/api/v1/texts/guidance/2026-x', { body: { ...body, title: 'Bye' } });
        await expect(201, 'PUT', '/api/v1/texts/guidance/2026-x', { body: { ...body, language: 'es', title: 'Hola' } });
        const read = async (query) => (await expect(200, 'GET', `/texts/guidance/2026-x${query}`, { bearer: null })).body.title;
        equal(`${await read('')} ${await read('?lang=es-MX')} ${await read('?lang=de')}`, 'Hello Hola Hello', 'the languages');
        await expect(404, 'GET', '/texts/notice/2026-x', { bearer: null });
        includes((await expect(200, 'GET', '/texts/notice/2026-1', { bearer: null })).text, '42 CFR part 2', 'the notice');
        const listed = (await expect(200, 'GET', '/api/v1/texts')).body.items.map(({ text, version, language }) => `${text} ${version} ${language}`);
        for (const name of ['guidance 2026-1 en', 'notice 2026-1 en', 'guidance 2026-x es']) includes(listed.join(), name, 'the list');
        const session = (await expect(201, 'POST', '/api/v1/sessions', { body: sessionOf({ guidance_version: '2026-x' }) })).body.id;
        const sam = await joinBy(linkFor(session, 'p-sam'));
        equal(sam.last('welcome').guidance, '2026-x', 'the version of the welcome');
        hangUpAll(sam);
    },

    async 'staff sign in elsewhere, and get a link to their own sessions'() {
        const id = 's-staff';
        await expect(201, 'PUT', `/api/v1/sessions/${id}`, { body: sessionOf() });
        const own = await expect(201, 'POST', `/api/v1/sessions/${id}/links`, { bearer: staffToken('rivera') });
        secrets.push(own.body.url.split('#token=')[1]);
        const therapist = await joinBy(own.body.url);
        equal(therapist.last('welcome').role, 'therapist', 'the role');
        const theirs = await expect(404, 'POST', `/api/v1/sessions/${id}/links`, { bearer: staffToken('alex') });
        equal((await expect(404, 'POST', '/api/v1/sessions/nobody/links', { bearer: staffToken('rivera') })).text, theirs.text, 'a session of somebody else and none');
        await expect(403, 'POST', `/api/v1/sessions/${id}/links`);
        await expect(403, 'GET', `/api/v1/sessions/${id}`, { bearer: staffToken('rivera') });
        await expect(200, 'GET', `/api/v1/sessions/${id}`, { bearer: staffToken('rivera', 'sessions:read') });
        await expect(401, 'GET', `/api/v1/sessions/${id}`, { bearer: `${staffToken('rivera', 'sessions:read')}x` });
        hangUpAll(therapist);
    },

    async 'errors are problem details'() {
        const cases = [
            [404, 'GET', '/api/v1/sessions/nobody'], [404, 'GET', '/api/v1/nothing'], [404, 'GET', '/fhir/Patient/alex'], [404, 'DELETE', '/api/v1/grants/nobody'],
            [405, 'DELETE', '/api/v1/sessions/s-1'], [405, 'PATCH', '/api/v1/sessions/s-1', { body: {} }],
            [400, 'POST', '/api/v1/sessions', { body: '{' }], [400, 'POST', '/api/v1/sessions', { body: '[]' }], [400, 'POST', '/api/v1/sessions', { body: '{"a":1,"a":2}' }],
            [411, 'POST', '/api/v1/sessions', { body: '{}', headers: { 'content-length': undefined, 'transfer-encoding': 'chunked' } }],
            [413, 'POST', '/api/v1/sessions', { body: `{"a":"${'x'.repeat(300000)}"}` }], [415, 'POST', '/api/v1/sessions', { body: '{}', type: 'text/plain' }],
            [422, 'POST', '/api/v1/sessions', { body: sessionOf({ kind: 'party' }) }], [422, 'POST', '/api/v1/sessions', { body: sessionOf({ grants: [] }) }],
            [422, 'POST', '/api/v1/sessions', { body: sessionOf({ people: [] }) }], [422, 'PUT', '/api/v1/sessions/s-9', { body: sessionOf({ id: 's-8' }) }],
            [422, 'POST', '/api/v1/sessions', { body: sessionOf({ opens_at: 1, closes_at: 2 }) }], [422, 'PUT', '/api/v1/grants/g-9', { body: grantBody({ purpose: 'HMARKT' }) }],
            [409, 'PUT', '/api/v1/grants/g-live', { body: grantBody({ epoch: 1 }) }], [422, 'POST', '/api/v1/sessions/s-1/invitations', { body: { participation: 'p-nobody', deliver: true } }],
            [422, 'POST', '/api/v1/sessions/s-1/invitations', { body: { participation: 'p-sam', deliver: true, contact: 'Miller' } }],
        ];
        for (const [status, ...rest] of cases) {
            const { body, type } = await expect(status, ...rest);
            equal(type, 'application/problem+json', `the type of ${rest[0]} ${rest[1]}`);
            equal(body.status, status, 'its status');
            for (const word of ['Rivera', 'party', 'nobody', 'Miller']) equal(JSON.stringify(body).includes(word), false, `"${word}" in the problem`);
        }
    },

    async 'without a good token nothing is told, and each scope opens its own'() {
        const bare = (text) => text.replace(/"status": ?\d+/, '');
        const strangers = [null, 'x', `${token}x`, broker.token('p-therapist', 'therapist')];
        const refusals = [];
        for (const bearer of strangers)
            for (const path of ['/api/v1/sessions/s-1', '/api/v1/sessions/nobody', '/api/v1/nothing'])
                refusals.push((await expect(401, 'GET', path, { bearer })).text);
        const reader = serviceToken('sessions:read');
        await expect(200, 'GET', '/api/v1/sessions/s-1', { bearer: reader });
        for (const [method, path, body] of [['PUT', '/api/v1/sessions/s-1', sessionOf()], ['GET', '/api/v1/grants/g-sam'], ['DELETE', '/api/v1/grants/g-sam'],
            ['PUT', '/fhir/Consent/c-1', consentOf('c-1')], ['POST', '/api/v1/sessions/s-1/links'],
            ['POST', '/api/v1/sessions/s-1/invitations', { participation: 'p-sam', deliver: false }], ['POST', '/api/v1/sessions/s-1/moderation', { action: 'end' }],
            ['GET', '/api/v1/deliveries']])
            refusals.push(bare((await expect(403, method, path, { body, bearer: reader })).text));
        equal(new Set(refusals.map(bare)).size, 1, 'kinds of refusal');
    },

    async 'a FHIR Consent becomes a grant; what is no R4 Consent is refused; what grants nothing says why'() {
        const type = 'application/fhir+json';
        const put = (id, body) => ask('PUT', `/fhir/Consent/${id}`, { body, type });
        equal((await put('c-1', consentOf('c-1'))).status, 201, 'a good Consent');
        const grant = await expect(200, 'GET', '/api/v1/grants/c-1');
        equal(`${grant.body.person} ${grant.body.status} ${grant.body.modes}`, 'lee active full', 'its grant');
        const read = await expect(200, 'GET', '/fhir/Consent/c-1');
        equal(read.type, type, 'the type');
        const again = await put('c-1', read.body);
        equal(`${again.status} ${again.body.issue[0].severity}`, '200 information', 'what was read, written back');

        const stu3 = await put('c-2', consentOf('c-2', { scope: undefined }));
        equal(`${stu3.status} ${stu3.body.resourceType} ${stu3.body.issue[0].severity}`, '422 OperationOutcome error', 'STU3');
        await expect(404, 'GET', '/fhir/Consent/c-2');
        for (const file of readdirSync(EXAMPLES).filter((name) => name.endsWith('.json'))) {
            const example = JSON.parse(readFileSync(new URL(file, EXAMPLES), 'utf8'));
            const { status, body } = await put(example.id, example);
            equal(`${status} ${body.issue[0].severity}`, '201 warning', file);
            const kept = (await expect(200, 'GET', `/api/v1/grants/${example.id}`)).body;
            equal(`${kept.status} ${kept.reason}`, `grants_nothing ${body.issue[0].details.coding[0].code}`, `what is kept of ${file}`);
        }
        await expect(204, 'DELETE', '/fhir/Consent/c-1');
        await expect(410, 'GET', '/fhir/Consent/c-1');
        equal((await expect(200, 'GET', '/api/v1/grants/c-1')).body.status, 'withdrawn', 'the grant of a Consent that was deleted');
    },

    async 'a Bundle is imported whole or not at all'() {
        const type = 'application/fhir+json';
        const bundle = (...resources) => ({ resourceType: 'Bundle', type: 'collection', entry: resources.map((resource) => ({ resource })) });
        const good = await expect(200, 'POST', '/fhir', { body: bundle(consentOf('b-1'), consentOf('b-2', { status: 'draft' })), type });
        equal(good.body.issue.map(({ severity }) => severity).join(), 'information,warning', 'the issues');
        await expect(200, 'GET', '/fhir/Consent/b-1');
        equal((await ask('POST', '/fhir', { body: bundle(consentOf('b-3'), consentOf('b-4', { scope: undefined })), type })).status, 422, 'one of them refused');
        await expect(404, 'GET', '/fhir/Consent/b-3');
    },

    async 'a calendar entry tells nobody anything'() {
        const { text, type } = await expect(200, 'GET', '/api/v1/sessions/s-1.ics');
        includes(type, 'text/calendar', 'the type');
        includes(text.replace(/\r\n /g, ''), 'CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO', 'RFC 7986');
        for (const word of ['Rivera', 'Alex', 'Sam', 'individual', 'herap', 'token']) equal(text.includes(word), false, `"${word}" in it`);
        if (text.split('\r\n').some((line) => line.length > 75)) throw new Error('a line is too long');
    },

    async 'the document describes the server'() {
        const { body: document } = await expect(200, 'GET', '/api/v1/openapi.json', { bearer: null });
        const patterns = [];
        for (const [path, item] of Object.entries(document.paths))
            for (const [method, operation] of Object.entries(item).filter(([key]) => key !== 'parameters')) {
                const { status } = await ask(method.toUpperCase(), path.replace('{id}', 's-1'), { body: operation.requestBody ? {} : undefined });
                const missing = status === 404 && !/grants|Consent|texts|\/invitations\/|links/.test(path);
                if (status === 405 || missing) throw new Error(`${method} ${path} answers ${status}`);
                patterns.push({ method: method.toUpperCase(), path: new RegExp(`^${path.replace(/\./g, '\\.').replace('{id}', '[A-Za-z0-9_.-]+')}$`), operation });
            }
        patterns.sort((a, b) => b.path.source.length - a.path.source.length); /* an id with .ics at its end is a calendar */
        let held = 0;
        for (const { method, path, status, type, body } of answered) {
            const operation = patterns.find((known) => known.method === method && known.path.test(path.split('?')[0]))?.operation;
            if (!operation && status < 400) throw new Error(`${method} ${path} is not in the document`);
            if (!operation) continue;
            const content = (operation.responses[status]?.content?.[type?.split(';')[0]] ? operation.responses[status] : status >= 400 ? operation.responses.default : operation.responses[status])?.content;
            if (!operation.responses[status] && status < 400) throw new Error(`${method} ${path} answers ${status}, which is not in the document`);
            const schema = content?.[type?.split(';')[0]]?.schema;
            if (!schema && type) throw new Error(`${method} ${path} answers ${status} with ${type}, which is not in the document`);
            if (schema && body !== undefined) {
                const wrong = misfit(schema, body, document);
                if (wrong) throw new Error(`${method} ${path} ${status}: ${wrong}`);
                held++;
            }
        }
        console.log(`figure api_answers_held_against_document ${held} answers`);
    },

    async 'what was decided for good outlives a new plan and a kill -9'() {
        const names = ['decided-1', 'decided-2', 'decided-3', 'decided-4']; /* on either shard */
        const texts = { guidance_version: '2026-d', notice_version: '2026-d' };
        const text = { language: 'en', title: 'Hello', parts: [{ title: 'First', points: ['One thing.'] }] };
        for (const kind of ['guidance', 'notice']) await expect(201, 'PUT', `/api/v1/texts/${kind}/2026-d`, { body: text });
        for (const name of names) await expect(201, 'PUT', `/api/v1/sessions/${name}`, { body: sessionOf(texts) });
        const seats = async () => {
            const callers = await Promise.all(names.slice(1).map((name) => joinBy(linkFor(name, 'p-sam'))));
            const told = callers.map((caller) => caller.last('seat').seat).join();
            hangUpAll(...callers);
            return told;
        };
        const over = async () => {
            const caller = await Caller.dial(broker);
            return (await caller.ask({ type: 'join', token: linkFor(names[0], 'p-therapist').split('#token=')[1], move: false })).code;
        };
        equal(await seats(), 'preparing,preparing,preparing', 'the seats before');
        const sam = await joinBy(linkFor(names[0], 'p-sam'));
        const waiting = await joinBy(linkFor(names[1], 'p-sam'));
        await sam.ask({ type: 'acknowledge', guidance: '2026-d', notice: '2026-d' });
        await until('the other session knows', () => waiting.last('seat').seat === 'waiting');
        hangUpAll(waiting);
        equal(await seats(), 'waiting,waiting,waiting', 'the seats after Sam has read the texts in the first');
        equal((await ask('POST', `/api/v1/sessions/${names[0]}/moderation`, { body: { action: 'end' } })).status, 200, 'ending');
        equal(await over(), 'session_over', 'joining what was ended');
        await expect(200, 'PUT', `/api/v1/sessions/${names[0]}`, { body: sessionOf({ ...texts, closes_at: now_s() + 4000 }) });
        equal(await over(), 'session_over', 'joining it under a new plan');
        await broker.kill();
        await broker.restart();
        equal(await seats(), 'waiting,waiting,waiting', 'the seats after a crash');
        equal(await over(), 'session_over', 'joining after a crash');
        await expect(200, 'PUT', `/api/v1/sessions/${names[0]}`, { body: sessionOf({ ...texts, opens_at: now_s() + 60, closes_at: now_s() + 4000 }) });
        equal((await joinBy(linkFor(names[0], 'p-sam'))).last('seat').seat, 'waiting', 'the seat in a later box');
    },

    async 'the log tells no token and no name'() {
        const parts = [token, ...token.split('.').slice(1), 'Dr. Rivera', '12 Elm Street', 'miller', ...new Set(secrets)];
        for (const secret of parts) equal(broker.log.includes(secret), false, `"${secret.slice(0, 12)}…" in the log`);
    },
};

let failed = 0;
try {
    for (const [name, test] of Object.entries(tests)) {
        const started = performance.now();
        const error = await test().then(() => null, (thrown) => thrown);
        failed += error ? 1 : 0;
        console.log(`${error ? 'not ok' : 'ok'} api: ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)${error ? `\n  ${error.stack.replace(/\n/g, '\n  ')}` : ''}`);
    }
    await broker.stop();
    const report = /.*(?:ERROR: \w*Sanitizer|runtime error:|WARNING: \w*Sanitizer).*/.exec(broker.log)?.[0];
    if (report) throw new Error(report);
    console.log('ok api: the broker ends well');
} catch (error) {
    failed++;
    console.log(`not ok api: the broker ends well\n  ${error.stack}`);
} finally {
    if (failed) console.log(broker.log.trimEnd().split('\n').slice(-40).join('\n').replace(/^/gm, '  broker: '));
    broker.clean();
    rmSync(provider.folder, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);
