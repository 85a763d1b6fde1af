/* api.js - what the admin's pages ask of the server, and signing in to it.
 *
 * The token comes in the address's fragment, which browsers send to nobody, or is typed. It is brought once, in a header, for a cookie that no
 * script can read; after that this page holds no secret. */

const WITHIN_MS = 8000;

/* status 0: the server can't be reached. */
export class Answer {
    constructor(status, body) {
        this.status = status;
        this.body = body;
        this.ok = status >= 200 && status < 300;
    }
}

export async function ask(method, path, { body, token, key } = {}) {
    const headers = {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
        ...(key && { 'idempotency-key': key }),
    };
    try {
        const reply = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: 'no-store', signal: AbortSignal.timeout(WITHIN_MS) });
        const isJson = /json/.test(reply.headers.get('content-type') ?? '');
        return new Answer(reply.status, isJson ? await reply.json() : null);
    } catch {
        return new Answer(0, null);
    }
}

export const get = (path) => ask('GET', path);

export const signIn = (token) => ask('POST', '/admin/session', { token });
export const signOut = () => ask('DELETE', '/admin/session');

/* Off the address bar before anything else: a page that is shared or reloaded holds no token. */
export function takeToken() {
    const token = new URLSearchParams(location.hash.slice(1)).get('token');
    if (location.hash) history.replaceState(null, '', location.pathname);
    return token;
}
