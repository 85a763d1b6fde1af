/* office.js - the clinic's office: signing in, the dashboard, the schedule. And what lies in the outbox. */

import { execFileSync } from 'node:child_process';
import { KINROOM } from '../broker.js';
import { until } from '../check.js';

const OLDER_S = 31 * 60;

const tokenOf = (broker, scope) => execFileSync(KINROOM,
    ['token', 'service', '--keys', broker.file('key.jwk'), '--service', 'office', '--scope', scope]).toString().trim();

/* Before the page's own scripts: window.older_s makes waits older than they are, window.offline loses the server's API. */
function meddle() {
    const real = window.fetch;
    window.fetch = async (path, ...rest) => {
        if (window.offline && String(path).startsWith('/api/')) throw new TypeError('offline');
        const reply = await real(path, ...rest);
        if (!window.older_s || path !== '/api/v1/live' || !reply.ok) return reply;
        const body = await reply.json();
        for (const session of body.sessions) if (session.waiting_since) session.waiting_since -= window.older_s;
        return new Response(JSON.stringify(body), reply);
    };
}

export async function lookAtOutbox(stage, broker, look) {
    const clerk = await stage.browser.open('clerk', { url: `${broker.url}/outbox.html` });
    await clerk.waitFor('html[data-ready]');
    await look.at(clerk, 'outbox-without-key');
    await clerk.page.goto('about:blank');
    await clerk.page.goto(`${broker.url}/outbox.html#token=${tokenOf(broker, 'deliveries:read')}`);
    await clerk.waitFor('#deliveries li');
    await look.at(clerk, 'outbox');
    await clerk.close();
}

/* While somebody waits in a session. */
export async function lookAtOffice(stage, broker, look) {
    const office = await stage.browser.open('office', { url: `${broker.url}/admin/` }, { before: meddle });
    await office.waitFor('#signed-out:not([hidden])');
    await look.at(office, 'admin-sign-in');
    await office.type('#key', 'not.a.key');
    await office.press('Enter');
    await until('the key is refused', async () => (await office.text('#sign-in-state')).length > 0);
    await look.at(office, 'admin-refused');

    await office.page.goto('about:blank');
    await office.page.goto(`${broker.url}/admin/#token=${tokenOf(broker, 'dashboard:read sessions:read sessions:write')}`);
    await office.waitFor('#sessions [data-session]');
    await until('plots are drawn', () => office.page.evaluate(() => document.querySelectorAll('.plot canvas').length === 5));
    await look.at(office, 'dashboard');
    await office.page.evaluate((seconds) => { window.older_s = seconds; }, OLDER_S);
    await office.waitFor('#sessions [data-long]');
    await look.at(office, 'dashboard-long-wait');
    await office.page.evaluate(() => { window.offline = true; });
    await office.waitFor('#freshness[data-stale="true"]');
    await look.at(office, 'dashboard-stale');

    await office.page.goto(`${broker.url}/admin/schedule.html`);
    await office.waitFor('#days [data-session]');
    await look.at(office, 'schedule');
    await office.type('#therapist [data-field="name"]', 'Dr. Rivera');
    for (const text of ['rivera', 'Lou', 'lou-7']) {
        await office.press('Tab');
        await office.page.keyboard.type(text);
    }
    await office.press('Enter');
    await office.waitFor('#slots .slot');
    await look.at(office, 'schedule-conflict');
    await office.close();
}
