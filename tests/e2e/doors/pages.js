/* What plain HTTPS requests get: the pages and nothing else, with the security headers on every answer. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { equal, pause } from '../check.js';
import { connect, exchange, headerOf, request, upgrade } from '../http.js';

const SECRET = 'not for the web';
const PATIENCE_MS = 1000; /* for an answer that may never come */
const PAGE = '<!doctype html><title>A page</title>';
const SCRIPT = 'void 0;\n'.repeat(20000);
const LOGO = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>';
const CLINIC = { name: 'Clínica "El Puerto"', phone: '+1 555 0100', logo: '/clinic/logo', time_zone: 'America/Chicago' };
const CONTENT_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    + "media-src 'self' blob:; font-src 'self'; manifest-src 'self'; worker-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    + "form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'";

const SECURITY = {
    'strict-transport-security': 'max-age=31536000',
    'content-security-policy': CONTENT_POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(self), microphone=(self), display-capture=(self)',
};

/* What only pages load, dozens at once, is sent without what binds documents. */
const PART_SECURITY = Object.fromEntries(Object.entries(SECURITY).map(([name, value]) =>
    [name, ['content-security-policy', 'cross-origin-opener-policy', 'permissions-policy'].includes(name) ? '' : value]));

/* A web root with things in and beside it that are nobody's business. */
export function setUp(folder) {
    const webRoot = join(folder, 'web');
    for (const name of ['', '.git', 'deep', 'deep/.well']) mkdirSync(join(webRoot, name), { recursive: true });
    const secrets = ['../outside.txt', '../outside.html', '.hidden.html', '.env', '.git/config', '.git/HEAD.txt', 'deep/.well/known.txt',
        'key.pem',
        'key.jwk', 'plan', 'backup.sql', 'page.html~', 'index.html.bak'];
    for (const name of secrets) writeFileSync(join(webRoot, name), SECRET);
    for (const name of ['index.html', 'deep/index.html', 'deep/page.html']) writeFileSync(join(webRoot, name), PAGE);
    writeFileSync(join(webRoot, 'script.js'), SCRIPT);
    writeFileSync(join(folder, 'logo.svg'), LOGO);
    return { webRoot, options: { '--clinic-name': CLINIC.name, '--clinic-phone': CLINIC.phone, '--clinic-time-zone': CLINIC.time_zone,
        '--clinic-logo': join(folder, 'logo.svg') } };
}

const get = (broker, target, options) => exchange(broker.port, request(target, options));

function isSafe(reply, what, expected = SECURITY) {
    for (const [name, value] of Object.entries(expected)) equal(headerOf(reply, name).join(' | '), value, `${name} of ${what}`);
    equal(reply.body.includes(SECRET), false, `a secret in ${what}`);
}

/* An answer that gives nothing away: none, or an error. */
function givesNothing(reply, what) {
    equal(reply.status === null || reply.status >= 400, true, `that ${what} is refused (${reply.status})`);
    equal(reply.body.includes(SECRET) || reply.body.includes('root:'), false, `a secret in the answer to ${what}`);
}

const stillServes = async (broker) => equal((await get(broker, '/healthz')).status, 200, 'the health afterwards');

export const tests = {
    async 'pages, scripts and health are served'(broker) {
        for (const [target, type, body] of [['/', 'text/html; charset=utf-8', PAGE], ['/deep/', 'text/html; charset=utf-8', PAGE],
            ['/index.html', 'text/html; charset=utf-8', PAGE], ['/script.js', 'text/javascript; charset=utf-8', null], ['/healthz',
            'text/plain', 'ok\n']]) {
            const reply = await get(broker, target);
            equal(reply.status, 200, `the answer to ${target}`);
            equal(headerOf(reply, 'content-type').join(), type, `the type of ${target}`);
            if (body) equal(reply.body, body, `the body of ${target}`);
            equal(/no-store|no-cache/.test(headerOf(reply, 'cache-control').join()), true, `that ${target} is asked for anew`);
        }
    },

    async 'what gains by it comes compressed, to whoever takes that, and is the same'(broker) {
        for (const [accepted, coding] of [['gzip', 'gzip'], ['br, gzip;q=0.5', 'gzip'], ['gzip ; q=0', ''], ['br', ''], [undefined, '']]) {
            const reply = await get(broker, '/script.js', { headers: accepted ? { 'Accept-Encoding': accepted } : {} });
            equal(headerOf(reply, 'content-encoding').join(), coding, `the coding for "${accepted}"`);
            equal(headerOf(reply, 'vary').join(), 'accept-encoding', 'that caches know it');
            const body = Buffer.from(reply.body, 'latin1');
            equal(Number(headerOf(reply, 'content-length')[0]), body.length, 'the length');
            equal((coding ? gunzipSync(body) : body).toString(), SCRIPT, 'the script');
            if (coding) equal(body.length < SCRIPT.length / 10, true, `that it is smaller (${body.length})`);
        }
        const small = await get(broker, '/', { headers: { 'Accept-Encoding': 'gzip' } });
        equal(headerOf(small, 'content-encoding').join() + small.body, PAGE, 'what is too small to gain');
    },

    async 'what the client has does not come again'(broker) {
        const [tag] = headerOf(await get(broker, '/script.js'), 'etag');
        for (const [has, status] of [[tag, 304], [`"x", ${tag}`, 304], [tag.slice(2), 304], ['*', 304], ['W/"x"', 200], [undefined, 200]]) {
            const reply = await get(broker, '/script.js', { headers: has ? { 'If-None-Match': has, 'Accept-Encoding': 'gzip' } : {} });
            equal(reply.status, status, `the answer to who has ${has}`);
            equal(headerOf(reply, 'etag')[0], tag, 'the tag');
            if (status === 304) equal(reply.body, '', 'the body of what is unchanged');
        }
        equal(headerOf(await get(broker, '/deep/page.html'), 'etag')[0] === tag, false, 'that another file has another tag');
    },

    async "the clinic's name, number, logo and time zone are there"(broker) {
        const clinic = await get(broker, '/clinic.json');
        equal(headerOf(clinic, 'content-type').join(), 'application/json', 'the type');
        equal(headerOf(clinic, 'cache-control').join(), 'no-cache', 'that a change is seen at once');
        equal(JSON.stringify(JSON.parse(Buffer.from(clinic.body, 'latin1').toString())), JSON.stringify(CLINIC), 'the clinic');
        const logo = await get(broker, CLINIC.logo);
        equal(headerOf(logo, 'content-type').join() + logo.body, `image/svg+xml${LOGO}`, 'the logo');
    },

    async 'a HEAD has the headers of a GET, and no body'(broker) {
        for (const target of ['/', '/script.js', '/healthz', '/nothing.html']) {
            const [whole, head] = [await get(broker, target), await get(broker, target, { method: 'HEAD' })];
            equal(head.status, whole.status, `the status of ${target}`);
            equal(head.headers.join('\n'), whole.headers.join('\n'), `the headers of ${target}`);
            equal(head.body, '', `the body of a HEAD of ${target}`);
        }
    },

    async 'each kind of answer has each security header, once'(broker) {
        const etag = headerOf(await get(broker, '/index.html'), 'etag')[0];
        const kinds = {
            'a page': [200, request('/')], 'a script': [200, request('/script.js')], health: [200, request('/healthz')],
            'a missing page': [404, request('/nothing.html')], 'a POST': [405, request('/', { method: 'POST',
            headers: { 'Content-Length': '0' } })],
            'a DELETE': [405, request('/', { method: 'DELETE' })], 'a stranger': [403, upgrade(broker,
            { headers: { Origin: 'https://evil.example' } })],
            'a wrong path': [404, upgrade(broker, { target: '/x' })], 'a wrong subprotocol': [400, upgrade(broker,
            { headers: { 'Sec-WebSocket-Protocol': 'x' } })],
            'a wrong version': [426, upgrade(broker, { headers: { 'Sec-WebSocket-Version': '8' } })], 'a page as a HEAD': [200, request('/',
            { method: 'HEAD' })],
            ...(etag && { 'an unchanged page': [304, request('/index.html', { headers: { 'If-None-Match': etag } })] }),
        };
        for (const [what, [status, bytes]] of Object.entries(kinds)) {
            const reply = await exchange(broker.port, bytes);
            equal(reply.status, status, `the status of ${what}`);
            isSafe(reply, what, what === 'a script' ? PART_SECURITY : SECURITY);
        }
    },

    async 'no path leads out of the web root or to what is hidden in it'(broker) {
        const targets = ['/../outside.txt', '/../outside.html', '/deep/../../outside.txt', '/%2e%2e/outside.txt', '/..%2foutside.txt',
            '/%2e%2e%2foutside.txt',
            '/.%2e/outside.txt', '/..%5coutside.txt', '/..\\outside.txt', '/%252e%252e/outside.txt', '/%c0%ae%c0%ae/outside.txt',
            '/....//outside.txt',
            '//outside.txt', '/./../outside.txt', '/deep/%2e%2e/%2e%2e/outside.txt', '/deep/..;/outside.txt', '/%2fetc/passwd', '//etc/passwd',
            `/${'../'.repeat(20)}etc/passwd`, `/${'%2e%2e/'.repeat(20)}etc/passwd`, '/.hidden.html', '/%2ehidden.html', '/.env',
            '/.git/config', '/.git/HEAD.txt',
            '/deep/.well/known.txt', '/deep/%2ewell/known.txt', '/key.pem', '/key.jwk', '/plan', '/backup.sql', '/page.html~', '/index.html.bak',
            '/../outside.txt%00.html', '/.env%00.html', '/key.pem%00.html', '/key.pem;.html', '/key.pem?.html', '/key.pem#.html',
            '/key.pem/.html', '/deep',
            '/script.js/', '/CON.html', '/index.html/../.env', `/${'a'.repeat(3000)}.html`, 'outside.txt', '../outside.txt', '*',
            'http://localhost/.env'];
        for (const target of targets) givesNothing(await get(broker, target), target);
        await stillServes(broker);
    },

    async 'what is not HTTP gets no page, and no crash'(broker) {
        const bytes = ['GET', 'GET /\r\n\r\n', 'GET  / HTTP/1.1\r\n\r\n', 'FROB / HTTP/1.1\r\nHost: x\r\n\r\n', '\r\n\r\n\r\n',
            '\0'.repeat(1000), '\xff'.repeat(1000),
            'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n',
            'GET / HTTP/1.1\r\n: x\r\n: \r\n\r\n', 'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n',
            `GET / HTTP/9.9\r\nHost: x\r\nContent-Length: -1\r\n\r\n`,
            `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nx`,
            'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /.env HTTP/1.1\r\nHost: x\r\n\r\n'];
        const replies = await Promise.all(bytes.map((raw) => exchange(broker.port, Buffer.from(raw, 'latin1'),
            { within_ms: PATIENCE_MS }).catch((late) => late)));
        for (const [i, reply] of replies.entries()) equal((reply.body ?? '').includes(SECRET), false, `the answer to ${bytes[i].slice(0, 40)}`);
        for (const raw of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', '\0\0\0\0', '\x16\x03\x01\xff\xff']) {
            const socket = await connect(broker.port, { tls: false });
            socket.removeAllListeners('error').on('error', () => {}).write(Buffer.from(raw, 'latin1'));
            await pause(50);
            socket.destroy();
        }
        await stillServes(broker);
    },

    async 'headers that are too long, or too many, are refused'(broker) {
        const long = 'x'.repeat(100000);
        for (const [what, bytes] of Object.entries({
            'a long header': request('/', { headers: { 'X-Long': long } }), 'a long cookie': request('/', { headers: { Cookie: long } }),
            'a long name': request('/', { headers: { [long]: '1' } }), 'a long path': request(`/${long}`), 'a long query': request(`/?${long}`),
            'a long origin': upgrade(broker, { headers: { Origin: long } }),
        })) {
            const reply = await exchange(broker.port, bytes);
            /* A header that nobody asks for may be skipped without being kept. */
            if (reply.status !== 200) givesNothing(reply, what);
        }
        await exchange(broker.port, request('/', { headers: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`X-${i}`,
            'y'.repeat(20)])) }));
        await stillServes(broker);
    },
};
