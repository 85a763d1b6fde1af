/* measure.js - one run of the load generator against one server, and what is told of many. */

import { spawn } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { BUILD } from '../e2e/broker.js';
import { LOAD_CPU } from '../e2e/busy.js';

const LOAD = join(BUILD, 'tests/kinroom_bench_load');
const RUN_MOST_S = 240; /* whatever is asked for: a run that takes longer hangs */

/* The server lives, but did not carry this load. */
export class NotCarried extends Error {}

export const median = (values) => {
    const sorted = [...values].sort((a, b) => a - b), middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/* { median, min, max, count } of numbers; undefined for none. */
export const spread = (values) => (values.length ? { median: median(values), min: Math.min(...values), max: Math.max(...values), count: values.length } : undefined);

export const figure = (name, value, unit) => console.log(`figure ${name} ${Number.isInteger(value) ? value : value.toFixed(2)} ${unit}`);

export const machine = () => ({ processor: cpus()[0].model, processors: cpus().length, memory_mb: Math.round(totalmem() / 2 ** 20), kernel: release() });

/* options: { name: value } of kinroom load, without the dashes. What it found; rejects when it found nothing, or when the server crashed. */
export async function runLoad(server, options) {
    const words = ['-c', String(LOAD_CPU), LOAD, server.signalling, ...server.words, '--server-pid', String(server.pid),
        ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])];
    const child = spawn('taskset', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    const late = setTimeout(() => child.kill('SIGKILL'), RUN_MOST_S * 1000);
    let line = '', said = '';
    child.stdout.on('data', (text) => { line += text; });
    child.stderr.on('data', (text) => { said += text; });
    const ended = new Promise((done) => child.on('close', (code, signal) => done(signal ?? code)));
    try {
        const how = await Promise.race([ended, server.crashed.then(() => new Promise(() => {}))]);
        if (!line.trim().endsWith('}')) throw new NotCarried(`the load against ${server.name} ended with ${how} and told nothing:\n${said.trimEnd().split('\n').slice(-10).join('\n')}`);
        const found = JSON.parse(line);
        if (!found.server) throw new NotCarried(`the load against ${server.name} did not get as far as measuring:\n${said.trimEnd().split('\n').slice(-10).join('\n')}`);
        return found;
    } finally {
        clearTimeout(late);
        child.kill('SIGKILL');
    }
}

/* Starts a server, runs the load, and stops it however that went. */
export async function measured(start, options) {
    const server = await start();
    let found;
    try {
        found = await runLoad(server, options);
    } catch (error) {
        await server.stop().catch(() => {});
        throw error;
    }
    await server.stop();
    return found;
}

/* Columns are as wide as what is in them; the first is to the left. */
export function table(head, rows) {
    const all = [head, ...rows].map((row) => row.map(String));
    const widths = head.map((_, i) => Math.max(...all.map((row) => row[i].length)));
    return all.map((row) => row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ').trimEnd()).join('\n');
}
