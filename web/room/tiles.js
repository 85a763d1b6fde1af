/* tiles.js - one tile per picture: whoever is shown, their shared screens, and myself. Where each goes is for places.js. */

import { t } from '../i18n.js';
import { byId, keyed, make, setAttribute, setText } from '../common/dom.js';
import { icon } from '../common/icon.js';
import { isIn } from '../common/words.js';
import { chooseTiles, leadOf } from './crowd.js';
import { forgetPlaces, placeTiles } from './places.js';
import { isWeak } from './trouble.js';
import { view } from './view.js';

const initials = (name) => name.split(/\s+/).filter(Boolean).slice(0, 2).map((word) => [...word][0].toUpperCase()).join('') || '?';

export const keyOf = ({ participant, source }) => `${participant} ${source}`;

let ledLast = null;

/* The pictures that belong on the page, in a steady order: others, screens first, then me. */
function wanted(session, shown) {
    const me = { participant: session.me, name: session.welcome.name };
    const tiles = [];
    for (const person of shown)
        if (person.sending.includes('screen')) tiles.push({ person, source: 'screen', ...pictureOf(session, person, 'screen') });
    for (const person of shown) {
        tiles.push({
            person, source: 'camera', ...pictureOf(session, person, 'camera'), quiet: !person.sending.includes('mic'), hand: person.hand,
            speaks: session.speaker === person.participant, weak: isWeak(person.participant),
        });
    }
    if (session.tracks.screen) tiles.push({ person: me, source: 'screen', track: session.tracks.screen, isOn: true, own: true });
    tiles.push({
        person: me, source: 'camera', track: session.tracks.camera, isOn: Boolean(session.tracks.camera), own: true, quiet: !session.tracks.mic,
        hand: session.mine?.hand, speaks: session.speaker === session.me,
    });
    return tiles;
}

/* While it is paused the track holds its last frame, which is better not taken for now. */
function pictureOf(session, { participant, sending }, source) {
    const isOn = sending.includes(source), paused = isOn && session.isPaused(participant, source);
    return { isOn, paused, track: isOn && !paused ? session.trackOf(participant, source) : null };
}

/* A sign with words that only screen readers have. */
const mark = (name, sign) => make('span', { class: `mark ${name}`, hidden: true }, icon(sign), make('span', { class: 'unseen' }));

function mayHave(tile, name, text) {
    const node = tile.querySelector(`.${name}`);
    node.hidden = !text;
    setText(node.querySelector('span'), text);
}

function create({ person, source, own }) {
    const tile = make('figure', {
        class: `tile${own ? ' own' : ''}`,
        'data-participant': person.participant,
        'data-source': source,
    },
    make('div', { class: 'initials', 'aria-hidden': 'true' }, make('span')),
    make('video', { autoplay: true, playsinline: true, muted: true }),
    make('p', { class: 'trouble' }),
    make('figcaption', {}, mark('speaks', 'voice'), mark('quiet', 'mic-off'), make('span', { class: 'name' }), mark('dark', 'camera-off'),
        mark('hand', 'hand')));
    tile.querySelector('video').addEventListener('resize', () => placeTiles());
    return tile;
}

function troubleText({ person, own, paused, weak }) {
    if (paused) return t('tile.paused');
    return weak && !own ? t('tile.weak', { name: person.name }) : '';
}

/* Who speaks is there to be read, and is not announced: nothing here is a live region. */
function update(tile, shown) {
    const { person, source, track, isOn, own, quiet, hand, speaks } = shown;
    const name = own ? t('tile.you') : person.name;
    const isFace = source === 'camera';
    setText(tile.querySelector('.initials span'), initials(person.name));
    setText(tile.querySelector('.name'), isFace ? name : t('tile.screen', { name }));
    setAttribute(tile, 'data-speaks', speaks);
    mayHave(tile, 'speaks', speaks ? t('tile.speaks') : '');
    mayHave(tile, 'quiet', isFace && quiet ? t('tile.quiet') : '');
    mayHave(tile, 'dark', isFace && !isOn ? t('tile.dark') : '');
    mayHave(tile, 'hand', hand ? t('tile.hand') : '');
    setText(tile.querySelector('.trouble'), troubleText(shown));
    tile.hidden = Boolean(own && isFace && view.isSelfHidden);
    show(tile, track);
}

/* A slot keeps its track when it changes hands, so the track may still hold the last picture of somebody else: the video becomes visible
 * only with the first frame that is painted after it was attached. */
export function show(tile, track) {
    const video = tile.querySelector('video');
    const shown = video.srcObject?.getVideoTracks()[0] ?? null;
    if (shown === track) return;
    setAttribute(tile, 'data-video', 'off');
    video.muted = true; /* the attribute alone does not mute a video that a script made */
    video.srcObject = track && new MediaStream([track]);
    if (!track) return;
    const reveal = () => {
        if (video.srcObject?.getVideoTracks()[0] === track) setAttribute(tile, 'data-video', 'on');
    };
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(reveal);
    else video.addEventListener('loadeddata', reveal, { once: true });
    video.play().catch(() => {}); /* interrupted by the next change; autoplay covers the rest */
}

export function renderTiles(session) {
    const others = session.roster.filter((person) => person.participant !== session.me && isIn(person));
    const { shown, counted } = chooseTiles(others, session);
    const lead = leadOf(shown, session, view.layout, ledLast);
    if (lead?.source === 'camera') ledLast = lead.participant;
    const tiles = wanted(session, shown);
    keyed(byId('tiles'), tiles, ({ person, source }) => keyOf({ participant: person.participant, source }), create, update);
    setAttribute(byId('tiles'), 'data-count', tiles.length);
    setText(byId('others'), counted ? t(shown.length ? 'tile.more' : 'tile.many', { count: counted }) : '');
    placeTiles({ lead: lead && keyOf(lead), others: shown.length });

    session.tiles = new Map();
    for (const root of byId('tiles').children) {
        const entry = session.tiles.get(root.dataset.participant) ?? {};
        entry[root.dataset.source] = { root, video: root.querySelector('video') };
        session.tiles.set(root.dataset.participant, entry);
    }
}

export function clearTiles(session) {
    byId('tiles').replaceChildren();
    forgetPlaces();
    ledLast = null;
    session.tiles = new Map();
}
