/* scenery.js - what the camera and the microphone of a measured person take, as Chromium's flags: a moving, textured picture that fills the rate
 * it is given, and a voice that never falls silent. Chromium's own fakes are too easy: a flat picture fits any network, and between two beeps
 * there is nothing that could be lost. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const WIDTH = 640, HEIGHT = 360, FPS = 30, FRAMES = 90;
const SAMPLE_RATE = 48000, SECONDS = 4;

/* Park and Miller's minimal generator, of 1: the same picture in every run. */
function chance(seed) {
    let state = seed;
    return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/* Smooth noise that repeats at its edges. */
function texture(width, height, cell, next) {
    const columns = width / cell, rows = height / cell;
    const grid = Float64Array.from({ length: columns * rows }, next);
    const out = new Float64Array(width * height);
    const ease = (t) => t * t * (3 - 2 * t);
    for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
            const cx = Math.floor(x / cell), cy = Math.floor(y / cell), fx = ease(x / cell - cx), fy = ease(y / cell - cy);
            const corner = (i, j) => grid[((cy + j) % rows) * columns + (cx + i) % columns];
            out[y * width + x] = (corner(0, 0) * (1 - fx) + corner(1, 0) * fx) * (1 - fy) + (corner(0, 1) * (1 - fx) + corner(1, 1) * fx) * fy;
        }
    return out;
}

/* Three seconds, in a ring: what is far goes slowly, somebody in front of it sways, as a person at a table does, and all of it has a camera's
 * grain. */
function picture(path) {
    const next = chance(7);
    const far = texture(WIDTH, HEIGHT, 40, next), near = texture(WIDTH, HEIGHT, 8, next);
    const grain = Int8Array.from({ length: WIDTH * HEIGHT + 4096 }, () => Math.round((next() - 0.5) * 6));
    const parts = [Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${FPS}:1 Ip A1:1 C420jpeg\n`)];
    for (let n = 0; n < FRAMES; n++) {
        const turn = 2 * Math.PI * n / FRAMES;
        const sway = Math.round(60 * Math.sin(turn)), nod = Math.round(20 * Math.sin(2 * turn)), drift = Math.round(WIDTH * n / FRAMES / 4);
        const luma = Buffer.alloc(WIDTH * HEIGHT), chroma = Buffer.alloc(WIDTH * HEIGHT / 2, 128);
        const shift = Math.floor(next() * 4096);
        for (let y = 0; y < HEIGHT; y++)
            for (let x = 0; x < WIDTH; x++) {
                const dx = (x - WIDTH / 2 - sway) / 120, dy = (y - HEIGHT / 2 - nod) / 150;
                const isNear = dx * dx + dy * dy < 1;
                const at = isNear ? ((y - nod + HEIGHT) % HEIGHT) * WIDTH + (x - sway + WIDTH) % WIDTH : y * WIDTH + (x + drift) % WIDTH;
                luma[y * WIDTH + x] = 40 + 150 * (isNear ? near : far)[at] + grain[y * WIDTH + x + shift];
                if (isNear && !(x % 2) && !(y % 2)) chroma[(y / 2) * (WIDTH / 2) + x / 2] = 112;
            }
        parts.push(Buffer.from('FRAME\n'), luma, chroma);
    }
    writeFileSync(path, Buffer.concat(parts));
}

/* Eight harmonics of a voice whose pitch and loudness go up and down as syllables do, but never to nothing. */
function voice(path) {
    const count = SAMPLE_RATE * SECONDS;
    const samples = Buffer.alloc(count * 2);
    let phase = 0;
    for (let i = 0; i < count; i++) {
        const t = i / SAMPLE_RATE;
        phase += 2 * Math.PI * (150 + 40 * Math.sin(2 * Math.PI * t / SECONDS * 3)) / SAMPLE_RATE;
        const loud = 0.35 + 0.25 * Math.sin(2 * Math.PI * 4 * t);
        let sum = 0;
        for (let k = 1; k <= 8; k++) sum += Math.sin(k * phase) / k;
        samples.writeInt16LE(Math.round(12000 * loud * sum / 2), i * 2);
    }
    const header = Buffer.alloc(44);
    header.write('RIFF', 0);
    header.writeUInt32LE(36 + samples.length, 4);
    header.write('WAVEfmt ', 8);
    header.writeUInt32LE(16, 16);
    header.writeUInt16LE(1, 20); /* PCM */
    header.writeUInt16LE(1, 22);
    header.writeUInt32LE(SAMPLE_RATE, 24);
    header.writeUInt32LE(SAMPLE_RATE * 2, 28);
    header.writeUInt16LE(2, 32);
    header.writeUInt16LE(16, 34);
    header.write('data', 36);
    header.writeUInt32LE(samples.length, 40);
    writeFileSync(path, Buffer.concat([header, samples]));
}

/* The files go into this folder, the flags to the browser. */
export function scenery(folder) {
    const camera = join(folder, 'camera.y4m'), microphone = join(folder, 'voice.wav');
    picture(camera);
    voice(microphone);
    return [`--use-file-for-fake-video-capture=${camera}`, `--use-file-for-fake-audio-capture=${microphone}`];
}
