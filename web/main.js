/* main.js - takes the token out of the link, makes the session and its page. Nothing is sent before 'Join' is pressed. */

import { Session } from './session.js';
import { Page } from './ui.js';

const STORED = 'kinroom.token';

/* The fragment never travels to a server; we also take it out of the address bar and the history, so that a shared screen
 * or a copied address doesn't hand it on. sessionStorage keeps it for reloads of this tab only. */
function takeToken() {
    const token = new URLSearchParams(location.hash.slice(1)).get('token');
    if (location.hash) history.replaceState(null, '', location.pathname + location.search);
    if (token) sessionStorage.setItem(STORED, token);
    return sessionStorage.getItem(STORED);
}

const token = takeToken();
const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
const session = new Session(`${scheme}//${location.host}/ws`, token);
const page = new Page(session, { hasLink: Boolean(token) });

/* A token that opens nothing any more is not left lying about. */
const SPENT = new Set(['ended', 'removed', 'bad_token', 'token_expired', 'session_over']);
session.addEventListener('change', () => {
    if (session.phase === 'over' && SPENT.has(session.overReason)) sessionStorage.removeItem(STORED);
});

window.kinroom = session;
page.show();

/* A second link opened in this very tab only changes the fragment: start afresh with it. */
addEventListener('hashchange', () => {
    if (new URLSearchParams(location.hash.slice(1)).has('token')) {
        takeToken();
        location.reload();
    }
});
