/* listeners.js - the TCP addresses that a process listens on, by the kernel's own list (proc(5), IPv4). */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTEN = '0A';

function socketsOf(pid) {
    const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
        try {
            return readlinkSync(`/proc/${pid}/fd/${fd}`);
        } catch {
            return ''; /* closed meanwhile */
        }
    });
    return new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]).filter(Boolean));
}

/* "0100007F:1F90", the address in the machine's byte order (little-endian on all that we run on). An IPv6 one stays as it is. */
function addressOf(text) {
    const [ip, port] = text.split(':');
    const readable = ip.length === 8 ? Buffer.from(ip, 'hex').reverse().join('.') : `[${ip}]`;
    return `${readable}:${parseInt(port, 16)}`;
}

export function listeners(pid) {
    const own = socketsOf(pid);
    return ['tcp', 'tcp6'].flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1)
        .map((line) => line.trim().split(/\s+/))
        .filter((columns) => columns[3] === LISTEN && own.has(columns[9]))
        .map((columns) => addressOf(columns[1])));
}
