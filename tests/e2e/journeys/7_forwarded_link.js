/* A link that was passed on. Without the code, which goes to the registered contact alone, it opens the page that any wrong link opens, and
 * the therapist is told; whom it was meant for notices nothing. With the code it is another device: it asks, and then waits to be seen. */

import { equal, until } from '../check.js';
import { silenceOf } from '../silence.js';

const TOKEN_CHARS = 43;

const beside = (person, part) => `#people [data-participant="${person.id}"] ${part}`;

/* Never the right one. */
const otherThan = (code) => String((Number(code) + 1) % 1e6).padStart(6, '0');

/* What the therapist's page was told, which of somebody who is in it shows only what is wrong. */
const codeOf = (therapist, person) => therapist.page.evaluate((who) => window.kinroom.roster.find(({ participant }) => participant === who).code, person.id);

const pageOf = (person) => person.page.$eval('#page', (page) => `${page.dataset.state}\n${page.innerText}`);

async function strangerIsTurnedAway(stage, broker, { therapist, lovedOne }) {
    const stranger = await stage.browser.arrive('stranger', lovedOne.link, 'code');
    await until('the therapist is told that a code was sent', async () => (await codeOf(therapist, lovedOne)) === 'sent');
    await stranger.screenshot('code');
    await stranger.giveCode(otherThan(await lovedOne.link.code()));
    await stranger.isIn('bad_link');
    await stranger.screenshot('bad-link');

    const unknown = await stage.browser.arrive('somebody', { url: `${broker.url}/#i=${'A'.repeat(TOKEN_CHARS)}` }, 'bad_link');
    equal(await pageOf(stranger), await pageOf(unknown), 'the page after a wrong code, and that of a link that never was');

    await therapist.waitFor(`#alerts [data-type="link_trouble"][data-participant="${lovedOne.id}"]`);
    await therapist.waitFor(beside(lovedOne, '[data-code="failed"]'));
    await therapist.screenshot('therapist-reads-of-a-wrong-code');
    await therapist.click(`#alerts [data-participant="${lovedOne.id}"] [data-action="seen"]`);
    await until('the warning is gone once seen', async () => (await therapist.page.$('#alerts [data-type="link_trouble"]')) === null);
    return stranger;
}

export async function journey(stage) {
    const broker = await stage.broker();
    const { tap } = broker;
    const { therapist, client, lovedOne } = await stage.threePeople(broker);
    for (const source of ['mic', 'camera']) await client.turn(source, true);
    await therapist.waitFor(beside(lovedOne, '[data-code="passed"]'));
    await therapist.admit(lovedOne, client);
    await lovedOne.turn('camera', true);

    const since = tap.mark();
    const stranger = await strangerIsTurnedAway(stage, broker, { therapist, lovedOne });
    await Promise.all([lovedOne.seesAndHears(client), client.sees(lovedOne)]);
    equal(tap.texts({ since, dir: 'out', type: 'seat', participant: lovedOne.id }).length, 0, 'changes of the seat of the right person');
    equal(tap.texts({ since, dir: 'in', type: 'join' }).length, 0, 'joins by whoever had no code');
    for (const other of [client, lovedOne]) {
        equal(await other.page.$('#alerts > *'), null, `warnings that the ${other.name} reads`);
        equal(tap.texts({ dir: 'out', type: 'link_trouble', participant: other.id }).length, 0, `warnings that are sent to the ${other.name}`);
    }

    /* It was themselves, with a second device: the code that came to them is still good. */
    await stranger.click('[data-action="try-again"]');
    await stranger.isIn('code');
    await stranger.giveCode(await lovedOne.link.code());
    await stranger.isIn('elsewhere');
    await until('the therapist is told that the code was right', async () => (await codeOf(therapist, lovedOne)) === 'passed');
    equal(await therapist.page.$(beside(lovedOne, '[data-code="failed"]')), null, 'what still warns of a wrong code');
    equal(await lovedOne.state(), 'session', 'where the loved one is while their other device asks');
    await stranger.click('[data-action="move"]');
    await stranger.waitFor('#page[data-state="waiting"][data-media="ready"]');
    await lovedOne.isIn('moved');
    stranger.id = lovedOne.id;
    await silenceOf({ tap, therapist, client, lovedOne: stranger }, 1000, 'on the second device');
    await therapist.admit(stranger, client);
    await stranger.seesAndHears(client);

    /* What a demo shows of all that: the codes, and the links that were sent. */
    const code = await lovedOne.link.code();
    await broker.api('POST', `/api/v1/sessions/${broker.session}/invitations`, { participation: 'p-client', contact: 'mailto:alex@example.org', deliver: true });
    const outbox = await stage.browser.open('demo', { url: `${broker.url}/outbox.html#token=${broker.serviceToken}` });
    await outbox.waitFor('#deliveries [data-kind="invitation"]');
    const newest = await outbox.page.$eval('#deliveries [data-participation="p-sam"][data-kind="code"] .secret', (node) => node.textContent);
    equal(newest === code, true, 'that the newest code stands first in the outbox');
    await outbox.screenshot('outbox');
}
