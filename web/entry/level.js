/* level.js - how loud a microphone is, and whether that is a voice. */

const HEARD = 0.015; /* root mean square: a quiet voice at arm's length; a room without one is some 0.002 */
const WINDOW_MS = 3000;
const LOUD_LEAST = 4; /* looks in a window: a knock on the table is no voice */
const SILENT_MS = 4000;
const SAMPLES = 8192; /* some 170 ms: nothing between two looks is missed */
const LOOK_EACH_MS = 100;
const FULL = 0.3;

/* Once heard it stays heard: who has read that falls silent. */
export class VoiceJudge {
    #isHeard = false;
    #loud_ms = []; /* when it was */
    #since_ms = null;

    /* level: 0 to 1; null: it can't be measured, as where a browser finds nothing to play sound on. -> 'listening', 'heard', 'nothing', 'unknown' */
    look(level, now_ms) {
        this.#since_ms ??= now_ms;
        this.#loud_ms = this.#loud_ms.filter((ms) => now_ms - ms < WINDOW_MS);
        if (level >= HEARD) this.#loud_ms.push(now_ms);
        this.#isHeard ||= this.#loud_ms.length >= LOUD_LEAST;
        if (this.#isHeard) return 'heard';
        if (now_ms - this.#since_ms < SILENT_MS) return 'listening';
        return level === null ? 'unknown' : 'nothing';
    }
}

/* Listens to a track until the returned function is called; it does not own the track. told(level, verdict): ten times a second, level 0 to 1
 * as a meter shows it. */
export function listenTo(track, told) {
    const audio = new AudioContext();
    const analyser = new AnalyserNode(audio, { fftSize: SAMPLES });
    const samples = new Float32Array(SAMPLES);
    const judge = new VoiceJudge();
    audio.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const timer = setInterval(() => {
        analyser.getFloatTimeDomainData(samples);
        const level = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / SAMPLES);
        told(Math.min(1, level / FULL), judge.look(audio.state === 'running' ? level : null, performance.now()));
    }, LOOK_EACH_MS);
    return () => {
        clearInterval(timer);
        audio.close();
    };
}
