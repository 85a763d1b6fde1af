/* svg.js - two kinds of chart: bars in groups with whiskers, and lines over a logarithmic axis. One unit is a pixel at its own size. */

/* Told apart by those who don't see red and green apart (Okabe and Ito). */
export const COLOURS = { floor: '#999999', kinroom: '#0072b2', kinroom_openssl: '#56b4e9', janus_best: '#d55e00', janus: '#e69f00' };
export const SPARE = ['#0072b2', '#d55e00', '#009e73', '#cc79a7'];

const STYLE = `text{font:13px sans-serif;fill:#222}.end{text-anchor:end}.middle{text-anchor:middle}.head{font-size:17px;font-weight:bold}
.title{font-size:14px;font-weight:bold}.small{font-size:11px}.grid{stroke:#ddd;fill:none}.whisker{stroke:#222;fill:none}.line{fill:none;stroke-width:2}`;

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const text = (x, y, what, kind = '') => `<text class="${kind}" x="${x.toFixed(1)}" y="${y.toFixed(1)}">${escape(what)}</text>\n`;
const path = (kind, d, more = '') => `<path class="${kind}" d="${d}" ${more}/>\n`;

/* Three digits are as many as were measured. */
export const short = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

/* 1, 2 or 5 times a power of ten, so that four to ten of them reach the top. */
function stepFor(top) {
    const power = 10 ** Math.floor(Math.log10(top / 4));
    return [1, 2, 5, 10].map((digit) => digit * power).find((step) => top / step <= 6);
}

export function page({ width, height, title, notes = [], parts }) {
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escape(title)}</title>\n<style>${STYLE}</style>\n<rect width="100%" height="100%" fill="#fff"/>
${text(24, 32, title, 'head')}${notes.map((note, i) => text(24, 52 + 17 * i, note, 'small')).join('')}${parts.join('')}</svg>\n`;
}

function frame({ x, y, width, height, title }, top, label) {
    const step = stepFor(top), yOf = (value) => y + height - (value / top) * height;
    let drawn = text(x, y - 14, title, 'title');
    for (let value = 0; value <= top * 1.001; value += step)
        drawn += path('grid', `M${x} ${yOf(value).toFixed(1)}h${width}`) + text(x - 6, yOf(value) + 4, label(value), 'end small');
    return { drawn, yOf };
}

const plain = (value) => String(Number(value.toPrecision(6)));

/* groups: [{ name, bars: [{ series, value, low, high }] }]; a bar without a value is left out, its place is not. */
export function bars(box, groups) {
    const all = groups.flatMap((group) => group.bars).filter((bar) => bar.value !== undefined);
    const top = Math.max(1e-9, ...all.map((bar) => bar.high ?? bar.value)) * 1.1;
    const { drawn, yOf } = frame(box, top, plain);
    let out = drawn;
    const place = box.width / groups.length;
    groups.forEach((group, g) => {
        const width = Math.min(46, (place - 24) / group.bars.length), left = box.x + g * place + (place - width * group.bars.length) / 2;
        group.bars.forEach((bar, i) => {
            if (bar.value === undefined) return;
            const x = left + i * width, middle = x + (width - 4) / 2;
            out += `<rect x="${x.toFixed(1)}" y="${yOf(bar.value).toFixed(1)}" width="${(width - 4).toFixed(1)}"
 height="${(box.y + box.height - yOf(bar.value)).toFixed(1)}" fill="${COLOURS[bar.series]}"/>\n`;
            if (bar.low !== undefined) out += path('whisker', `M${middle} ${yOf(bar.low).toFixed(1)}V${yOf(bar.high).toFixed(1)}`);
            out += text(middle, yOf(bar.high ?? bar.value) - 5, short(bar.value), 'middle small');
        });
        out += text(box.x + (g + 0.5) * place, box.y + box.height + 18, group.name, 'middle');
    });
    return out;
}

/* lines: [{ name, colour, points: [[x, y], ...] }]; x on a logarithmic axis with the points' own values as its marks. */
export function lines(box, xLabel, series) {
    const points = series.flatMap((one) => one.points), xs = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b);
    const top = Math.max(1e-9, ...points.map(([, value]) => value)) * 1.15;
    const { drawn, yOf } = frame(box, top, plain);
    const span = Math.log(xs.at(-1) / xs[0]) || 1, xOf = (x) => box.x + 20 + (Math.log(x / xs[0]) / span) * (box.width - 40);
    let out = drawn + xs.map((x) => text(xOf(x), box.y + box.height + 18, x, 'middle small')).join('')
        + text(box.x + box.width / 2, box.y + box.height + 36, xLabel, 'middle');
    series.forEach((one, i) => {
        out += path('line', one.points.map(([x, value], k) => `${k ? 'L' : 'M'}${xOf(x).toFixed(1)} ${yOf(value).toFixed(1)}`).join(''), `stroke="${one.colour}"`);
        for (const [x, value] of one.points)
            out += `<circle cx="${xOf(x).toFixed(1)}" cy="${yOf(value).toFixed(1)}" r="4" fill="${one.colour}"/>\n`
                + text(xOf(x), yOf(value) + (i % 2 ? 18 : -8), short(value), 'middle small');
    });
    return out;
}

/* entries: [[name, colour], ...] in one row. */
export function legend(x, y, entries) {
    return entries.map(([name, colour], i) => `<rect x="${x + i * 190}" y="${y - 11}" width="14" height="14" fill="${colour}"/>\n`
        + text(x + 20 + i * 190, y, name)).join('');
}
