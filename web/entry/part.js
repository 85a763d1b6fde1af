/* part.js - how a loved one takes part: less, or as much as their permission allows. And the smaller ways that somebody is offered
 * who would rather not take part. */

import { t } from '../i18n.js';
import { button, byId, keyed, make, setAttribute, setText } from '../common/dom.js';

/* The most first. */
const PARTS = ['full', 'audio', 'watch', 'listen'];

const allowed = ({ seat }) => PARTS.filter((mode) => seat?.modes?.includes(mode));

const choice = (mode) => button('take-part', `part.mode.${mode}`, { 'data-mode': mode });

function renderChoices(container, session) {
    keyed(container, allowed(session), (mode) => mode, choice,
        (node, mode) => setAttribute(node, 'aria-pressed', String(session.seat.mode === mode)));
}

function create() {
    return make('details', { class: 'part' },
        make('summary', {}, make('span', { 'data-t': 'part.title' }), ' ', make('strong')),
        make('p', { 'data-t': 'part.about' }),
        make('div', { class: 'row choices' }));
}

/* Into the waiting card or beside the pictures. Nothing to choose: not there. */
export function renderPart(container, session, isShown) {
    const there = isShown && session.role === 'loved_one' && allowed(session).length > 1 ? ['part'] : [];
    keyed(container, there, (key) => key, create, (node) => {
        setText(node.querySelector('strong'), t(`part.mode.${PARTS.includes(session.seat.mode) ? session.seat.mode : 'none'}`));
        renderChoices(node.querySelector('.choices'), session);
    });
}

/* To somebody who declined: what their permission allows as a button, the rest to be asked for. */
export function renderAlternatives(session) {
    const mine = allowed(session);
    const smaller = ['audio', 'watch', 'listen'];
    keyed(byId('alternatives'), smaller, (mode) => `${mode} ${mine.includes(mode)}`,
        (mode) => make('li', {}, mine.includes(mode) ? choice(mode) : make('span')), (node, mode) => {
            if (!mine.includes(mode)) setText(node.firstElementChild, t('declined.ask', { part: t(`part.mode.${mode}`) }));
        });
}
