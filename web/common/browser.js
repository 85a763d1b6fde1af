/* browser.js - which browser this is, for one thing only: where its reader finds the switch that lets a page use camera and microphone. */

/* Every browser on an iPhone has the switches of the system. An iPad calls itself a Mac, and alone of those has a touch screen. */
const FAMILIES = [
    ['ios', (agent) => /iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1)],
    ['android', (agent) => /Android/.test(agent)],
    ['firefox', (agent) => /Firefox/.test(agent)],
    ['chrome', (agent) => /Chrome|Chromium/.test(agent)],
    ['safari', (agent) => /Safari/.test(agent)],
];

export const browserFamily = (agent = navigator.userAgent) => FAMILIES.find(([, is]) => is(agent))?.[0] ?? 'chrome';
