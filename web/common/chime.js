/* chime.js - two soft notes when somebody comes (rising) or goes (falling), other ones for a raised hand; loud ones for an alarm. Made, not
 * loaded: there is no file to fetch. */

const NOTES_HZ = { arrival: [523, 659], departure: [659, 523], hand: [784, 784], alarm: [880, 659, 880, 659] };
const NOTE_S = 0.14;
const LOUDNESS = 0.06;
const LOUD = { alarm: 0.4 };

let context = null;

/* To be called from a click: browsers keep sound off until then. */
export function allowChimes() {
    context ??= new AudioContext();
    context.resume().catch(() => {});
}

export function chime(kind) {
    if (context?.state !== 'running') return;
    NOTES_HZ[kind].forEach((hertz, at) => {
        const begin = context.currentTime + at * NOTE_S;
        const note = context.createOscillator();
        const gain = context.createGain();
        note.frequency.value = hertz;
        gain.gain.setValueAtTime(LOUD[kind] ?? LOUDNESS, begin);
        gain.gain.exponentialRampToValueAtTime(0.0001, begin + NOTE_S);
        note.connect(gain).connect(context.destination);
        note.start(begin);
        note.stop(begin + NOTE_S);
    });
}
