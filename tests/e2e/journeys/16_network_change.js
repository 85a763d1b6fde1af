/* The way to the server changes under everybody, twice, and nobody leaves: once a NAT gives all of them other ports, which no browser can know;
 * once the network is gone, and each browser has to find another way. Seats, offers and the ledger stay as they were. */

import { execFileSync } from 'node:child_process';
import { equal, until } from '../check.js';
import { KINROOM } from '../broker.js';
import { mediaAddressFor } from '../browsers.js';
import { MediaPath } from '../paths.js';

const count = (tap, participant, which) => tap.streamsOf(participant).reduce((sum, stream) => sum + stream[which], 0);

const intervals = (broker) => execFileSync(KINROOM, ['ledger', 'export', '--store', broker.file('kinroom.db')]).toString()
    .split('\n').filter((line) => /"kind":"(open|close)"/.test(line)).length;

async function goesOn({ therapist, client, lovedOne }) {
    await Promise.all([lovedOne.seesAndHears(client), client.seesAndHears(lovedOne), therapist.seesAndHears(lovedOne)]);
}

async function changes(all, broker, path, change, restarts) {
    const { tap } = broker;
    const people = Object.values(all);
    const since = tap.mark(), recorded = intervals(broker);
    change();
    if (restarts)
        for (const person of people)
            await until(`the ${person.name} starts ICE anew`, () => tap.texts({ since, dir: 'out', type: 'ice', participant: person.id }).length > 0,
                { within_ms: 30000 });
    path.up();
    await goesOn(all);
    for (const person of people) {
        equal(count(tap, person.id, 'offers'), 1, `the offers of the ${person.name}`);
        equal(tap.streamsOf(person.id).length, 1, `the sockets of the ${person.name}`);
        equal(tap.texts({ since, dir: 'out', type: 'seat', participant: person.id }).length, 0, `what the ${person.name} was told of their seat`);
    }
    equal(tap.texts({ since, dir: 'out', type: 'room' }).length, 0, 'what anybody was told of the room');
    equal(intervals(broker), recorded, 'the intervals in the ledger, opened or closed');
}

export async function journey(stage) {
    const relay = mediaAddressFor(stage.browser.kinds, '127.0.0.2');
    const broker = await stage.broker({ media: '127.0.0.1', options: { '--advertise-addresses': relay } });
    const path = await MediaPath.start(broker.udpPort, relay);
    try {
        const all = await stage.threePeople(broker);
        const { therapist, client, lovedOne } = all;
        for (const person of [therapist, client]) for (const source of ['mic', 'camera']) await person.turn(source, true);
        await therapist.admit(lovedOne, client);
        for (const source of ['mic', 'camera']) await lovedOne.turn(source, true);
        await goesOn(all);
        await changes(all, broker, path, () => path.rebind(), false);
        await changes(all, broker, path, () => path.cut(), true);
        await therapist.clickBeside(lovedOne, 'step-out');
        await lovedOne.isIn('stepped_out');
    } finally {
        path.stop();
    }
}
