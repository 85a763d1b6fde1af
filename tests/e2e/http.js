/* http.js - HTTP by hand: sends exactly the bytes that a test means, and reads what comes back. */

import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';

const ANSWER_WITHIN_MS = 15000;

/* A socket, once it is connected and, over TLS, has shaken hands. */
export const connect = (port, { tls = true, host = '127.0.0.1', from } = {}) => new Promise((done, fail) => {
    const to = { port, host, localAddress: from };
    const socket = tls ? connectTls({ ...to, rejectUnauthorized: false }) : connectPlain(to);
    socket.on(tls ? 'secureConnect' : 'connect', () => done(socket)).on('error', fail);
});

const parseHead = (head) => {
    const [first, ...lines] = head.split('\r\n');
    const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
    return { status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? NaN), headers };
};

/* { status, headers: [[name, value]], body } as far as the bytes go; null while it is not whole. */
function parse(bytes, { head, over }) {
    const text = bytes.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return over ? { status: null, headers: [], body: text } : null;
    const reply = parseHead(text.slice(0, end));
    const length = Number(reply.headers.find(([name]) => name === 'content-length')?.[1] ?? Infinity);
    const body = text.slice(end + 4);
    const whole = head || reply.status === 101 || reply.status === 304 || body.length >= length;
    return whole || over ? { ...reply, body } : null;
}

/* Sends the bytes, and gives the first response; status null when the connection was closed without one. */
export async function exchange(port, bytes, options = {}) {
    const socket = await connect(port, options);
    socket.write(bytes, () => {});
    const { within_ms = ANSWER_WITHIN_MS } = options;
    return new Promise((done, fail) => {
        const seen = [];
        const late = setTimeout(() => finish(null, new Error(`no answer within ${within_ms} ms`)), within_ms);
        const finish = (reply, error) => {
            clearTimeout(late);
            socket.destroy();
            if (reply) done(reply);
            else fail(error);
        };
        const head = bytes.toString().startsWith('HEAD ');
        socket.on('data', (piece) => {
            seen.push(piece);
            const reply = parse(Buffer.concat(seen), { head, over: false });
            /* What follows a HEAD's headers would come at once. */
            if (reply) setTimeout(() => finish(parse(Buffer.concat(seen), { head, over: false })), head ? 200 : 0);
        });
        socket.removeAllListeners('error');
        const over = () => finish(parse(Buffer.concat(seen), { head, over: true }));
        socket.on('error', over).on('close', over);
    });
}

export const request = (target, { method = 'GET', headers = {} } = {}) =>
    `${method} ${target} HTTP/1.1\r\n${Object.entries({ Host: 'localhost', ...headers })
        .flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}\r\n`)).join('')}\r\n`;

/* headers: changes to those of a good upgrade; undefined leaves one out. */
export function upgrade(broker, { target = '/ws', headers = {}, method = 'GET' } = {}) {
    const good = {
        Connection: 'Upgrade', Upgrade: 'websocket', Origin: broker.url, 'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol': 'kinroom.v1', ...headers,
    };
    return request(target, { method, headers: Object.fromEntries(Object.entries(good).filter(([, value]) => value !== undefined)) });
}

/* A client's WebSocket frame. length: what it claims. */
export function frame(opcode, payload, { fin = true, rsv = 0, length = payload.length } = {}) {
    const head = [(fin ? 0x80 : 0) | rsv << 4 | opcode];
    if (length < 126) head.push(0x80 | length);
    else if (length < 65536) head.push(0x80 | 126, length >> 8, length & 255);
    else {
        const long = Buffer.alloc(8);
        long.writeBigUInt64BE(BigInt(length));
        head.push(0x80 | 127, ...long);
    }
    return Buffer.concat([Buffer.from(head), Buffer.alloc(4), payload]);
}

export const headerOf = (reply, name) => reply.headers.filter(([key]) => key === name).map(([, value]) => value);
