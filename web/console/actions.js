/* actions.js - what the therapist's buttons do about others and the session: data-action -> ({ session, page, participant, node }). */

import { t } from '../i18n.js';
import { confirm } from '../common/confirm.js';
import { at } from '../common/times.js';
import { EXTEND_MIN } from './people.js';
import { enableRequest } from './person.js';
import { togglePreview } from './preview.js';

const personOf = (session, participant) => session.roster.find((person) => person.participant === participant);

export const ACTIONS = {
    admit: ({ session, participant, node }) => session.request({
        type: 'admit', participant, ...chosen(node.closest('.admission')),
    }),
    'step-out': ({ session, participant }) => session.request({ type: 'step_out', participant }),
    'step-out-all': async ({ session, page }) => {
        await session.request({ type: 'step_out', everyone: true });
        page.news(t('console.all_out'));
    },
    preview: async ({ session, page, participant }) => {
        await togglePreview(session, participant);
        page.show();
    },
    'mute-mic': ({ session, participant }) => mute(session, participant, 'mic'),
    'mute-camera': ({ session, participant }) => mute(session, participant, 'camera'),
    enable: ({ session, participant, node }) => session.request(enableRequest(session, participant, node.dataset.what)),
    remove: async ({ session, participant }) => {
        const { name } = personOf(session, participant);
        if (await confirm(t('people.remove_question', { name }), t('people.remove_name', { name })))
            await session.request({ type: 'remove', participant });
    },
    /* Clients are asked first, where it is theirs to say: extending.js says how that goes. */
    extend: async ({ session, page }) => {
        await session.request({ type: 'extend', minutes: EXTEND_MIN });
        page.news(t('extension.done', at(session.room.closes_at)));
    },
    end: async ({ session }) => {
        if (await confirm(t('people.end_question'), t('people.end'))) await session.request({ type: 'end' });
    },
    'next-step': ({ session }) => session.request({ type: 'next_step' }),
    reached: ({ session }) => session.request({ type: 'reached', yes: true }),
    'not-reached': ({ session }) => session.request({ type: 'reached', yes: false }),
    seen: ({ session, node }) => session.seen(node.closest('[data-call]').dataset.call),
};

/* For how long, and to do what; as much as is allowed is not named. */
function chosen(admission) {
    const minutes = admission.querySelector('[data-minutes]').value;
    const mode = admission.querySelector('[data-mode]').value;
    return { ...minutes && { minutes: Number(minutes) }, ...mode && { mode } };
}

/* The whole set travels each time. */
function mute(session, participant, source) {
    const { muted } = personOf(session, participant);
    const off = (which) => muted.includes(which) !== (which === source);
    return session.request({ type: 'mute', participant, mic: off('mic'), camera: off('camera'), screen: off('screen') });
}
