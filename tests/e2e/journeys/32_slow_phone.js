/* A phone with a quarter of this machine's speed: the page can be used before anything of media is there, and leads to the waiting room all the
 * same. */

import { atLeast, figure } from '../check.js';

export const only = 'chromium'; /* whose processor can be slowed down */
export const alone = true;

const SLOWER = 4;
const ROUNDS = 3;
const INTERACTIVE_MOST_MS = 6000;
const WAITING_MOST_MS = 15000;

/* From the address to a button that answers; and on to the waiting room, with the code typed at once. */
async function comes(stage, broker) {
    const sam = await stage.browser.open('Sam', { url: 'about:blank' });
    sam.link = await broker.invite('p-sam');
    await sam.page.setViewport({ width: 390, height: 844, isMobile: true, hasTouch: true });
    await sam.page.emulateCPUThrottling(SLOWER);
    const begun = performance.now();
    await sam.page.goto(sam.link.url, { waitUntil: 'domcontentloaded' });
    await sam.click('[data-action="join"]');
    const interactive_ms = performance.now() - begun;
    await sam.prepareFor('waiting');
    await sam.waitFor('#page[data-media="ready"]');
    const waiting_ms = performance.now() - begun;
    await sam.close();
    return { interactive_ms, waiting_ms };
}

export async function journey(stage) {
    const broker = await stage.broker();
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await comes(stage, broker));
    const middle = (name) => rounds.map((round) => round[name]).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
    figure('join_interactive_slow_phone', middle('interactive_ms'), 'ms');
    figure('join_waiting_slow_phone', middle('waiting_ms'), 'ms');
    atLeast(INTERACTIVE_MOST_MS, middle('interactive_ms'), 'ms until Join answers');
    atLeast(WAITING_MOST_MS, middle('waiting_ms'), 'ms until the waiting room, ready for media');
}
