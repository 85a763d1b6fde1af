/* captions.js - what is said, written by this reader's own browser and on this device alone: nothing that is said goes to any service for it, and
 * nothing of it is kept. Where the browser can't promise that, there are no captions. Needs SpeechRecognition with `processLocally`, which listens
 * to a track (Web Speech API, https://webaudio.github.io/web-speech-api/); each person who is heard has a recogniser of their own, so it is known
 * who said what. */

const LINES_MOST = 4;
const AGAIN_MS = 500;
const FOR_GOOD = ['not-allowed', 'service-not-allowed', 'language-not-supported', 'audio-capture']; /* of its errors */
const COMMON = { en: 'en-US', es: 'es-ES' };

const onDevice = (langs) => ({ langs, processLocally: true });

export class Captions {
    state = 'off'; /* off, preparing, on */
    why = null; /* why there are none: 'browser', 'language', 'failed'; null while it is not known, or there are */
    lines = []; /* { participant, name, text, isFinal }, oldest first */
    #Recognition;
    #changed;
    #language = null; /* the tag that this device can write down */
    #listening = new Map(); /* track id -> { participant, recogniser } */
    #serial = 0;

    /* Recognition: the browser's class. changed: called when there is something else to show. */
    constructor(Recognition, changed) {
        this.#Recognition = Recognition;
        this.#changed = changed;
    }

    /* Whether there can be captions in this language: its tag with the reader's region, if they have one. */
    async check(tag) {
        this.why = null;
        this.#language = null;
        if (!isLocal(this.#Recognition)) {
            this.why = 'browser';
        } else {
            for (const wanted of new Set([tag, COMMON[tag.split('-')[0]] ?? tag])) {
                const found = await this.#Recognition.available(onDevice([wanted])).catch(() => 'unavailable');
                if (!this.#language && found !== 'unavailable') this.#language = wanted;
            }
            if (!this.#language) this.why = 'language';
        }
        this.#changed();
    }

    get canBeOn() {
        return this.#language !== null && !this.why;
    }

    /* The browser may have to fetch its model first: that goes to this device, and nothing leaves it. */
    async turnOn() {
        if (!this.canBeOn || this.state !== 'off') return;
        this.#setState('preparing');
        const options = onDevice([this.#language]);
        const isThere = async () => (await this.#Recognition.available(options)) === 'available';
        const ready = await isThere() || (await this.#Recognition.install?.(options) && await isThere());
        if (this.state !== 'preparing') return;
        if (ready) this.#setState('on');
        else this.#fail();
    }

    turnOff() {
        for (const { recogniser } of this.#listening.values()) recogniser?.abort();
        this.#listening.clear();
        this.lines = [];
        this.#setState('off');
    }

    /* On each drawing: heard, [{ track, participant, name }], is who is heard now. Nobody else is listened to. */
    follow(heard) {
        if (this.state !== 'on') return;
        const now = new Map(heard.map((voice) => [voice.track.id, voice]));
        for (const [id, entry] of this.#listening) {
            if (now.get(id)?.participant === entry.participant) continue;
            entry.recogniser?.abort();
            this.#listening.delete(id);
        }
        for (const voice of heard) if (this.state === 'on' && !this.#listening.has(voice.track.id)) this.#listen(voice);
    }

    #listen(voice) {
        const recogniser = new this.#Recognition();
        recogniser.processLocally = true;
        if (recogniser.processLocally !== true) return this.#fail(); /* it would send what is said elsewhere */
        recogniser.lang = this.#language;
        recogniser.continuous = recogniser.interimResults = true;
        const entry = { participant: voice.participant, recogniser };
        const isCurrent = () => this.#listening.get(voice.track.id) === entry;
        recogniser.onresult = (event) => isCurrent() && this.#hear(voice, event);
        recogniser.onerror = ({ error }) => isCurrent() && FOR_GOOD.includes(error) && this.#fail();
        recogniser.onend = () => isCurrent() && setTimeout(() => {
            if (!isCurrent()) return;
            this.#listening.delete(voice.track.id);
            if (voice.track.readyState === 'live') this.#listen(voice);
        }, AGAIN_MS);
        this.#listening.set(voice.track.id, entry);
        try {
            recogniser.start(voice.track);
        } catch {
            this.#fail();
        }
        return undefined;
    }

    /* One line for each that is being said; a line that is final stays as it is. */
    #hear({ participant, name }, event) {
        for (let at = event.resultIndex; at < event.results.length; at++) {
            const result = event.results[at];
            const text = result[0].transcript.trim();
            const open = this.lines.find((line) => line.participant === participant && !line.isFinal);
            if (open) Object.assign(open, { text, isFinal: result.isFinal });
            else this.lines.push({ serial: ++this.#serial, participant, name, text, isFinal: result.isFinal });
        }
        this.lines = this.lines.filter(({ text }) => text).slice(-LINES_MOST);
        this.#changed();
    }

    #fail() {
        this.why = 'failed';
        this.turnOff();
    }

    #setState(state) {
        this.state = state;
        this.#changed();
    }
}

/* The attribute must be the browser's own: on a class that does not know it, setting it would mean nothing. */
const isLocal = (Recognition) => typeof Recognition === 'function' && 'processLocally' in Recognition.prototype
    && typeof Recognition.available === 'function';
