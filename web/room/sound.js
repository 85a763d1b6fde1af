/* sound.js - what is heard: one element per audio slot, made once and left alone, as slots change hands and tracks don't. */

import { chooseDevice, chosen } from '../common/devices.js';
import { byId, keyed, make } from '../common/dom.js';

/* Whether another loudspeaker can be chosen here. */
export const choosesSpeaker = () => 'setSinkId' in HTMLMediaElement.prototype;

export async function chooseSpeaker(id) {
    await Promise.all([...byId('sound').children].map((audio) => audio.setSinkId(id)));
    chooseDevice('speaker', id);
}

export function renderSound(session) {
    keyed(byId('sound'), session.audioTracks, (track) => track.id, () => make('audio', { autoplay: true }), (audio, track) => {
        if (audio.srcObject) return;
        audio.srcObject = new MediaStream([track]);
        if (chosen('speaker')) audio.setSinkId?.(chosen('speaker')).catch(() => {}); /* unplugged: the browser's choice */
        audio.play().catch((refusal) => {
            if (refusal.name === 'NotAllowedError') byId('hear').hidden = false;
        });
    });
}

export function playSound() {
    byId('hear').hidden = true;
    for (const audio of byId('sound').children) audio.play().catch(() => { byId('hear').hidden = false; });
}
