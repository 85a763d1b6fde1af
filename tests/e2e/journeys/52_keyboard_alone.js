/* Nobody has a mouse: an individual session from three links to three goodbyes by Tab, the arrows, Enter and Space, and what has the focus is seen to
 * have it all the way. */

import { equal, until } from '../check.js';
import { PLACE } from '../people.js';

const MOST_STEPS = 90;
const SPACE = ' '; /* as both browsers' drivers call the key */

/* How the focus stands: on what, whether inside the toolbar, whether it can be seen. */
const focusOf = (person, wanted) => person.page.evaluate((selector) => {
    const node = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(node);
    return {
        isThere: node.matches(selector),
        isPast: Boolean(node.compareDocumentPosition(document.querySelector(selector)) & Node.DOCUMENT_POSITION_PRECEDING),
        inToolbar: Boolean(node.closest('[role="toolbar"]')),
        isSeen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
        what: node.id || node.dataset.action || node.tagName,
    };
}, wanted);

async function goBack(person) {
    await person.page.keyboard.down('Shift');
    await person.press('Tab');
    await person.page.keyboard.up('Shift');
}

/* By Tab, back by Shift and Tab, and inside the toolbar by the arrows, as its role promises. */
async function goTo(person, selector) {
    await person.waitFor(`${selector}:not([disabled])`);
    const inToolbar = selector.startsWith('#toolbar');
    const passed = [];
    for (let step = 0; step < MOST_STEPS; step++) {
        const focus = await focusOf(person, selector);
        if (focus.isThere) {
            equal(focus.isSeen, true, `that ${person.name} sees the focus on ${selector}`);
            return;
        }
        passed.push(focus.what);
        if (inToolbar && focus.inToolbar) await person.press('ArrowRight');
        else if (focus.isPast) await goBack(person);
        else await person.press('Tab');
    }
    throw new Error(`${person.name} does not come to ${selector} by keyboard; they came by ${passed.join(' ')}`);
}

async function pressOn(person, selector, key = 'Enter') {
    await goTo(person, selector);
    await person.press(key);
}

async function typeInto(person, selector, text) {
    await goTo(person, selector);
    await person.page.keyboard.type(text);
}

async function comesIn(stage, broker, name, participation, key) {
    const person = await stage.browser.open(name, await broker.invite(participation));
    await pressOn(person, '[data-action="join"]', key);
    await person.isIn('code');
    await typeInto(person, '#code', await person.link.code());
    await person.waitFor('#page:not([data-state="code"])');
    return person;
}

async function isSeated(person, state) {
    await person.isIn(state);
    await person.waitFor('#page[data-media="ready"]');
    person.id = await person.page.evaluate(() => window.kinroom.me);
}

async function turnsOn(person, source, key) {
    await pressOn(person, `#toolbar [data-action="toggle-${source}"]`, key);
    await person.waitFor(`[data-action="toggle-${source}"][data-on="true"]`);
}

export async function journey(stage) {
    const broker = await stage.broker();
    const therapist = await comesIn(stage, broker, 'therapist', 'p-therapist', 'Enter');
    await isSeated(therapist, 'session');
    const client = await comesIn(stage, broker, 'client', 'p-client', SPACE);
    await client.isIn('locating');
    await typeInto(client, '#address', PLACE.address);
    await typeInto(client, '#phone', PLACE.phone);
    await pressOn(client, '[data-action="locate"]');
    await isSeated(client, 'session');
    const sam = await comesIn(stage, broker, 'Sam', 'p-sam', 'Enter');
    await sam.isIn('preparing');
    await pressOn(sam, '#acknowledge', SPACE);
    await isSeated(sam, 'waiting');

    /* The yes, and the way in: for five minutes more than was proposed, by an arrow. */
    await pressOn(client, `#requests [data-participant="${sam.id}"] [data-action="agree-yes"]`);
    const row = `#people [data-participant="${sam.id}"]`;
    await therapist.waitFor(`${row} [data-action="admit"]:not([disabled])`);
    await pressOn(therapist, `${row} select[data-minutes]`, 'ArrowDown');
    equal(await therapist.page.$eval(`${row} select[data-minutes]`, (select) => select.value), '15', 'the minutes that the therapist chose');
    await pressOn(therapist, `${row} [data-action="admit"]`);
    await sam.isIn('session');
    for (const person of [therapist, client, sam]) {
        await turnsOn(person, 'mic', SPACE);
        await turnsOn(person, 'camera', 'Enter');
    }
    await Promise.all([sam.seesAndHears(client), sam.seesAndHears(therapist), client.seesAndHears(sam), therapist.seesAndHears(sam)]);

    await pressOn(client, '#stop');
    await sam.isIn('stepped_out');
    await until('the client shows Sam no more', () => client.page.evaluate((who) =>
        [...window.kinroom.slots.values()].every(({ participant }) => participant !== who), sam.id));
    await pressOn(sam, '#card-actions [data-action="leave"]');
    await sam.isIn('left');
    await pressOn(client, '#toolbar [data-action="leave"]', SPACE);
    await client.isIn('left');
    await pressOn(therapist, '[data-action="end"]');
    await pressOn(therapist, '#confirm-yes');
    await therapist.isIn('ended');
}
