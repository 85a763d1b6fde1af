/* chat.js - written messages: to everyone who is in, or to the therapist alone. */

import { t } from '../i18n.js';
import { byId, keyed, make, setText } from '../common/dom.js';
import { chatIsOff, chatTo } from '../common/rights.js';

export function renderChat(session) {
    const targets = chatTo(session);
    const off = chatIsOff(session);
    byId('chat').hidden = targets.length === 0 && session.chat.length === 0;
    byId('chat-form').hidden = targets.length === 0 || off;
    setText(byId('chat-note'), targets.length && off ? t('chat.off') : '');
    keyed(byId('chat-to'), targets, (target) => target, (target) => make('option', { value: target, 'data-t': `chat.target.${target}` }), () => {});

    const log = byId('chat-log');
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 4;
    keyed(log, session.chat, ({ serial }) => String(serial), ({ from, name, to, text }) => make('li', {},
        from === session.me ? make('strong', { 'data-t': 'tile.you' }) : make('strong', {}, name), ' ',
        make('span', { class: 'role', 'data-t': to === 'therapist' ? 'chat.to_therapist' : null }),
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
