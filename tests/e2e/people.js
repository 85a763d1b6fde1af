/* people.js - people at their browsers: they press the page's own buttons, and we look at what their browser decoded.
 *
 * A browser is one program with a fresh profile; each person has a context of their own in it, as if on a machine of their own. A party is the
 * browsers of one room. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { BROWSERS, launch } from './browsers.js';
import { atLeast, equal, until } from './check.js';

const SCREENSHOTS = resolve(new URL('.', import.meta.url).pathname, '../../build/screenshots');
export const WIDTHS = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

/* Where a client is, unless a journey says otherwise; it may not turn up where it does not belong. */
export const PLACE = { address: '12 Elm Street, Springfield', phone: '555 0100' };

/* Before the page's own scripts. */
const FORBIDDEN = 'securitypolicyviolation';
function tellWhatIsForbidden(word) {
    addEventListener(word, ({ effectiveDirective, blockedURI, sourceFile, lineNumber }) =>
        console.error(`${word}: ${effectiveDirective} ${blockedURI} (${sourceFile}:${lineNumber})`));
}

/* What a page asks for before its own state, and how people answer. */
const PREPARATIONS = {
    code: async (person) => person.giveCode(await person.link.code()),
    preparing: (person) => person.click('[data-action="acknowledge"]'),
    locating: (person) => person.locate(PLACE),
};

export class Browser {
    #folder = mkdtempSync(join(tmpdir(), 'kinroom-browser-'));
    #program = null;
    people = [];

    constructor(kind) {
        this.kind = kind;
    }

    /* kind, host, more: of browsers.js */
    static async start(kind = 'chromium', host = null, more = {}) {
        const browser = new Browser(kind);
        browser.#program = await launch(kind, browser.#folder, WIDTHS.desktop, host, more);
        return browser;
    }

    /* Somebody who opened a page, and did nothing yet. before: a function that runs in the page before its own scripts. size: one of WIDTHS. */
    async open(name, link, { before = null, size = null } = {}) {
        const context = await this.#program.createBrowserContext();
        const page = await context.newPage({ type: 'window' }); /* a covered tab paints nothing */
        const person = new Person(name, page, context, link, this.kind);
        this.people.push(person);
        if (size) await page.setViewport(WIDTHS[size]);
        page.on('console', (message) => message.type() === 'error' && person.complaints.push(message.text()));
        page.on('console', (message) => message.text().startsWith(FORBIDDEN) && person.forbidden.push(message.text()));
        page.on('request', (request) => person.requests.push({ url: request.url().replace(/#.*/, ''), referer: request.headers().referer ?? '' }));
        page.on('pageerror', (error) => person.complaints.push(String(error)));
        await page.evaluateOnNewDocument(tellWhatIsForbidden, FORBIDDEN);
        for (const script of [...BROWSERS[this.kind].before, before]) if (script) await page.evaluateOnNewDocument(script);
        await page.goto(link.url);
        return person;
    }

    /* Somebody who opened a link (of Broker.invite) and pressed Join, and did what is asked of them before `state`: typed the code, acknowledged
     * what they read, or said where they are. */
    async arrive(name, link, state, options) {
        const person = await this.open(name, link, options);
        await person.click('[data-action="join"]');
        await person.prepareFor(state);
        person.id = await person.page.evaluate(() => window.kinroom.me);
        return person;
    }

    /* The same, and ICE and DTLS are up. */
    async join(name, link, state, options) {
        const person = await this.arrive(name, link, state, options);
        await person.waitFor('#page[data-media="ready"]');
        return person;
    }

    async partWithAll() {
        const all = this.people;
        this.people = [];
        await Promise.all(all.map((person) => person.close()));
    }

    async stop() {
        await this.#program.close();
        rmSync(this.#folder, { recursive: true, force: true });
    }
}

/* Whoever comes next takes the next browser, in turn: with two kinds of them, the first and the third person use the one, the second the other. */
export class Party {
    #browsers;
    #guests = 0;

    constructor(browsers) {
        this.#browsers = browsers;
    }

    get kinds() {
        return this.#browsers.map(({ kind }) => kind);
    }

    get people() {
        return this.#browsers.flatMap(({ people }) => people);
    }

    open(...whom) {
        return this.#next().open(...whom);
    }

    arrive(...whom) {
        return this.#next().arrive(...whom);
    }

    join(...whom) {
        return this.#next().join(...whom);
    }

    async partWithAll() {
        for (const browser of this.#browsers) await browser.partWithAll();
    }

    #next() {
        return this.#browsers[this.#guests++ % this.#browsers.length];
    }
}

export class Person {
    complaints = []; /* what their page's console said went wrong */
    forbidden = []; /* what its Content-Security-Policy kept it from, or would have */
    requests = []; /* what it asked for over HTTP: { url, referer } */
    #context;

    constructor(name, page, context, link, kind) {
        this.name = name;
        this.kind = kind;
        this.page = page;
        this.link = link;
        this.#context = context;
    }

    /* A real click: the button must be there, visible and enabled. As far as the page itself scrolls for whoever comes by keyboard, they scroll,
     * too; and on to the middle while something that stays at an edge lies over it. */
    async click(selector) {
        await this.waitFor(`${selector}:not([disabled])`);
        await this.page.$eval(selector, (node) => {
            node.scrollIntoView({ block: 'nearest', behavior: 'instant' });
            const { left, top, width, height } = node.getBoundingClientRect();
            const over = document.elementFromPoint(left + width / 2, top + height / 2);
            if (!node.contains(over)) node.scrollIntoView({ block: 'center', behavior: 'instant' });
        });
        await this.page.click(selector);
    }

    async waitFor(selector, within_ms = 15000) {
        try {
            await this.page.waitForSelector(selector, { visible: true, timeout: within_ms });
        } catch (error) {
            const state = await this.page.evaluate(() => document.getElementById('page')?.innerText).catch(() => '?');
            throw new Error(`${this.name} waited ${within_ms} ms for ${selector} (${error.message}); their page says:\n${state}`);
        }
    }

    isIn(state) {
        return this.waitFor(`#page[data-state="${state}"]`);
    }

    /* The page shows `state`, or asks for something first. */
    async prepareFor(state) {
        let asked = Object.keys(PREPARATIONS).filter((name) => name !== state);
        for (;;) {
            await this.waitFor([state, ...asked].map((name) => `#page[data-state="${name}"]`).join(', '));
            const now = await this.state();
            if (now === state) return;
            asked = asked.filter((name) => name !== now);
            await PREPARATIONS[now]?.(this);
        }
    }

    /* The page goes on by itself after the sixth digit. */
    async giveCode(code) {
        await this.type('#code', code);
    }

    async locate({ address, phone }) {
        await this.type('#address', address);
        await this.type('#phone', phone);
        await this.click('[data-action="locate"]');
    }

    /* Types into an empty field. */
    async type(selector, text) {
        await this.waitFor(selector);
        await this.page.type(selector, text);
    }

    /* A key, in the window in front: in one behind it, Firefox takes no Enter for a click. */
    async press(key) {
        await this.page.bringToFront();
        await this.page.keyboard.press(key);
    }

    /* What their link hands to whoever reads it. */
    get secret() {
        return new URL(this.link.url).hash.replace(/^#\w+=/, '');
    }

    text(selector) {
        return this.page.$eval(selector, (node) => node.textContent);
    }

    state() {
        return this.page.$eval('#page', (page) => page.dataset.state);
    }

    /* A button beside another person in the list. */
    clickBeside(other, action) {
        return this.click(`#people [data-participant="${other.id}"] [data-action="${action}"]`);
    }

    /* A therapist turns on, or off, what the kind of session leaves to them. */
    async flip(other, what) {
        const box = `#people [data-participant="${other.id}"] [data-what="${what}"]`;
        const wasOn = await this.page.$eval(box, (node) => node.checked);
        await this.click(box);
        await until(`the room knows what may ${other.name}: ${what}`, () => this.page.$eval(box, (node, was) => node.checked !== was, wasOn));
    }

    /* The client's yes to somebody who could come in, unless they have it already. */
    async agreeTo(other) {
        const { agreed } = await until(`${this.name} knows that ${other.name} could come in`, () => this.page.evaluate((who) =>
            window.kinroom.roster.find((person) => person.participant === who && person.connected && ['waiting', 'stepped_out', 'suspended']
                .includes(person.seat)), other.id));
        if (agreed) return;
        await this.clickRequest(other, 'agree-yes');
        await until(`${this.name} sees that the yes to ${other.name} counts`, () => this.page.evaluate((who) =>
            window.kinroom.roster.find((person) => person.participant === who)?.agreed, other.id));
    }

    /* client: who says yes first, where the kind of session asks for that. */
    async admit(other, client = null) {
        await client?.agreeTo(other);
        await this.clickBeside(other, 'admit');
        await other.isIn('session');
    }

    /* The button is off, words beside it say why, and the server says no with this code all the same. */
    async cannotAdmit(other, code, words) {
        await this.waitFor(`#people [data-participant="${other.id}"] [data-action="admit"][disabled]`);
        await until(`the ${this.name} reads why ${other.name} can't come in`, async () => (await this.reasonBeside(other)).includes(words));
        equal(await this.ask({ type: 'admit', participant: other.id }), code, `the answer to admitting ${other.name} all the same`);
        equal(await other.state(), 'waiting', `where ${other.name} is`);
    }

    /* What the page's buttons would not do, said to the server all the same: 'done', or the code of its refusal. */
    ask(request) {
        return this.page.evaluate((message) => window.kinroom.request(message).then(() => 'done', (refused) => refused.code), request);
    }

    async write(to, text) {
        await this.page.select('#chat-to', to);
        await this.type('#chat-text', text);
        await this.press('Enter');
        await until(`the page of the ${this.name} has sent it`, () => this.page.$eval('#chat-text', (node) => node.value === ''));
    }

    messages() {
        return this.page.$$eval('#chat-log li p', (lines) => lines.map((line) => line.textContent).join('|'));
    }

    async reads(all) {
        await until(`the ${this.name} reads ${all}`, async () => (await this.messages()) === all);
    }

    clickRequest(other, action) {
        return this.click(`#requests [data-participant="${other.id}"] [data-action="${action}"]`);
    }

    /* Why the therapist can't admit this person: the plain words beside them. */
    reasonBeside(other) {
        return this.page.$eval(`#people [data-participant="${other.id}"] .why`, (node) => node.textContent);
    }

    async turn(source, on) {
        const selector = `[data-action="toggle-${source}"]`;
        const is = await this.page.$eval(selector, (node) => node.dataset.on === 'true');
        if (is !== on) await this.click(selector);
        await this.waitFor(`${selector}[data-on="${on}"]`);
        /* The roster is the server's word that it counts. */
        await until(`the room knows that ${this.name}'s ${source} is ${on ? 'on' : 'off'}`, () => this.page.evaluate((what, wanted) => {
            const me = window.kinroom.roster.find((person) => person.participant === window.kinroom.me);
            return me?.sending.includes(what) === wanted;
        }, source, on));
    }

    /* What arrived from `other` so far: frames decoded, energy heard. Zero without a slot. source: of one of theirs alone. */
    received(other, source = null) {
        return this.page.evaluate(async (participant, which) => {
            const { pc, slots } = window.kinroom;
            const total = { frames: 0, energy: 0, packets: 0 };
            for (const transceiver of pc?.getTransceivers() ?? []) {
                const slot = slots.get(transceiver.mid);
                if (slot?.participant !== participant || (which && slot.source !== which)) continue;
                for (const stats of (await transceiver.receiver.getStats()).values()) {
                    if (stats.type !== 'inbound-rtp') continue;
                    total.frames += stats.framesDecoded ?? 0;
                    total.energy += stats.totalAudioEnergy ?? 0;
                    total.packets += stats.packetsReceived;
                }
            }
            return total;
        }, other.id, source);
    }

    /* Frames go on being decoded, counted from now, and their tile shows them. */
    async sees(other, { frames = 5, source = 'camera' } = {}) {
        const before = (await this.received(other, source)).frames;
        await until(`${this.name} decodes ${frames} more frames of the ${source} of ${other.name} than ${before}`,
            async () => (await this.received(other, source)).frames >= before + frames);
        await this.waitFor(`#tiles [data-participant="${other.id}"][data-source="${source}"][data-video="on"]`);
    }

    /* Sound with energy goes on arriving: the fake microphone beeps once a second. */
    async hears(other) {
        const before = (await this.received(other)).energy;
        await until(`${this.name} hears ${other.name}: energy above ${before}`, async () => (await this.received(other)).energy > before + 1e-6);
    }

    async seesAndHears(other) {
        await Promise.all([this.sees(other), this.hears(other)]);
    }

    /* What media this browser itself counted as received, on all sections. */
    packetsReceived() {
        return this.page.evaluate(async () => {
            let total = 0;
            for (const stats of (await window.kinroom.pc.getStats()).values()) if (stats.type === 'inbound-rtp') total += stats.packetsReceived;
            return total;
        });
    }

    /* The port of the path in use, as the browser knows it. */
    localPort() {
        return this.page.evaluate(async () => {
            const stats = await window.kinroom.pc.getStats();
            const transport = [...stats.values()].find((entry) => entry.type === 'transport');
            return stats.get(stats.get(transport.selectedCandidatePairId).localCandidateId).port;
        });
    }

    /* At desktop and phone width, into build/screenshots; a name without a browser is Chromium's. */
    async screenshot(what) {
        const name = this.kind === 'chromium' ? what : `${what}-${this.kind}`;
        mkdirSync(SCREENSHOTS, { recursive: true });
        for (const [width, viewport] of Object.entries(WIDTHS)) {
            await this.page.setViewport(viewport);
            await this.page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
            const wide = await this.page.evaluate(() => document.documentElement.scrollWidth);
            await this.page.screenshot({ path: join(SCREENSHOTS, `${name}-${width}.png`), fullPage: true });
            atLeast(viewport.width, wide, `${name}: the page's width fits a ${width}`);
        }
        await this.page.setViewport(WIDTHS.desktop);
    }

    /* The tab is gone, without a goodbye. */
    async close() {
        await this.#context.close().catch(() => {});
    }
}
