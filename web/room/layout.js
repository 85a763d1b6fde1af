/* layout.js - where each picture goes, in a space of this size: arithmetic alone. All in CSS pixels. */

const WIDEST = 16 / 9; /* what a tile may be: cameras fill it, and no head is cut off */
const NARROWEST = 4 / 3;
const LEAST = { width: 128, height: 96 }; /* smaller ones show nobody: then it scrolls */
const STRIPS = [0.18, 0.24, 0.32]; /* of the space, for those beside the one that leads */
const STRIP_LEAST = 104;

/* The largest tile that fits into a cell. */
function tileIn({ width, height }) {
    const fitting = { width: Math.min(width, height * WIDEST), height: Math.min(height, width / NARROWEST) };
    return { width: Math.floor(fitting.width), height: Math.floor(fitting.height) };
}

/* The number of columns with which faces are largest. A camera fills its tile by height, so that decides; of equals, the wider one. */
function bestGrid(count, { width, height }, gap) {
    let best = null;
    for (let columns = 1; columns <= count; columns++) {
        const rows = Math.ceil(count / columns);
        const tile = tileIn({ width: (width - gap * (columns - 1)) / columns, height: (height - gap * (rows - 1)) / rows });
        const isBetter = !best || tile.height > best.tile.height || (tile.height === best.tile.height && tile.width > best.tile.width);
        if (isBetter) best = { columns, rows, tile };
    }
    return best;
}

/* As many columns of the least size as there is room for, and as many rows as that takes. */
function scrollingGrid(count, { width }, gap) {
    const columns = Math.max(1, Math.min(count, Math.floor((width + gap) / (LEAST.width + gap))));
    const room = (width - gap * (columns - 1)) / columns;
    return { columns, rows: Math.ceil(count / columns), tile: tileIn({ width: room, height: room / NARROWEST }) };
}

/* keys: of the tiles, in order. space: { x, y, width, height }. Each row in the middle. -> rects (key -> { x, y, width, height }) and the height
 * that they take, which is more than the space has when they have to scroll. */
export function grid(keys, space, gap) {
    const rects = new Map();
    if (keys.length === 0) return { rects, height: space.height };
    let { columns, rows, tile } = bestGrid(keys.length, space, gap);
    if (tile.height < LEAST.height && tile.width < LEAST.width) ({ columns, rows, tile } = scrollingGrid(keys.length, space, gap));
    const taken = rows * tile.height + gap * (rows - 1);
    const top = space.y + Math.max(0, (space.height - taken) / 2);
    keys.forEach((key, at) => {
        const row = Math.floor(at / columns);
        const inRow = Math.min(columns, keys.length - row * columns);
        const left = space.x + (space.width - inRow * tile.width - gap * (inRow - 1)) / 2;
        rects.set(key, {
            x: Math.round(left + (at % columns) * (tile.width + gap)), y: Math.round(top + row * (tile.height + gap)), ...tile,
        });
    });
    return { rects, height: Math.max(space.height, taken) };
}

/* The space of the one that leads, and the strip beside or below it. */
const split = {
    beside: ({ width, height }, part, gap) => {
        const strip = Math.max(STRIP_LEAST, Math.floor(width * part));
        return [{ x: 0, y: 0, width: width - strip - gap, height }, { x: width - strip, y: 0, width: strip, height }];
    },
    below: ({ width, height }, part, gap) => {
        const strip = Math.max(STRIP_LEAST, Math.floor(height * part));
        return [{ x: 0, y: 0, width, height: height - strip - gap }, { x: 0, y: height - strip, width, height: strip }];
    },
};

/* A shared screen may have any shape, so it takes all of its space. */
const leadRect = (space, isScreen) => {
    if (isScreen) return space;
    const tile = tileIn(space);
    return { x: Math.round(space.x + (space.width - tile.width) / 2), y: Math.round(space.y + (space.height - tile.height) / 2), ...tile };
};

/* One leads, and the others stand in a strip, on the side and as thick as leaves the one that leads largest while the others are still to be seen. */
export function led(lead, keys, size, gap, isScreen = false) {
    if (keys.length === 0) return { rects: new Map([[lead, leadRect({ x: 0, y: 0, ...size }, isScreen)]]), height: size.height };
    let best = null;
    for (const side of Object.values(split)) {
        for (const part of STRIPS) {
            const [space, strip] = side(size, part, gap);
            if (space.width < LEAST.width || space.height < LEAST.height) continue;
            const { rects, height } = grid(keys, strip, gap);
            const rect = leadRect(space, isScreen);
            const first = rects.values().next().value;
            const score = Math.min(rect.width, rect.height * WIDEST) + (height > strip.height + 1 ? -size.width : 0) + first.height / 2;
            if (!best || score > best.score) best = { score, rects, height: Math.max(size.height, strip.y + height), rect };
        }
    }
    if (!best) return grid([lead, ...keys], { x: 0, y: 0, ...size }, gap); /* no room for a strip */
    return { rects: new Map([[lead, best.rect], ...best.rects]), height: best.height };
}

/* How much of a picture a tile may cut off: what a camera of 16:9 loses in a tile of 4:3, and no more. A phone held upright sends a tall picture, which
 * is better shown whole. */
const CUT_MOST = WIDEST / NARROWEST + 0.01;

export function mayFill(picture, tile) {
    if (!picture.width || !picture.height || !tile.width || !tile.height) return true;
    const ratio = (picture.width / picture.height) / (tile.width / tile.height);
    return ratio <= CUT_MOST && ratio >= 1 / CUT_MOST;
}
