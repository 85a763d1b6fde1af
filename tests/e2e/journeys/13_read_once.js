/* Guidance and notice are read once for each kind of session: in a second one of the same kind nobody is asked again, in another kind they
 * are. */

import { equal } from '../check.js';
import { grantFor, planOf } from '../broker.js';

const planFor = (id, kind) => {
    const [therapist, client, sam] = planOf().people;
    return planOf({
        id, kind, people: [therapist, client, { ...sam, participation: `p-sam-${id}` }],
        grants: [grantFor('sam', { id: `g-${id}`, kinds: [kind] })],
    });
};

const arrives = async (stage, broker, session, state) =>
    stage.browser.arrive(`Sam in ${session}`, await broker.invite(`p-sam-${session}`, session), state);

export async function journey(stage) {
    const broker = await stage.broker({ plans: [planFor('monday', 'individual'), planFor('thursday', 'individual'), planFor('sunday', 'family')] });
    const { tap } = broker;
    const seats = (sam) => tap.texts({ dir: 'out', type: 'seat', participant: sam.id }).map(({ text }) => text.seat).join();

    const monday = await arrives(stage, broker, 'monday', 'preparing');
    await monday.waitFor('#guidance[data-texts="shown"]');
    await monday.click('[data-action="acknowledge"]');
    await monday.isIn('waiting');
    equal(seats(monday), 'preparing,waiting', 'where Sam was on Monday');

    const thursday = await arrives(stage, broker, 'thursday', 'waiting');
    equal(seats(thursday), 'waiting', 'where Sam was on Thursday');
    equal(tap.texts({ dir: 'in', type: 'acknowledge', participant: thursday.id }).length, 0, 'acknowledgements on Thursday');

    const sunday = await arrives(stage, broker, 'sunday', 'preparing');
    await sunday.waitFor('#guidance[data-texts="shown"]');
    equal(seats(sunday), 'preparing', 'where Sam was on Sunday');
    await sunday.click('[data-action="acknowledge"]');
    await sunday.isIn('waiting');
}
