/* float.js - the session in a small window above all others: with the banner and its Stop where the browser has such windows for documents
 * (Document Picture-in-Picture), else the picture alone. */

import { t } from '../i18n.js';
import { byId, keyed, make, setAttribute, setText } from '../common/dom.js';

const SIZE = { width: 360, height: 300 };

let small = null; /* the window */

const hasWindows = () => 'documentPictureInPicture' in globalThis;
export const canFloat = () => hasWindows() || document.pictureInPictureEnabled === true;
export const isFloating = () => small !== null || Boolean(document.pictureInPictureElement);

/* Whoever leads, or is largest; never I, unless I am alone. */
function mainVideo() {
    const tiles = [...byId('tiles').querySelectorAll('.tile:not([hidden])')];
    const size = (tile) => tile.offsetWidth + (tile.dataset.place === 'lead' ? 1e6 : 0) - (tile.classList.contains('own') ? 1e5 : 0)
        + (tile.dataset.video === 'on' ? 1e4 : 0);
    return tiles.sort((a, b) => size(b) - size(a))[0] ?? null;
}

/* What is pressed there is pressed here. */
const remote = (selector, attributes) => {
    const node = make('button', { type: 'button', ...attributes });
    node.addEventListener('click', () => document.querySelector(selector)?.click());
    return node;
};

function fill(target) {
    const { document: page } = target;
    page.documentElement.lang = document.documentElement.lang;
    /* Light or dark as the page is: Chromium holds such windows to be dark, whatever the system is. */
    for (const sheet of document.querySelectorAll('link[rel="stylesheet"]'))
        if (matchMedia(sheet.media).matches) page.head.append(make('link', { rel: 'stylesheet', href: sheet.href }));
    page.title = t('room.title');
    page.body.append(make('div', { class: 'floating' },
        make('section', { class: 'floating-banner', hidden: true }, make('ul'), remote('#banner [data-action="stop"]', { class: 'stop' })),
        make('div', { class: 'floating-picture' }, make('video', { autoplay: true, playsinline: true, muted: true }), make('p')),
        remote('[data-action="toggle-mic"]', { class: 'floating-mic' })));
    page.querySelector('video').muted = true;
}

export async function toggleFloat() {
    if (small) return small.close();
    if (document.pictureInPictureElement) return document.exitPictureInPicture();
    if (!hasWindows()) return mainVideo()?.querySelector('video').requestPictureInPicture();
    small = await globalThis.documentPictureInPicture.requestWindow(SIZE);
    small.addEventListener('pagehide', () => { small = null; });
    fill(small);
    return undefined;
}

/* On each drawing of the session. */
export function renderFloat() {
    if (!small) return;
    const page = small.document;
    const banner = page.querySelector('.floating-banner');
    banner.hidden = byId('banner').hidden;
    const lines = [...byId('banner-lines').children].map((line, at) => ({ text: line.textContent, at }));
    keyed(banner.firstElementChild, lines, ({ at }) => String(at), () => make('li'), (node, { text }) => setText(node, text));
    setText(banner.lastElementChild, document.querySelector('#banner [data-action="stop"]').textContent);
    const tile = mainVideo();
    const track = tile?.dataset.video === 'on' ? tile.querySelector('video').srcObject?.getVideoTracks()[0] ?? null : null;
    const video = page.querySelector('video');
    const shown = video.srcObject?.getVideoTracks()[0] ?? null;
    if (shown !== track) {
        video.srcObject = track && new MediaStream([track]);
        if (track) video.play().catch(() => {});
    }
    video.hidden = !track;
    setText(page.querySelector('.floating-picture p'), tile?.querySelector('.name').textContent ?? '');
    const mic = document.querySelector('[data-action="toggle-mic"]');
    const own = page.querySelector('.floating-mic');
    setText(own, mic.getAttribute('aria-label') ?? '');
    setAttribute(own, 'data-on', mic.dataset.on);
    own.hidden = mic.hidden;
    own.disabled = mic.disabled;
}

/* Nothing of the session stays on the screen when it is not on this page. */
export function endFloat() {
    small?.close();
    small = null;
    if (document.pictureInPictureElement) document.exitPictureInPicture().catch(() => {});
}
