/* chat.js - written messages: to everyone who is in, or to the therapist alone. */

import { byId, keyed, make, setText } from '../common/dom.js';
import { chatIsOff, chatTo } from '../common/rights.js';

const TARGETS = { everyone: 'Everyone', therapist: 'Only the therapist' };

export function renderChat(session) {
    const targets = chatTo(session);
    const off = chatIsOff(session);
    byId('chat').hidden = targets.length === 0 && session.chat.length === 0;
    byId('chat-form').hidden = targets.length === 0 || off;
    setText(byId('chat-note'), targets.length && off ? 'Your therapist has not turned on messages for you.' : '');
    keyed(byId('chat-to'), targets, (target) => target, (target) => make('option', { value: target }, TARGETS[target]), () => {});

    const log = byId('chat-log');
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 4;
    keyed(log, session.chat, ({ serial }) => String(serial), ({ from, name, to, text }) => make('li', {},
        make('strong', {}, from === session.me ? 'You' : name), make('span', { class: 'role' }, to === 'therapist' ? ' to the therapist only' : ''),
        make('p', {}, text)), () => {});
    log.hidden = session.chat.length === 0;
    if (atEnd) log.scrollTop = log.scrollHeight;
}

export function chatTyped() {
    return { to: byId('chat-to').value, text: byId('chat-text').value.trim() };
}

/* Only what was sent goes: somebody may have typed on meanwhile. */
export function clearChat(sent) {
    if (byId('chat-text').value.trim() === sent) byId('chat-text').value = '';
}
