/* session.js - what each role sees in a session, from the first who waits to its end, and what lies over it meanwhile. */

import { until } from '../check.js';

const row = (person) => `#people [data-participant="${person.id}"]`;

/* Over the page; each is shut by Escape, and the focus goes back. */
async function lookAtDialogs(look, { therapist, client }) {
    await therapist.click('[data-action="end"]');
    await therapist.waitFor('#confirm[open]');
    await look.at(therapist, 'dialog-end');
    await therapist.press('Escape');
    await client.click('#help');
    await client.waitFor('#confirm[open]');
    await look.at(client, 'dialog-help');
    await client.press('Escape');
    await client.page.focus('#hand');
    await client.press('?');
    await client.waitFor('#keys[open]');
    await look.at(client, 'dialog-keys');
    await client.press('Escape');

    /* Half a minute to answer. */
    await therapist.click('#extend');
    await client.waitFor('#extension[open]');
    await look.at(client, 'dialog-longer');
    if (await client.page.$('#extension[open]')) await client.click('[data-action="extension-no"]');
    await until('the question is over', async () => (await therapist.text('#extending')) === '');
    await therapist.click('#extend');
    await client.waitFor('#extension[open]');
    await look.at(therapist, 'console-asks-for-longer', { panel: 'people' });
    if (await client.page.$('#extension[open]')) await client.click('[data-action="extension-no"]');
}

async function lookAtPanels(look, { client, sam }) {
    await client.write('everyone', 'Hello, all of you');
    await look.at(client, 'messages', { panel: 'chat' });
    await client.click('[data-toggles="options"]');
    await look.at(client, 'options', { panel: 'options' });
    await client.click('[data-closes="options"]');
    await look.at(client, 'people-client', { panel: 'people' });
    await look.at(sam, 'people-loved-one', { panel: 'people' });
}

async function lookAtHelp(look, { therapist, sam }) {
    await sam.click('[data-action="alert"]');
    await sam.click('#confirm-yes');
    await therapist.waitFor(`#alerts [data-participant="${sam.id}"]`);
    await look.at(therapist, 'console-alert', { panel: 'people' });
    await therapist.click(`#alerts [data-participant="${sam.id}"] [data-action="seen"]`);
}

/* One device after the other, by the same link. Resolves to who sits at the other. */
async function lookAtMoving(stage, look, sam) {
    const other = await stage.browser.arrive('Sam elsewhere', sam.link, 'elsewhere');
    await look.at(other, 'elsewhere');
    await other.click('[data-action="move"]');
    await sam.isIn('moved');
    await look.at(sam, 'moved');
    await sam.close();
    await other.isIn('stepped_out'); /* as they were at the first */
    other.id = await other.page.evaluate(() => window.kinroom.me);
    return other;
}

async function letIn(therapist, client, guest) {
    await client.agreeTo(guest);
    await therapist.clickBeside(guest, 'admit');
    await guest.isIn('session');
}

/* line: of paths.js, by which the interpreter comes, so that it can be cut. */
export async function lookAtSession(stage, broker, look, line, { client, sam }) {
    const therapist = await stage.browser.join('therapist', await broker.invite('p-therapist'), 'session');
    const kim = await stage.browser.join('Kim', await broker.invite('p-kim'), 'waiting');
    const ines = await stage.browser.join('Ines', line.leadTo(broker).of(await broker.invite('p-ines')), 'waiting');
    const all = { therapist, client, sam };
    await therapist.waitFor(`${row(ines)} [data-action="admit"]`);
    await look.at(therapist, 'console-waiting', { panel: 'people' });
    await client.waitFor(`#requests [data-participant="${sam.id}"]`);
    await look.at(client, 'client-is-asked');

    await letIn(therapist, client, sam);
    await therapist.admit(ines); /* at work, which takes nobody's yes */
    for (const person of [therapist, client, sam]) for (const source of ['mic', 'camera']) await person.turn(source, true);
    await Promise.all([therapist.sees(sam), client.sees(sam), sam.sees(client)]);
    for (const [role, person] of Object.entries({ therapist, client, 'loved-one': sam, interpreter: ines })) await look.at(person, `session-${role}`);
    await therapist.clickBeside(sam, 'preview');
    await therapist.waitFor(`${row(sam)} .preview [data-of]`);
    await look.at(therapist, 'console-preview', { panel: 'people' });
    await therapist.clickBeside(sam, 'preview');
    await lookAtPanels(look, all);
    await lookAtDialogs(look, all);
    await lookAtHelp(look, all);

    await ines.click('#toolbar [data-action="leave"]');
    await ines.isIn('left');
    await look.at(ines, 'left');
    await ines.click('[data-action="rejoin"]');
    await ines.isIn('waiting');
    line.breakOff({ down: true });
    await ines.isIn('retrying');
    await look.at(ines, 'retrying');
    await ines.close();
    await therapist.clickBeside(kim, 'remove');
    await therapist.click('#confirm-yes');
    await kim.isIn('removed');
    await look.at(kim, 'removed');
    await kim.close();
    await therapist.clickBeside(sam, 'step-out');
    await sam.isIn('stepped_out');
    await look.at(sam, 'stepped-out');

    const back = await lookAtMoving(stage, look, sam);
    await letIn(therapist, client, back);
    await client.close();
    await back.isIn('suspended');
    await look.at(back, 'suspended');
    await therapist.waitFor('#missing');
    await look.at(therapist, 'console-missing-client');
    await broker.api('DELETE', '/api/v1/grants/g-sam');
    await back.isIn('revoked');
    await look.at(back, 'revoked');
    await back.close();
    await therapist.click('[data-action="end"]');
    await therapist.click('#confirm-yes');
    await therapist.isIn('ended');
    await look.at(therapist, 'ended');
}
