/* A family session: two loved ones, each by a permission that names them, both in at once and with each other. The therapist lets one of them
 * share a screen, which all the others see, and mutes a microphone, which nobody hears from then on, whatever its browser sends. */

import { equal, includes, pause, until } from '../check.js';
import { grantFor, planOf } from '../broker.js';
import { sendAnyway, stopAnyway } from '../rogue.js';

export const mixed = true; /* everybody sees everybody, and a screen */

const isHidden = (person, selector) => person.page.$eval(selector, (node) => node.hidden);

const everyOther = (all, one) => all.filter((person) => person !== one);

async function screenIsShared({ therapist, sam, all }) {
    equal(await isHidden(sam, '[data-action="toggle-screen"]'), true, 'no button to share a screen before the therapist allows it');
    equal(await sam.ask({ type: 'media', mic: true, camera: true, screen: true }), 'not_allowed', 'the answer to sharing a screen all the same');
    await therapist.flip(sam, 'screen');
    await sam.turn('screen', true);
    await Promise.all(everyOther(all, sam).map((person) => person.sees(sam, { source: 'screen' })));
    await therapist.screenshot('therapist-family-screen-shared');
    await sam.screenshot('loved-one-shares-a-screen');
    await therapist.flip(sam, 'screen');
    await until('the screen goes when the leave goes', () => sam.page.evaluate(() => !window.kinroom.tracks.screen));
    for (const person of everyOther(all, sam))
        await until(`no screen at the ${person.name}'s`, async () => (await person.page.$('#tiles [data-source="screen"]')) === null);
}

/* The packets that left for others, of this person's sound. */
const soundOf = (tap, person, others, since) => others.flatMap((other) => {
    const theirs = tap.slotsShowing(other.id, person.id, 'mic');
    return tap.media({ since, to: other.id }).filter(({ kind, ssrc }) => kind === 'rtp' && theirs.has(ssrc));
});

async function micIsMuted({ tap, therapist, sam, all }) {
    const others = everyOther(all, sam);
    await Promise.all(others.map((other) => other.hears(sam)));
    const asked = tap.mark();
    await therapist.clickBeside(sam, 'mute-mic');
    await sam.waitFor('[data-action="toggle-mic"][data-on="false"]');
    const done = tap.texts({ since: asked, dir: 'out', type: 'done', participant: therapist.id })[0].index;
    await pause(1000);
    equal(soundOf(tap, sam, others, done).length, 0, 'RTP datagrams of a muted microphone after the acknowledgement');
    await therapist.sees(sam);

    /* Their page obeyed; another program would not. With the camera off, what the broker still gets is sound. */
    await sam.turn('camera', false);
    await sendAnyway(sam);
    await sam.ask({ type: 'media', mic: true, camera: false, screen: false });
    const since = tap.mark();
    await until('the broker gets the muted sound', () => tap.media({ since, from: sam.id }).filter(({ kind }) => kind === 'rtp').length >= 50);
    equal(soundOf(tap, sam, others, since).length, 0, 'RTP datagrams of a muted microphone that sends all the same');
    await stopAnyway(sam);

    await therapist.clickBeside(sam, 'mute-mic');
    await sam.waitFor('[data-action="toggle-mic"]:not([disabled])');
    equal(await sam.page.evaluate(() => window.kinroom.tracks.mic), null, 'what turns itself on when the microphone is allowed again');
    await sam.turn('mic', true);
    await Promise.all(others.map((other) => other.hears(sam)));
}

export async function journey(stage) {
    const plan = planOf();
    const kinds = ['family'];
    const broker = await stage.broker({ plan: {
        ...plan, kind: 'family',
        people: [...plan.people, { participation: 'p-kim', person: 'kim', role: 'loved_one', name: 'Kim' }],
        grants: [grantFor('sam', { kinds }), grantFor('kim', { kinds })],
    } });
    const { tap } = broker;
    const { therapist, client, lovedOne: sam } = await stage.threePeople(broker);
    const kim = await stage.browser.join('Kim', await broker.invite('p-kim'), 'waiting');
    const all = [therapist, client, sam, kim];

    await client.agreeTo(sam);
    await therapist.waitFor(`#people [data-participant="${kim.id}"] [data-action="admit"][disabled]`);
    equal(await therapist.ask({ type: 'admit', participant: kim.id }), 'client_has_not_agreed', 'the answer to admitting Kim on the yes to Sam');
    for (const person of [sam, kim]) await therapist.admit(person, client);
    for (const person of all) for (const source of ['mic', 'camera']) await person.turn(source, true);
    await Promise.all(all.flatMap((person) => everyOther(all, person).map((other) => person.seesAndHears(other))));
    includes(await sam.text('#banner-lines'), 'Kim', 'who can see and hear Sam, as Sam reads it');
    await client.screenshot('client-family');

    await screenIsShared({ therapist, sam, all });
    await micIsMuted({ tap, therapist, sam, all });
}
