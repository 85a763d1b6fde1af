/* actions.js - what each button does: data-action -> ({ session, page, participant, node }). Whatever is refused is thrown, and the page
 * shows it in plain words. */

import { chatTyped, clearChat } from '../room/chat.js';
import { allowChimes } from './chime.js';
import { timeOfDay } from './times.js';
import { captureChosen } from './devices.js';
import { codeTyped } from '../entry/code.js';
import { byId, setText } from './dom.js';
import { loadAgain, shownVersions } from '../entry/guidance.js';
import { enableRequest } from '../console/people.js';
import { placeTyped, rememberPlace } from '../entry/place.js';
import { playSound } from '../room/tiles.js';

const EXTEND_MIN = 5;

export const ACTIONS = {
    /* coming and going */
    join: ({ session, page }) => { allowChimes(); page.check.stop(); session.join(); },
    rejoin: ({ session }) => session.join(),
    'try-again': ({ session }) => session.join(),
    move: ({ session }) => { allowChimes(); session.join({ move: true }); },
    leave: ({ session }) => session.request({ type: 'leave' }),
    check: ({ page }) => (page.check.isOn ? page.check.stop() : page.check.start()),
    hear: () => playSound(),
    'code-send': ({ session }) => {
        const code = codeTyped();
        return code && session.giveCode(code);
    },
    'code-again': async ({ session, page }) => {
        await session.anotherCode();
        if (session.phase === 'code') page.news('Another code is on its way.');
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

    /* my media and my place in the room */
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
        const question = 'Tell the therapist now that you need help? Nobody is let in by this. If somebody is in danger, call your local emergency '
            + 'number: Kinroom does not.';
        if (!await confirm(question, 'Yes, I need help')) return;
        await session.request({ type: 'alert' });
        page.news('The therapist has been told that you need help.');
    },
    stop: ({ session }) => session.request(session.isHost ? { type: 'step_out', everyone: true }
        : { type: 'step_out', participant: session.me }),
    'step-out-all': ({ session }) => session.request({ type: 'step_out', everyone: true }),
    'step-out-self': ({ session }) => session.request({ type: 'step_out', participant: session.me }),

    /* the therapist about others */
    admit: ({ session, participant, node }) => session.request({
        type: 'admit', participant, minutes: Number(node.parentElement.querySelector('[data-minutes]').value),
    }),
    'step-out': ({ session, participant }) => session.request({ type: 'step_out', participant }),
    'mute-mic': ({ session, participant }) => mute(session, participant, 'mic'),
    'mute-camera': ({ session, participant }) => mute(session, participant, 'camera'),
    enable: ({ session, participant, node }) => session.request(enableRequest(session, participant, node.dataset.what)),
    remove: async ({ session, participant }) => {
        const { name } = session.roster.find((person) => person.participant === participant);
        if (await confirm(`Remove ${name}? They can’t come back to this session.`, `Remove ${name}`))
            await session.request({ type: 'remove', participant });
    },
    extend: ({ session, page }) => page.whileAsking(async () => {
        await session.request({ type: 'extend', minutes: EXTEND_MIN });
        page.news(`The session now ends at ${timeOfDay(session.room.closes_at)}.`);
    }),
    end: async ({ session }) => {
        if (await confirm('End the session for everybody?', 'End session')) await session.request({ type: 'end' });
    },
    'next-step': ({ session }) => session.request({ type: 'next_step' }),
    reached: ({ session }) => session.request({ type: 'reached', yes: true }),
    'not-reached': ({ session }) => session.request({ type: 'reached', yes: false }),
    seen: ({ session, node }) => { session.seen(node.closest('[data-call]').dataset.call); },

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

/* The whole set travels each time. */
function mute(session, participant, source) {
    const { muted } = session.roster.find((person) => person.participant === participant);
    const off = (which) => muted.includes(which) !== (which === source);
    return session.request({ type: 'mute', participant, mic: off('mic'), camera: off('camera'), screen: off('screen') });
}

/* Resolves with whether the person said yes; Escape says no. */
function confirm(question, yes) {
    const dialog = byId('confirm');
    setText(byId('confirm-text'), question);
    setText(byId('confirm-yes'), yes);
    dialog.returnValue = 'no';
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.onclick = (event) => {
            if (event.target.value) dialog.close(event.target.value);
        };
        dialog.onclose = () => resolve(dialog.returnValue === 'yes');
    });
}
