/* Lost links. The device that somebody is on takes over its own connection, dead or live, without asking, and they find their seat: a loved
 * one who was in is in again, one who had stepped out is not. Another device with the same link needs a code of its own, asks before it
 * takes over, and then waits: it may be somebody else's. And a link that is spent leaves the browser. */

import { equal, until } from '../check.js';
import { silenceOf } from '../silence.js';

/* Before the page's own script: its sockets can lose their link, which only the page notices; they remember what they joined with and how they
 * were closed. */
function fragile() {
    window.sockets = [];
    window.WebSocket = class extends WebSocket {
        constructor(...of) {
            super(...of);
            this.joins = [];
            this.ended = null;
            this.addEventListener('close', ({ code, reason }) => { this.ended = `${code} ${reason}`; });
            window.sockets.push(this);
        }
        send(text) {
            const said = JSON.parse(text);
            if (said.type === 'join') this.joins.push(said.move);
            super.send(text);
        }
        lose() {
            const told = this.onclose;
            this.onopen = this.onmessage = this.onclose = null;
            /* The page lets go of both, and the server must not hear. */
            this.close = () => {};
            window.kinroom.pc.close = () => {};
            told(new CloseEvent('close', { code: 1006 }));
        }
    };
}

const lose = (person) => person.page.evaluate(() => window.sockets.at(-1).lose());
const end = (person) => person.page.evaluate(() => window.sockets.at(-1).close());
const sockets = (person) => person.page.evaluate(() => window.sockets.map(({ joins, ended }) => ({ joins: joins.join(), ended })));
const isStored = (person) => person.page.evaluate(() => sessionStorage.getItem('kinroom.link') !== null);

const reload = async (person) => {
    await person.page.reload();
    await person.click('[data-action="join"]');
};

/* They are back where they were, on one more socket, with one join that asked for no move. */
async function comesBack(person, loseIt, seat) {
    const before = (await sockets(person)).length;
    await loseIt(person);
    await until(`the ${person.name} joins again`, async () => (await sockets(person))[before]?.joins);
    await person.waitFor(`#page[data-state="${seat}"][data-media="ready"]`);
    const all = await sockets(person);
    equal(all.length, before + 1, `sockets of the ${person.name}`);
    equal(all[before].joins, 'false', `the moves that the ${person.name} asked for`);
    return all[before - 1];
}

async function comesBackFromBoth(person, seat) {
    const dead = await comesBack(person, end, seat);
    equal(dead.ended !== null, true, `that the old connection of the ${person.name} had ended`);
    const live = await comesBack(person, lose, seat);
    equal(live.ended, '1000 moved', `how the server ended the old connection of the ${person.name}`);
}

async function sameDevice({ tap, therapist, client, lovedOne }) {
    await comesBackFromBoth(lovedOne, 'waiting');
    await therapist.admit(lovedOne, client);
    await lovedOne.seesAndHears(client);
    await comesBackFromBoth(lovedOne, 'session');
    await lovedOne.seesAndHears(client);
    await reload(lovedOne);
    await lovedOne.isIn('session');

    await therapist.clickBeside(lovedOne, 'step-out');
    await lovedOne.isIn('stepped_out');
    await comesBackFromBoth(lovedOne, 'stepped_out');
    await silenceOf({ tap, therapist, client, lovedOne }, 1000, 'back after a step-out');
    await therapist.admit(lovedOne, client);

    /* Whose client was gone for a moment waits for the therapist. */
    await comesBackFromBoth(client, 'session');
    await lovedOne.isIn('suspended');
    await therapist.admit(lovedOne, client);
    await Promise.all([client.sees(therapist), lovedOne.seesAndHears(client)]);
}

/* Whoever has the link and its code, elsewhere. */
async function otherDevice(stage, { tap, therapist, client, lovedOne }) {
    const firstCode = await lovedOne.link.code();
    const other = await stage.browser.arrive('loved one elsewhere', lovedOne.link, 'elsewhere');
    equal((await lovedOne.link.code()) !== firstCode, true, 'that the other device needed a code of its own');
    await other.screenshot('loved-one-elsewhere');
    await lovedOne.seesAndHears(client);
    equal(await lovedOne.state(), 'session', 'where the loved one is while another device asks');

    await other.click('[data-action="move"]');
    await other.waitFor('#page[data-state="waiting"][data-media="ready"]');
    await lovedOne.isIn('moved');
    other.id = lovedOne.id;
    await silenceOf({ tap, therapist, client, lovedOne: other }, 1000, 'on another device');
    await therapist.admit(other, client);
    await other.seesAndHears(client);
    return other;
}

export async function journey(stage) {
    const broker = await stage.broker();
    const { tap } = broker;
    const therapist = await stage.browser.join('therapist', await broker.invite('p-therapist'), 'session');
    const client = await stage.browser.join('client', await broker.invite('p-client'), 'session', { before: fragile });
    const lovedOne = await stage.browser.join('loved one', await broker.invite('p-sam'), 'waiting', { before: fragile });
    for (const source of ['mic', 'camera']) await client.turn(source, true);
    await therapist.turn('camera', true);
    const codes = await lovedOne.link.code();
    await sameDevice({ tap, therapist, client, lovedOne });
    equal(await lovedOne.link.code(), codes, 'the newest code, on a device that needed one');
    const other = await otherDevice(stage, { tap, therapist, client, lovedOne });

    for (const person of [therapist, client, other]) equal(await isStored(person), true, `that the ${person.name} can reload`);
    await therapist.clickBeside(other, 'remove');
    await therapist.click('#confirm-yes');
    await other.isIn('removed');
    equal(await isStored(other), false, 'that the browser of somebody who was removed keeps the link');
    await lovedOne.click('[data-action="move"]');
    await lovedOne.isIn('bad_link');
    await therapist.click('[data-action="end"]');
    await therapist.click('#confirm-yes');
    for (const person of [client, therapist]) {
        await person.isIn('ended');
        equal(await isStored(person), false, `that the browser of the ${person.name} keeps the link after the end`);
    }
}
