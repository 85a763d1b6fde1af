/* start.js - what both admin's pages begin with: words, signing in, and what is shown to whom is not signed in.
 *
 * The page has #signed-in and #signed-out, of which one is shown, and in the latter #sign-in with a field and #sign-in-state. */

import { byId, setText } from '../common/dom.js';
import { startPage } from '../common/start.js';
import { t } from '../i18n.js';
import { get, signIn, signOut, takeToken } from './api.js';

const REFUSED = { 0: 'admin.unreachable', 401: 'admin.key_refused', 403: 'admin.key_refused', 429: 'admin.busy', 503: 'admin.busy' };

/* Resolves with what the reader may do, once they are signed in; redraw: after the language has changed. */
export async function startAdmin(redraw) {
    const token = takeToken();
    let said = null;
    await startPage(() => { setText(byId('sign-in-state'), said ? t(said) : ''); redraw(); });
    byId('sign-out').addEventListener('click', async () => {
        await signOut();
        location.reload();
    });
    const answer = token ? await signIn(token) : await get('/admin/session');
    if (answer.ok) return shown(answer.body);
    said = token || answer.status === 0 ? REFUSED[answer.status] ?? 'admin.unreachable' : null;
    return askForKey(said, (word) => { said = word; });
}

function shown(rights) {
    byId('signed-out').hidden = true;
    byId('signed-in').hidden = false;
    byId('sign-out').hidden = false;
    return rights;
}

/* The page starts over: whoever was signed in may be somebody else now. */
export const signedOut = () => location.reload();

function askForKey(said, remember) {
    byId('signed-in').hidden = true;
    byId('signed-out').hidden = false;
    setText(byId('sign-in-state'), said ? t(said) : '');
    return new Promise((done) => {
        byId('sign-in').addEventListener('submit', async (event) => {
            event.preventDefault();
            const field = byId('key');
            const answer = await signIn(field.value.trim());
            field.value = '';
            if (answer.ok) return done(shown(answer.body));
            const word = REFUSED[answer.status] ?? 'admin.unreachable';
            remember(word);
            setText(byId('sign-in-state'), t(word));
            field.focus();
        });
    });
}
