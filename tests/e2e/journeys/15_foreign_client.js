/* A loved one whose client is no browser and shares no code with any: it comes in by an invitation like everybody, is seen and heard by people at
 * browsers, sees and hears them, gets nothing while stepped out, and leaves. */

import { equal, figure } from '../check.js';
import { ownAddress } from '../browsers.js';
import { Foreigner } from '../foreign.js';

const BOTH = ['mic', 'camera'];

async function takesPart(tap, { therapist, client, sam }) {
    equal(tap.media({ to: sam.id }).length, 0, 'RTP and RTCP datagrams to somebody who waits');
    await therapist.admit(sam, client);
    sam.turnOn(...BOTH);
    await Promise.all([sam.seesAndHears(therapist), sam.seesAndHears(client), therapist.seesAndHears(sam), client.seesAndHears(sam)]);
    await client.screenshot('client-with-a-foreign-client');

    const since = tap.mark();
    await therapist.clickBeside(sam, 'step-out');
    await sam.isIn('stepped_out');
    const done = tap.texts({ since, dir: 'out', type: 'done', participant: therapist.id })[0].index;
    const seen = (await sam.received(client, 'camera')).frames;
    await Promise.all([therapist.seesAndHears(client), client.seesAndHears(therapist)]);
    equal(tap.media({ since: done, to: sam.id }).length, 0, 'RTP and RTCP datagrams to somebody who stepped out');
    equal((await sam.received(client, 'camera')).frames, seen, 'frames that a foreign client decodes once it is out');
}

export async function journey(stage) {
    const broker = await stage.broker({ media: ownAddress('IPv4') }); /* it, too, offers no loopback */
    const therapist = await stage.browser.join('therapist', await broker.invite('p-therapist'), 'session');
    const client = await stage.browser.join('client', await broker.invite('p-client'), 'session');
    for (const person of [therapist, client]) for (const source of BOTH) await person.turn(source, true);
    const sam = await Foreigner.join('loved one', broker, await broker.invite('p-sam'));
    try {
        await takesPart(broker.tap, { therapist, client, sam });
        await sam.leave();
        equal(sam.refusals, '', 'what was refused to a foreign client');
    } finally {
        sam.stop();
    }
    figure('foreign_clients', 1, 'count');
}
