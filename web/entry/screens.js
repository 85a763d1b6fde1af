/* screens.js - which screen is shown, a pure function of the session; and those that are only words: a title, some sentences, some buttons. */

import { hasWord, t } from '../i18n.js';
import { byId, button, keyed, make, setText } from '../common/dom.js';
import { whenItStarts, wordFor } from '../common/words.js';

const PHASES = { idle: 'start', connecting: 'joining', code: 'code', retrying: 'retrying', elsewhere: 'elsewhere' };
const SEATS = { preparing: 'preparing', declined: 'declined', waiting: 'waiting', admitting: 'admitting', stepped_out: 'stepped_out',
                suspended: 'suspended', left: 'left', removed: 'removed', revoked: 'revoked', admitted: 'session', present: 'session' };
const OVER = { bad_token: 'bad_link' }; /* one page for all that opens nothing */

/* reconsiders: declined, and reads the texts again. */
export function screenOf(session, hasLink, reconsiders) {
    if (!hasLink) return 'no_link';
    if (session.phase === 'over') return OVER[session.overReason] ?? (Object.hasOwn(CARDS, session.overReason) ? session.overReason : 'refused');
    if (session.phase === 'connecting' && session.isReturning) return 'retrying';
    if (session.phase !== 'joined') return PHASES[session.phase];
    if (!session.seat) return 'joining';
    if (session.seat.seat === 'waiting' && session.role === 'client') return 'locating';
    if (session.seat.seat === 'declined' && reconsiders) return 'preparing';
    return SEATS[session.seat.seat] ?? 'joining';
}

/* A loved one may always say that they would rather not; an interpreter is at work. */
const mayDecline = ({ role }) => (role === 'loved_one' ? ['decline', 'leave'] : ['leave']);

const readiness = ({ mediaReady }) => t(mediaReady ? 'card.ready' : 'card.getting_ready');

/* Neutral on purpose: a loved one needn't learn whose decision it was. */
const reason = ({ seat }) => (hasWord(`reason.${seat.reason}`) ? t(`reason.${seat.reason}`) : '');

/* lines(session) -> sentences, of which empty ones are left out; actions, or actions(session), name buttons; call: with the clinic's number. */
const CARDS = {
    no_link: { lines: () => [t('card.no_link.ask')], call: true },
    joining: { lines: () => [t('card.joining.safe')] },
    retrying: { lines: () => [t('card.retrying.lost')] },
    elsewhere: { lines: () => [t('card.elsewhere.move')], actions: ['move'] },
    bad_link: {
        lines: () => ['nobody', 'newest_link', 'newest_code', 'call'].map((line) => t(`card.bad_link.${line}`)), actions: ['try-again'], call: true,
    },
    waiting: {
        lines: (session) => [t('card.waiting.who'), t('card.waiting.nobody'), whenItStarts(session), readiness(session)], actions: mayDecline, call: true,
    },
    admitting: { lines: () => [t('card.admitting.nobody')], actions: ['leave'] },
    stepped_out: { lines: (session) => [reason(session), t('card.stepped_out.nobody'), readiness(session)], actions: mayDecline, call: true },
    suspended: { lines: (session) => [reason(session) || t('card.suspended.paused'), t('card.suspended.nobody')], actions: ['leave'], call: true },
    left: { lines: () => [t('card.left.nobody')], actions: ['rejoin'] },
    moved: { lines: () => [t('card.moved.stopped')], actions: ['move'] },
    removed: { lines: () => [t('card.removed.nobody')], call: true },
    revoked: { lines: () => [t('card.revoked.nobody')], call: true },
    ended: { lines: () => [t('card.ended.nobody')] },
    token_expired: { lines: () => [t('card.token_expired.nobody')], call: true },
    refused: {
        lines: ({ overReason }) => [hasWord(`error.${overReason}`) ? wordFor('error', overReason) : t('card.refused.ask')], actions: ['rejoin'], call: true,
    },
};

const BUTTONS = { 'try-again': 'button.try_again', move: 'button.move', rejoin: 'button.rejoin', leave: 'button.leave', decline: 'button.decline' };

export function renderCard(screen, session) {
    const { lines, actions = [], call = false } = CARDS[screen];
    setText(byId('card-title'), t(`card.${screen}.title`, { name: session.welcome?.name ?? '' }));
    keyed(byId('card-lines'), lines(session).filter(Boolean).map((text, at) => ({ text, at })), ({ at }) => String(at), () => make('p'),
        (node, { text }) => setText(node, text));
    keyed(byId('card-actions'), typeof actions === 'function' ? actions(session) : actions, (action) => action,
        (action) => button(action, BUTTONS[action], { class: ['leave', 'decline'].includes(action) ? null : 'primary' }), () => {});
    byId('card-call').hidden = !call;
}
