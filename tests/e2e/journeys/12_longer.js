/* A session gets longer only by the client's yes: a no and no answer leave its end where it was, and the therapist reads which. */

import { atLeast, equal, includes, until } from '../check.js';

export const waits = true; /* for a question to lapse */

const MORE_S = 5 * 60; /* what the therapist's button asks for */
const LAPSE_S = 30;

const closesAt = (person) => person.page.evaluate(() => window.kinroom.room.closes_at);
const isAsked = (client) => client.page.$eval('#extension', (dialog) => dialog.open);
const focused = (person) => person.page.evaluate(() => document.activeElement.dataset.action ?? document.activeElement.id);

async function asks(therapist, client) {
    await therapist.click('#extend');
    await client.waitFor('#extension[open]');
    await until('the therapist reads that the client is asked', async () => (await therapist.text('#extending')) !== '');
}

/* The answer is there, and the question gone. */
async function isAnswered(therapist, client) {
    await until('the client is asked no more', async () => !(await isAsked(client)));
    await until('the therapist has an answer', async () => (await therapist.text('#extending')) === '');
}

async function readsNo(therapist) {
    await until('the therapist reads the refusal', async () => (await therapist.text('#alert')) !== '');
    return therapist.text('#alert');
}

export async function journey(stage) {
    const broker = await stage.broker();
    const { therapist, client, lovedOne } = await stage.threePeople(broker);
    const everybody = [therapist, client, lovedOne];
    await therapist.admit(lovedOne, client);
    const until_s = await lovedOne.page.evaluate(() => window.kinroom.seat.until);
    const end = await closesAt(client);
    const endIs = async (expected, when) => {
        for (const person of everybody) equal(await closesAt(person), expected, `the end, as the ${person.name} knows it, ${when}`);
    };

    /* No. */
    await asks(therapist, client);
    equal(await isAsked(lovedOne), false, 'that the loved one is asked');
    includes(await client.text('#extension-text'), '5 minutes', 'what the client is asked');
    await client.screenshot('client-is-asked-for-longer');
    await therapist.screenshot('therapist-asks-for-longer');
    await client.click('[data-action="extension-no"]');
    await isAnswered(therapist, client);
    equal((await client.text('#news')).includes('more'), false, 'that the question is put once more after its answer');
    includes(await readsNo(therapist), 'still ends when it was to end', 'what the therapist reads after a no');
    await therapist.screenshot('therapist-reads-a-no');
    await endIs(end, 'after a no');

    /* No answer. */
    const asked_ms = performance.now();
    await asks(therapist, client);
    equal(await therapist.ask({ type: 'extend', minutes: 5 }), 'wrong_state', 'the answer to a second question');
    await until('the question lapses', async () => !(await isAsked(client)), { within_ms: (LAPSE_S + 5) * 1000 });
    await readsNo(therapist);
    atLeast((performance.now() - asked_ms) / 1000, LAPSE_S - 1, 'seconds that the client had to answer');
    await isAnswered(therapist, client);
    await endIs(end, 'without an answer');
    equal(await client.ask({ type: 'allow_extension', yes: true }), 'wrong_state', 'the answer to a yes that comes too late');

    /* Yes, without a mouse. */
    await asks(therapist, client);
    equal(await focused(client), 'extension', 'what has the focus when the question comes');
    await client.press('Tab');
    equal(await focused(client), 'extension-yes', 'what has the focus after a Tab');
    await client.press('Enter');
    await isAnswered(therapist, client);
    for (const person of everybody)
        await until(`the ${person.name} knows the new end`, async () => (await closesAt(person)) === end + MORE_S);
    equal(await therapist.text('#alert'), '', 'what is wrong after a yes');
    equal(await lovedOne.page.evaluate(() => window.kinroom.seat.until), until_s, 'the end of the portion, which had minutes of its own');
}
