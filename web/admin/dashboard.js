/* dashboard.js - how the server is doing: asked every two seconds while the page is looked at; and how it was, every minute. No names, as none
 * come. */

import { byId, keyed, make, setAttribute, setText } from '../common/dom.js';
import { inWords, timeOfDay } from '../common/times.js';
import { t } from '../i18n.js';
import { get } from './api.js';
import { megabits, percent, whole } from './numbers.js';
import { Plot } from './plots.js';
import { signedOut, startAdmin } from './start.js';

const EVERY_MS = 2000;
const STALE_MS = 7000;
const PLOTS_EVERY_MS = 60000;
const LONG_WAIT_S = 30 * 60;
const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
const SPANS = { hour: [HOUR_S, 60], day: [DAY_S, 300], week: [7 * DAY_S, 1800], month: [30 * DAY_S, 7200] };
const AHEAD_S = 12 * HOUR_S;
const BOOKED_STEP_S = 900;

let picture = null; /* the latest */
let heardAt_ms = 0;

/* ---- what is said ---- */

/* An id is long; its end tells it apart, and the whole is in the title. */
const shortId = (id) => (id.length > 12 ? `…${id.slice(-8)}` : id);

const alarmText = (alarm) => t(`admin.alarm.${alarm.kind}`, {
    session: shortId(alarm.session ?? ''), shard: alarm.shard === undefined ? '' : String(alarm.shard + 1), node: alarm.node ?? '',
    time: alarm.since ? spanSince(alarm.since) : '',
});

const spanSince = (unix_s) => inWords(picture.at - unix_s);

const alarmKey = ({ kind, session = '', node = '', shard = '' }) => `${kind} ${session} ${node} ${shard}`;

function showAlarms() {
    keyed(byId('alarms'), picture.alarms, alarmKey, ({ kind }) => make('li', { class: 'panel alarm', 'data-kind': kind }), (node, alarm) => setText(node, alarmText(alarm)));
    byId('no-alarms').hidden = picture.alarms.length > 0;
    setAttribute(byId('alarms-box'), 'data-quiet', picture.alarms.length === 0);
}

const isLongAgo = (since) => Boolean(since) && picture.at - since > LONG_WAIT_S;

function longestWait() {
    const since = picture.sessions.map((session) => session.waiting_since).filter(Boolean);
    return since.length ? Math.min(...since) : null;
}

function tiles() {
    const { rooms, people, waiting, nodes } = picture;
    const wait = longestWait();
    const left = nodes.reduce((sum, node) => sum + node.left_people, 0);
    return [
        { key: 'open', word: 'admin.tile.open', value: whole(rooms.open) },
        { key: 'paused', word: 'admin.tile.paused', value: whole(rooms.paused) },
        { key: 'lobby', word: 'admin.tile.lobby', value: whole(rooms.lobby) },
        { key: 'people', word: 'admin.tile.people', value: whole(people) },
        { key: 'waiting', word: 'admin.tile.waiting', value: whole(waiting), isLong: isLongAgo(wait),
            note: wait ? t('admin.longest', { time: spanSince(wait) }) : '' },
        { key: 'left', word: 'admin.tile.left', value: whole(left), note: t('admin.left_note') },
    ];
}

function showTiles() {
    keyed(byId('tiles'), tiles(), ({ key }) => key,
        ({ word, key }) => make('div', { class: 'panel', 'data-tile': key }, make('dt', { 'data-t': word }), make('dd', { class: 'value' }), make('dd', { class: 'note' })),
        (node, { value, note = '', isLong = false }) => {
            setText(node.querySelector('.value'), value);
            setText(node.querySelector('.note'), note);
            setAttribute(node, 'data-long', isLong);
        });
}

/* Who waits longest first, then what ends next. */
const byNeed = (a, b) => (a.waiting_since ?? Infinity) - (b.waiting_since ?? Infinity) || a.closes_at - b.closes_at;

function waitText({ waiting, waiting_since: since, client_missing_since: missing }) {
    if (missing) return t('admin.client_missing', { time: spanSince(missing) });
    if (!waiting) return t('admin.nobody_waits');
    return t(isLongAgo(since) ? 'admin.waits_long' : 'admin.waits_for', { count: waiting, time: spanSince(since) });
}

const isLong = ({ waiting_since: since, client_missing_since: missing }) => Boolean(missing) || isLongAgo(since);

/* A cell says on a phone which column it is of. */
const cell = (word, tag = 'td') => make(tag, { 'data-column': word, ...(tag === 'th' && { scope: 'row' }) }, make('span', { class: 'label', 'data-t': word }), make('span', { class: 'text' }));
const fill = (row, texts) => texts.forEach((text, i) => setText(row.children[i].lastElementChild, text));

function showSessions() {
    const sessions = [...picture.sessions].sort(byNeed);
    keyed(byId('sessions').tBodies[0], sessions, ({ session }) => session,
        ({ session }) => make('tr', { 'data-session': session }, ...['admin.session', 'admin.state', 'admin.seats', 'admin.waits', 'admin.ends'].map((word, i) => cell(word, i ? 'td' : 'th'))),
        (row, session) => {
            const left_s = session.closes_at - picture.at;
            fill(row, [t('admin.session_name', { kind: t(`admin.kinds.${session.kind}`), id: shortId(session.session) }), t(`admin.states.${session.state}`),
                t('admin.seats_used', { used: whole(session.connected), all: whole(session.seats) }), waitText(session),
                left_s > 0 ? t('admin.ends_in', { time: timeOfDay(session.closes_at), left: inWords(left_s) }) : t('admin.over')]);
            setAttribute(row, 'data-state', session.state);
            setAttribute(row, 'data-long', isLong(session));
            setAttribute(row, 'title', session.session);
        });
    byId('sessions').hidden = sessions.length === 0;
    byId('no-sessions').hidden = sessions.length > 0;
}

function showLoad() {
    setText(byId('nodes'), picture.nodes.map(({ node, version, uptime_s: up, left_people: left }) =>
        t('admin.node', { node, version, up: inHours(up), left: whole(left) })).join(' '));
    const shards = picture.nodes.flatMap(({ node, shards: all }) => all.map((shard) => ({ ...shard, node })));
    const words = ['admin.relay', 'admin.busy_column', 'admin.left', 'admin.people', 'admin.traffic', 'admin.lost', 'admin.frozen', 'admin.paused_pictures'];
    keyed(byId('shards').tBodies[0], shards, ({ node, shard }) => `${node} ${shard}`,
        ({ node, shard }) => {
            const row = make('tr', { 'data-shard': `${node}/${shard}` }, ...words.map((word, i) => cell(word, i ? 'td' : 'th')));
            row.children[1].append(make('meter', { min: 0, max: 100, low: 60, high: 85, optimum: 0, 'aria-hidden': 'true' }));
            return row;
        },
        (row, s) => {
            [t('admin.shard_name', { node: s.node, shard: String(s.shard + 1) }), percent(s.busy_percent), t('admin.packets_left', { value: whole(s.left) }), whole(s.people),
                t('admin.in_and_out', { in: megabits(s.bits_in_per_s), out: megabits(s.bits_out_per_s) }),
                t('admin.in_and_out', { in: percent(s.lost_in_percent), out: percent(s.lost_out_percent) }), percent(s.frozen_percent),
                t('admin.paused_of', { paused: whole(s.pictures_paused), all: whole(s.pictures) })]
                .forEach((text, i) => setText(row.children[i].querySelector('.text'), text));
            row.querySelector('meter').value = s.busy_percent;
            setAttribute(row, 'data-long', s.busy_percent > 85 || s.picture_share_percent < 100);
        });
}

const inHours = (seconds) => (seconds < HOUR_S ? inWords(seconds) : t('admin.hours', { count: Math.floor(seconds / HOUR_S) }));

function showFreshness() {
    const age_ms = Date.now() - heardAt_ms;
    const stale = heardAt_ms === 0 || age_ms > STALE_MS;
    setAttribute(byId('freshness'), 'data-stale', String(stale));
    if (heardAt_ms === 0) setText(byId('freshness'), t('admin.not_yet'));
    else setText(byId('freshness'), stale ? t('admin.stale', { age: inWords(age_ms / 1000) }) : t('admin.live'));
}

function show() {
    showFreshness();
    if (!picture) return;
    showAlarms();
    showTiles();
    showSessions();
    showLoad();
}

/* ---- plots ---- */

const booked = new Plot(byId('booked'), 'admin.plot_booked', [
    { word: 'admin.line_booked', of: ({ booked: now }) => now, fill: true },
    { word: 'admin.line_capacity', of: ({ available, booked: now }) => available?.map((free, i) => free + now[i]) },
], whole, { steps: true });
const place = byId('history');
const history = [
    new Plot(place, 'admin.plot_people', [{ word: 'admin.line_people', of: ({ people }) => people, fill: true }, { word: 'admin.line_rooms', of: ({ rooms }) => rooms },
        { word: 'admin.line_waiting', of: ({ waiting }) => waiting }], whole),
    new Plot(place, 'admin.plot_load', [{ word: 'admin.line_busy', of: ({ busy_percent: busy }) => busy, fill: true }], percent, { least: 0.1 }),
    new Plot(place, 'admin.plot_quality', [{ word: 'admin.line_lost_out', of: (p) => p.lost_out_percent }, { word: 'admin.line_lost_in', of: (p) => p.lost_in_percent },
        { word: 'admin.line_frozen', of: (p) => p.frozen_percent }], percent, { least: 0.1 }),
    new Plot(place, 'admin.plot_traffic', [{ word: 'admin.line_out', of: (p) => p.bits_out_per_s, fill: true }, { word: 'admin.line_in', of: (p) => p.bits_in_per_s }], megabits, { least: 1e5 }),
];

async function drawHistory() {
    const [span, step] = SPANS[byId('span').value];
    const to = Math.floor(Date.now() / 1000);
    const { ok, body } = await get(`/api/v1/history?from=${to - span}&to=${to}&step=${step}`);
    if (ok) for (const plot of history) plot.draw(body.points, body.step, to - span, to);
}

async function drawBooked() {
    const from = Math.floor(Date.now() / 1000 / BOOKED_STEP_S) * BOOKED_STEP_S;
    const { ok, body } = await get(`/api/v1/capacity?from=${from}&to=${from + AHEAD_S}&step=${BOOKED_STEP_S}`);
    if (ok) booked.draw(body.points, body.step, from, from + AHEAD_S);
}

const redrawPlots = () => [booked, ...history].forEach((plot) => plot.redraw());

/* ---- again and again ---- */

const isLookedAt = () => document.visibilityState === 'visible';
const isSeen = () => new Promise((done) => document.addEventListener('visibilitychange', done, { once: true }));
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function look() {
    const answer = await get('/api/v1/live');
    if (answer.status === 401) signedOut();
    if (answer.ok) {
        picture = answer.body;
        heardAt_ms = Date.now();
    }
    show();
}

await startAdmin(() => { show(); redrawPlots(); });
byId('span').append(...Object.keys(SPANS).map((span) => make('option', { value: span, 'data-t': `admin.spans.${span}` })));
byId('span').value = 'day';
byId('span').addEventListener('change', drawHistory);
new MutationObserver(redrawPlots).observe(document.querySelector('link[data-theme="dark"]'), { attributes: true });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawPlots);

setInterval(showFreshness, 1000);
for (let plotsAt_ms = 0; ; await pause(EVERY_MS)) {
    while (!isLookedAt()) await isSeen();
    await look();
    if (Date.now() - plotsAt_ms < PLOTS_EVERY_MS) continue;
    plotsAt_ms = Date.now();
    await Promise.all([drawHistory(), drawBooked()]);
}
