/* What the first look at the join page costs: bytes on the wire, and time on a slow machine. */

import { equal, figure, until, within } from '../check.js';

export const only = 'chromium'; /* whose network tools count the bytes */
export const alone = true;

const MOST_KB = 150;
const SLOW = 4; /* times */
const MOST_MS = 6000;
const QUIET_MS = 700;

/* All that a page fetches, headers and all; and how long until Join could be pressed. */
async function load(person, go) {
    const cdp = await person.page.createCDPSession();
    await cdp.send('Network.enable');
    let bytes = 0, count = 0;
    const began = performance.now();
    let newest = began;
    cdp.on('Network.requestWillBeSent', () => { newest = performance.now(); });
    cdp.on('Network.loadingFinished', ({ encodedDataLength }) => {
        bytes += encodedDataLength;
        count++;
        newest = performance.now();
    });
    await go();
    await person.waitFor('[data-action="join"]');
    const ms = performance.now() - began;
    await until('the page has all it asked for', () => performance.now() - newest > QUIET_MS); /* what was preloaded and not used may never be told to be finished */
    await cdp.detach();
    return { kb: bytes / 1000, count, ms };
}

export async function journey(stage) {
    const broker = await stage.broker();
    const person = await stage.browser.open('visitor', { url: `${broker.url}/healthz` });
    const visit = () => person.page.goto(`${broker.url}/#i=${'A'.repeat(43)}`);

    const first = await load(person, visit);
    within(first.kb, [5, MOST_KB], 'kB of the first load');
    figure('join_page_kb', first.kb, 'kB');
    figure('join_page_requests', first.count, 'requests');
    equal(await person.page.evaluate(() => navigator.mediaDevices !== undefined && window.kinroom.pc), null, 'media before Join is pressed');

    const second = await load(person, () => person.page.reload());
    within(second.kb, [0, first.kb / 2], 'kB of the second load');
    figure('join_page_again_kb', second.kb, 'kB');

    await person.page.emulateCPUThrottling(SLOW);
    const slow = await load(person, () => person.page.reload());
    within(slow.ms, [0, MOST_MS], `ms until Join can be pressed, on a processor ${SLOW} times as slow`);
    figure('join_page_slow_ms', slow.ms, 'ms');
}
