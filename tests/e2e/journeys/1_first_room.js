/* The main job, end to end: therapist and client talk; a loved one waits, is let in for a portion, steps out, comes back, leaves. */

import { atLeast, equal, pause, until } from '../check.js';
import { sendAnyway, stopAnyway } from '../rogue.js';
import { silenceOf } from '../silence.js';

/* With everybody else silent, whatever the broker sends anybody would be the rogue's. */
async function rogueReachesNobody({ tap, therapist, client, lovedOne }, when) {
    for (const person of [therapist, client]) for (const source of ['mic', 'camera']) await person.turn(source, false);
    await pause(300); /* what was under way is there */
    await sendAnyway(lovedOne);
    const since = tap.mark();
    await until(`the loved one's own media reaches the broker while ${when}`,
        () => tap.media({ since, from: lovedOne.id }).filter(({ kind }) => kind === 'rtp').length >= 50);
    equal(tap.media({ since }).filter(({ kind }) => kind === 'rtp').length, 0, `RTP sent to anybody while a rogue sends, ${when}`);
    equal(tap.media({ since, to: lovedOne.id }).length, 0, `RTP and RTCP sent to the rogue, ${when}`);
    await stopAnyway(lovedOne);
    for (const person of [therapist, client]) for (const source of ['mic', 'camera']) await person.turn(source, true);
}

export async function journey(stage) {
    const broker = await stage.broker();
    const { tap } = broker;
    const { therapist, client, lovedOne } = await stage.threePeople(broker);
    const all = { tap, therapist, client, lovedOne };

    /* Therapist and client. */
    for (const person of [therapist, client]) for (const source of ['mic', 'camera']) await person.turn(source, true);
    await Promise.all([therapist.seesAndHears(client), client.seesAndHears(therapist)]);

    /* The oracle and the browsers agree on who is where. */
    for (const person of [therapist, client, lovedOne]) {
        const port = await person.localPort();
        equal(tap.peersOf(person.id).some((peer) => peer.endsWith(`:${port}`)), true,
            `port ${port} of the ${person.name} among ${tap.peersOf(person.id)}`);
    }
    const counted = await client.packetsReceived();
    atLeast(counted, 1, 'packets that the client\'s browser counted');
    atLeast(tap.media({ to: client.id }).filter(({ kind }) => kind === 'rtp').length, counted,
        'RTP datagrams that the oracle saw going to the client, by the browser\'s own count');

    equal(await therapist.page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname.slice(1))
        .filter((name) => name.endsWith('.js') && name !== 'main.js')
        .filter((name) => !document.querySelector(`link[rel="modulepreload"][href="${name}"]`)).join()), '', 'modules found late');

    /* Waiting: warm, and nothing passes. */
    await silenceOf(all, 1500, 'waiting');
    equal(await lovedOne.page.evaluate(() => window.kinroom.roster.length), 0, 'people a waiting person knows of');
    await therapist.screenshot('therapist-someone-waits');
    await client.screenshot('client-is-asked');
    await lovedOne.screenshot('loved-one-waits');
    await rogueReachesNobody(all, 'waiting');

    /* Let in. */
    await client.clickRequest(lovedOne, 'agree-yes');
    await therapist.clickBeside(lovedOne, 'admit');
    await lovedOne.isIn('session');
    await Promise.all([lovedOne.seesAndHears(therapist), lovedOne.seesAndHears(client)]);
    equal((await therapist.received(lovedOne)).frames, 0, 'frames of somebody who was let in and turned nothing on');
    await lovedOne.turn('mic', true);
    await lovedOne.turn('camera', true);
    await Promise.all([therapist.seesAndHears(lovedOne), client.seesAndHears(lovedOne)]);
    await therapist.screenshot('therapist-three-are-in');
    await client.screenshot('client-three-are-in');
    await lovedOne.screenshot('loved-one-is-in');

    /* Out again by each of the three, and back. */
    const waysOut = [
        ['therapist', () => therapist.clickBeside(lovedOne, 'step-out')],
        ['client', () => client.click('#banner [data-action="stop"]')],
        ['loved one', () => lovedOne.click('[data-action="step-out-self"]')],
    ];
    for (const [who, stepOut] of waysOut) {
        await stepOut();
        await lovedOne.isIn('stepped_out');
        await silenceOf(all, 1000, `stepped out by the ${who}`);
        if (who === 'therapist') {
            await lovedOne.screenshot('loved-one-stepped-out');
            await rogueReachesNobody(all, 'stepped out');
        }
        await Promise.all([therapist.seesAndHears(client), client.seesAndHears(therapist)]);
        if (await client.page.$(`#requests [data-participant="${lovedOne.id}"]`)) await client.clickRequest(lovedOne, 'agree-yes');
        await therapist.clickBeside(lovedOne, 'admit');
        await lovedOne.isIn('session');
        await Promise.all([lovedOne.seesAndHears(therapist), lovedOne.seesAndHears(client)]);
        await lovedOne.turn('camera', true);
        await Promise.all([therapist.sees(lovedOne), client.sees(lovedOne)]);
    }

    /* Goodbye. */
    await lovedOne.click('#toolbar [data-action="leave"]');
    await lovedOne.isIn('left');
    await silenceOf(all, 500, 'gone');
    for (const person of [therapist, client, lovedOne])
        equal(tap.streamsOf(person.id).reduce((sum, { offers }) => sum + offers, 0), 1, `offers that the ${person.name} made, all in all`);

    await therapist.click('[data-action="end"]');
    await therapist.click('#confirm-yes');
    await Promise.all([therapist.isIn('ended'), client.isIn('ended')]);
    await therapist.screenshot('the-end');
}
