/* A workshop: the therapist presents to loved ones of three clients, of whom none is there. They know each other by aliases alone, and neither
 * see nor hear each other until the therapist turns it on; what they write goes to the therapist. */

import { equal, pause, until } from '../check.js';
import { grantFor, planOf } from '../broker.js';

const GUESTS = [
    { participation: 'p-sam', person: 'sam', client: 'alex', role: 'loved_one', name: 'Sam Rowan' },
    { participation: 'p-kim', person: 'kim', client: 'bo', role: 'loved_one', name: 'Kim Juniper', alias: 'Blue Heron' },
    { participation: 'p-lee', person: 'lee', client: 'charlie', role: 'loved_one', name: 'Lee Aspen' },
];

const namesKnownTo = (person) => person.page.evaluate(() => window.kinroom.roster.filter(({ participant }) => participant !== window.kinroom.me)
    .map(({ name }) => name).sort().join());

/* RTP of one loved one to another, whatever it shows. */
const between = (tap, from, to, since) => {
    const theirs = tap.slotsShowing(to.id, from.id);
    return tap.media({ since, to: to.id }).filter(({ kind, ssrc }) => kind === 'rtp' && theirs.has(ssrc)).length;
};

const nobodySends = async (guests) => {
    for (const guest of guests)
        for (const source of ['mic', 'camera', 'screen'])
            equal(await guest.ask({ type: 'media', mic: source === 'mic', camera: source === 'camera', screen: source === 'screen' }), 'not_allowed',
                `the answer to ${guest.name}'s ${source}, which the therapist has not turned on`);
};

async function oneSpeaks({ tap, therapist, sam, kim, lee }) {
    await therapist.flip(sam, 'mic');
    await sam.turn('mic', true);
    await Promise.all([therapist, kim, lee].map((person) => person.hears(sam)));

    /* Seen by the therapist; by another loved one only once that one may see the others. */
    await therapist.flip(sam, 'camera');
    await sam.turn('camera', true);
    await therapist.sees(sam);
    const frames = (await kim.received(sam, 'camera')).frames;
    await pause(1000);
    equal((await kim.received(sam, 'camera')).frames - frames, 0, 'frames of Sam that Kim decodes');
    for (const guest of [kim, lee]) equal(tap.slotsShowing(guest.id, sam.id, 'camera').size, 0, `slots on which ${guest.name} is sent Sam's camera`);
    await therapist.flip(kim, 'others');
    await kim.sees(sam);
    equal(tap.slotsShowing(lee.id, sam.id, 'camera').size, 0, 'slots on which Lee is sent Sam\'s camera while Kim may see others');
    await kim.screenshot('loved-one-in-a-workshop');
    await therapist.flip(kim, 'others');
    await until('Kim sees the others no more', () => kim.page.evaluate((who) => [...window.kinroom.slots.values()]
        .every(({ participant, source }) => participant !== who || source === 'mic'), sam.id));
}

async function theyWrite({ therapist, sam, kim, lee }) {
    equal(await kim.ask({ type: 'chat', to: 'therapist', text: 'May I?' }), 'not_enabled', 'the answer to a message before the therapist allows it');
    await therapist.flip(kim, 'chat');
    await kim.waitFor('#chat-form');
    equal(await kim.page.$$eval('#chat-to option', (options) => options.map(({ value }) => value).join()), 'therapist', 'whom Kim can write to');
    await kim.write('therapist', 'How do I say no?');
    await Promise.all([therapist, kim].map((person) => person.reads('How do I say no?')));
    equal(await kim.ask({ type: 'chat', to: 'everyone', text: 'Hello all' }), 'not_allowed', 'the answer to a message to everyone');
    await therapist.flip(sam, 'chat');
    await therapist.write('everyone', 'A good question');
    await Promise.all([kim.reads('How do I say no?|A good question'), sam.reads('A good question')]);
    equal(await lee.messages(), '', 'what is read by who may not write');
}

export async function journey(stage) {
    const kinds = ['workshop'];
    const broker = await stage.broker({ plan: planOf({
        kind: 'workshop',
        people: [planOf().people[0], ...GUESTS],
        grants: GUESTS.map(({ person, client }) => grantFor(person, { client, kinds, topics: ['education'] })),
    }) });
    const { tap } = broker;
    const therapist = await stage.browser.join('therapist', await broker.invite('p-therapist'), 'session');
    const guests = [];
    for (const { participation, name } of GUESTS) guests.push(await stage.browser.join(name, await broker.invite(participation), 'waiting'));
    const [sam, kim, lee] = guests;
    const all = { tap, therapist, sam, kim, lee };
    for (const source of ['mic', 'camera']) await therapist.turn(source, true);
    for (const guest of guests) await therapist.admit(guest);
    await Promise.all(guests.map((guest) => guest.seesAndHears(therapist)));
    await therapist.screenshot('therapist-workshop');

    equal(await namesKnownTo(sam), 'Blue Heron,Dr. Rivera,Guest 4', 'the names that Sam reads');
    equal(await namesKnownTo(kim), 'Dr. Rivera,Guest 2,Guest 4', 'the names that Kim reads');
    equal(await namesKnownTo(therapist), GUESTS.map(({ name }) => name).sort().join(), 'the names that the therapist reads');
    await nobodySends(guests);
    await oneSpeaks(all);
    await theyWrite(all);

    /* Whatever was said to them, all the while. */
    for (const guest of guests) {
        const told = JSON.stringify(tap.events.filter(({ dir, text, stream }) => text && dir === 'out'
            && tap.streams.get(stream)?.participant === guest.id));
        for (const other of GUESTS.filter(({ participation }) => participation !== guest.id))
            equal(told.includes(other.name), false, `that ${guest.name} was told the name of ${other.name}`);
    }
    equal(between(tap, kim, sam) + between(tap, lee, sam) + between(tap, kim, lee), 0, 'RTP datagrams of who was never turned on');
}
