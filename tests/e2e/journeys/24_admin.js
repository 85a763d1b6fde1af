/* The clinic's office: signs in, reads the dashboard, is told of a long wait and of stale numbers, books by keyboard where it first did not
 * fit, and signs out. In both languages and both themes, axe-core finds nothing. */

import { execFileSync } from 'node:child_process';
import { KINROOM } from '../broker.js';
import { Caller } from '../caller.js';
import { accessible } from '../axe.js';
import { equal, includes, until } from '../check.js';

const OLDER_S = 31 * 60;
const NAMES = ['Alex', 'Rivera', 'Sam', 'alex', 'rivera'];

const tokenOf = (broker, scope) => execFileSync(KINROOM,
    ['token', 'service', '--keys', broker.file('key.jwk'), '--service', 'office', '--scope', scope]).toString().trim();

/* In the page, before its scripts: `older_s` makes waits older than they are, `offline` loses the server. */
function meddle() {
    const real = window.fetch;
    window.fetch = async (path, ...rest) => {
        if (window.offline) throw new TypeError('offline');
        const reply = await real(path, ...rest);
        if (!window.older_s || path !== '/api/v1/live' || !reply.ok) return reply;
        const body = await reply.json();
        for (const session of body.sessions) if (session.waiting_since) session.waiting_since -= window.older_s;
        return new Response(JSON.stringify(body), reply);
    };
}

const textOf = (office, selector) => office.page.evaluate((where) => document.querySelector(where)?.textContent ?? '', selector);

/* Light and dark. */
async function inBothThemes(office, what) {
    for (const dark of [false, true]) {
        if (await office.page.evaluate(() => document.querySelector('.theme').getAttribute('aria-pressed') === 'true') !== dark) await office.click('.theme');
        await accessible(office.page, `${what}, ${dark ? 'dark' : 'light'}`);
        await office.screenshot(`admin-${what.replaceAll(' ', '-')}${dark ? '-dark' : ''}`);
    }
    await office.click('.theme');
}

async function typeInto(office, field, text) {
    await office.page.focus(field);
    await office.page.keyboard.type(text);
}

export async function journey(stage) {
    const broker = await stage.broker();
    const client = await Caller.join(broker, 'p-client', 'client');

    /* Without a key there is nothing to see, and a wrong one says so. */
    const office = await stage.browser.open('office', { url: `${broker.url}/admin/` }, { before: meddle });
    await office.waitFor('#signed-out:not([hidden])');
    await typeInto(office, '#key', 'not.a.key');
    await office.page.keyboard.press('Enter');
    await until('the key is refused', async () => (await textOf(office, '#sign-in-state')).length > 0);
    await inBothThemes(office, 'signed out');

    /* A link signs in, and is gone from the address bar. */
    await office.page.goto('about:blank');
    await office.page.goto(`${broker.url}/admin/#token=${tokenOf(broker, 'dashboard:read sessions:read sessions:write')}`);
    await office.waitFor('#signed-in:not([hidden])');
    equal(await office.page.evaluate(() => location.href), `${broker.url}/admin/`, 'the address');
    equal(await office.page.evaluate(() => document.cookie + JSON.stringify([{ ...localStorage }, { ...sessionStorage }])).then((kept) => /eyJ|[0-9a-f]{64}/.test(kept)), false, 'a secret that scripts can read');
    await office.waitFor('#sessions [data-session="s-1"][data-state="lobby"]');
    await until('somebody waits', async () => (await textOf(office, '[data-tile="waiting"] .value')) === '1');
    equal(await office.page.evaluate(() => document.querySelector('#sessions tbody tr').hasAttribute('data-long')), false, 'a short wait as a long one');
    await until('plots are drawn', () => office.page.evaluate(() => document.querySelectorAll('.plot canvas').length === 5));
    const shown = await office.page.evaluate(() => document.body.innerText);
    for (const name of NAMES) equal(shown.includes(name), false, `"${name}" on the dashboard`);
    await inBothThemes(office, 'dashboard');

    /* Amber by words and a sign, not by colour alone. */
    await office.page.evaluate((seconds) => (window.older_s = seconds), OLDER_S);
    await office.waitFor('#sessions [data-session="s-1"][data-long]');
    includes(await textOf(office, '#sessions [data-long]'), '⚠', 'the long wait');
    await accessible(office.page, 'long wait');
    await office.screenshot('admin-long-wait');

    /* Numbers that are old say so, and come back by themselves. */
    await office.page.evaluate(() => (window.offline = true));
    await office.waitFor('#freshness[data-stale="true"]');
    await accessible(office.page, 'stale');
    await office.page.evaluate(() => (window.offline = false));
    await office.waitFor('#freshness[data-stale="false"]');

    await office.page.select('.language', 'es');
    await until('Spanish', async () => (await textOf(office, 'main#signed-in h1')) === 'Panel');
    includes(await textOf(office, '#sessions thead'), 'En espera', 'the table in Spanish');
    await accessible(office.page, 'dashboard in Spanish');
    await office.page.select('.language', 'en');

    /* By keyboard: what does not fit comes with the nearest time that does, under the finger already. */
    await office.page.goto(`${broker.url}/admin/schedule.html`);
    await office.waitFor('#days [data-session="s-1"]');
    includes(await textOf(office, '#days [data-session="s-1"]'), 'Alex', 'who is booked');
    await accessible(office.page, 'schedule');
    await typeInto(office, '#therapist [data-field="name"]', 'Dr. Rivera');
    for (const text of ['rivera', 'Kim', 'kim-7']) {
        await office.page.keyboard.press('Tab');
        await office.page.keyboard.type(text);
    }
    await office.page.keyboard.press('Enter');
    await office.waitFor('#slots .slot');
    includes(await textOf(office, '#booked-state'), 'therapist', 'the reason');
    await inBothThemes(office, 'conflict');
    await office.page.focus('#slots .slot:last-child');
    await office.page.keyboard.press('Enter');
    await until('it is booked', () => office.page.evaluate(() => [...document.querySelectorAll('#days li')].some((item) => item.textContent.includes('Kim'))));
    equal(await office.page.evaluate(() => document.querySelectorAll('#slots .slot').length), 0, 'times that are still offered');

    await office.click('#sign-out');
    await office.waitFor('#signed-out:not([hidden])');
    equal(await office.page.evaluate(async () => (await fetch('/api/v1/live')).status), 401, 'the picture after signing out');
    client.hangUp();
}
