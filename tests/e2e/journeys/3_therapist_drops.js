/* The therapist's link is lost: the room pauses and nobody hears anybody. They come back: the client goes on, the loved one waits for a new
 * admission. Then the client's link is lost while family is in: the loved one is out at once. */

import { equal, pause } from '../check.js';
import { silenceOf } from '../silence.js';

const NOTICED_MS = 1000; /* a closed tab ends its socket at once */

export async function journey(stage) {
    const broker = await stage.broker();
    const { tap } = broker;
    let { therapist, client, lovedOne } = await stage.threePeople(broker);
    const both = ['mic', 'camera'];
    for (const person of [therapist, client]) for (const source of both) await person.turn(source, true);
    await client.clickRequest(lovedOne, 'agree-yes');
    await therapist.clickBeside(lovedOne, 'admit');
    await lovedOne.isIn('session');
    for (const source of both) await lovedOne.turn(source, true);
    await Promise.all([client.seesAndHears(lovedOne), lovedOne.seesAndHears(client), therapist.sees(lovedOne)]);

    /* The therapist is gone. */
    await therapist.close();
    await lovedOne.isIn('suspended');
    await client.page.waitForFunction(() => window.kinroom.room.state === 'paused');
    await pause(NOTICED_MS);
    const paused = tap.mark();
    await silenceOf({ tap, client, lovedOne }, 1500, 'the therapist gone');
    equal(tap.media({ since: paused }).filter(({ kind }) => kind === 'rtp').length, 0, 'RTP sent to anybody while the room is paused');
    await client.screenshot('client-paused');
    await lovedOne.screenshot('loved-one-suspended');

    /* The therapist is back: client and therapist go on, the loved one does not. */
    therapist = await stage.browser.join('therapist', await broker.invite('p-therapist'), 'session');
    for (const source of both) await therapist.turn(source, true);
    await Promise.all([therapist.seesAndHears(client), client.seesAndHears(therapist)]);
    await silenceOf({ tap, therapist, client, lovedOne }, 1000, 'the therapist back, before a new admission');

    /* A new admission. */
    if (await client.page.$(`#requests [data-participant="${lovedOne.id}"]`)) await client.clickRequest(lovedOne, 'agree-yes');
    await therapist.clickBeside(lovedOne, 'admit');
    await lovedOne.isIn('session');
    await lovedOne.turn('camera', true);
    await Promise.all([lovedOne.seesAndHears(client), lovedOne.sees(therapist), client.sees(lovedOne)]);

    /* The client is gone. */
    await client.close();
    await lovedOne.isIn('suspended');
    await pause(NOTICED_MS);
    await silenceOf({ tap, therapist, lovedOne }, 1500, 'the client gone');
}
