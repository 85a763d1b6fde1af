/* plots.js - lines over time, by uPlot, in the colours of the page. Beside each a sentence with its last and its highest values, for whoever
 * can't see it. */

import uPlot from '../vendor/uplot/uPlot.esm.js';
import { make, setText } from '../common/dom.js';
import { dayAndTime, listed, timeOfDay } from '../common/times.js';
import { t } from '../i18n.js';

const HEIGHT = 200;
const DAY_S = 86400;

/* Colours that can be told apart in both themes, and lines that can be without colours. */
const LINES = [{ color: '--accent', dash: [] }, { color: '--warn', dash: [8, 4] }, { color: '--stop', dash: [2, 3] }];

const colorOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const axis = (more) => ({ stroke: () => colorOf('--soft'), grid: { stroke: () => colorOf('--hair'), width: 1 },
    ticks: { stroke: () => colorOf('--hair'), width: 1 }, font: `12px ${getComputedStyle(document.body).fontFamily}`, ...more });

/* Distances between lines of the grid, in units of what words can still tell apart. */
const GRID = [1, 2, 5].flatMap((of_ten) => [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6].map((ten) => of_ten * ten)).sort((a, b) => a - b);

/* A place for one plot. series: { word, of(points): values, fill }; say(value): a value in words, and least: the smallest difference that it
 * tells; steps: each value holds until the next, from now on. */
export class Plot {
    #series;
    #say;
    #least;
    #word;
    #steps;
    #figure;
    #body = make('div', { class: 'plot' });
    #summary = make('p', { class: 'unseen' });
    #plot = null;
    #data = null;
    #drawn = null;

    constructor(parent, word, series, say, { least = 1, steps = false } = {}) {
        this.#least = least;
        this.#steps = steps;
        this.#word = word;
        this.#series = series;
        this.#say = say;
        this.#figure = make('figure', { class: 'panel' }, make('figcaption', { 'data-t': word }), this.#body, this.#summary);
        parent.append(this.#figure);
        new ResizeObserver(() => this.#fit()).observe(this.#body);
    }

    /* Columns as the API has them; null and gaps stay gaps. */
    draw(points, step, from, to) {
        this.#data = { points, step, from, to };
        this.redraw();
    }

    /* As after a change of language or of colours. */
    redraw() {
        if (!this.#data) return;
        const { points, step, from, to } = this.#data;
        const data = withGaps([points.at ?? [], ...this.#series.map(({ of }) => of(points) ?? [])], step);
        const look = `${document.documentElement.lang} ${colorOf('--ground')} ${to - from}`;
        if (this.#plot && this.#drawn !== look) this.#plot = (this.#plot.destroy(), null);
        this.#drawn = look;
        this.#plot ??= this.#make(data, to - from);
        this.#plot.setData(data, false);
        this.#plot.setScale('x', { min: from, max: to });
        this.#describe(data);
    }

    #make(data, span_s) {
        const when = span_s > 2 * DAY_S ? dayAndTime : timeOfDay;
        return new uPlot({
            width: this.#body.clientWidth || 300, height: HEIGHT,
            scales: { x: { auto: false }, y: { range: (_, __, most) => [0, Math.max(this.#least, (most || 0) * 1.1)] } },
            padding: [8, 28, 0, 0],
            legend: { live: true },
            cursor: { drag: { x: false, y: false } },
            series: [{ label: t('admin.at'), value: (plot, _, line, at) => sayOr(when, plot.data[line][this.#shown(plot, at)]) }, ...this.#series.map(({ word, fill }, i) => ({
                label: t(word), stroke: () => colorOf(LINES[i].color), width: 2, dash: LINES[i].dash, spanGaps: false, points: this.#steps ? { show: false } : { size: 4 }, ...(this.#steps && { paths: uPlot.paths.stepped({ align: 1 }) }),
                fill: fill ? () => colorOf('--accent-soft') : null, value: (plot, _, line, at) => sayOr(this.#say, plot.data[line][this.#shown(plot, at)]),
            }))],
            axes: [axis({ values: (_, ats) => ats.map(span_s > 2 * DAY_S ? dayOnly : timeOfDay), space: 70 }),
                axis({ values: (_, values) => values.map(this.#say), incrs: GRID.map((step) => step * this.#least), size: 64 })],
        }, data, this.#body);
    }

    /* What the legend tells while nothing is pointed at: the newest; of what is to come, the next. */
    #shown(plot, at) {
        return at ?? (this.#steps ? 0 : plot.data[0].length - 1);
    }

    #fit() {
        if (this.#plot && this.#body.clientWidth) this.#plot.setSize({ width: this.#body.clientWidth, height: HEIGHT });
    }

    #describe(data) {
        const parts = this.#series.map(({ word }, i) => {
            const known = data[i + 1].filter((value) => value !== null && value !== undefined);
            if (!known.length) return t('admin.plot_nothing', { name: t(word) });
            return t('admin.plot_summary', { name: t(word), last: this.#say(known.at(-1)), most: this.#say(Math.max(...known)) });
        });
        setText(this.#summary, listed(parts));
        const canvas = this.#body.querySelector('canvas');
        canvas?.setAttribute('role', 'img');
        canvas?.setAttribute('aria-label', t(this.#word));
    }
}

const sayOr = (say, value) => (value === null || value === undefined ? t('admin.unknown') : say(value));
const dayOnly = (unix_s) => new Intl.DateTimeFormat(document.documentElement.lang, { day: 'numeric', month: 'short' }).format(new Date(unix_s * 1000));

/* A step of which nothing is known ends the line. */
function withGaps(columns, step) {
    const filled = columns.map(() => []);
    const [at] = columns;
    at.forEach((time, i) => {
        if (i > 0 && time - at[i - 1] > 1.5 * step) columns.forEach((_, c) => filled[c].push(c ? null : at[i - 1] + step));
        columns.forEach((column, c) => filled[c].push(column[i] ?? null));
    });
    return filled;
}
