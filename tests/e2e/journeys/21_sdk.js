/* The client without our pages: the package as npm would publish it, and the page of its README around it. An interpreter joins by a link and a
 * code, is seen and sees, and steps out. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { equal, until } from '../check.js';
import { planOf } from '../broker.js';

const WEB = new URL('../../../web/', import.meta.url).pathname;
const BUTTONS = ['join', 'code-send', 'camera', 'step-out'];
const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>A page of one's own</title><script type="module" src="own.js"></script>
<body><input id="code">${BUTTONS.map((id) => `<button id="${id}">${id}</button>`).join('')}</body></html>`;

/* Both our pages and, in a folder beside them, the README's with the package. What a bundler does, an import by an address does here. */
function webRootWith(folder) {
    execFileSync('cp', ['-r', WEB, join(folder, 'web')]);
    const own = join(folder, 'web/own');
    mkdirSync(own);
    execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, join(WEB, 'sdk')]);
    execFileSync('sh', ['-c', `tar -xzf ${folder}/*.tgz -C ${own}`]);
    const [, code] = /```js\n(.+?)```/s.exec(readFileSync(join(own, 'package/README.md'), 'utf8'));
    writeFileSync(join(own, 'own.js'), `${code.replace("'@kinroom/client'", "'./package/index.js'")}\nwindow.kinroom = session;\n`);
    writeFileSync(join(own, 'index.html'), PAGE);
    return join(folder, 'web');
}

const PEOPLE = [...planOf().people.slice(0, 2), { participation: 'p-ines', person: 'ines', role: 'interpreter', name: 'Ines' }];

const isAt = (person, state) => until(`${person.name}'s own page says ${state}`, () =>
    person.page.evaluate((wanted) => document.body.dataset.state === wanted, state));

/* A picture that goes on, in an element of the page. */
const paints = (person) => until(`${person.name}'s own page shows a picture`, () => person.page.evaluate(() =>
    [...document.querySelectorAll('video')].some((video) => video.videoWidth > 0 && video.getVideoPlaybackQuality().totalVideoFrames > 5)));

export async function journey(stage) {
    const folder = mkdtempSync(join(tmpdir(), 'kinroom-sdk-'));
    try {
        const broker = await stage.broker({ plan: planOf({ people: PEOPLE }), webRoot: webRootWith(folder) });
        const therapist = await stage.browser.join('therapist', await broker.invite('p-therapist'), 'session');
        const client = await stage.browser.join('client', await broker.invite('p-client'), 'session');
        for (const source of ['mic', 'camera']) await client.turn(source, true);

        const link = await broker.invite('p-ines');
        const ines = await stage.browser.open('Ines', { ...link, url: link.url.replace('/#', '/own/#') });
        equal(await ines.page.evaluate(() => location.href + document.referrer).then((text) => text.includes('#')), false, 'a link in the address bar');
        await ines.click('#join');
        await isAt(ines, 'code');
        await ines.type('#code', await link.code());
        await ines.click('#code-send');
        await isAt(ines, 'waiting');
        ines.id = await ines.page.evaluate(() => window.kinroom.me);

        await therapist.clickBeside(ines, 'admit');
        await isAt(ines, 'admitted');
        await paints(ines);
        await ines.hears(client);
        await ines.click('#camera');
        await therapist.sees(ines);

        await ines.click('#step-out');
        await isAt(ines, 'stepped_out');
        await until('no picture is left on the page', () => ines.page.evaluate(() => document.querySelectorAll('video').length === 0));
        equal(await ines.page.evaluate(() => window.kinroom.tracks.camera), null, 'a camera that is still on');
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
