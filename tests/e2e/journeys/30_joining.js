/* The way in, as the page leads along it: whose clinic it is, a check that can be skipped, a code that goes on by itself, reading, waiting with
 * everything one wants to know meanwhile, and being called in. Whoever waits learns who will let them in, and never who is there. */

import { equal, includes, until } from '../check.js';
import { planOf } from '../broker.js';

const now_s = () => Math.floor(Date.now() / 1000);
const EARLY_MIN = 12;
const ENTRANCE_HZ = 1047;
const PHONE = '+1 555 010 0199';

const later = () => planOf({ id: 's-later', opens_at: now_s() + EARLY_MIN * 60, closes_at: now_s() + 60 * 60 });

/* Firefox makes and measures no sound on a machine that has nothing to play it on, and says so. */
const hasSound = ({ kind }) => kind === 'chromium';

/* Before the page's own script: which devices it turns on, and which notes it plays. */
function noteDevices() {
    window.devices = [];
    window.notes = [];
    const { getUserMedia } = MediaDevices.prototype;
    MediaDevices.prototype.getUserMedia = async function (...what) {
        const stream = await getUserMedia.apply(this, what);
        window.devices.push(...stream.getTracks());
        return stream;
    };
    const { start } = OscillatorNode.prototype;
    OscillatorNode.prototype.start = function (...when) {
        window.notes.push(this.frequency.value);
        start.apply(this, when);
    };
}

const live = (person) => person.page.evaluate(() => window.devices.filter(({ readyState }) => readyState === 'live').length);
const reads = (person, selector, part) => until(`${selector} says "${part}"`, async () => (await person.text(selector)).includes(part));

async function checksDevices(person) {
    equal(await live(person), 0, 'devices that are on before the check');
    await person.click('[data-action="check"]');
    await person.waitFor(`#check-voice[data-verdict="${hasSound(person) ? 'heard' : 'unknown'}"]`);
    await until('the picture moves', () => person.page.$eval('#check-video', (video) => !video.hidden && video.videoWidth > 0));
    await person.waitFor('#check-network[data-verdict="good"]');
    await person.click('[data-action="check-play"]');
    if (hasSound(person)) {
        await person.click('[data-action="check-silent"]');
        await reads(person, '#check-sound', 'turn the volume up');
        await person.click('[data-action="check-play"]');
        await person.click('[data-action="check-heard"]');
        await reads(person, '#check-sound', 'your sound works');
    } else {
        await reads(person, '#check-sound', 'could not play the sound');
    }
    await person.screenshot('check');
    await person.click('[data-action="check"]');
    await until('the check has turned off what it turned on', async () => (await live(person)) === 0);
}

/* As it comes out of a text message. */
async function pastesCode(person) {
    await person.isIn('code');
    await person.screenshot('code-empty');
    const code = await person.link.code();
    await person.page.evaluate((text) => {
        document.getElementById('code').focus();
        document.execCommand('insertText', false, text);
    }, `${code.slice(0, 3)}-${code.slice(3)} `);
}

/* Everything on the page but for the time that goes by. */
const room = (person) => person.page.evaluate(() => [...document.querySelectorAll('[data-screen="waiting"] :is(h1, h2, p, button), #who, #clock')]
    .map((node) => node.textContent).join('|'));

async function waits(stage, broker, person) {
    await person.isIn('waiting');
    equal(await person.text('[data-screen="waiting"] [data-step]'), 'Step 3 of 3', 'how far they have come');
    equal(await person.text('#waiting-who'), 'You will be let in by Dr. Rivera.', 'who lets them in');
    includes(await person.text('#waiting-when'), 'minutes', 'when it starts');
    includes(await person.text('#waiting-when'), 'At Cedar Clinic it is then', "the clinic's own time");
    equal(await person.page.title(), 'Waiting · Kinroom', "the tab's title");
    equal(await person.page.$eval('[data-screen="waiting"] .clinic-call a', (link) => link.href), 'tel:+15550100199', 'whom to call');
    await person.waitFor('#waiting-network[data-verdict="good"]');
    await person.screenshot('waiting');

    const before = await room(person);
    const therapist = await stage.browser.join('therapist', await broker.invite('p-therapist', 's-later'), 'session');
    equal(await room(person), before, 'what the waiting room says once the therapist is there');

    await person.page.select('.language', 'es');
    await reads(person, '#waiting-title', 'sala de espera');
    await person.screenshot('waiting-es');
    await person.page.select('.language', 'en');
    return therapist;
}

/* Somebody who does something else meanwhile is called. */
async function isCalledIn(stage, broker) {
    const therapist = await stage.browser.join('therapist', await broker.invite('p-therapist', 's-1'), 'session');
    const client = await stage.browser.join('client', await broker.invite('p-client', 's-1'), 'session');
    const sam = await stage.browser.join('Sam', await broker.invite('p-sam', 's-1'), 'waiting', { before: noteDevices });
    await sam.click('#waiting-sound'); /* off, and on again: so that they know it when it comes */
    await sam.click('#waiting-sound');
    const heard = () => sam.page.evaluate((hertz) => window.notes.filter((note) => note === hertz).length, ENTRANCE_HZ);
    equal(await heard(), hasSound(sam) ? 1 : 0, 'how often the sound was played to try it');
    await therapist.admit(sam, client);
    if (hasSound(sam)) await until('the sound calls them', async () => (await heard()) === 2);
    equal(await sam.page.title(), 'You are in · Kinroom', "the tab's title");
    equal(await live(sam), 0, 'devices that being let in turned on');
    await therapist.clickBeside(sam, 'step-out');
    await sam.isIn('stepped_out');
    await sam.screenshot('stepped-out');
    await sam.click('#card-actions [data-action="leave"]');
    await sam.isIn('left');
    includes(await sam.text('#card-lines'), 'you can come back', 'what they read who left');
    await sam.screenshot('left');
}

export async function journey(stage) {
    const options = { '--clinic-name': 'Cedar Clinic', '--clinic-phone': PHONE, '--clinic-time-zone': 'America/Chicago' };
    const broker = await stage.broker({ plans: [planOf(), later()], options });
    const sam = await stage.browser.open('Sam', await broker.invite('p-sam', 's-later'), { before: noteDevices });
    await reads(sam, '[data-screen="start"]', 'Cedar Clinic');
    await sam.screenshot('start');
    await checksDevices(sam);
    await sam.click('[data-action="join"]');
    await pastesCode(sam);
    await sam.isIn('preparing');
    await reads(sam, '#guidance', '1 of 5');
    await sam.click('[data-action="acknowledge"]');
    await waits(stage, broker, sam);
    await isCalledIn(stage, broker);
}
