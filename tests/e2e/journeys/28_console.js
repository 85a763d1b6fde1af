/* The therapist's console: who waits, and what each admission takes; letting in for less than the permission; what a loved one gets, as the server has
 * it; a call for help that stays until it is seen; everybody out by one key, while typing; the client who is missing. */

import { equal, includes, until } from '../check.js';
import { grantFor, planOf } from '../broker.js';

const DAY_S = 86400;

const lovedOne = (person, name) => ({ participation: `p-${person}`, person, role: 'loved_one', name });

const family = () => planOf({
    id: 's-family', kind: 'family',
    people: [...planOf().people, lovedOne('kim', 'Kim'), lovedOne('lee', 'Lee'),
        { participation: 'p-ines', person: 'ines', role: 'interpreter', name: 'Ines' },
        { participation: 'p-ortega', person: 'ortega', role: 'therapist', name: 'Dr. Ortega' }],
    grants: [
        grantFor('sam', { kinds: ['family'], topics: ['communication', 'boundaries'], expires: Math.floor(Date.now() / 1000) + 3 * DAY_S + 3600 }),
        grantFor('kim', { kinds: ['family'], modes: ['listen'], granted_by: 'personal_rep', purpose: 'SUPNWK' }),
    ],
});

const row = (person) => `#people [data-participant="${person.id}"]`;
const textOf = (reader, person, part) => reader.page.$eval(`${row(person)} ${part}`, (node) => node.textContent);
const order = (reader) => reader.page.$$eval('#people > li', (rows) => rows.map((node) => node.dataset.participant ?? `[${node.dataset.group}]`));
const groupOf = (reader, person, group) => reader.waitFor(`${row(person)}[data-group="${group}"]`);

async function readsWhatAnAdmissionTakes({ therapist, client, sam, kim, lee }) {
    await until('the list has all who wait', async () => (await order(therapist)).filter((id) => [sam.id, kim.id, lee.id].includes(id)).length === 3);
    equal((await order(therapist)).slice(0, 4).join(), ['[waiting]', sam.id, kim.id, lee.id].join(), 'who comes first: who waits, the longest wait first');
    includes(await textOf(therapist, sam, '.grant'), 'hear, see, speak, be seen', 'what Sam may do');
    includes(await textOf(therapist, sam, '.grant'), 'in 3 days', 'when that ends');
    includes(await textOf(therapist, sam, '.scope'), 'communication and boundaries', 'what it is about');
    includes(await textOf(therapist, sam, '.scope'), 'the family asked for it', 'what it is for');
    includes(await textOf(therapist, sam, '.scope'), 'Given by Alex.', 'who gave it');
    includes(await textOf(therapist, kim, '.scope'), 'Given by Alex’s representative.', 'who gave the other');
    includes(await textOf(therapist, kim, '.grant'), 'May hear', 'what Kim may do');
    includes(await textOf(therapist, sam, '.checks .code'), 'code was right', 'what came of the code');
    includes(await textOf(therapist, sam, '.checks .read'), 'version', 'what Sam has read');
    includes(await textOf(therapist, sam, '.checks .yes'), 'Alex has not said yes yet', 'whose word is missing');
    includes(await textOf(therapist, sam, '.why'), 'asked on their own page', 'what can be done about it');
    await therapist.cannotAdmit(lee, 'no_grant', 'signed with the clinic');
    await therapist.screenshot('console-waiting');
    await client.agreeTo(sam);
    await therapist.waitFor(`${row(sam)} .checks .yes[data-state="good"]`);
}

const mayWait = (span_s, text) => async (therapist, sam) => {
    await therapist.page.evaluate((ahead_s) => { window.kinroom.clock.set(Math.floor(Date.now() / 1000) + ahead_s); }, span_s);
    await until(`the wait reads "${text}"`, async () => (await textOf(therapist, sam, '.wait')).includes(text));
    return therapist.page.$eval(`${row(sam)} .wait`, (node) => node.hasAttribute('data-long'));
};

/* A long wait is said in words, and not by a colour alone. */
async function aLongWaitIsTold(therapist, sam) {
    equal(await mayWait(190, '3 minutes')(therapist, sam), false, 'amber after three minutes');
    equal(await mayWait(400, 'a long time')(therapist, sam), true, 'amber after five');
    await therapist.screenshot('console-long-wait');
    await therapist.page.evaluate(() => { window.kinroom.clock.set(Math.floor(Date.now() / 1000)); });
}

/* What the preview lists: participant -> its sources, sorted; null, it is not known yet. */
const previewed = (reader, person) => reader.page.$eval(`${row(person)} .preview`, (node) => (node.dataset.known !== 'true' ? null
    : Object.fromEntries([...node.querySelectorAll('[data-of]')].map((item) => [item.dataset.of, item.dataset.gets]))));

/* What that person's own page is told it gets. */
const got = (person) => person.page.evaluate(() => {
    const all = {};
    for (const { participant, source } of window.kinroom.slots.values()) (all[participant] ??= []).push(source);
    return Object.fromEntries(Object.entries(all).map(([participant, sources]) => [participant, sources.sort().join(' ')]));
});

const sameAs = (one, other) => JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());

async function previewIs(therapist, sam, expected) {
    await until(`the preview shows ${JSON.stringify(expected)}`, async () => sameAs(await previewed(therapist, sam) ?? { asks: '' }, expected));
    await until('and that is what Sam gets', async () => sameAs(await got(sam), expected));
}

async function letsInForLess({ tap, therapist, client, sam }) {
    for (const source of ['mic', 'camera']) await client.turn(source, true);
    await therapist.page.select(`${row(sam)} select[data-mode]`, 'listen');
    await therapist.page.select(`${row(sam)} select[data-minutes]`, '20');
    await therapist.clickBeside(sam, 'admit');
    await sam.isIn('session');
    await groupOf(therapist, sam, 'in');
    equal(await therapist.page.evaluate(() => document.activeElement.closest('.person')?.dataset.participant), sam.id, 'where the focus goes with the row');
    includes(await textOf(therapist, sam, '.scope'), 'to hear only', 'what Sam was let in for');
    await therapist.clickBeside(sam, 'preview');
    await previewIs(therapist, sam, { [client.id]: 'mic' });
    equal(await sam.ask({ type: 'take_part', mode: 'full' }), 'done', 'the answer to wanting more');
    equal(await sam.ask({ type: 'media', mic: true, camera: false, screen: false }), 'not_allowed', 'the answer to speaking all the same');
    await previewIs(therapist, sam, { [client.id]: 'mic' });
    equal(tap.slotsShowing(sam.id, client.id, 'camera').size, 0, 'slots on which Sam was shown a picture');
}

async function previewFollowsTheGate({ therapist, client, sam }) {
    await therapist.clickBeside(sam, 'step-out');
    await sam.isIn('stepped_out');
    await groupOf(therapist, sam, 'out');
    await therapist.page.select(`${row(sam)} select[data-mode]`, 'watch');
    await therapist.clickBeside(sam, 'admit');
    await sam.isIn('session');
    await groupOf(therapist, sam, 'in');
    await therapist.clickBeside(sam, 'preview');
    await previewIs(therapist, sam, { [client.id]: 'camera mic' });
    await therapist.waitFor(`${row(sam)} .preview .glimpse[data-video="on"]`);
    await therapist.turn('camera', true);
    await previewIs(therapist, sam, { [client.id]: 'camera mic', [therapist.id]: 'camera' });
    await therapist.screenshot('console-preview');
    await client.turn('camera', false);
    await previewIs(therapist, sam, { [client.id]: 'mic', [therapist.id]: 'camera' });
}

async function helpIsSeen({ therapist, sam }) {
    await sam.click('[data-action="alert"]');
    await sam.click('#confirm-yes');
    const call = `#alerts [data-type="alert"][data-participant="${sam.id}"]`;
    await therapist.waitFor(call);
    includes(await therapist.text('#alerts'), 'is in the session', 'where Sam is');
    await therapist.screenshot('console-alert');
    /* A page that is loaded anew is told again. */
    await therapist.page.reload();
    await therapist.click('[data-action="join"]');
    await therapist.isIn('session');
    await therapist.waitFor(call);
    await therapist.click(`${call} [data-action="seen"]`);
    await until('it is gone', async () => (await therapist.page.$(call)) === null);
    await until('Sam reads that it was seen', async () => (await sam.text('#news')).includes('has seen'));
}

/* Also while somebody types, and it is said. */
async function everybodyOut({ tap, therapist, sam }) {
    await therapist.admit(sam); /* whom the therapist's own reload has suspended */
    await therapist.type('#chat-text', 'and so');
    const asked = tap.mark();
    await therapist.page.bringToFront();
    await therapist.page.keyboard.down('Alt');
    await therapist.page.keyboard.press('o');
    await therapist.page.keyboard.up('Alt');
    await sam.isIn('stepped_out');
    equal(await therapist.page.$eval('#chat-text', (node) => node.value), 'and so', 'what was being typed');
    await until('the page says so', async () => (await therapist.text('#news')).includes('All loved ones have stepped out'));
    const done = tap.texts({ since: asked, dir: 'out', type: 'done', participant: therapist.id })[0].index;
    equal(tap.media({ since: done, to: sam.id }).filter(({ kind }) => kind === 'rtp').length, 0, 'RTP datagrams to Sam after that');
}

async function askedForMore({ therapist, client }) {
    await therapist.click('#extend');
    await until('the therapist reads who is asked', async () => (await therapist.text('#extending')).includes('Alex is asked whether 5 minutes'));
    includes(await therapist.text('#extending-left'), 'left to answer', 'and how long they have');
    await therapist.screenshot('console-extending');
    await client.click('[data-action="extension-no"]');
    await until('the question is over', async () => (await therapist.text('#extending')) === '');
}

async function theClientIsMissing({ therapist, client }) {
    await client.close();
    await therapist.waitFor('#missing');
    equal(await therapist.page.$eval('#missing-phone', (node) => node.getAttribute('href')), 'tel:5550100', 'the number as a link');
    includes(await therapist.text('#missing-since'), 'Lost since', 'since when');
    await therapist.screenshot('console-missing');
    await therapist.click('#reached');
    await therapist.waitFor('#reached[aria-pressed="true"]');
}

export async function journey(stage) {
    const broker = await stage.broker({ plan: family() });
    const join = async (name, who, state) => stage.browser.join(name, await broker.invite(who), state);
    const therapist = await join('therapist', 'p-therapist', 'session');
    const client = await join('client', 'p-client', 'session');
    const sam = await join('Sam', 'p-sam', 'waiting');
    const kim = await join('Kim', 'p-kim', 'waiting');
    const lee = await join('Lee', 'p-lee', 'waiting');
    const all = { tap: broker.tap, therapist, client, sam, kim, lee };
    await readsWhatAnAdmissionTakes(all);
    await aLongWaitIsTold(therapist, sam);
    await letsInForLess(all);
    await previewFollowsTheGate(all);
    await helpIsSeen(all);
    await everybodyOut(all);
    await askedForMore(all);
    await theClientIsMissing(all);
}
