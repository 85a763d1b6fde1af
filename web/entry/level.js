/* level.js - how loud a microphone is, and whether that is a voice. */

const HEARD = 0.015; /* root mean square: a quiet voice at arm's length; a room without one is some 0.002 */
const TICKS_LEAST = 2; /* of LOOK_EACH_MS: a knock on the table is no voice */
const SILENT_MS = 4000;
const LOOK_EACH_MS = 100;
const FULL = 0.3;

/* Once heard it stays heard: who has read that falls silent. */
export class VoiceJudge {
    #loud = 0;
    #since_ms = null;

    /* level: 0 to 1. -> 'listening', 'heard', 'nothing' */
    look(level, now_ms) {
        this.#since_ms ??= now_ms;
        if (this.#loud < TICKS_LEAST) this.#loud = level >= HEARD ? this.#loud + 1 : 0;
        if (this.#loud >= TICKS_LEAST) return 'heard';
        return now_ms - this.#since_ms >= SILENT_MS ? 'nothing' : 'listening';
    }
}

/* Listens to a track until the returned function is called; it does not own the track. told(level, verdict): ten times a second, level 0 to 1
 * as a meter shows it. */
export function listenTo(track, told) {
    const audio = new AudioContext();
    const analyser = audio.createAnalyser();
    const samples = new Float32Array(analyser.fftSize);
    const judge = new VoiceJudge();
    audio.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const timer = setInterval(() => {
        analyser.getFloatTimeDomainData(samples);
        const level = Math.hypot(...samples) / Math.sqrt(samples.length);
        told(Math.min(1, level / FULL), judge.look(level, performance.now()));
    }, LOOK_EACH_MS);
    return () => {
        clearInterval(timer);
        audio.close();
    };
}
