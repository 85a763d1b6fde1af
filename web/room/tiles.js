/* tiles.js - one tile per picture: everybody who is in, their shared screens, and myself; and the sound elements. */

import { t } from '../i18n.js';
import { byId, keyed, make, setAttribute, setText } from '../common/dom.js';
import { isIn } from '../common/words.js';

const initials = (name) => name.split(/\s+/).filter(Boolean).slice(0, 2).map((word) => [...word][0].toUpperCase()).join('') || '?';

/* The pictures that belong on the page, in a steady order: others, screens first, then me. */
function wanted(session) {
    const others = session.roster.filter((person) => person.participant !== session.me && isIn(person));
    const me = { participant: session.me, name: session.welcome.name };
    const tiles = [];
    for (const person of others)
        if (person.sending.includes('screen')) tiles.push({ person, source: 'screen', ...pictureOf(session, person, 'screen') });
    for (const person of others) {
        tiles.push({
            person, source: 'camera', ...pictureOf(session, person, 'camera'), quiet: !person.sending.includes('mic'), hand: person.hand,
            speaks: session.speaker === person.participant,
        });
    }
    if (session.tracks.screen) tiles.push({ person: me, source: 'screen', track: session.tracks.screen, own: true });
    tiles.push({
        person: me, source: 'camera', track: session.tracks.camera, own: true, quiet: !session.tracks.mic, hand: session.mine?.hand,
        speaks: session.speaker === session.me,
    });
    return tiles;
}

/* While it is paused the track holds its last frame, which is better not taken for now. */
function pictureOf(session, { participant, sending }, source) {
    const isOn = sending.includes(source), paused = isOn && session.isPaused(participant, source);
    return { paused, track: isOn && !paused ? session.trackOf(participant, source) : null };
}

function create({ person, source, own }) {
    return make('figure', {
        class: `tile${own ? ' own' : ''}`,
        'data-participant': person.participant,
        'data-source': source,
    },
    make('div', { class: 'initials', 'aria-hidden': 'true' }),
    make('video', { autoplay: true, playsinline: true, muted: true }),
    make('figcaption', {}, make('span', { class: 'name' }), make('span', { class: 'speaks' }), make('span', { class: 'quiet' }),
        make('span', { class: 'paused' }), make('span', { class: 'hand' })));
}

/* Who speaks is there to be read, and is not announced: nothing here is a live region. */
function update(tile, { person, source, track, own, quiet, paused, hand, speaks }) {
    const name = own ? t('tile.you') : person.name;
    setText(tile.querySelector('.initials'), initials(person.name));
    setText(tile.querySelector('.name'), source === 'screen' ? t('tile.screen', { name }) : name);
    setAttribute(tile, 'data-speaks', speaks);
    setText(tile.querySelector('.speaks'), speaks ? t('tile.speaks') : '');
    setText(tile.querySelector('.quiet'), quiet ? t('tile.quiet') : '');
    setText(tile.querySelector('.paused'), paused ? t('tile.paused') : '');
    setText(tile.querySelector('.hand'), hand ? t('tile.hand') : '');
    show(tile, track);
}

/* A slot keeps its track when it changes hands, so the track may still hold the last picture of somebody else: the video becomes visible
 * only with the first frame that is painted after it was attached. */
function show(tile, track) {
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
    const tiles = wanted(session);
    keyed(byId('tiles'), tiles, ({ person, source }) => `${person.participant} ${source}`, create, update);
    setAttribute(byId('tiles'), 'data-count', tiles.length);

    session.tiles = new Map();
    for (const root of byId('tiles').children) {
        const entry = session.tiles.get(root.dataset.participant) ?? {};
        entry[root.dataset.source] = { root, video: root.querySelector('video') };
        session.tiles.set(root.dataset.participant, entry);
    }
}

export function clearTiles(session) {
    byId('tiles').replaceChildren();
    session.tiles = new Map();
}

/* One sound element per audio slot, made once and left alone: slots change hands, tracks don't. */
export function renderSound(session) {
    keyed(byId('sound'), session.audioTracks, (track) => track.id, () => make('audio', { autoplay: true }), (audio, track) => {
        if (audio.srcObject) return;
        audio.srcObject = new MediaStream([track]);
        audio.play().catch((refusal) => {
            if (refusal.name === 'NotAllowedError') byId('hear').hidden = false;
        });
    });
}

export function playSound() {
    byId('hear').hidden = true;
    for (const audio of byId('sound').children) audio.play().catch(() => { byId('hear').hidden = false; });
}
