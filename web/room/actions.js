/* actions.js - what the buttons do in the session, about my own media and place: data-action -> ({ session, page, participant, node }). */

import { t } from '../i18n.js';
import { confirm } from '../common/confirm.js';
import { captureChosen } from '../common/devices.js';
import { chatTyped, clearChat } from './chat.js';
import { playSound } from './tiles.js';

export const ACTIONS = {
    leave: ({ session }) => session.request({ type: 'leave' }),
    hear: () => playSound(),
    'toggle-mic': ({ session }) => toggle(session, 'mic'),
    'toggle-camera': ({ session }) => toggle(session, 'camera'),
    'toggle-screen': ({ session }) => toggle(session, 'screen'),
    hand: ({ session }) => session.request({ type: 'hand', up: !session.mine?.hand }),
    'chat-send': async ({ session }) => {
        const { to, text } = chatTyped();
        await session.request({ type: 'chat', to, text });
        clearChat(text);
    },
    alert: async ({ session, page }) => {
        if (!await confirm(t('help.question'), t('help.yes'))) return;
        await session.request({ type: 'alert' });
        page.news(t('help.told'));
    },
    stop: ({ session }) => session.request(session.isHost ? { type: 'step_out', everyone: true }
        : { type: 'step_out', participant: session.me }),
    'step-out-self': ({ session }) => session.request({ type: 'step_out', participant: session.me }),

    /* the client's yes and no */
    'extension-yes': ({ session }) => answerExtension(session, true),
    'extension-no': ({ session }) => answerExtension(session, false),
    'agree-yes': ({ session, participant }) => session.request({ type: 'agree', participant, yes: true }),
    'agree-no': async ({ session, page, participant }) => {
        page.saidNo.add(participant);
        page.show();
        await session.request({ type: 'agree', participant, yes: false });
    },
    'take-back': async ({ session, page, participant }) => {
        page.saidNo.add(participant);
        await session.request({ type: 'agree', participant, yes: false });
    },
};

async function answerExtension(session, yes) {
    await session.request({ type: 'allow_extension', yes });
    session.answered();
}

async function toggle(session, source) {
    if (session.tracks[source]) return session.send(source, null);
    const { stay } = session;
    const track = await captureChosen(source);
    /* The browser's question may have stood for minutes: whoever was stepped out, or readmitted, meanwhile starts with everything off. */
    if (session.maySend(source) && session.stay === stay) return session.send(source, track);
    track.stop();
    return undefined;
}
