/* api.js - the clinic's systems at a real broker, without a browser: node api.js
 *
 * One line per test; exits with 1 when one failed. Every answer of every test is held against docs/openapi.json as the server gives
 * it. */

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { request } from 'node:https';
import { Broker, KINROOM, grantFor, planOf } from './broker.js';
import { Caller } from './caller.js';
import { equal, includes, until } from './check.js';
import { misfit } from './schema.js';

const EXAMPLES = new URL('../support/fhir/', import.meta.url);
const ALL = 'sessions:read sessions:write grants:read grants:write invitations:write';

const broker = await Broker.start({ tapped: false, options: { '--shards': 2, '--log-level': 'debug' } });
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

/* Joins by a link as the API gave it. */
async function joinBy(link) {
    const caller = await Caller.dial(broker);
    equal((await caller.ask({ type: 'join', token: link.split('#token=')[1], move: false })).type, 'done', 'joining by a link');
    return caller;
}

const linkFor = async (session, participation) =>
    (await expect(201, 'POST', `/api/v1/sessions/${session}/links`, { body: { participation, ttl: 3600 } })).body.url;

/* Everybody in, and the loved one admitted. */
async function fullRoom(session) {
    const [therapist, client, sam] = await Promise.all(['p-therapist', 'p-client', 'p-sam'].map(async (p) => joinBy(await linkFor(session, p))));
    const welcome = sam.last('welcome');
    await client.ask({ type: 'locate', address: '12 Elm Street', phone: '+1 555 0100' });
    equal((await sam.ask({ type: 'acknowledge', guidance: welcome.guidance, notice: welcome.notice })).type, 'done', 'acknowledging');
    equal((await client.ask({ type: 'agree', participant: welcome.participant, yes: true })).type, 'done', 'agreeing');
    equal((await therapist.ask({ type: 'admit', participant: welcome.participant })).type, 'done', 'admitting');
    await until('Sam is in', () => sam.last('seat')?.seat === 'admitted');
    return { therapist, client, sam };
}

const hangUpAll = (...callers) => callers.forEach((caller) => caller.hangUp());

const tests = {
    async 'a session made by the API is joined by links of the API'() {
        const made = await expect(201, 'POST', '/api/v1/sessions', { body: sessionOf() });
        equal(made.headers.location, `/api/v1/sessions/${made.body.id}`, 'Location');
        const read = await expect(200, 'GET', made.headers.location);
        equal(JSON.stringify(read.body), JSON.stringify(made.body), 'what is read back');
        const caller = await joinBy(await linkFor(made.body.id, 'p-therapist'));
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
        const therapist = await joinBy(await linkFor(id, 'p-therapist'));
        equal((await therapist.ask({ type: 'remove', participant: 'p-sam' })).type, 'done', 'removing Sam');
        hangUpAll(therapist);
        const sameBut = (people) => ask('PUT', `/api/v1/sessions/${id}`, { body: sessionOf({ people }) });
        const everybody = sessionOf().people;
        await until('the room is empty', async () => (await sameBut(everybody)).status === 200);
        equal((await sameBut(everybody.filter(({ participation }) => participation !== 'p-sam'))).status, 409, 'leaving Sam out');
        const sam = await Caller.dial(broker);
        const refusal = await sam.ask({ type: 'join', token: (await linkFor(id, 'p-sam')).split('#token=')[1], move: false });
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
        const link = await expect(201, 'POST', path, { body: { participation: 'p-sam', ttl: 60 }, headers: { 'idempotency-key': 'link-1' } });
        const same = await expect(201, 'POST', path, { body: { participation: 'p-sam', ttl: 60 }, headers: { 'idempotency-key': 'link-1' } });
        equal(claims(same), claims(link), 'the claims of the link');
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
            [409, 'PUT', '/api/v1/grants/g-live', { body: grantBody({ epoch: 1 }) }], [422, 'POST', '/api/v1/sessions/s-1/links', { body: { participation: 'p-nobody', ttl: 60 } }],
        ];
        for (const [status, ...rest] of cases) {
            const { body, type } = await expect(status, ...rest);
            equal(type, 'application/problem+json', `the type of ${rest[0]} ${rest[1]}`);
            equal(body.status, status, 'its status');
            for (const word of ['Rivera', 'party', 'nobody']) equal(JSON.stringify(body).includes(word), false, `"${word}" in the problem`);
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
            ['PUT', '/fhir/Consent/c-1', consentOf('c-1')], ['POST', '/api/v1/sessions/s-1/links', { participation: 'p-sam', ttl: 60 }]])
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
                const missing = status === 404 && !/grants|Consent/.test(path);
                if (status === 405 || missing) throw new Error(`${method} ${path} answers ${status}`);
                patterns.push({ method: method.toUpperCase(), path: new RegExp(`^${path.replace(/\./g, '\\.').replace('{id}', '[A-Za-z0-9_-]+')}$`), operation });
            }
        let held = 0;
        for (const { method, path, status, type, body } of answered) {
            const operation = patterns.find((known) => known.method === method && known.path.test(path.split('?')[0]))?.operation;
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


    async 'the log tells no token and no name'() {
        const parts = [token, ...token.split('.').slice(1), 'Dr. Rivera', '12 Elm Street'];
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
}
process.exit(failed === 0 ? 0 : 1);
