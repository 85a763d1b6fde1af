/* The same over IPv6: pages, signalling and media. */

import { atLeast, equal } from '../check.js';
import { silenceOf } from '../silence.js';

export async function journey(stage) {
    const broker = await stage.broker({ host: '::1' });
    const { tap } = broker;
    const { therapist, client, lovedOne } = await stage.threePeople(broker);
    for (const person of [therapist, client]) for (const source of ['mic', 'camera']) await person.turn(source, true);
    await Promise.all([therapist.seesAndHears(client), client.seesAndHears(therapist)]);
    await silenceOf({ tap, therapist, client, lovedOne }, 1000, 'waiting');

    await client.clickRequest(lovedOne, 'agree-yes');
    await therapist.clickBeside(lovedOne, 'admit');
    await lovedOne.isIn('session');
    await Promise.all([lovedOne.seesAndHears(therapist), lovedOne.seesAndHears(client)]);
    await therapist.clickBeside(lovedOne, 'step-out');
    await lovedOne.isIn('stepped_out');
    await silenceOf({ tap, therapist, client, lovedOne }, 1000, 'stepped out');

    const sent = tap.media({});
    atLeast(sent.length, 500, 'datagrams over IPv6');
    equal(sent.filter(({ peer }) => !peer.startsWith('[')).length, 0, 'datagrams over IPv4');
}
