/* stage.js - what a journey may use; knows what to look at and to clear away afterwards. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { equal } from './check.js';
import { Broker } from './broker.js';
import { mediaAddressFor } from './browsers.js';
import { leaks } from './wiretap.js';

const SCREENSHOTS = join(new URL('.', import.meta.url).pathname, '../../build/screenshots');

export class Stage {
    brokers = [];
    strangers = 0; /* requests to anybody but the brokers */
    forbidden = 0; /* what pages did that their own policy forbids */

    constructor(browser) {
        this.browser = browser;
    }

    /* What would go out to people stays in the broker's outbox, where we read the codes. */
    async broker({ options, host = '127.0.0.1', media = mediaAddressFor(this.browser.kinds, host), ...rest } = {}) {
        const broker = await Broker.start({ host, media, ...rest, options: { '--delivery': 'outbox', ...options } });
        this.brokers.push(broker);
        return broker;
    }

    /* The three of the first room, in their places; none with anything turned on. */
    async threePeople(broker) {
        const therapist = await this.browser.join('therapist', await broker.invite('p-therapist'), 'session');
        const client = await this.browser.join('client', await broker.invite('p-client'), 'session');
        const lovedOne = await this.browser.join('loved one', await broker.invite('p-sam'), 'waiting');
        return { therapist, client, lovedOne };
    }

    /* After every journey, whatever it was about: no byte outside an admission, and a clean end. */
    async leave() {
        this.look();
        await this.browser.partWithAll();
        for (const broker of this.brokers) await broker.stop();
        return this.leaked();
    }

    /* What the pages asked for, and of whom. A link's secret is in none of it, nor in what the broker wrote down. */
    look() {
        const own = this.brokers.map(({ url }) => new URL(url).hostname); /* some journeys have doors of their own beside it */
        const { people } = this.browser;
        const asked = people.flatMap(({ requests }) => requests).filter(({ url }) => /^(?:http|ws)/.test(url));
        const strange = asked.filter(({ url }) => !own.includes(new URL(url).hostname));
        this.strangers = strange.length;
        for (const { url } of strange.slice(0, 5)) console.log(`  asked of somebody else: ${url}`);
        const told = JSON.stringify(asked) + this.brokers.map(({ log }) => log).join('');
        for (const { name, secret } of people) if (secret) equal(told.includes(secret), false, `the secret of the ${name}'s link where others read`);
        equal(asked.filter(({ referer }) => referer).length, 0, 'requests that tell where somebody came from');
        equal(this.strangers, 0, 'requests to anybody but the broker');
        const forbidden = people.flatMap(({ forbidden: what }) => what);
        this.forbidden = forbidden.length;
        equal(forbidden.join('; '), '', "what the pages' own policy forbids");
    }

    leaked() {
        const found = this.brokers.flatMap((broker) => leaks(broker.tap));
        for (const event of found.slice(0, 5)) console.log(`  leaked: ${JSON.stringify(event)}`);
        return found.length;
    }

    async report(name) {
        mkdirSync(SCREENSHOTS, { recursive: true });
        for (const person of this.browser.people) {
            const file = join(SCREENSHOTS, `failed-${name}-${person.name.replaceAll(' ', '-')}.png`);
            await person.page.screenshot({ path: file }).catch(() => {});
            for (const complaint of person.complaints) console.log(`  ${person.name}'s console: ${complaint}`);
        }
        for (const broker of this.brokers) console.log(broker.log.trimEnd().split('\n').slice(-30).join('\n').replace(/^/gm, '  broker: '));
    }

    clean() {
        for (const broker of this.brokers) broker.clean();
    }
}
