/* How many connections one address may have, and what listens at all. */

import { Caller } from '../caller.js';
import { equal, until } from '../check.js';
import { listeners } from '../listeners.js';
import { exchange, request, upgrade } from '../http.js';

const PER_ADDRESS = 3;

export const setUp = () => ({ options: { '--connections-per-address': PER_ADDRESS } });

const knock = async (broker, from) => (await exchange(broker.port, upgrade(broker), { from })).status;

export const tests = {
    async 'nothing but https and media listens unless it was asked for'(broker) {
        const expected = [broker.port, broker.udpPort].map((port) => `127.0.0.1:${port}`);
        equal(listeners(broker.pid).sort().join(), expected.sort().join(), 'what the broker listens on');
        equal((await exchange(broker.port, request('/healthz'), { tls: false })).status === 200, false, 'plain HTTP on the https port');
    },

    async 'one connection too many from an address is refused; other addresses and pages are not'(broker) {
        const callers = [];
        for (let i = 0; i < PER_ADDRESS; i++) callers.push(await Caller.dial(broker));
        equal(await knock(broker), 503, 'the answer to one too many');
        equal(await knock(broker, '127.0.0.2'), 101, 'the answer to another address');
        equal((await exchange(broker.port, request('/healthz'))).status, 200, 'the health meanwhile');
        for (const caller of callers) equal(caller.closed, null, "the others' close");

        callers.pop().hangUp();
        await until('there is a place again', async () => (await knock(broker)) === 101, { within_ms: 3000 });
        for (const caller of callers) caller.hangUp();
    },

    async 'upgrades all at once do not get past the limit'(broker) {
        await until('the places are free again', async () => (await knock(broker)) === 101, { within_ms: 3000 });
        const dialled = await Promise.allSettled(Array.from({ length: 20 }, () => Caller.dial(broker)));
        const open = dialled.filter(({ status }) => status === 'fulfilled').map(({ value }) => value);
        equal(open.length <= PER_ADDRESS && open.length > 0, true, `that at most ${PER_ADDRESS} got in (${open.length})`);
        for (const caller of open) caller.hangUp();
        await until('the places are free again', async () => (await knock(broker)) === 101, { within_ms: 3000 });
        (await Caller.join(broker, 'p-sam', 'loved_one')).hangUp();
    },
};
