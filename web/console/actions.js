/* actions.js - what the therapist's buttons do about others and the session: data-action -> ({ session, page, participant, node }). */

import { t } from '../i18n.js';
import { confirm } from '../common/confirm.js';
import { at } from '../common/times.js';
import { EXTEND_MIN, enableRequest } from './people.js';

const personOf = (session, participant) => session.roster.find((person) => person.participant === participant);

export const ACTIONS = {
    admit: ({ session, participant, node }) => session.request({
        type: 'admit', participant, minutes: Number(node.parentElement.querySelector('[data-minutes]').value),
    }),
    'step-out': ({ session, participant }) => session.request({ type: 'step_out', participant }),
    'step-out-all': ({ session }) => session.request({ type: 'step_out', everyone: true }),
    'mute-mic': ({ session, participant }) => mute(session, participant, 'mic'),
    'mute-camera': ({ session, participant }) => mute(session, participant, 'camera'),
    enable: ({ session, participant, node }) => session.request(enableRequest(session, participant, node.dataset.what)),
    remove: async ({ session, participant }) => {
        const { name } = personOf(session, participant);
        if (await confirm(t('people.remove_question', { name }), t('people.remove_name', { name })))
            await session.request({ type: 'remove', participant });
    },
    extend: ({ session, page }) => page.whileAsking(async () => {
        await session.request({ type: 'extend', minutes: EXTEND_MIN });
        page.news(t('extension.done', at(session.room.closes_at)));
    }),
    end: async ({ session }) => {
        if (await confirm(t('people.end_question'), t('people.end'))) await session.request({ type: 'end' });
    },
    'next-step': ({ session }) => session.request({ type: 'next_step' }),
    reached: ({ session }) => session.request({ type: 'reached', yes: true }),
    'not-reached': ({ session }) => session.request({ type: 'reached', yes: false }),
    seen: ({ session, node }) => session.seen(node.closest('[data-call]').dataset.call),
};

/* The whole set travels each time. */
function mute(session, participant, source) {
    const { muted } = personOf(session, participant);
    const off = (which) => muted.includes(which) !== (which === source);
    return session.request({ type: 'mute', participant, mic: off('mic'), camera: off('camera'), screen: off('screen') });
}
