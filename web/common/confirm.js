/* confirm.js - the second click of what can't be undone. */

import { openBeside } from './dialog.js';
import { byId, setText } from './dom.js';

/* Resolves with whether the person said yes; Escape says no. */
export async function confirm(question, yes) {
    const dialog = byId('confirm');
    const answered = openBeside(dialog, dialog.querySelector('[value="no"]'));
    setText(byId('confirm-text'), question);
    setText(byId('confirm-yes'), yes);
    dialog.onclick = (event) => {
        if (event.target.value) dialog.close(event.target.value);
    };
    return (await answered) === 'yes';
}
