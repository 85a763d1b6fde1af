/* pages.js - every page and each of its states, in light and dark, in each language, in a wide window and on a phone: axe-core finds nothing wrong
 * (WCAG 2.2 AA and its own best practices), no word is without words, nothing scrolls sideways. node pages.js [STATE...]
 *
 * Pictures of all of them go to build/screenshots/pages, and index.html there shows them together. Prints a line per state, and figures; exits with 1
 * when something was found. */

import { readFileSync, readdirSync } from 'node:fs';
import { equal, figure, until } from './check.js';
import { freeTcpPort, grantFor, planOf } from './broker.js';
import { lookAtClientsWay, lookAtLovedOnesWay, lookAtStrangers } from './pages/entry.js';
import { Look } from './pages/look.js';
import { lookAtOffice, lookAtOutbox } from './pages/office.js';
import { lookAtSession } from './pages/session.js';
import { Line } from './paths.js';
import { Browser, Party } from './people.js';
import { Stage } from './stage.js';

const LOCALES = new URL('../../web/locales/', import.meta.url);
const DAY_S = 86400;

const CLINIC = {
    '--clinic-name': 'Harbor Clinic', '--clinic-phone': '+1 555 0142', '--clinic-time-zone': 'America/Chicago',
    '--clinic-logo': new URL('../../docs/example/harbor.svg', import.meta.url).pathname,
};

const family = () => planOf({
    id: 's-family', kind: 'family', agenda: [{ title: 'How the week went', minutes: 10 }, { title: 'What helps at home', minutes: 20 }],
    people: [...planOf().people, { participation: 'p-kim', person: 'kim', role: 'loved_one', name: 'Kim' },
        { participation: 'p-ines', person: 'ines', role: 'interpreter', name: 'Ines' }],
    grants: [
        grantFor('sam', { kinds: ['family'], modes: ['listen', 'watch', 'audio', 'full'], topics: ['communication', 'boundaries'],
            expires: Math.floor(Date.now() / 1000) + 3 * DAY_S }),
        grantFor('kim', { kinds: ['family'], modes: ['listen'], granted_by: 'personal_rep', purpose: 'SUPNWK' }),
    ],
});

/* ---- languages ---- */

const keysOf = (value, path = '') => (typeof value === 'string' || 'other' in value ? [path]
    : Object.entries(value).flatMap(([name, below]) => keysOf(below, `${path}.${name}`)));

const read = (language) => JSON.parse(readFileSync(new URL(`${language}.json`, LOCALES), 'utf8'));

const reads = (person, language) => until(`the page speaks ${language}`, () => person.page.evaluate((wanted, title) => document.documentElement.lang === wanted
    && document.querySelector('[data-screen="start"] h1').textContent === title, language, read(language).start.title));

/* Those that have all the words, and that a page speaks when the browser asks for it and when the reader chooses it. */
async function languagesSpoken(stage, broker) {
    const all = readdirSync(LOCALES).map((file) => file.replace(/\.json$/, ''));
    const asks = (language) => new Function(`Object.defineProperty(navigator, 'languages', { value: ['${language}-US'] })`);
    for (const language of all) {
        equal(keysOf(read(language)).join(), keysOf(read('en')).join(), `the words of ${language}`);
        const reader = await stage.browser.open(`reader of ${language}`, await broker.invite('p-client'), { before: asks(language) });
        await reader.waitFor('html[data-ready]');
        await reads(reader, language);
        for (const other of [...all.filter((one) => one !== language), language]) {
            await reader.page.select('.settings .language', other);
            await reads(reader, other);
        }
        await reader.close();
        console.log(`ok ${language} is spoken`);
    }
    return all.length;
}

/* ---- all of it ---- */

const began = performance.now();
const browser = await Browser.start('chromium');
const stage = new Stage(new Party([browser]));
const look = new Look(process.argv.slice(2));
const line = await Line.start();
let languages = 0, ok = false;
try {
    const port = await freeTcpPort();
    const broker = await stage.broker({ plan: family(), port, options: { ...CLINIC, '--origins': `https://127.0.0.1:${port},${line.url}` } });
    languages = await languagesSpoken(stage, broker);
    await lookAtStrangers(stage, broker, look);
    const client = await lookAtClientsWay(stage, broker, look);
    const sam = await lookAtLovedOnesWay(stage, broker, look);
    await lookAtOutbox(stage, broker, look);
    await lookAtOffice(stage, broker, look);
    await lookAtSession(stage, broker, look, line, { client, sam });
    equal(await stage.leave(), 0, 'RTP and RTCP datagrams outside an admission');
    ok = true;
} catch (error) {
    console.log(`not ok on the way: ${error.stack}`);
    await stage.report('pages');
} finally {
    line.stop();
    look.sheet();
    await browser.partWithAll();
    await browser.stop();
    stage.clean();
}
figure('axe_violations', look.violations, 'count');
figure('pages_checked', look.checked, 'count');
figure('page_states', look.states.length, 'count');
figure('languages', languages, 'count');
figure('pages_third_party_requests', stage.strangers, 'requests');
figure('pages_csp_violations', stage.forbidden, 'count');
figure('pages_s', (performance.now() - began) / 1000, 's');
process.exit(ok && look.isFine ? 0 : 1);
