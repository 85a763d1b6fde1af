/* In the session, as people handle it: Stop before anything else and never covered, buttons and pictures in view in windows of every shape, all by
 * keyboard, the sound alone where a connection is weak, and a small window that has Stop, too. */

import { equal, includes, pause, until } from '../check.js';
import { planOf } from '../broker.js';

const SHAPES = {
    desktop: [1280, 800], phone: [390, 844], 'phone on its side': [844, 390], 'small phone': [320, 568], 'zoomed to 200 %': [640, 400],
};
const SOON_S = 570; /* to the end of the box */

/* Before the page's own scripts: a lost connection can be played, and a screen that locks is noticed. */
function playConnection() {
    const { getStats } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.getStats = async function withLosses(...what) {
        const stats = new Map(await getStats.apply(this, what));
        if (window.loses && what.length === 0)
            for (const [id, entry] of stats)
                if (entry.type === 'inbound-rtp' && entry.kind === 'audio') stats.set(id, { ...entry, packetsLost: Math.round(entry.packetsReceived / 4) });
        return stats;
    };
    window.locks = [];
    const request = async () => {
        const lock = new EventTarget();
        lock.release = async () => { lock.isReleased = true; lock.dispatchEvent(new Event('release')); };
        window.locks.push(lock);
        return lock;
    };
    Object.defineProperty(navigator, 'wakeLock', { value: { request }, configurable: true });
}

const size = (person, [width, height]) => person.page.setViewport({ width, height });
const painted = (person) => person.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/* What is where, as the person sees it: empty when all is as it should be. */
const whatIsWrong = (person) => person.page.evaluate(() => {
    const wrong = [];
    const boxOf = (node) => node.getBoundingClientRect();
    const isInView = ({ left, top, right, bottom }) => left >= 0 && top >= 0 && right <= innerWidth + 0.5 && bottom <= innerHeight + 0.5;
    if (document.documentElement.scrollWidth > innerWidth) wrong.push(`it is ${document.documentElement.scrollWidth} wide`);
    const stop = boxOf(document.getElementById('stop'));
    const top = document.elementFromPoint(stop.left + stop.width / 2, stop.top + stop.height / 2);
    if (!isInView(stop) || top?.id !== 'stop') wrong.push(`Stop is covered by ${top?.id || top?.className || 'the edge'}`);
    for (const node of document.querySelectorAll('#toolbar button')) {
        if (node.hidden || !node.offsetParent) continue;
        if (!isInView(boxOf(node))) wrong.push(`${node.textContent.trim()} is out of view`);
        if (boxOf(node).width < 44 || boxOf(node).height < 44) wrong.push(`${node.textContent.trim()} is ${boxOf(node).width} x ${boxOf(node).height}`);
    }
    const tiles = [...document.querySelectorAll('#tiles .tile:not([hidden])')].map((tile) => ({ tile, box: boxOf(tile) }));
    const area = boxOf(document.getElementById('tiles'));
    for (const { tile, box } of tiles) {
        const isIn = box.left >= area.left - 1 && box.right <= area.right + 1 && box.top >= area.top - 1 && box.bottom <= area.bottom + 1;
        if (!isIn || box.width < 80) wrong.push(`the tile of ${tile.dataset.participant} is at ${JSON.stringify(box)}`);
    }
    return wrong.join('; ');
});

async function allIsInView(all) {
    for (const person of all) {
        for (const [shape, measure] of Object.entries(SHAPES)) {
            await size(person, measure);
            await painted(person);
            await until(`${person.name} in a ${shape} has all in view`, async () => (await whatIsWrong(person)) === '', { within_ms: 3000 }).catch(async () =>
                equal(await whatIsWrong(person), '', `what is wrong for ${person.name} in a ${shape}`));
        }
        await size(person, SHAPES.desktop);
    }
}

const focused = (person) => person.page.evaluate(() => document.activeElement?.id || document.activeElement?.dataset.action || '');
const tabFromTheTop = async (person) => {
    await person.page.evaluate(() => { document.activeElement?.blur(); getSelection().removeAllRanges(); document.body.tabIndex = -1; document.body.focus(); });
    await person.press('Tab');
};

async function stopIsFirst(person) {
    await tabFromTheTop(person);
    equal(await focused(person), 'stop', `what ${person.name} comes to first by keyboard`);
    equal(await person.page.$eval('#banner', (banner) => banner.getBoundingClientRect().top), 0, 'where the banner begins');
}

/* A question, a sheet, the list of keys: none of them lies over Stop. */
async function stopIsNeverCovered(client) {
    for (const measure of [SHAPES.phone, SHAPES['phone on its side'], SHAPES['small phone']]) {
        await size(client, measure);
        await client.click('#help');
        await client.waitFor('#confirm[open]');
        equal(await whatIsWrong(client), '', 'with a question open');
        await client.press('Escape');
        await client.waitFor('#page:not(:has(#confirm[open]))');
        await client.click('[data-toggles="options"]');
        await client.waitFor('#options');
        equal(await whatIsWrong(client), '', 'with a sheet open');
        await client.press('Escape');
        await until('the sheet is closed', async () => !await client.page.$eval('#options', (node) => node.offsetParent !== null));
        equal(await client.page.evaluate(() => document.activeElement.dataset.toggles), 'options', 'what has the focus again');
    }
    await size(client, SHAPES.desktop);
}

async function byKeyboard(client) {
    await client.page.focus('[data-action="toggle-mic"]');
    await client.press('ArrowRight');
    equal(await focused(client), 'toggle-camera', 'where an arrow leads from the microphone');
    await client.press('ArrowLeft');
    await client.press('End');
    equal(await focused(client), 'leave', 'where End leads');
    equal(await client.page.$$eval('#toolbar button', (all) => all.filter(({ tabIndex }) => tabIndex === 0).length), 1, 'stops of Tab in the toolbar');

    const isOn = () => client.page.evaluate(() => Boolean(window.kinroom.tracks.mic));
    await client.press('m');
    await until('M turns the microphone off', async () => !await isOn());
    await client.waitFor('[data-action="toggle-mic"]:not([aria-busy])');
    await client.press('m');
    await until('M turns the microphone on', isOn);
    await client.page.focus('#chat-text');
    await client.page.keyboard.type('mmm');
    equal(await client.page.$eval('#chat-text', (field) => field.value), 'mmm', 'what is typed');
    await pause(300);
    equal(await isOn(), true, 'the microphone while somebody types');
    await client.page.$eval('#chat-text', (field) => { field.value = ''; field.blur(); });

    await client.page.focus('#hand');
    await client.press('?');
    await client.waitFor('#keys[open]');
    includes(await client.text('#keys-list'), 'Alt+O', 'the list of keys');
    equal(await whatIsWrong(client), '', 'with the list of keys open');
    await client.press('Escape');
    equal(await focused(client), 'hand', 'where the focus is again');

    await client.click('[data-toggles="options"]');
    await client.click('#option-keys');
    await client.waitFor('#option-keys[aria-checked="false"]');
    await client.page.focus('#hand');
    await client.press('m');
    await pause(300);
    equal(await isOn(), true, 'the microphone after M while single keys are off');
    equal(await client.page.$eval('#hand', (node) => node.hasAttribute('aria-keyshortcuts')), false, 'a shortcut that is off is told of');
    await client.click('#option-keys');
    await client.click('[data-closes="options"]');
}

async function messagesAreCounted(client, therapist) {
    await client.click('[data-closes="chat"]');
    await therapist.write('everyone', 'Are you comfortable?');
    await until('the client sees that a message is new', async () => (await client.text('#unread')) === '1');
    includes(await client.page.$eval('[data-toggles="chat"]', (node) => node.ariaLabel), '1 new', 'what is read aloud');
    await client.click('[data-toggles="chat"]');
    await until('and that it is read', async () => (await client.text('#unread')) === '');
}

const videoTo = (tap, viewer, others, since) => {
    const pictures = new Set(others.flatMap((other) => [...tap.slotsShowing(viewer.id, other.id, 'camera')]));
    return tap.media({ since, to: viewer.id }).filter(({ kind, ssrc }) => kind === 'rtp' && pictures.has(ssrc)).length;
};

/* The server's word to the latest wish of theirs since then, by its place in the tap's log. */
const wishGranted = (tap, client, since) => until('the server has given its word', () => {
    const wish = tap.texts({ since, dir: 'in', type: 'receive', participant: client.id }).at(-1);
    return wish && tap.texts({ since: wish.index, dir: 'out', type: 'done', participant: client.id }).find(({ text }) => text.id === wish.text.id)?.index;
});

async function noPictureSince(tap, client, others, done) {
    await Promise.all(others.map((other) => client.hears(other)));
    await pause(1500);
    equal(videoTo(tap, client, others, done), 0, 'RTP datagrams of pictures to whoever wants the sound alone');
}

/* The connection is weak, the page says so and offers the sound alone; from the server's word on, no picture is sent. */
async function soundOnly({ tap, client, therapist, lovedOne }) {
    const others = [therapist, lovedOne];
    equal(await client.page.$eval('#trouble', (node) => node.hidden), true, 'that nothing is said of a good connection');
    await client.page.evaluate(() => { window.loses = true; });
    await client.waitFor('#trouble', 30000);
    includes(await client.text('#trouble-text'), 'Your connection is weak', 'what the page says');
    let since = tap.mark();
    await client.click('#trouble-button');
    await noPictureSince(tap, client, others, await wishGranted(tap, client, since));
    await Promise.all(others.map((other) => other.sees(client)));
    equal(await client.page.$eval('#option-sound-only', (node) => node.ariaChecked), 'true', 'the switch');
    await client.screenshot('client-sound-only');
    await client.page.evaluate(() => { window.loses = false; });

    /* It stays so on another connection. */
    since = tap.mark();
    await client.page.evaluate(() => window.kinroom.pc.close());
    const done = await wishGranted(tap, client, since);
    await client.isIn('session');
    await noPictureSince(tap, client, [therapist], done);
    includes(await client.text('#trouble-text'), 'Sound only', 'what the page says');
    await client.click('#trouble-button');
    await client.sees(therapist);
}

/* Who speaks, or a chosen layout: the one picture is larger than the others. */
async function theSpeakerIsLarge(client) {
    const widths = () => client.page.$$eval('#tiles .tile:not(.own)', (tiles) => tiles.map((tile) => tile.offsetWidth).sort((a, b) => b - a));
    await client.page.evaluate(() => document.getElementById('option-layout').click());
    await until('one picture is larger', async () => (await widths())[0] > 1.5 * (await widths())[1]);
    await client.page.evaluate(() => document.getElementById('option-layout').click());
    await until('all are alike', async () => new Set(await widths()).size === 1);
    await client.page.evaluate(() => document.getElementById('option-self').click());
    await until('my own picture is hidden from me', () => client.page.$eval('#tiles .own', (tile) => tile.hidden));
    await client.page.evaluate(() => document.getElementById('option-self').click());
}

async function inASmallWindow(client, lovedOne) {
    if (!await client.page.evaluate(() => 'documentPictureInPicture' in window)) return;
    await client.click('[data-toggles="options"]');
    await client.click('#option-float');
    const inside = (what) => client.page.evaluate((selector) => window.documentPictureInPicture.window?.document.querySelector(selector)?.textContent ?? null, what);
    await until('the small window says who sees and hears', async () => (await inside('.floating-banner li'))?.startsWith('Sam can see and hear you until'));
    equal(await inside('.floating-banner .stop'), 'Stop', 'the button in it');
    await client.page.evaluate(() => window.documentPictureInPicture.window.document.querySelector('.floating-banner .stop').click());
    await lovedOne.isIn('stepped_out');
    await until('its banner is gone', () => client.page.evaluate(() => window.documentPictureInPicture.window.document.querySelector('.floating-banner').hidden));
    await client.click('#option-float');
    await until('the small window is gone', () => client.page.evaluate(() => !window.documentPictureInPicture.window));
}

async function theScreenStaysOn(client) {
    const held = () => client.page.evaluate(() => window.locks.filter((lock) => !lock.isReleased).length);
    await until('the screen stays on', async () => (await held()) === 1);
    await client.page.evaluate(() => { window.locks.at(-1).release(); document.dispatchEvent(new Event('visibilitychange')); });
    await until('and again, when the page is back', async () => (await held()) === 1);
    await client.click('#toolbar [data-action="leave"]');
    await client.isIn('left');
    await until('and no more once they have left', async () => (await held()) === 0);
}

export async function journey(stage) {
    const broker = await stage.broker({ plan: planOf({ closes_at: Math.floor(Date.now() / 1000) + SOON_S }) });
    const { tap } = broker;
    const therapist = await stage.browser.join('therapist', await broker.invite('p-therapist'), 'session');
    await until('the therapist reads how much is left', async () => (await therapist.text('#news')).includes('of the session left.'));
    const client = await stage.browser.join('client', await broker.invite('p-client'), 'session', { before: playConnection });
    const lovedOne = await stage.browser.join('loved one', await broker.invite('p-sam'), 'waiting');
    await therapist.admit(lovedOne, client);
    const all = [therapist, client, lovedOne];
    for (const person of all) for (const source of ['mic', 'camera']) await person.turn(source, true);
    await Promise.all([client.seesAndHears(lovedOne), client.seesAndHears(therapist), lovedOne.seesAndHears(client)]);
    equal(await lovedOne.text('#stop'), 'Step out', 'what the loved one\'s banner offers');
    equal(await client.text('#stop'), 'Stop', 'what the client\'s offers');

    await allIsInView(all);
    for (const person of all) await stopIsFirst(person);
    await stopIsNeverCovered(client);
    await byKeyboard(client);
    await messagesAreCounted(client, therapist);
    await theSpeakerIsLarge(client);
    await soundOnly({ tap, client, therapist, lovedOne });
    await therapist.admit(lovedOne, client); /* the client's connection was lost for a moment */
    await inASmallWindow(client, lovedOne);
    await theScreenStaysOn(client);
}
