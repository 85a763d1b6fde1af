/* preview.js - to a therapist: what a loved one sees and hears at this moment. What is listed is what the server says is on that person's receive
 * sections; the pictures beside it are those that this page has anyway. */

import { t } from '../i18n.js';
import { keyed, make, setAttribute, setText } from '../common/dom.js';
import { isIn } from '../common/words.js';
import { show } from '../room/tiles.js';

let wanted = null; /* whose it is */
let isAsking = false;

export const isPreviewed = ({ participant }) => participant === wanted;

export function togglePreview(session, participant) {
    const before = wanted;
    wanted = wanted === participant ? null : participant;
    if (before) setShown(before, false);
    return wanted ? ask(session) : session.request({ type: 'preview' });
}

const setShown = (participant, isShown) => {
    const node = document.querySelector(`#people [data-participant="${CSS.escape(participant)}"] .preview`);
    if (node) node.hidden = !isShown;
};

/* A page that comes anew asks anew. */
async function ask(session) {
    if (isAsking) return;
    isAsking = true;
    try {
        await session.request({ type: 'preview', participant: wanted });
    } finally {
        isAsking = false;
    }
}

/* By person, in the order of the roster: what of them gets there. */
function sourcesOf({ preview, roster }) {
    return roster.map((person) => {
        const gets = preview.gets.filter(({ participant }) => participant === person.participant);
        const find = (source) => gets.find((got) => got.source === source) ?? null;
        return { person, sound: find('mic'), faces: ['screen', 'camera'].map(find).filter(Boolean) };
    }).filter(({ sound, faces }) => sound || faces.length);
}

const trackOf = (session, { participant, source }) => (participant === session.me ? session.tracks[source] : session.trackOf(participant, source));

/* A word for each combination: what of this person reaches them. */
function gotText({ person, sound, faces }, me) {
    const what = [sound && 'sound', ...faces.map(({ source, paused }) => (paused ? `${source}_paused` : source))].filter(Boolean);
    return t('console.preview_of', { name: person.participant === me ? t('tile.you') : person.name, what: what.map((name) => t(`console.got.${name}`)).join(', ') });
}

function createGot() {
    return make('li', {}, make('div', { class: 'faces' }), make('span'));
}

function updateGot(session, node, entry) {
    setText(node.lastElementChild, gotText(entry, session.me));
    keyed(node.firstElementChild, entry.faces.filter(({ paused }) => !paused), ({ source }) => source,
        () => make('figure', { class: 'glimpse', 'data-video': 'off' }, make('video', { autoplay: true, playsinline: true, muted: true })),
        (figure, got) => show(figure, trackOf(session, got)));
}

export function renderPreview(session, node, person) {
    if (!isPreviewed(person)) return;
    if (!isIn(person)) {
        wanted = null;
        node.hidden = true;
        session.request({ type: 'preview' }).catch(() => {});
        return;
    }
    node.hidden = false;
    if (!node.firstElementChild) node.append(make('h4'), make('p'), make('ul'));
    const [title, note, list] = node.children;
    setText(title, t('console.preview', { name: person.name }));
    const isKnown = session.preview?.participant === person.participant;
    if (!isKnown && session.phase === 'joined' && !session.isResuming) ask(session).catch(() => {});
    const entries = isKnown ? sourcesOf(session) : [];
    setText(note, !isKnown ? t('console.preview_asks') : entries.length ? '' : t('console.preview_nothing', { name: person.name }));
    setAttribute(node, 'data-known', String(isKnown));
    keyed(list, entries, (entry) => entry.person.participant, createGot, (item, entry) => {
        setAttribute(item, 'data-of', entry.person.participant);
        setAttribute(item, 'data-gets', [entry.sound && 'mic', ...entry.faces.map(({ source }) => source)].filter(Boolean).sort().join(' '));
        updateGot(session, item, entry);
    });
}
