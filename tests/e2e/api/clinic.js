/* What the clinic's admin asks: how the server is doing, how it was, what is booked; and signing in to the pages. For api.js, which
 * brings what it has. */

import { equal, includes, until, within } from '../check.js';
import { now_s } from '../broker.js';

const COOKIE = '__Host-kinroom-admin';
const HOUR_S = 3600;

export function clinicTests({ broker, ask, expect, sessionOf, joinBy, linkFor, serviceToken, staffToken, hangUpAll, secrets }) {
    const live = async () => (await expect(200, 'GET', '/api/v1/live')).body;
    const liveSession = async (id) => (await live()).sessions.find(({ session }) => session === id);
    const page = { 'sec-fetch-site': 'same-origin' };
    const shards = async () => (await live()).nodes[0].shards;

    /* As a page of ours that has this cookie. */
    const asPage = (cookie, headers = page) => ({ bearer: null, headers: { ...headers, cookie: `other=1; ${COOKIE}=${cookie}; last=2` } });
    async function signIn(bearer) {
        const answer = await expect(201, 'POST', '/admin/session', { bearer, headers: { ...page, origin: broker.url, 'content-length': 0 } });
        const [given] = answer.headers['set-cookie'];
        const cookie = given.split(';')[0].split('=')[1];
        secrets.push(cookie);
        return { given, cookie };
    }

    const appointment = (opens_at, { client = 'casey', therapist = 'morgan', kind = 'individual', people = [] } = {}) => ({
        kind, opens_at, closes_at: opens_at + HOUR_S, client,
        people: [{ participation: 'a-1', person: therapist, role: 'therapist', name: 'M' }, { participation: 'a-2', person: client, role: 'client', name: 'C' }, ...people],
    });

    return {
        async 'the live picture has rooms, waits and load, and names nobody'() {
            const id = 's-seen';
            await expect(201, 'PUT', `/api/v1/sessions/${id}`, { body: sessionOf() });
            await until('the room is in the picture', async () => (await liveSession(id))?.state === 'lobby');
            const before = now_s();
            const client = await joinBy(linkFor(id, 'p-client'));
            await client.ask({ type: 'locate', address: '12 Elm Street', phone: '+1 555 0100' });
            const waits = await until('the client waits', async () => ((await liveSession(id)).waiting ? liveSession(id) : null));
            within(waits.waiting_since, [before, now_s()], 'since when');
            const therapist = await joinBy(linkFor(id, 'p-therapist'));
            const open = await until('it is open', async () => ((await liveSession(id)).state === 'open' ? liveSession(id) : null));
            equal(`${open.seats} ${open.connected} ${open.inside} ${open.waiting}`, '3 2 2 0', 'seats, connected, inside, waiting');
            const answer = await expect(200, 'GET', '/api/v1/live');
            equal(answer.body.nodes[0].shards.map(({ shard }) => shard).join(), '0,1', 'the shards');
            for (const shard of answer.body.nodes[0].shards) within(shard.age_ms, [0, 3000], 'the age of what a shard told');
            for (const word of ['alex', 'sam"', 'rivera', 'Rivera', 'p-client', 'Elm', '555']) equal(answer.text.includes(word), false, `"${word}" in it`);
            equal(answer.body.store_ok, true, 'the store');
            hangUpAll(client);
            const paused = await until('the client is missed', async () => ((await liveSession(id)).client_missing_since ? live() : null));
            equal(paused.alarms.some(({ kind, session }) => kind === 'client_missing' && session === id), true, 'the alarm');
            hangUpAll(therapist);
        },

        async 'pages tell how media came, and it adds up'() {
            const id = 's-quality';
            await expect(201, 'PUT', `/api/v1/sessions/${id}`, { body: sessionOf() });
            const therapist = await joinBy(linkFor(id, 'p-therapist'));
            const quality = { type: 'quality', watched_ms: 10000, frozen_ms: 500, heard_ms: 10000, concealed_ms: 100 };
            equal((await therapist.ask(quality)).type, 'done', 'telling');
            equal((await therapist.ask(quality)).code, 'busy', 'telling too often');
            equal((await therapist.ask({ ...quality, frozen_ms: 10001 })).code, 'malformed', 'more than the whole');
            await until('it is in the picture', async () => (await shards()).some((shard) => shard.frozen_percent === 5 && shard.concealed_percent === 1));
            hangUpAll(therapist);
        },

        async 'a booking that conflicts is refused with the nearest times that fit'() {
            const noon = (Math.floor(now_s() / HOUR_S) + 48) * HOUR_S;
            const first = (await expect(201, 'POST', '/api/v1/sessions', { body: appointment(noon) })).body;
            const headers = { 'idempotency-key': 'booked-1' };
            const busy = await expect(409, 'POST', '/api/v1/sessions', { body: appointment(noon + 600, { client: 'jo' }), headers });
            equal(`${busy.body.type} ${busy.body.reason}`, 'urn:kinroom:problem:conflict therapist_busy', 'the reason');
            equal(busy.body.earlier.opens_at, noon - HOUR_S, 'the nearest time before');
            equal(busy.body.later.opens_at, noon + HOUR_S, 'the nearest time after');
            equal((await ask('POST', '/api/v1/sessions', { body: appointment(noon + 600, { therapist: 'lane' }) })).body.reason, 'client_busy', 'the other reason');
            const slot = busy.body.later.opens_at;
            await expect(201, 'POST', '/api/v1/sessions', { body: appointment(slot, { client: 'jo' }), headers: { 'idempotency-key': 'booked-2' } });
            await expect(201, 'POST', '/api/v1/sessions', { body: appointment(slot, { client: 'jo' }), headers: { 'idempotency-key': 'booked-2' } });
            const move = (query, opens_at) => ask('PUT', `/api/v1/sessions/${first.id}${query}`, { body: appointment(opens_at) });
            equal((await move('?conflicts=refuse', noon - 600)).status, 200, 'moving it over a part of itself');
            equal((await move('?conflicts=refuse', slot)).body.reason, 'therapist_busy', 'moving it onto another');
            equal((await move('', slot)).status, 200, "another system's calendar is taken as it comes");
        },

        async 'what does not fit beside what is booked is refused, and the capacity says how much there is'() {
            const noon = (Math.floor(now_s() / HOUR_S) + 96) * HOUR_S;
            const capacity = async () => (await expect(200, 'GET', `/api/v1/capacity?from=${noon - HOUR_S}&to=${noon + 2 * HOUR_S}&step=${HOUR_S}`)).body;
            const before = await capacity();
            equal(before.points.booked.join(), '0,0,0', 'booked before');
            equal(before.points.available[1], before.capacity, 'available before');
            await expect(201, 'POST', '/api/v1/sessions', { body: appointment(noon) });
            const after = await capacity();
            equal(after.points.booked.join(), '0,360,0', 'booked after: two people, who hear and see each other');
            equal(after.points.available[1], before.capacity - 360, 'available after');
            equal(after.points.sessions.join(), '0,1,0', 'sessions');
            const crowd = Array.from({ length: 300 }, (_, i) => ({ participation: `c-${i}`, person: `crowd-${i}`, role: 'loved_one', name: 'L' }));
            const big = (opens_at) => appointment(opens_at, { client: 'crowd', therapist: 'ellis', kind: 'family', people: crowd });
            const needed = 302 * (6 * 50 + 7 * 130);
            if (needed > before.capacity) {
                const full = await expect(409, 'POST', '/api/v1/sessions', { body: big(noon) });
                equal(`${full.body.reason} ${full.body.earlier} ${full.body.later}`, 'full null null', 'more than the server can take at any time');
            }
            await expect(201, 'POST', '/api/v1/sessions?conflicts=accept', { body: big(noon) });
            equal((await capacity()).points.booked[1], 360 + needed, 'booked all the same');
            if (needed + 360 > before.capacity)
                equal((await ask('POST', '/api/v1/sessions', { body: appointment(noon + 60, { client: 'jo', therapist: 'lane' }) })).body.later.opens_at, noon + HOUR_S, 'the next time with room');
        },

        async 'an admin signs in once, and their cookie is good from our own pages alone'() {
            const { given, cookie } = await signIn(serviceToken('dashboard:read sessions:read'));
            for (const attribute of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Strict']) includes(given, `; ${attribute}`, 'the cookie');
            equal(/Domain/i.test(given), false, 'a domain in the cookie');
            const path = '/api/v1/live';
            await expect(200, 'GET', path, asPage(cookie));
            await expect(200, 'GET', '/api/v1/sessions', asPage(cookie));
            await expect(403, 'POST', '/api/v1/sessions', { ...asPage(cookie), body: appointment(now_s() + 9 * HOUR_S) });
            await expect(403, 'GET', '/api/v1/grants/g-sam', asPage(cookie));
            await expect(401, 'GET', path, asPage(cookie, {}));
            await expect(401, 'GET', path, asPage(cookie, { 'sec-fetch-site': 'cross-site' }));
            await expect(401, 'GET', path, asPage(cookie, { 'sec-fetch-site': 'same-site' }));
            await expect(401, 'GET', path, asPage(cookie, { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }));
            await expect(401, 'GET', path, asPage('0'.repeat(64)));
            await expect(401, 'GET', path, { bearer: null, headers: { ...page, cookie: `${COOKIE}=${cookie}; ${COOKIE}=${cookie}` } });
            await expect(401, 'GET', path, { bearer: 'x.y.z', headers: { ...page, cookie: `${COOKIE}=${cookie}` } });
            equal((await expect(200, 'GET', '/admin/session', asPage(cookie))).body.may_book, false, 'booking');
            await expect(204, 'DELETE', '/admin/session', asPage(cookie));
            await expect(401, 'GET', path, asPage(cookie));
            const staff = await signIn(staffToken('desk', 'dashboard:read sessions:read sessions:write'));
            await expect(201, 'POST', '/api/v1/sessions', { ...asPage(staff.cookie), body: appointment(now_s() + 200 * HOUR_S) });
            await expect(403, 'POST', '/api/v1/sessions/s-1/links', { ...asPage(staff.cookie), headers: { ...asPage(staff.cookie).headers, 'content-length': 0 } });
            await expect(403, 'POST', '/admin/session', { bearer: staffToken('desk', 'sessions:read'), headers: { 'content-length': 0 } });
            await broker.kill();
            await broker.restart();
            await expect(401, 'GET', path, asPage(staff.cookie));
        },

        async 'history outlives a kill -9'() {
            const points = async () => (await expect(200, 'GET', '/api/v1/history')).body.points;
            const at = await until('a minute is over', async () => (await points()).at?.at(-1), { within_ms: 70000, every_ms: 500 });
            const index = (await points()).at.indexOf(at);
            const before = Object.entries(await points()).map(([name, column]) => `${name}=${column[index]}`).join();
            await broker.kill();
            await broker.restart();
            const after = await points();
            equal(Object.entries(after).map(([name, column]) => `${name}=${column[after.at.indexOf(at)]}`).join(), before, 'that minute');
        },
    };
}
