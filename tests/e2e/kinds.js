/* kinds.js - a session of each kind, from everybody's link to their leaving: who is let in sees and hears, and is seen and heard, by whom the kind
 * of session allows it. */

import { equal, until } from './check.js';
import { grantFor, now_s, planOf } from './broker.js';

const MINUTE_S = 60;

/* Who is there: clients, and loved ones with whose they are; whether those may only see and hear. box_min: how long, where it may not be 50 minutes. */
const KINDS = {
    individual: { clients: ['alex'], guests: { sam: 'alex' } },
    family: { clients: ['alex'], guests: { sam: 'alex', kim: 'alex' } },
    workshop: { clients: [], guests: { sam: 'alex', lee: 'bo' }, guestsListen: true },
    check_in: { clients: ['alex'], guests: { sam: 'alex' }, box_min: 15, agenda: [{ title: 'How the week went', minutes: 5 }] },
    discharge: { clients: ['alex'], guests: { sam: 'alex' } },
    group: { clients: ['alex'], guests: {} }, /* a plan names one client */
};
const NAMES = { alex: 'Alex', sam: 'Sam', kim: 'Kim', lee: 'Lee' };

/* Of everybody who is somebody's loved one anywhere, for all that families take part in. */
const grants = () => [['sam', 'alex'], ['kim', 'alex'], ['lee', 'bo']].map(([person, client]) => grantFor(person, {
    client, kinds: ['individual', 'family', 'workshop', 'check_in', 'discharge'], topics: ['general_progress', 'education', 'aftercare'],
}));

function planFor(kind, given) {
    const { clients, guests, box_min = 50, agenda } = KINDS[kind];
    const someone = (person, role, more) => ({ participation: `p-${person}-${kind}`, person, role, name: NAMES[person], ...more });
    return {
        ...planOf(), id: `s-${kind}`, kind, client: 'alex', ...agenda && { agenda },
        closes_at: now_s() + (box_min - 1) * MINUTE_S,
        people: [
            someone('rivera', 'therapist', { name: 'Dr. Rivera' }),
            ...clients.map((person) => someone(person, 'client')),
            ...Object.entries(guests).map(([person, client]) => someone(person, 'loved_one', clients.length ? {} : { client })),
        ],
        grants: given.filter(({ person }) => person in guests),
    };
}

/* In a narrow window the list is a sheet that lies over the pictures. */
async function openList(person) {
    const toggle = '#toolbar [data-toggles="people"]';
    if (await person.page.$eval(toggle, (node) => node.getAttribute('aria-expanded') === 'false')) await person.click(toggle);
}

const othersOf = (all, one) => all.filter((person) => person !== one);

async function leaves(person) {
    await person.click('#toolbar [data-action="leave"]');
    await person.isIn('left');
    equal(await person.page.evaluate(() => Object.values(window.kinroom.tracks).some(Boolean)), false, `that a device of ${person.name} is on after leaving`);
}

async function ends(therapist) {
    await openList(therapist);
    await therapist.click('[data-action="end"]');
    await therapist.click('#confirm-yes');
    await therapist.isIn('ended');
}

async function oneOf(kind, stage, broker, sizes) {
    const { clients, guests, guestsListen } = KINDS[kind];
    const session = `s-${kind}`;
    const join = async (person, name, state, size) =>
        stage.browser.join(`${name} (${kind})`, await broker.invite(`p-${person}-${kind}`, session), state, { size });
    const therapist = await join('rivera', 'Dr. Rivera', 'session', sizes.therapist);
    const hosts = [];
    for (const person of clients) hosts.push(await join(person, NAMES[person], 'session', sizes.others));
    const family = [];
    for (const person of Object.keys(guests)) family.push(await join(person, NAMES[person], 'waiting', sizes.others));

    for (const guest of family) {
        await hosts[0]?.agreeTo(guest);
        await openList(therapist);
        await therapist.admit(guest);
    }
    if (sizes.therapist === 'phone' && family.length) await therapist.click('[data-closes="people"]');
    const senders = [therapist, ...hosts, ...guestsListen ? [] : family];
    for (const person of senders) for (const source of ['mic', 'camera']) await person.turn(source, true);
    const all = [therapist, ...hosts, ...family];
    await Promise.all(all.flatMap((person) => othersOf(senders, person).map((other) => person.seesAndHears(other))));

    for (const guest of family) await leaves(guest);
    await until(`nobody shows the family of the ${kind} session any more`, async () => (await Promise.all([therapist, ...hosts].map((person) =>
        person.page.evaluate((gone) => [...window.kinroom.slots.values()].some(({ participant }) => gone.includes(participant)), family.map(({ id }) => id)))))
        .every((shown) => !shown));
    for (const client of hosts) await leaves(client);
    await ends(therapist);
    for (const person of all) await person.close();
}

/* sizes: { therapist, others }, each 'desktop' or 'phone' */
export async function eachKind(stage, sizes) {
    const given = grants();
    const broker = await stage.broker({ plans: Object.keys(KINDS).map((kind) => planFor(kind, given)) });
    for (const kind of Object.keys(KINDS)) {
        const began = performance.now();
        await oneOf(kind, stage, broker, sizes);
        console.log(`  ${kind}, therapist at a ${sizes.therapist}, others at a ${sizes.others} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    }
}
