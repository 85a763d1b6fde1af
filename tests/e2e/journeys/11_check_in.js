/* Two kinds with rules of their own. A check-in has an agenda of timed steps, is never longer, and goes without the client where the permission
 * says so; once they are there, it takes their yes. A discharge session takes a permission that names aftercare. */

import { equal, includes, until } from '../check.js';
import { grantFor, now_s, planOf } from '../broker.js';

const MINUTE_S = 60;
const BOX_MIN = 15;
const STEPS = [{ title: 'How the weeks went', minutes: 5 }, { title: 'What comes next', minutes: 8 }];

const lovedOne = (person, session, name) => ({ participation: `p-${person}-${session}`, person, role: 'loved_one', name });

const checkIn = () => planOf({
    id: 's-check-in', kind: 'check_in', closes_at: now_s() + (BOX_MIN - 1) * MINUTE_S, agenda: STEPS,
    people: [...planOf().people.slice(0, 2), lovedOne('sam', 'check-in', 'Sam'), lovedOne('kim', 'check-in', 'Kim')],
    grants: ['sam', 'kim'].map((person) => grantFor(person, { kinds: ['check_in'], client_absent_ok: person === 'sam' })),
});

const discharge = () => planOf({
    id: 's-discharge', kind: 'discharge',
    people: [...planOf().people.slice(0, 2), lovedOne('lee', 'discharge', 'Lee'), lovedOne('jo', 'discharge', 'Jo')],
    grants: [grantFor('lee', { kinds: ['discharge'], topics: ['general_progress'] }), grantFor('jo', { kinds: ['discharge'], topics: ['aftercare'] })],
});

const stepShown = (person) => person.page.$eval('#agenda [aria-current="step"]', (node) => node.textContent).catch(() => '');

const allRead = (people, words) => until(`all read "${words}" in the agenda`,
    async () => (await Promise.all(people.map(stepShown))).every((text) => text.includes(words)));

async function agendaMovesOn(therapist, sam) {
    const people = [therapist, sam];
    await allRead(people, STEPS[0].title); /* it begins with the check-in */
    await therapist.click('[data-action="next-step"]');
    await allRead(people, STEPS[1].title);
    const left_s = await sam.page.evaluate(() => window.kinroom.agenda.step_ends - window.kinroom.clock.now());
    equal(left_s > (STEPS[1].minutes - 1) * MINUTE_S && left_s <= STEPS[1].minutes * MINUTE_S, true, `the second step's own time (${left_s} s left)`);
    await therapist.screenshot('therapist-check-in');
    await sam.screenshot('loved-one-check-in');
    await therapist.click('[data-action="next-step"]');
    await until('the agenda is through', async () => (await Promise.all(people.map(stepShown))).join('') === '');
}

/* Not even the client is asked. */
async function isNeverLonger(tap, therapist, client) {
    const closesAt = await client.page.evaluate(() => window.kinroom.room.closes_at);
    equal(await therapist.page.$eval('#extend', (node) => node.hidden), true, 'no button to make a check-in longer');
    equal(await therapist.ask({ type: 'extend', minutes: 5 }), 'extension_refused', 'the answer to making it longer all the same');
    equal(tap.texts({ dir: 'out', type: 'extension' }).length, 0, 'questions about a longer check-in');
    equal(await client.page.evaluate(() => window.kinroom.room.closes_at), closesAt, 'when the check-in ends');
}

async function checkInWithoutClient(stage, broker) {
    const therapist = await stage.browser.join('therapist', await broker.invite('p-therapist', 's-check-in'), 'session');
    const sam = await stage.browser.join('Sam', await broker.invite('p-sam-check-in', 's-check-in'), 'waiting');
    const kim = await stage.browser.join('Kim', await broker.invite('p-kim-check-in', 's-check-in'), 'waiting');
    await therapist.cannotAdmit(kim, 'no_client', 'once Alex is connected');
    await therapist.admit(sam);
    for (const person of [therapist, sam]) for (const source of ['mic', 'camera']) await person.turn(source, true);
    await Promise.all([therapist.seesAndHears(sam), sam.seesAndHears(therapist)]);
    await agendaMovesOn(therapist, sam);

    /* The client comes after all: now it takes their yes, too. */
    const client = await stage.browser.join('client', await broker.invite('p-client', 's-check-in'), 'session');
    await sam.isIn('stepped_out');
    await therapist.admit(sam, client);
    await isNeverLonger(broker.tap, therapist, client);
    equal(await sam.page.$eval('#chat', (node) => node.hidden), true, 'no messages in a check-in');
}

async function dischargeForAftercare(stage, broker) {
    const therapist = await stage.browser.join('therapist', await broker.invite('p-therapist', 's-discharge'), 'session');
    const client = await stage.browser.join('client', await broker.invite('p-client', 's-discharge'), 'session');
    const lee = await stage.browser.join('Lee', await broker.invite('p-lee-discharge', 's-discharge'), 'waiting');
    const jo = await stage.browser.join('Jo', await broker.invite('p-jo-discharge', 's-discharge'), 'waiting');
    for (const person of [lee, jo]) await client.agreeTo(person);
    await therapist.cannotAdmit(lee, 'grant_other_topic', 'other topics');
    includes(await therapist.reasonBeside(lee), 'Lee', 'whose reason it is');
    await therapist.admit(jo, client);
    await client.turn('camera', true);
    await jo.sees(client);
}

export async function journey(stage) {
    const broker = await stage.broker({ plans: [checkIn(), discharge()] });
    await checkInWithoutClient(stage, broker);
    await dischargeForAftercare(stage, broker);
}
