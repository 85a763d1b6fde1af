/* main.js - takes the link, makes the session and its page. Nothing is sent before 'Join' is pressed. */

import { startPage } from './common/start.js';
import { Page } from './page.js';
import { Session, forgetLink, isLink, takeLink } from './sdk/index.js';

const link = takeLink();
const session = new Session(link);
window.kinroom = session;

/* A link that opens nothing any more is not left lying about. After `bad_link` it may: the code was wrong, perhaps. */
const SPENT = new Set(['ended', 'removed', 'bad_token', 'token_expired', 'session_over']);
session.addEventListener('change', () => {
    if (session.phase === 'over' && SPENT.has(session.overReason)) forgetLink();
});

/* A second link opened in this very tab only changes the fragment: start afresh with it. */
addEventListener('hashchange', () => {
    if (isLink(location.hash.slice(1))) {
        takeLink();
        location.reload();
    }
});

let page = null;
await startPage(() => page.redraw());
page = new Page(session, { hasLink: Boolean(link) });
page.show();
