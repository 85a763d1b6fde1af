/* Two loved ones' machines fall asleep, both for longer than is borne. When they wake their pages come back by themselves, each to the right
 * seat: who was stepped out meanwhile is stepped out, who was not waits for the therapist, and neither is in. And a microphone that a phone
 * call takes away is off, for everybody to see, until it is turned on again. */

import { kill } from 'node:process';
import { pause, until } from '../check.js';
import { grantFor, planOf } from '../broker.js';
import { silenceOf } from '../silence.js';

export const waits = true; /* for consent to end, and then the grace */
export const only = 'chromium'; /* whose pages can be frozen one by one; all of Firefox's answer checks from one process */

const ASLEEP_MS = 35000; /* 30 s without a check, and a moment */
const GRACE_MS = 30000;
const LOOK_MS = 1000;

/* The process of a page: the one without which it does not answer. */
async function processOf(person) {
    const session = await person.page.browser().target().createCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    for (const { id } of processInfo.filter(({ type }) => type === 'renderer')) {
        kill(id, 'SIGSTOP');
        const answers = await Promise.race([person.page.evaluate(() => true), pause(LOOK_MS).then(() => false)]);
        kill(id, 'SIGCONT');
        if (!answers) return id;
    }
    throw new Error(`no process of the ${person.name} is known`);
}

async function micIsTaken({ client, therapist }) {
    await therapist.hears(client);
    await client.page.evaluate(() => {
        const { mic } = window.kinroom.tracks;
        mic.stop(); /* says nothing by itself, as only what others end does */
        mic.dispatchEvent(new Event('ended'));
    });
    await client.waitFor('[data-action="toggle-mic"][data-on="false"]');
    await until('the therapist sees that it is off', () => therapist.page.evaluate((who) =>
        !window.kinroom.roster.find((person) => person.participant === who).sending.includes('mic'), client.id));
    await client.turn('mic', true);
    await therapist.hears(client);
}

export async function journey(stage) {
    const kim = { participation: 'p-kim', person: 'kim', role: 'loved_one', name: 'Kim' };
    const plan = planOf();
    const broker = await stage.broker({ plan: { ...plan, people: [...plan.people, kim], grants: [...plan.grants, grantFor('kim')] } });
    const { tap } = broker;
    const { therapist, client, lovedOne } = await stage.threePeople(broker);
    const other = await stage.browser.join('other loved one', await broker.invite('p-kim'), 'waiting');
    for (const person of [therapist, client]) for (const source of ['mic', 'camera']) await person.turn(source, true);
    await micIsTaken({ client, therapist });
    const asleep = [];
    for (const person of [lovedOne, other]) {
        await therapist.admit(person, client);
        await person.sees(client);
        asleep.push(await processOf(person));
    }
    await Promise.all([lovedOne, other].map((person) => person.sees(client)));

    for (const id of asleep) kill(id, 'SIGSTOP');
    try {
        await therapist.clickBeside(lovedOne, 'step-out');
        await therapist.waitFor(`#people [data-participant="${other.id}"][data-seat="suspended"]`, ASLEEP_MS + 15000);
        await therapist.waitFor(`#people [data-participant="${other.id}"][data-seat="waiting"]`, GRACE_MS + 15000);
    } finally {
        for (const id of asleep) kill(id, 'SIGCONT');
    }
    await lovedOne.waitFor('#page[data-state="stepped_out"][data-media="ready"]', 30000);
    await other.waitFor('#page[data-state="waiting"][data-media="ready"]', 30000);
    await until('the wiretap saw that the page joined again by itself', () => {
        tap.mark();
        return tap.streamsOf(other.id).length > 1;
    });
    await silenceOf({ tap, therapist, client, lovedOne }, 1000, 'awake after a step-out');
    await silenceOf({ tap, therapist, client, lovedOne: other }, 1000, 'awake after the grace');
}
