/* capture.js - cameras, microphones and screens, as sessions like them. */

import { CAMERA_SIZE } from './media.js';

const exactly = (deviceId) => (deviceId ? { deviceId: { exact: deviceId } } : {});

/* A room of a few people on phones and home lines: a modest picture that arrives beats a sharp one that stalls. */
const CAPTURE = {
    mic: (deviceId) => navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...exactly(deviceId) },
    }),
    camera: (deviceId) => navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: CAMERA_SIZE.width }, height: { ideal: CAMERA_SIZE.height }, frameRate: { ideal: 30, max: 30 }, ...exactly(deviceId) },
    }),
    screen: () => navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } } }),
};

/* One live track. deviceId: null for the browser's choice. Throws the DOMException that the browser says no with. */
export async function capture(source, deviceId = null) {
    if (!navigator.mediaDevices) throw new DOMException('no secure context', 'NotSupportedError');
    const [track] = (await CAPTURE[source](deviceId)).getTracks();
    if (source === 'screen') track.contentHint = 'detail';
    return track;
}
