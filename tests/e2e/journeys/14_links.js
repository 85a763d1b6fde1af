/* What a link does in the browser that opens it: it leaves the address bar, survives a reload, asks each device once for a code, and loses
 * nothing when the network fails or the machine's clock is wrong. With and without a store for the device's key; and staff's own link, which holds its token. */

import { equal, includes, until } from '../check.js';

const address = (person) => person.page.evaluate(() => location.href + history.length);
const stored = (person) => person.page.evaluate(() => sessionStorage.getItem('kinroom.link'));
const alertOf = (person) => person.text('#alert');

const reload = async (person) => {
    await person.page.reload();
    await person.click('[data-action="join"]');
};

async function clearOf(person, secret) {
    equal((await address(person)).includes(secret), false, `the secret in the ${person.name}'s address bar`);
    includes(await stored(person), secret, `what the ${person.name}'s tab keeps for a reload`);
}

/* The server can't be asked: what was typed stays, and goes on from there. */
async function typesWithoutNetwork(person) {
    await person.isIn('code');
    equal(await person.page.evaluate(() => document.activeElement.id), 'code', 'where the cursor is');
    equal(await person.page.$eval('#code-again', (node) => node.disabled), true, 'that another code is not sent at once');
    await person.type('#code', '12 34');
    await person.press('Enter');
    equal(await person.page.$eval('#code', (node) => node.validationMessage), 'The code has 6 digits.', 'what is said of four digits');

    const code = await person.link.code();
    await person.page.$eval('#code', (field, text) => { field.value = text; }, `Your code: ${code.slice(0, 3)} ${code.slice(3)}`);
    await person.page.$eval('#code', (field) => field.dispatchEvent(new Event('input', { bubbles: true })));
    await person.page.setOfflineMode(true);
    await person.press('Enter');
    await until('the page says that nothing is lost', async () => (await alertOf(person)).includes('Nothing is lost'));
    await person.isIn('code');
    await person.page.setOfflineMode(false);
    await person.page.focus('#code');
    await person.press('Enter');
}

/* Without the texts nobody can say that they read them. */
async function readsAtTheSecondAttempt(person) {
    await person.isIn('preparing');
    await until('the page says that the texts are missing', async () => (await person.text('#guidance-state')).includes('could not be loaded'));
    equal(await person.page.$eval('#acknowledge', (node) => node.hidden), true, 'that nothing can be acknowledged');
    await person.screenshot('loved-one-without-texts');
    await person.page.evaluate(() => { window.textsFail = false; });
    await person.click('[data-action="texts-again"]');
    await person.click('[data-action="acknowledge"]');
    await person.isIn('waiting');
}

/* Before the page's own script. */
function withoutTexts() {
    const { fetch } = window;
    window.textsFail = true;
    window.fetch = (path, ...rest) => (window.textsFail && new URL(path, location.href).pathname.startsWith('/texts/') ? Promise.reject(new TypeError()) : fetch(path, ...rest));
}

function withoutStore() {
    Object.defineProperty(window, 'indexedDB', { value: { open: () => { throw new DOMException('', 'SecurityError'); } } });
}

function withWrongClock() {
    const { now } = Date;
    Date.now = () => now() - 3600_000;
}

/* The next join goes with a token that is good for nothing. */
function withOneBadToken() {
    const { send } = WebSocket.prototype;
    let spoils = true;
    WebSocket.prototype.send = function (text) {
        const said = JSON.parse(text);
        const spoilt = spoils && said.type === 'join';
        if (spoilt) spoils = false;
        send.call(this, spoilt ? JSON.stringify({ ...said, token: said.token.slice(0, -4) }) : text);
    };
}

export async function journey(stage) {
    const broker = await stage.broker();
    const { browser } = stage;

    /* Staff's own link: straight in. */
    const token = broker.token('p-therapist', 'therapist');
    const therapist = await browser.join('therapist', { url: `${broker.url}/#token=${token}` }, 'session');
    await clearOf(therapist, token);
    await reload(therapist);
    await therapist.isIn('session');

    /* A loved one, on a bad line. */
    const link = await broker.invite('p-sam');
    const lovedOne = await browser.open('loved one', link, { before: withoutTexts });
    await lovedOne.click('[data-action="join"]');
    await clearOf(lovedOne, link.url.split('#i=')[1]);
    await typesWithoutNetwork(lovedOne);
    await readsAtTheSecondAttempt(lovedOne);

    /* The device is known now; and a token that is refused is asked for anew, by the same link. */
    await reload(lovedOne);
    await lovedOne.isIn('waiting');
    await lovedOne.page.evaluateOnNewDocument(withOneBadToken);
    await reload(lovedOne);
    await lovedOne.isIn('waiting');

    /* An hour behind. */
    const early = await browser.open('early bird', await broker.invite('p-sam'), { before: withWrongClock });
    await early.click('[data-action="join"]');
    await early.prepareFor('elsewhere');

    /* A browser that keeps nothing asks for a code each time. */
    const client = await browser.open('client', await broker.invite('p-client'), { before: withoutStore });
    for (let time = 0; time < 2; time++) {
        await reload(client);
        await client.isIn('code');
        await client.prepareFor('session');
    }
    for (const person of [therapist, lovedOne, client]) equal((await stored(person)) === null, false, `that the ${person.name} can reload`);
}
