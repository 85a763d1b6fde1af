/* check.js - the check of camera, microphone, loudspeaker and connection that anyone can run before anybody hears or sees them. What it turned
 * on it turns off again: nothing of it goes on into the session. */

import { t } from '../i18n.js';
import { captureChosen, chooseDevice, chosen } from '../common/devices.js';
import { byId, make, setAttribute, setText } from '../common/dom.js';
import { errorText, permissionHelp } from '../common/words.js';
import { listenTo } from './level.js';
import { pathVerdict, tryServer } from './network.js';
import { playTestSound } from './test_sound.js';

const SOURCES = ['camera', 'mic'];
const KINDS = { camera: 'videoinput', mic: 'audioinput', speaker: 'audiooutput' };
const TROUBLES = { NotAllowedError: 'denied', NotFoundError: 'none', OverconstrainedError: 'none', NotReadableError: 'busy', AbortError: 'busy' };

const choosesSpeaker = () => 'setSinkId' in HTMLMediaElement.prototype;

export class DeviceCheck {
    #attempt = null; /* an object per start; null: it is not on */
    #openings = { camera: null, mic: null }; /* an object per device that was asked for: the last one counts */
    #tracks = { camera: null, mic: null };
    #refusals = { camera: null, mic: null };
    #hush = null; /* ends the meter */
    #voice = 'listening';
    #sound = 'unheard'; /* unheard playing asked heard silent failed */
    #server = 'checking';
    #isJoined = false;

    constructor() {
        for (const source of Object.keys(KINDS))
            byId(`check-${source}`).addEventListener('change', (event) => {
                chooseDevice(source, event.target.value);
                if (source === 'speaker') this.play();
                else this.#open(source);
            });
        navigator.mediaDevices?.addEventListener('devicechange', () => this.#attempt && this.#list());
    }

    get isOn() {
        return this.#attempt !== null;
    }

    async start() {
        this.stop();
        const attempt = this.#attempt = {};
        this.#sound = 'unheard';
        this.#draw();
        if (!this.#isJoined) this.#tryServer(attempt);
        await Promise.all(SOURCES.map((source) => this.#open(source)));
    }

    stop() {
        this.#attempt = null;
        for (const source of SOURCES) this.#close(source);
        this.#draw();
    }

    /* On each drawing. isJoined: the connection is judged by the path that media takes. */
    render(isOffered, isJoined) {
        byId('check').hidden = !isOffered;
        this.#isJoined = isJoined;
        if (!isOffered && this.isOn) this.stop();
        this.#draw();
    }

    async play() {
        if (this.#sound === 'playing') return;
        this.#sound = 'playing';
        this.#draw();
        this.#sound = await playTestSound(chosen('speaker')).then(() => 'asked', () => 'failed');
        this.#draw();
    }

    heard(yes) {
        this.#sound = yes ? 'heard' : 'silent';
        this.#draw();
        byId('check-play').focus(); /* the question that had it is gone */
    }

    #close(source) {
        if (source === 'mic') {
            this.#hush?.();
            this.#hush = null;
            this.#voice = 'listening';
        }
        this.#openings[source] = null;
        this.#tracks[source]?.stop();
        this.#tracks[source] = this.#refusals[source] = null;
    }

    async #open(source) {
        this.#close(source);
        const opening = this.#openings[source] = {};
        const [track, refusal] = await captureChosen(source).then((got) => [got, null], (error) => [null, error]);
        if (opening !== this.#openings[source]) return track?.stop();
        this.#tracks[source] = track;
        this.#refusals[source] = refusal;
        if (track && source === 'mic') this.#hush = listenTo(track, (level, verdict) => this.#meter(level, verdict));
        this.#draw();
        await this.#list();
    }

    #meter(level, verdict) {
        byId('check-level').value = level;
        if (verdict === this.#voice) return;
        this.#voice = verdict;
        this.#draw();
    }

    async #tryServer(attempt) {
        this.#server = 'checking';
        const verdict = await tryServer();
        if (attempt !== this.#attempt) return;
        this.#server = verdict;
        this.#draw();
    }

    /* Names of devices are known only once one of them may be used. */
    async #list() {
        const devices = await navigator.mediaDevices?.enumerateDevices() ?? [];
        for (const [source, kind] of Object.entries(KINDS)) {
            const options = devices.filter((device) => device.kind === kind && device.deviceId);
            const inUse = this.#tracks[source]?.getSettings().deviceId ?? chosen(source);
            byId(`check-${source}`).replaceChildren(...options.map((device, at) =>
                make('option', { value: device.deviceId, selected: device.deviceId === inUse }, device.label || t(`check.nth.${source}`, { count: at + 1 }))));
            byId(`check-${source}`).parentElement.hidden = options.length < 2 || (source === 'speaker' && !choosesSpeaker());
        }
    }

    #draw() {
        byId('check-panel').hidden = !this.isOn;
        setText(byId('check-button'), t(this.isOn ? 'check.end' : 'check.begin'));
        if (!this.isOn) {
            byId('check-video').srcObject = null;
            return;
        }
        for (const source of SOURCES) this.#drawTrouble(source);
        this.#drawPicture(this.#tracks.camera);
        byId('check-meter').hidden = !this.#tracks.mic;
        setText(byId('check-voice'), this.#tracks.mic ? t(`check.voice.${this.#voice}`) : '');
        setAttribute(byId('check-voice'), 'data-verdict', this.#voice);
        setText(byId('check-play'), t(this.#sound === 'unheard' ? 'check.play' : 'check.play_again'));
        setText(byId('check-sound'), this.#sound === 'unheard' ? '' : t(`check.sound.${this.#sound}`));
        setAttribute(byId('check-sound'), 'data-sound', this.#sound);
        byId('check-heard').hidden = this.#sound !== 'asked';
        const network = this.#isJoined ? pathVerdict() : this.#server;
        setAttribute(byId('check-network'), 'data-verdict', network);
        setText(byId('check-network'), t(`network.${network}`));
    }

    #drawPicture(track) {
        const video = byId('check-video');
        video.hidden = !track;
        if ((video.srcObject?.getVideoTracks()[0] ?? null) === track) return;
        video.muted = true;
        video.srcObject = track && new MediaStream([track]);
        if (track) video.play().catch(() => {}); /* interrupted by the next choice */
    }

    #drawTrouble(source) {
        const refusal = this.#refusals[source];
        const kind = TROUBLES[refusal?.name];
        const text = kind ? t(`check.trouble.${kind}.${source}`) : errorText(refusal ?? {});
        setText(byId(`check-${source}-trouble`), refusal ? text : '');
        const isDenied = Object.values(this.#refusals).find((one) => one?.name === 'NotAllowedError');
        setText(byId('check-permission'), isDenied ? permissionHelp(isDenied) : '');
        byId('check-again').hidden = !Object.values(this.#refusals).some(Boolean);
    }
}
