/* places.js - puts the tiles where layout.js says: they never move in the document, as a video that moves there pauses. With one or two others my
 * own picture is a small one in a corner, which can be dragged to another. */

import { byId, setAttribute } from '../common/dom.js';
import { grid, led, mayFill } from './layout.js';
import { CORNERS, view } from './view.js';

const GAP = 8;
const FEW = 2; /* others, with whom I am in a corner */
const SELF = { least: 96, most: 208, ofWidth: 0.28, ofHeight: 0.42 }; /* its width */

let arrangement = { lead: null, others: 0 };
let observer = null;

const own = (tiles) => tiles.find((tile) => tile.classList.contains('own') && tile.dataset.source === 'camera');

function put(tile, { x, y, width, height }) {
    for (const [name, value] of Object.entries({ x, y, width, height })) tile.style.setProperty(`--${name}`, `${value}px`);
    const video = tile.querySelector('video');
    const picture = { width: video.videoWidth, height: video.videoHeight };
    setAttribute(tile, 'data-fit', tile.dataset.source === 'screen' || !mayFill(picture, { width, height }) ? 'whole' : 'fill');
}

function selfRect({ width, height }) {
    const wide = Math.round(Math.min(SELF.most, Math.max(SELF.least, Math.min(width * SELF.ofWidth, height * SELF.ofHeight))));
    const tall = Math.round(wide * 9 / 16);
    const [vertical, horizontal] = view.corner.split('-');
    return {
        x: horizontal === 'left' ? GAP : width - wide - GAP, y: vertical === 'top' ? GAP : height - tall - GAP, width: wide, height: tall,
    };
}

/* what: { lead: key or null, others: how many people besides me have a tile }; left out: as before, in what may be another space. */
export function placeTiles(what = arrangement) {
    arrangement = what;
    const area = byId('tiles');
    watch(area);
    const size = { width: area.clientWidth, height: area.clientHeight };
    const tiles = [...area.children].filter((tile) => !tile.hidden);
    if (!size.width || !size.height || tiles.length === 0) return;
    const self = own(tiles);
    const floats = Boolean(self) && !what.lead && what.others >= 1 && what.others <= FEW;
    const keys = tiles.filter((tile) => !floats || tile !== self).map((tile) => tile.dataset.key);
    const lead = keys.includes(what.lead) ? what.lead : null;
    const { rects } = lead ? led(lead, keys.filter((key) => key !== lead), size, GAP, lead.endsWith(' screen'))
        : grid(keys, { x: 0, y: 0, ...size }, GAP);
    for (const tile of tiles) {
        setAttribute(tile, 'data-place', floats && tile === self ? 'corner' : tile.dataset.key === lead ? 'lead' : null);
        put(tile, floats && tile === self ? selfRect(size) : rects.get(tile.dataset.key));
    }
}

function watch(area) {
    if (observer) return;
    observer = new ResizeObserver(() => placeTiles());
    observer.observe(area);
    area.addEventListener('pointerdown', drag);
}

/* The nearest corner is where it stays. */
function drag(down) {
    const tile = down.target.closest('[data-place="corner"]');
    if (!tile || down.button !== 0) return;
    const from = { x: down.clientX, y: down.clientY };
    const move = ({ clientX, clientY }) => {
        tile.style.setProperty('--dragged-x', `${clientX - from.x}px`);
        tile.style.setProperty('--dragged-y', `${clientY - from.y}px`);
    };
    const drop = (up) => {
        for (const [event, listener] of listeners) tile.removeEventListener(event, listener);
        const rect = tile.getBoundingClientRect(), area = byId('tiles').getBoundingClientRect();
        tile.style.removeProperty('--dragged-x');
        tile.style.removeProperty('--dragged-y');
        if (up.type === 'pointerup') view.setCorner(cornerAt(rect, area));
        placeTiles();
    };
    const listeners = [['pointermove', move], ['pointerup', drop], ['pointercancel', drop]];
    for (const [event, listener] of listeners) tile.addEventListener(event, listener);
    tile.setPointerCapture(down.pointerId);
}

function cornerAt(rect, area) {
    const isTop = rect.top + rect.height / 2 < area.top + area.height / 2;
    const isLeft = rect.left + rect.width / 2 < area.left + area.width / 2;
    return CORNERS.find((corner) => corner === `${isTop ? 'top' : 'bottom'}-${isLeft ? 'left' : 'right'}`);
}

export function forgetPlaces() {
    arrangement = { lead: null, others: 0 };
}
