/* check.js - the check of camera and microphone that anyone can run before anybody hears or sees them. */

import { t } from '../i18n.js';
import { captureChosen, chooseDevice, chosen } from '../common/devices.js';
import { byId, make, setText } from '../common/dom.js';

export class DeviceCheck {
    #tracks = [];
    #audio = null;
    #timer = null;

    constructor() {
        for (const source of ['camera', 'mic'])
            byId(`check-${source}`).addEventListener('change', (event) => {
                chooseDevice(source, event.target.value);
                this.start();
            });
    }

    get isOn() {
        return this.#tracks.length > 0;
    }

    /* Whatever of the two works is shown; throws only when neither does. */
    async start() {
        this.stop();
        const results = await Promise.allSettled([captureChosen('camera'), captureChosen('mic')]);
        const [camera, mic] = results.map((result) => result.value ?? null);
        this.#tracks = [camera, mic].filter(Boolean);
        if (!this.isOn) throw results[0].reason;
        byId('check-panel').hidden = false;
        byId('check-video').srcObject = camera && new MediaStream([camera]);
        if (mic) this.#meter(mic);
        await this.#list();
    }

    stop() {
        clearInterval(this.#timer);
        this.#audio?.close();
        this.#audio = null;
        this.#tracks.forEach((track) => track.stop());
        this.#tracks = [];
        byId('check-panel').hidden = true;
        byId('check-video').srcObject = null;
    }

    /* On each drawing. */
    render(isOffered) {
        byId('check').hidden = !isOffered;
        if (!isOffered && this.isOn) this.stop();
        setText(byId('check-button'), t(this.isOn ? 'check.end' : 'check.begin'));
    }

    #meter(mic) {
        this.#audio = new AudioContext();
        const analyser = this.#audio.createAnalyser();
        const samples = new Float32Array(analyser.fftSize);
        this.#audio.createMediaStreamSource(new MediaStream([mic])).connect(analyser);
        this.#timer = setInterval(() => {
            analyser.getFloatTimeDomainData(samples);
            byId('check-level').value = Math.min(1, 3 * Math.hypot(...samples) / Math.sqrt(samples.length));
        }, 100);
    }

    /* Names of devices are known only once one of them may be used. */
    async #list() {
        const devices = await navigator.mediaDevices.enumerateDevices();
        for (const [source, kind] of [['camera', 'videoinput'], ['mic', 'audioinput']]) {
            const options = devices.filter((device) => device.kind === kind && device.deviceId);
            byId(`check-${source}`).replaceChildren(...options.map((device, at) =>
                make('option', { value: device.deviceId, selected: device.deviceId === chosen[source] },
                    device.label || t(`check.nth_${source}`, { count: at + 1 }))));
        }
    }
}
