/* part.js - how a loved one takes part: less, or as much as their permission allows. And the smaller ways that somebody is offered
 * who would rather not take part. */

import { button, byId, keyed, make, setAttribute, setText } from '../common/dom.js';
import { PARTS } from '../common/words.js';

const allowed = ({ seat }) => Object.keys(PARTS).filter((mode) => seat?.modes?.includes(mode));

const choice = (mode) => button('take-part', PARTS[mode], { 'data-mode': mode });

function renderChoices(container, session) {
    keyed(container, allowed(session), (mode) => mode, choice,
        (node, mode) => setAttribute(node, 'aria-pressed', String(session.seat.mode === mode)));
}

function create() {
    return make('details', { class: 'part' },
        make('summary', {}, 'How I take part: ', make('strong')),
        make('p', {}, 'You can change this at any time, and need not say why.'),
        make('div', { class: 'row choices' }));
}

/* Into the waiting card or beside the pictures. Nothing to choose: not there. */
export function renderPart(container, session, isShown) {
    const there = isShown && session.role === 'loved_one' && allowed(session).length > 1 ? ['part'] : [];
    keyed(container, there, (key) => key, create, (node) => {
        setText(node.querySelector('strong'), PARTS[session.seat.mode] ?? 'not chosen');
        renderChoices(node.querySelector('.choices'), session);
    });
}

/* To somebody who declined: what their permission allows as a button, the rest to be asked for. */
export function renderAlternatives(session) {
    const mine = allowed(session);
    const smaller = ['audio', 'watch', 'listen'];
    keyed(byId('alternatives'), smaller, (mode) => `${mode} ${mine.includes(mode)}`,
        (mode) => make('li', {}, mine.includes(mode) ? choice(mode) : `${PARTS[mode]} (please ask the clinic)`), () => {});
}
