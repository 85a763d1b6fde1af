/* In Spanish and in the dark: what the browser asks for, what the person chooses in the middle of a session without losing anything of it, and
 * what is remembered. The clinic's name, number and logo are on the page. */

import { equal, includes, until } from '../check.js';
import { grantFor, planOf } from '../broker.js';

const CLINIC = { '--clinic-name': 'Harbor Clinic', '--clinic-phone': '+1 555 0142', '--clinic-logo': new URL('../../../web/icon.svg', import.meta.url).pathname };

/* Before the page's own scripts: a browser set to Mexico's Spanish. */
function inMexico() {
    Object.defineProperty(navigator, 'languages', { value: ['es-MX', 'en'] });
}

const languageOf = (person) => person.page.evaluate(() => document.documentElement.lang);

async function choose(person, language) {
    await person.page.select('.settings .language', language);
    await until(`the ${person.name} reads ${language}`, async () => (await languageOf(person)) === language);
}

const groundOf = (person) => person.page.evaluate(() => getComputedStyle(document.body).backgroundColor);

/* Words that the page shows while they are not there would be their names, as 'room.title'. */
const unnamed = (person) => person.page.evaluate(() => /\b[a-z]+\.[a-z_]+\b(?!\.)/.exec(document.getElementById('page').innerText.replace(/\S+@\S+/g, ''))?.[0] ?? '');

async function readsInSpanish(person, words) {
    const text = await person.page.evaluate(() => document.getElementById('page').innerText);
    for (const word of words) includes(text, word, `what the ${person.name} reads`);
    equal(await unnamed(person), '', `a word without words on the page of the ${person.name}`);
}

async function theClinicIsThere(person) {
    equal(await person.text('.brand .name'), CLINIC['--clinic-name'], 'whose page it is');
    await until('the logo is painted', () => person.page.$eval('.brand img', (logo) => logo.naturalWidth > 0 && logo.src.endsWith('/clinic/logo')));
    equal(await person.page.$eval('[data-screen="waiting"] .clinic-call a', (link) => link.getAttribute('href')), 'tel:+15550142', 'the number to call');
}

export async function journey(stage) {
    const { people, grants } = planOf();
    const kim = { participation: 'p-kim', person: 'kim', role: 'loved_one', name: 'Kim' };
    const broker = await stage.broker({ plan: planOf({ people: [...people, kim], grants: [...grants, grantFor('kim')] }), options: CLINIC });
    const { therapist, client, lovedOne } = await stage.threePeople(broker);
    equal(await languageOf(client), 'en', 'the language of a browser that speaks English');
    await theClinicIsThere(lovedOne);
    for (const source of ['mic', 'camera']) await therapist.turn(source, true);
    await client.sees(therapist);

    /* The switch, in the middle of it. */
    await client.page.evaluate(() => { window.before = window.kinroom.pc; });
    await choose(client, 'es');
    await readsInSpanish(client, ['Sin micro', 'Personas', 'Usted', 'Quedan', '¿Permite que Sam entre hoy?']);
    equal(await client.page.evaluate(() => window.before === window.kinroom.pc), true, 'that the connection is the same');
    await client.seesAndHears(therapist);
    await client.screenshot('client-in-spanish');

    await choose(therapist, 'es');
    await readsInSpanish(therapist, ['Terminar la sesión', 'Dejar entrar', 'En espera (1)', 'acaba de llegar']);
    await therapist.screenshot('therapist-in-spanish');
    await therapist.admit(lovedOne, client);
    await until('the therapist reads who is in', async () => (await therapist.text('#banner-lines')).includes('Sam puede verle y oírle hasta la'));

    /* A loved one from Mexico reads Spanish from the first word on; the texts of the law come in it, too, and change with the page. */
    const mexican = await stage.browser.open('Mexican', await broker.invite('p-kim'), { before: inMexico });
    await mexican.waitFor('[data-action="join"]');
    equal(await languageOf(mexican), 'es', 'the language of a browser that speaks Spanish');
    await readsInSpanish(mexican, ['Entre a su sesión', 'Kinroom no graba nada.', 'Pruebe su cámara']);
    await mexican.screenshot('start-in-spanish');
    await mexican.click('[data-action="join"]');
    await mexican.prepareFor('preparing');
    await mexican.waitFor('#guidance [lang="es"]');
    await readsInSpanish(mexican, ['Qué puede esperar', '42 CFR part 2 prohibits unauthorized use or disclosure of these records.']);
    await mexican.screenshot('loved-one-prepares-in-spanish');
    await choose(mexican, 'en');
    await until('the texts are English', async () => (await mexican.text('#guidance')).includes('What to expect'));
    await choose(mexican, 'es');
    await mexican.waitFor('#guidance [lang="es"]');
    await mexican.click('[data-action="acknowledge"]');
    await mexican.isIn('waiting');

    /* In the dark, and both are remembered. */
    const light = await groundOf(mexican);
    await mexican.click('.settings .theme');
    await until('it is dark', async () => (await groundOf(mexican)) !== light);
    const dark = await groundOf(mexican);
    await choose(mexican, 'en');
    await mexican.screenshot('start-in-the-dark');
    await mexican.page.reload();
    await mexican.waitFor('[data-action="join"]');
    equal(await languageOf(mexican), 'en', 'the language that was chosen here');
    equal(await groundOf(mexican), dark, 'the ground after a reload');
}
