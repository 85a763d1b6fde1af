/* look.js - a page as it stands, in each of its dresses: in a wide window and on a phone, in the light and in the dark, in each language. axe-core
 * reads each, and a picture of each is kept. */

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { violations } from '../axe.js';
import { until } from '../check.js';
import { WIDTHS } from '../people.js';

const FOLDER = resolve(new URL('.', import.meta.url).pathname, '../../../build/screenshots/pages');

/* One step apart from each other: each step costs. Spanish is the longer of the languages, so both its windows are among them. */
const DRESSES = [
    ['desktop', 'light', 'en'], ['desktop', 'dark', 'en'], ['phone', 'dark', 'en'], ['phone', 'light', 'en'], ['phone', 'dark', 'es'], ['desktop', 'light', 'es'],
];
const PLAIN = DRESSES[0];

const painted = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/* By the page's own switch; a page has it more than once. */
async function speak(person, language) {
    const { page } = person;
    const isSpoken = () => page.evaluate((wanted) => document.documentElement.lang === wanted, language);
    if (await isSpoken()) return;
    await page.$eval('select.language', (select, wanted) => {
        select.value = wanted;
        select.dispatchEvent(new Event('change', { bubbles: true }));
    }, language);
    await until(`the ${person.name} reads ${language}`, isSpoken);
}

async function dress(person, [size, theme, language]) {
    await person.page.setViewport(WIDTHS[size]);
    await person.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
    await speak(person, language);
    await painted(person.page);
}

/* What stays at the top of a list lies over what is scrolled below it, which is no smaller for that. */
async function fromTheTop(page, work) {
    const scroll = (to) => page.evaluate((top) => {
        const list = document.querySelector('.side');
        const before = list?.scrollTop ?? 0;
        list?.scrollTo({ top, behavior: 'instant' });
        return before;
    }, to);
    const before = await scroll(0);
    const found = await work();
    await scroll(before);
    return found;
}

/* Words that are not there show as their names, as 'room.title'. And nobody scrolls sideways. */
const alsoWrong = (page) => page.evaluate(() => {
    const wrong = [];
    const [name] = /\b[a-z]+\.[a-z_]+\b(?!\.)/.exec(document.body.innerText.replace(/\S+@\S+|https?:\S+/g, '')) ?? [];
    if (name) wrong.push(`unnamed: ${name}`);
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) wrong.push(`sideways: ${scrollWidth} px wide in a window of ${innerWidth}`);
    return wrong;
});

export class Look {
    checked = 0; /* states, times dresses */
    violations = 0;
    states = [];

    /* only: the states to look at; none, all. The others are passed by. */
    constructor(only = []) {
        this.only = only;
        mkdirSync(FOLDER, { recursive: true });
    }

    /* panel: of those beside the pictures, the one that is open; a narrow window shuts it, as it does all of them at first. */
    async at(person, state, { panel = null } = {}) {
        if (this.only.length && !this.only.includes(state)) return;
        const began = performance.now();
        const wrong = [];
        const toggle = `#toolbar [data-toggles="${panel}"][aria-expanded="false"]`;
        for (const variant of DRESSES) {
            await dress(person, variant);
            if (panel) await person.page.evaluate((selector) => document.querySelector(selector)?.click(), toggle); /* a wide window opens it by itself, too */
            const name = [state, ...variant].join('-');
            const found = await fromTheTop(person.page, () => violations(person.page));
            this.violations += found.length;
            for (const one of [...found, ...await alsoWrong(person.page)]) wrong.push(`${name}: ${one}`);
            await person.page.screenshot({ path: join(FOLDER, `${name}.png`) });
            this.checked++;
        }
        await dress(person, PLAIN);
        this.states.push({ state, ok: wrong.length === 0 });
        console.log(`${wrong.length ? 'not ok' : 'ok'} ${state} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
        for (const one of wrong) console.log(`  ${one}`);
    }

    get isFine() {
        return this.states.every(({ ok }) => ok);
    }

    /* All of them on one page, to be looked at. */
    sheet() {
        const all = readdirSync(FOLDER).filter((file) => file.endsWith('.png'));
        const shown = this.states.map(({ state }) => `<h2>${state}</h2>\n<div>${DRESSES.map((variant) => `${[state, ...variant].join('-')}.png`)
            .filter((file) => all.includes(file)).map((file) => `<a href="${file}"><img src="${file}" alt="${file}" title="${file}" loading="lazy"></a>`).join('\n')}</div>`);
        writeFileSync(join(FOLDER, 'index.html'), `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Kinroom's pages</title>
<style>body { font: 16px sans-serif; margin: 1rem; background: #ddd } div { display: flex; flex-wrap: wrap; gap: 1rem; align-items: start } img { height: 20rem }</style>
<h1>Kinroom's pages</h1>
${shown.join('\n')}
</html>
`);
    }
}
