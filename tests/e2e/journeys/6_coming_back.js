/* Lost links. A loved one who was let in comes back by themselves, and does not take over a connection that is live: a forwarded link would
 * do just that. Client and therapist take over at once. And a token that is spent leaves the browser. */

import { equal, pause, until } from '../check.js';

/* Before the page's own script: its sockets can lose their link, which only the page notices; and they remember what they joined with. */
function fragile() {
    window.sockets = [];
    window.WebSocket = class extends WebSocket {
        constructor(...of) {
            super(...of);
            this.joins = [];
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
        end() {
            WebSocket.prototype.close.call(this);
        }
    };
}

const reload = async (person) => {
    await person.page.evaluateOnNewDocument(fragile);
    await person.page.reload();
    await person.click('[data-action="join"]');
};
const lose = (person) => person.page.evaluate(() => window.sockets.at(-1).lose());
const joins = (person) => person.page.evaluate(() => window.sockets.at(-1).joins.join());
const end = (person, which) => person.page.evaluate((at) => window.sockets.at(at).end(), which);
const stored = (person) => person.page.evaluate(() => sessionStorage.getItem('kinroom.token'));

export async function journey(stage) {
    const broker = await stage.broker();
    const { therapist, client, lovedOne } = await stage.threePeople(broker);
    await reload(client);
    await client.isIn('session');
    await reload(lovedOne);
    await lovedOne.isIn('waiting');
    await client.clickRequest(lovedOne, 'agree-yes');
    await therapist.clickBeside(lovedOne, 'admit');
    await lovedOne.isIn('session');

    /* The server notices after a while: they are let in again, without a move. */
    await lose(lovedOne);
    await until('the server refuses a first attempt', async () => (await joins(lovedOne)) === 'false');
    await pause(2500);
    equal(await lovedOne.page.evaluate(() => window.kinroom.phase), 'connecting', 'the phase while the dead link stands in the way');
    await end(lovedOne, -2);
    await lovedOne.isIn('session');
    equal((await joins(lovedOne)).includes('true'), false, 'moves of somebody who comes back');

    /* It does not: the person is asked, and waits to be let in. */
    await lose(lovedOne);
    await lovedOne.isIn('elsewhere');
    equal((await joins(lovedOne)).includes('true'), false, 'moves without being asked');
    await lovedOne.click('[data-action="move"]');
    await lovedOne.isIn('waiting');

    /* The client's dead connection is taken over at once. */
    await lose(client);
    await until('the client takes over', async () => (await joins(client)) === 'true');
    await client.isIn('session');

    for (const person of [client, lovedOne]) equal(Boolean(await stored(person)), true, `that the ${person.name} can reload`);
    await therapist.clickBeside(lovedOne, 'remove');
    await therapist.click('#confirm-yes');
    await lovedOne.isIn('removed');
    equal(await stored(lovedOne), null, 'the token of somebody who was removed');
    await therapist.click('[data-action="end"]');
    await therapist.click('#confirm-yes');
    await client.isIn('ended');
    equal(await stored(client), null, 'the token after the end');
}
