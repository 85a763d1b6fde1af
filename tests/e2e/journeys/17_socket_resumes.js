/* The line to the server is cut, and the media goes on by its own way. Whoever is back in time is where they were, on the same media, and
 * nobody else noticed. Whoever is not is lost like anybody: five seconds without the therapist, and family hears nothing. What was decided
 * about somebody meanwhile holds when they are back. */

import { atLeast, equal, until } from '../check.js';
import { Line } from '../paths.js';
import { silenceOf } from '../silence.js';

const NOTICED_MS = 5500; /* five seconds since the last word on the socket, and a moment for the machine */
const NS_PER_MS = 1e6; /* the wiretap and process.hrtime read the same clock */

const joins = (tap, person) => tap.texts({ dir: 'in', type: 'join', participant: person.id });
const welcomes = (tap, person) => tap.texts({ dir: 'out', type: 'welcome', participant: person.id });
const offers = (tap, person) => tap.texts({ dir: 'in', type: 'offer', participant: person.id });

/* Cut, and back by themselves, with pictures going on all the while. */
async function resumes(tap, person, all) {
    const others = all.filter((other) => other !== person);
    const since = tap.mark(), offered = offers(tap, person).length, joined = joins(tap, person).length;
    person.line.breakOff();
    await until(`the ${person.name} is welcomed back to their media`, () => welcomes(tap, person).slice(joined).some(({ text }) => text.resumed));
    await until(`the page of the ${person.name} knows`, () => person.page.evaluate(() => !window.kinroom.isResuming));
    equal(offers(tap, person).length, offered, `the offers of the ${person.name}`);
    await Promise.all(others.flatMap((other) => [other.seesAndHears(person), person.seesAndHears(other)]));
    for (const other of others) {
        equal(tap.texts({ since, dir: 'out', type: 'seat', participant: other.id }).length, 0, `what the ${other.name} was told of their seat`);
        equal(tap.texts({ since, dir: 'out', type: 'room', participant: other.id }).length, 0, `what the ${other.name} was told of the room`);
    }
}

async function therapistIsLost({ tap, therapist, client, lovedOne }) {
    const since = tap.mark(), cutNs = Number(process.hrtime.bigint());
    therapist.line.breakOff({ down: true });
    await lovedOne.isIn('suspended');
    const [told] = tap.texts({ since, dir: 'out', type: 'seat', participant: lovedOne.id });
    atLeast(NOTICED_MS, (told.t - cutNs) / NS_PER_MS, 'the milliseconds until family is out');
    await silenceOf({ tap, client, lovedOne }, 1000, 'the therapist cut off for longer than is borne');
    therapist.line.up();
    await therapist.isIn('session');
    await therapist.waitFor('#page[data-media="ready"]', 30000);
    await therapist.admit(lovedOne, client);
    for (const source of ['mic', 'camera']) await lovedOne.turn(source, true);
}

async function steppedOutMeanwhile({ tap, therapist, client, lovedOne }) {
    lovedOne.line.breakOff({ down: true });
    await therapist.clickBeside(lovedOne, 'step-out');
    await therapist.waitFor(`#people [data-participant="${lovedOne.id}"][data-seat="stepped_out"]`);
    lovedOne.line.up();
    await lovedOne.isIn('stepped_out');
    equal(await lovedOne.page.evaluate(() => Object.values(window.kinroom.tracks).some(Boolean)), false, 'that a device of theirs is still on');
    await silenceOf({ tap, therapist, client, lovedOne }, 1000, 'stepped out while the line was cut');
}

export async function journey(stage) {
    const lines = await Promise.all([1, 2, 3].map(() => Line.start()));
    const broker = await stage.broker({ options: { '--origins': lines.map(({ url }) => url).join(',') } });
    const { tap } = broker;
    try {
        const arrive = async (name, participation, state, at) => {
            const line = lines[at].leadTo(broker);
            return Object.assign(await stage.browser.join(name, line.of(await broker.invite(participation)), state), { line });
        };
        const therapist = await arrive('therapist', 'p-therapist', 'session', 0);
        const client = await arrive('client', 'p-client', 'session', 1);
        const lovedOne = await arrive('loved one', 'p-sam', 'waiting', 2);
        for (const person of [therapist, client]) for (const source of ['mic', 'camera']) await person.turn(source, true);
        await therapist.admit(lovedOne, client);
        for (const source of ['mic', 'camera']) await lovedOne.turn(source, true);

        const all = [therapist, client, lovedOne];
        for (const person of all) await resumes(tap, person, all);
        await therapistIsLost({ tap, therapist, client, lovedOne });
        await steppedOutMeanwhile({ tap, therapist, client, lovedOne });
    } finally {
        lines.forEach((line) => line.stop());
    }
}
