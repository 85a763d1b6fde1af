/* words.js - to the therapist, and in part to the client: what is known of a person, in plain words. */

import { hasWord, t } from '../i18n.js';
import { ago, at, dayAndTime, fromNow, listed, namesTogether, timeOfDay } from '../common/times.js';
import { isIn, sourceText, wordFor } from '../common/words.js';

const SAID_WHEN_GONE = ['left', 'removed', 'revoked', 'declined', 'suspended'];

function whereText(person) {
    if (!person.connected && !SAID_WHEN_GONE.includes(person.seat)) return t('seat.not_connected');
    if (person.seat === 'admitted' && person.until) return t('seat.admitted_until', at(person.until));
    return hasWord(`seat.is.${person.seat}`) ? t(`seat.is.${person.seat}`) : '';
}

export function seatText(person) {
    const seat = whereText(person);
    if (!isIn(person)) return seat;
    return person.sending.length ? t('seat.sending', { seat, sources: listed(person.sending.map(sourceText)) }) : t('seat.sending_nothing', { seat });
}

/* ---- the permission ---- */

const MODES = ['full', 'audio', 'watch', 'listen'];

/* To the client, of their own. */
export function grantText({ mode, grant_until: until }) {
    if (!MODES.includes(mode)) return '';
    return t(`grant.mode.${mode}`) + (until ? ` ${t('grant.until', { time: dayAndTime(until) })}` : '');
}

/* In a workshop a loved one sees those who present, until the therapist lets them see the others. */
const rightText = (right, kind, { enabled }) => t(right === 'see' && kind === 'workshop' && !enabled.includes('others') ? 'console.may.see_presenters'
    : `console.may.${right}`);

/* "May see, hear and speak, until 12 March, 3:05 (in 3 days)." */
export function mayText(person, kind, now_s) {
    const { may, grant_until: until } = person;
    if (!may) return '';
    const rights = may.length ? t('console.may_do', { rights: namesTogether(may.map((right) => rightText(right, kind, person))) }) : t('console.may_nothing');
    return until ? `${rights} ${t('console.ends', { time: dayAndTime(until), left: fromNow(until - now_s) })}` : rights;
}

/* The rest of it, a sentence each. client: their name. */
export function scopeTexts({ grant, limit }, client) {
    if (!grant) return limit ? [t(`console.limit.${limit}`)] : [];
    return [
        limit ? t(`console.limit.${limit}`) : '',
        grant.topics.length ? t('console.topics', { topics: namesTogether(grant.topics.map((topic) => wordFor('topic', topic))) }) : '',
        t('console.purpose_is', { purpose: wordFor('purpose', grant.purpose) }),
        t(`console.granted_by.${grant.granted_by}`, { client }),
        grant.client_absent_ok ? t('console.absent_ok', { client }) : '',
    ].filter(Boolean);
}

/* ---- what an admission takes, one by one ---- */

const when = (unix_s) => (unix_s ? t('console.at', at(unix_s)) : '');

/* state: good, open or bad. */
function codeCheck({ code, code_at: since }) {
    if (!hasWord(`code_state.${code}`)) return null;
    return { key: 'code', state: { passed: 'good', failed: 'bad' }[code] ?? 'open', text: `${t(`code_state.${code}`)} ${when(since)}`.trim() };
}

const isToday = (unix_s) => new Date(unix_s * 1000).toDateString() === new Date().toDateString();

function readCheck({ prepared, seat }) {
    if (prepared === undefined) return null;
    if (!prepared) return { key: 'read', state: 'open', text: t(seat === 'preparing' ? 'console.reads' : 'console.not_read') };
    const { guidance, notice, at: read_s } = prepared;
    const versions = guidance === notice ? guidance : `${guidance}, ${notice}`;
    const time = !read_s ? t('console.earlier') : isToday(read_s) ? timeOfDay(read_s) : dayAndTime(read_s);
    return { key: 'read', state: 'good', text: t('console.has_read', { versions, time }) };
}

/* In a check-in the client need not be there; but when they are, it is theirs to say. */
const ASKS_CLIENT = ['individual', 'family', 'discharge'];

function yesCheck({ role, agreed, name }, kind, client) {
    const isAsked = ASKS_CLIENT.includes(kind) || (kind === 'check_in' && client?.connected);
    if (role !== 'loved_one' || !isAsked) return null;
    return { key: 'yes', state: agreed ? 'good' : 'open', text: t(agreed ? 'console.said_yes' : 'console.not_said_yes',
        { name, client: client?.name ?? t('people.the_client') }) };
}

const LINKS = { none: 'open', making: 'open', ready: 'good', weak: 'bad' };

const linkCheck = ({ connected, link }) => (connected && link in LINKS ? { key: 'link', state: LINKS[link], text: t(`console.link.${link}`) } : null);

/* client: their entry in the roster; null, nobody knows. */
export const checksOf = (person, kind, client) =>
    [codeCheck(person), readCheck(person), yesCheck(person, kind, client), linkCheck(person)].filter(Boolean);

/* Of those who are in, what is not as it should be. */
export const troublesOf = (person) => [codeCheck(person), linkCheck(person)].filter((check) => check?.state === 'bad');

/* may_admit -> why the button is off, and what can be done about it. client: their name, if it is known. */
export function whyNot(code, name, client) {
    const args = { name, client: client ?? t('people.the_client') };
    return [wordFor('why_not', code, args), hasWord(`console.how.${code}`) ? t(`console.how.${code}`, args) : ''].filter(Boolean).join(' ');
}

/* ---- waiting ---- */

export const LONG_WAIT_S = 300;

export function waitText(waited_s) {
    if (waited_s < 60) return t('console.waits_new');
    return t(waited_s >= LONG_WAIT_S ? 'console.waits_long' : 'console.waits', { span: ago(waited_s) });
}

export const sinceText = (unix_s) => t('console.since', { ...at(unix_s), time: timeOfDay(unix_s) });

/* Where help for this client would have to go. Nothing for anybody else. */
export function placeText(person) {
    if (person?.address === undefined) return '';
    return person.address ? t('whereabouts.known', { address: person.address, phone: person.phone }) : t('whereabouts.unknown');
}
