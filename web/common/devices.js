/* devices.js - the camera, the microphone and the loudspeaker that somebody chose, which this browser remembers. */

import { capture } from '../sdk/index.js';
import { keep, kept } from './kept.js';

const STORED = { camera: 'kinroom.camera', mic: 'kinroom.mic', speaker: 'kinroom.speaker' };

/* '': the browser's choice, as always with a screen. */
export const chosen = (source) => (STORED[source] && kept(STORED[source])) || '';

export function chooseDevice(source, id) {
    keep(STORED[source], id);
}

const IS_GONE = ['OverconstrainedError', 'NotFoundError'];

/* One live track: of what was chosen or, when that is not plugged in now, of what there is. Throws what the browser says. */
export async function captureChosen(source) {
    const id = chosen(source);
    try {
        return await capture(source, id || null);
    } catch (refusal) {
        if (!id || !IS_GONE.includes(refusal.name)) throw refusal;
        return capture(source);
    }
}
