/* trouble.js - a weak connection, told in plain words and with what can be done about it: mine in a notice, somebody else's on their tile. */

import { t } from '../i18n.js';
import { byId, setText } from '../common/dom.js';
import { Judge } from './judge.js';

const LOOK_EACH_MS = 2000;

let judge = new Judge();
let verdict = { mine: null, weak: new Set() };
let stay = null;
let lookedAt_ms = 0;

export const isWeak = (participant) => verdict.weak.has(participant);

/* What is meant to come: on my slots, from whoever has it on. */
function meant({ roster, slots }) {
    const sends = (slot) => roster.find(({ participant }) => participant === slot.participant)?.sending.includes(slot.source);
    return [...slots.values()].filter(sends);
}

async function sampleOf(session) {
    const slots = new Map(meant(session).map((slot) => [slot.mid, slot]));
    const sample = { at_ms: Date.now(), rtt_ms: null, flows: [], paused: false, isSeen: document.visibilityState === 'visible' };
    const pictures = [...slots.values()].filter(({ source }) => source !== 'mic');
    sample.paused = pictures.length > 0 && pictures.every(({ paused }) => paused);
    const stats = [...(await session.pc.getStats()).values()];
    for (const entry of stats) {
        const slot = entry.type === 'inbound-rtp' ? slots.get(entry.mid) : null;
        if (slot && !slot.paused)
            sample.flows.push({
                key: `${slot.mid} ${slot.participant} ${slot.source}`, participant: slot.participant, kind: entry.kind,
                received: entry.packetsReceived ?? 0, lost: Math.max(0, entry.packetsLost ?? 0), frames: entry.framesDecoded ?? 0,
            });
        if (entry.type === 'candidate-pair' && entry.nominated && entry.currentRoundTripTime !== undefined)
            sample.rtt_ms = 1000 * entry.currentRoundTripTime;
    }
    return sample;
}

/* On each drawing of the session. again: draws it anew. */
export function watchTrouble(session, again) {
    if (stay !== session.stay) forget(session.stay);
    if (!session.mediaReady || Date.now() - lookedAt_ms < LOOK_EACH_MS) return;
    lookedAt_ms = Date.now();
    const mine = judge;
    sampleOf(session).then((sample) => {
        if (mine !== judge) return;
        verdict = judge.look(sample);
        again();
    }, () => {}); /* the connection is gone */
}

function forget(now) {
    stay = now;
    judge = new Judge();
    verdict = { mine: null, weak: new Set() };
}

/* Without pictures there is nothing more that we could leave out. */
export function renderTrouble({ wantsVideo, isResuming }) {
    const word = isResuming ? null : !wantsVideo ? 'sound_only' : verdict.mine;
    byId('trouble').hidden = !word;
    if (!word) return;
    setText(byId('trouble-text'), t(`trouble.${word}`));
    setText(byId('trouble-button'), t(wantsVideo ? 'trouble.leave_out' : 'trouble.pictures'));
}
