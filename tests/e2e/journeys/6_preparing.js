/* Before and beside the session: a loved one reads, declines, comes back in a smaller way; a client says where they are before anything
 * else; people write, raise a hand, ask for help; and who chooses only to listen is neither seen nor heard. */

import { equal, includes, pause, until } from '../check.js';
import { grantFor, planOf } from '../broker.js';
import { PLACE } from '../people.js';
import { silenceOf } from '../silence.js';

const beside = (person, part) => `#people [data-participant="${person.id}"] ${part}`;

const isHidden = (person, selector) => person.page.$eval(selector, (node) => node.hidden);

/* They decline, are offered what their permission allows, and come back to wait. */
async function declineAndComeBack({ therapist, lovedOne }) {
    await lovedOne.isIn('preparing');
    includes(await lovedOne.text('#guidance'), '42 CFR part 2 prohibits unauthorized use or disclosure of these records.', 'what the loved one reads');
    await lovedOne.screenshot('loved-one-prepares');
    await until('the therapist sees that they read', async () => (await therapist.text(beside(lovedOne, '.seat'))).includes('guidance'));
    equal(await isHidden(therapist, beside(lovedOne, '.admission:has([data-action="admit"])')), true, 'no way in for somebody who has not read');

    await lovedOne.click('[data-screen="preparing"] [data-action="decline"]');
    await lovedOne.isIn('declined');
    await lovedOne.screenshot('loved-one-declined');
    await until('the therapist sees that they declined', async () => (await therapist.text(beside(lovedOne, '.seat'))).includes('rather not'));
    await lovedOne.click('#alternatives [data-mode="audio"]');
    await lovedOne.isIn('preparing');
    await lovedOne.click('[data-action="acknowledge"]');
    await lovedOne.isIn('waiting');
    await until('they take part by sound', () => lovedOne.page.evaluate(() => window.kinroom.seat.mode === 'audio'));
}

/* Nothing of the room before the client has said where they are. */
async function clientLocates({ therapist, client }) {
    await client.isIn('locating');
    await client.screenshot('client-says-where');
    equal(await client.page.evaluate(() => window.kinroom.roster.filter((person) => person.participant !== window.kinroom.me).length), 0,
        'others that a client knows of before they said where they are');
    await client.click('[data-action="locate"]'); /* empty: the browser asks for it */
    await pause(300);
    await client.isIn('locating');
    await client.locate(PLACE);
    await client.isIn('session');
    await until('the therapist reads where the client is', async () => {
        const text = await therapist.text(beside(client, '.place'));
        return text.includes(PLACE.address) && text.includes(PLACE.phone);
    });
}

export async function journey(stage) {
    const modes = ['listen', 'watch', 'audio', 'full'];
    const agenda = [{ title: 'Progress', minutes: 5 }, { title: 'Next week', minutes: 3 }];
    const broker = await stage.broker({ plan: planOf({ grants: [grantFor('sam', { modes, chat: true })], agenda }) });
    const { tap } = broker;
    const therapist = await stage.browser.join('therapist', await broker.invite('p-therapist'), 'session');
    const lovedOne = await stage.browser.join('loved one', await broker.invite('p-sam'), 'preparing');
    await declineAndComeBack({ therapist, lovedOne });
    const client = await stage.browser.join('client', await broker.invite('p-client'), 'locating');
    await clientLocates({ therapist, client });
    const all = { tap, therapist, client, lovedOne };
    await silenceOf(all, 500, 'waiting');

    for (const person of [therapist, client]) for (const source of ['mic', 'camera']) await person.turn(source, true);
    await client.clickRequest(lovedOne, 'agree-yes');
    await therapist.clickBeside(lovedOne, 'admit');
    await lovedOne.isIn('session');
    await lovedOne.hears(client);
    equal(await isHidden(lovedOne, '[data-action="toggle-camera"]'), true, 'no camera button for somebody who takes part by sound');

    /* All of it, then. */
    await lovedOne.click('#side-part summary');
    await lovedOne.click('#side-part [data-mode="full"]');
    for (const source of ['mic', 'camera']) await lovedOne.turn(source, true);
    await Promise.all([therapist.seesAndHears(lovedOne), client.seesAndHears(lovedOne), lovedOne.seesAndHears(client)]);

    /* Written: to all, and to the therapist alone. */
    await lovedOne.write('everyone', 'Hello <b>all</b>');
    await Promise.all([therapist, client, lovedOne].map((person) => person.reads('Hello <b>all</b>')));
    await client.write('therapist', 'A little slower, please');
    await Promise.all([therapist, client].map((person) => person.reads('Hello <b>all</b>|A little slower, please')));
    equal(await lovedOne.messages(), 'Hello <b>all</b>', 'what the loved one reads of a word to the therapist');

    /* A hand, the agenda, a call for help. */
    await lovedOne.click('[data-action="hand"]');
    await lovedOne.waitFor('[data-action="hand"][aria-pressed="true"]');
    await until('the therapist sees the hand', async () => (await therapist.text(beside(lovedOne, '.hand'))) !== '');
    await therapist.click('[data-action="next-step"]');
    await until('everybody sees the first step', async () => (await Promise.all([therapist, client, lovedOne].map((person) =>
        person.page.$eval('#agenda [aria-current="step"]', (node) => node.textContent).catch(() => '')))).every((text) => text.includes('Progress')));
    await lovedOne.click('[data-action="alert"]');
    await lovedOne.click('#confirm-yes');
    await therapist.waitFor(`#alerts [data-participant="${lovedOne.id}"]`);
    await therapist.screenshot('therapist-is-called');
    await therapist.click(`#alerts [data-participant="${lovedOne.id}"] [data-action="seen"]`);
    await lovedOne.screenshot('loved-one-with-agenda-and-messages');

    /* Only to listen: nothing of theirs flows, no picture comes to them, and the sound goes on. */
    await lovedOne.click('#side-part [data-mode="listen"]');
    for (const source of ['mic', 'camera']) await until(`no ${source} button for a listener`, () => isHidden(lovedOne, `[data-action="toggle-${source}"]`));
    equal(await lovedOne.page.evaluate(() => Object.values(window.kinroom.tracks).filter(Boolean).length), 0, 'devices that a listener\'s page keeps on');
    await pause(300);
    const since = tap.mark();
    const frames = (await lovedOne.received(client)).frames;
    await pause(1000);
    for (const other of [therapist, client]) {
        const theirs = tap.slotsShowing(other.id, lovedOne.id);
        equal(tap.media({ since, to: other.id }).filter(({ kind, ssrc }) => kind === 'rtp' && theirs.has(ssrc)).length, 0,
            `RTP datagrams of a listener to the ${other.name}`);
    }
    equal((await lovedOne.received(client)).frames - frames, 0, 'frames that a listener decodes');
    await lovedOne.hears(client);
    await lovedOne.screenshot('loved-one-listens');

    /* In the end they would rather not. */
    await therapist.clickBeside(lovedOne, 'step-out');
    await lovedOne.isIn('stepped_out');
    await lovedOne.click('#card-actions [data-action="decline"]');
    await lovedOne.isIn('declined');
    await silenceOf(all, 500, 'declined');

    /* Where the client is went to the therapist alone. */
    for (const person of [client, lovedOne])
        equal(tap.texts({ dir: 'out', type: 'roster', participant: person.id }).filter(({ text }) => JSON.stringify(text).includes(PLACE.address)).length, 0,
            `lists of people in which the ${person.name} read an address`);
}
