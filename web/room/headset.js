/* headset.js - the buttons of a headset, or of a phone's lock screen, press those of the page (Media Session). */

const press = (selector) => () => document.querySelector(`${selector}:not([disabled])`)?.click();

export function startHeadset() {
    for (const [name, selector] of [['togglemicrophone', '[data-action="toggle-mic"]'], ['togglecamera', '[data-action="toggle-camera"]']]) {
        try {
            navigator.mediaSession?.setActionHandler(name, press(selector));
        } catch {
            /* this browser has no such button */
        }
    }
}

export function tellHeadset({ tracks }) {
    navigator.mediaSession?.setMicrophoneActive?.(Boolean(tracks.mic));
    navigator.mediaSession?.setCameraActive?.(Boolean(tracks.camera));
}
