/* devices.js - the camera and the microphone that somebody chose for this page. */

import { capture } from '../sdk/index.js';

const ids = { camera: null, mic: null }; /* null: the browser's choice */

export const chosen = (source) => ids[source] ?? null;

export function chooseDevice(source, id) {
    ids[source] = id;
}

/* One live track. Throws what the browser says. */
export const captureChosen = (source) => capture(source, chosen(source));
