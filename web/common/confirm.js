/* confirm.js - the second click of what can't be undone. */

import { byId, setText } from './dom.js';

/* Resolves with whether the person said yes; Escape says no. */
export function confirm(question, yes) {
    const dialog = byId('confirm');
    setText(byId('confirm-text'), question);
    setText(byId('confirm-yes'), yes);
    dialog.returnValue = 'no';
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.onclick = (event) => {
            if (event.target.value) dialog.close(event.target.value);
        };
        dialog.onclose = () => resolve(dialog.returnValue === 'yes');
    });
}
