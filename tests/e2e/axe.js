/* axe.js - what axe-core finds wrong with a page as it stands: WCAG 2.2, A and AA, and its own best practices. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { equal } from './check.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/* Left out of axe's own choice, and part of WCAG 2.2 AA. */
const RULES = { 'target-size': { enabled: true } };

/* "rule: selector (what is to be done)" of each. */
export async function violations(page) {
    if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(AXE);
    /* A colour on its way to another has a contrast of its own. */
    await page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)));
    return page.evaluate(async (rules) => (await window.axe.run(document, { resultTypes: ['violations'], rules })).violations
        .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} (${failureSummary.replace(/\s+/g, ' ')})`)), RULES);
}

/* what: for the failure. */
export async function accessible(page, what) {
    equal((await violations(page)).join('\n'), '', `axe's violations: ${what}`);
}
