/* Permission decides: without a live grant the therapist can't admit and reads why; a grant that ends shuts the gate by itself;
 * what the client did not agree to does not happen; who is removed stays out. */

import { equal, includes, pause, until } from '../check.js';
import { grantFor, now_s, planOf } from '../broker.js';
import { silenceOf } from '../silence.js';

export const waits = true; /* for a permission to end by itself */

const LEAST_S = 60; /* admission asks for a minute of permission at least */
const MARGIN_S = 10; /* to be let in meanwhile */

const guest = (id, name) => ({ participation: `p-${id}`, person: id, role: 'loved_one', name });

/* The grant again, with an end that a journey can wait for. */
async function endSoon(broker, id) {
    const address = `/api/v1/grants/${id}`;
    const { id: same, epoch, status, ...grant } = (await broker.api('GET', address)).body;
    const expires = now_s() + LEAST_S + MARGIN_S;
    equal((await broker.api('PUT', address, { ...grant, expires })).status, 200, 'the status of the grant that ends sooner');
    return expires;
}

const PAGE_SHOWS_S = 15; /* of a busy machine; the gate is judged by the broker's socket */
const NS_PER_S = 1e9;

/* The wiretap reads the machine's monotonic clock, as process.hrtime does; a grant ends by the wall's. */
const unixOf = (mono_ns) => Date.now() / 1000 - (Number(process.hrtime.bigint()) - mono_ns) / NS_PER_S;

const steppedOut = (tap, person) =>
    tap.texts({ dir: 'out', type: 'seat', participant: person.id }).findLast(({ text }) => text.seat === 'stepped_out');

export async function journey(stage) {
    const plan = planOf();
    const broker = await stage.broker({ plan: {
        ...plan,
        people: [...plan.people, guest('kim', 'Kim'), guest('lee', 'Lee')],
        grants: [grantFor('sam'), grantFor('kim', { not_before: now_s() - 7200, expires: now_s() - 3600 })],
    } });
    const { tap } = broker;
    const { therapist, client, lovedOne } = await stage.threePeople(broker);

    /* Not before the client agrees. */
    await therapist.cannotAdmit(lovedOne, 'client_has_not_agreed', 'Alex');
    const ends = await endSoon(broker, 'g-sam');
    await client.clickRequest(lovedOne, 'agree-yes');
    await therapist.clickBeside(lovedOne, 'admit');
    await lovedOne.isIn('session');
    for (const source of ['mic', 'camera']) await client.turn(source, true);
    await lovedOne.turn('camera', true);
    await Promise.all([lovedOne.seesAndHears(client), client.sees(lovedOne)]);

    /* Meanwhile: a permission that has ended, and none at all. */
    const kim = await stage.browser.join('Kim', await broker.invite('p-kim'), 'waiting');
    const lee = await stage.browser.join('Lee', await broker.invite('p-lee'), 'waiting');
    for (const person of [kim, lee]) await client.clickRequest(person, 'agree-yes');
    await therapist.cannotAdmit(kim, 'grant_expired', 'permission');
    await therapist.cannotAdmit(lee, 'no_grant', 'permission');
    await therapist.screenshot('therapist-reads-why-not');
    for (const person of [kim, lee]) equal(tap.media({ to: person.id }).length, 0, `RTP and RTCP datagrams to ${person.name}, ever`);

    /* Removed is removed: the link leads nowhere any more. */
    await therapist.clickBeside(lee, 'remove');
    await therapist.click('#confirm-yes');
    await lee.isIn('removed');
    await lee.close();
    await stage.browser.arrive('Lee again', lee.link, 'bad_link');

    /* The permission ends while they are in. */
    await until('the permission ends and shuts the gate', () => lovedOne.page.$('#page[data-state="stepped_out"]'),
        { within_ms: (ends - now_s() + PAGE_SHOWS_S) * 1000, every_ms: 200 });
    const late_s = unixOf(steppedOut(tap, lovedOne).t) - ends;
    equal(late_s > -0.5 && late_s < 1, true, `the gate shut with the permission (off by ${late_s.toFixed(2)} s)`);
    includes(await lovedOne.page.$eval('#card-lines', (node) => node.textContent), 'permission', 'what the loved one reads');
    await pause(100);
    await silenceOf({ tap, therapist, client, lovedOne }, 1000, 'the permission over');
    equal(await therapist.ask({ type: 'admit', participant: lovedOne.id }), 'grant_expired', 'the answer to admitting them once more');
}
