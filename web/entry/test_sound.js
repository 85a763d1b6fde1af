/* test_sound.js - four soft notes to hear whether the loudspeaker works; made, not loaded. By an element, as the voices in the session are:
 * what is heard here is heard there. */

const NOTES_HZ = [392, 494, 587, 784];
const NOTE_S = 0.28;
const LOUDNESS = 0.25;
const TAIL_S = 0.4;
const START_MOST_MS = 1500;

const late = () => new Promise((done) => setTimeout(done, START_MOST_MS));

function notesInto(audio, destination) {
    NOTES_HZ.forEach((hertz, at) => {
        const begin = audio.currentTime + at * NOTE_S;
        const note = audio.createOscillator();
        const gain = audio.createGain();
        note.type = 'triangle';
        note.frequency.value = hertz;
        gain.gain.setValueAtTime(0.0001, begin);
        gain.gain.exponentialRampToValueAtTime(LOUDNESS, begin + 0.03);
        gain.gain.exponentialRampToValueAtTime(0.0001, begin + NOTE_S + TAIL_S);
        note.connect(gain).connect(destination);
        note.start(begin);
        note.stop(begin + NOTE_S + TAIL_S);
    });
    return NOTES_HZ.length * NOTE_S + TAIL_S;
}

/* speaker: a deviceId; '' for the browser's choice. Resolves once it was played; throws what the browser says. */
export async function playTestSound(speaker) {
    const audio = new AudioContext();
    try {
        const out = audio.createMediaStreamDestination();
        const element = new Audio();
        element.srcObject = out.stream;
        if (speaker) await element.setSinkId(speaker).catch(() => {}); /* unplugged: the browser's choice */
        await Promise.race([Promise.all([element.play(), audio.resume()]), late()]);
        if (audio.state !== 'running') throw new DOMException('', 'NotFoundError'); /* there is nothing to play it on */
        const length_s = notesInto(audio, out);
        await new Promise((done) => setTimeout(done, 1000 * length_s));
    } finally {
        audio.close();
    }
}
