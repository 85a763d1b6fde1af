/* actions.js - what the buttons do on the way into the session: data-action -> ({ session, page, node }). Whatever is refused is thrown, and the
 * page shows it in plain words. */

import { t } from '../i18n.js';
import { allowChimes } from '../common/chime.js';
import { codeTyped } from './code.js';
import { loadAgain, shownVersions } from './guidance.js';
import { placeTyped, rememberPlace } from './place.js';

export const ACTIONS = {
    join: ({ session, page }) => { allowChimes(); page.check.stop(); session.join(); },
    rejoin: ({ session }) => session.join(),
    'try-again': ({ session }) => session.join(),
    move: ({ session }) => { allowChimes(); session.join({ move: true }); },
    check: ({ page }) => (page.check.isOn ? page.check.stop() : page.check.start()),
    'code-send': ({ session }) => {
        const code = codeTyped();
        return code && session.giveCode(code);
    },
    'code-again': async ({ session, page }) => {
        await session.anotherCode();
        if (session.phase === 'code') page.news(t('code.on_its_way'));
    },

    /* a loved one, before and beside taking part */
    acknowledge: async ({ session, page }) => {
        const versions = shownVersions(session.welcome);
        if (!versions) return;
        await session.request({ type: 'acknowledge', ...versions });
        const mode = page.wish;
        page.reconsider(false);
        if (mode) await session.request({ type: 'take_part', mode });
    },
    'texts-again': ({ session }) => loadAgain(session),
    decline: async ({ session, page }) => {
        if (session.seat.seat !== 'declined') await session.request({ type: 'decline' });
        page.reconsider(false);
    },
    reconsider: ({ page }) => page.reconsider(true),
    /* Who declined reads the texts again first; what they chose is asked for after that. */
    'take-part': ({ session, page, node: { dataset: { mode } } }) =>
        (session.seat.seat === 'declined' ? page.reconsider(true, mode) : session.request({ type: 'take_part', mode })),

    /* a client's whereabouts */
    locate: async ({ session, page }) => {
        const place = placeTyped();
        await session.request({ type: 'locate', ...place });
        rememberPlace(session, place);
        page.editPlace(false);
    },
    'place-edit': ({ page }) => page.editPlace(true),
    'place-back': ({ page }) => page.editPlace(false),
};
