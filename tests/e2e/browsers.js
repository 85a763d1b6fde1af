/* browsers.js - the browsers that people use, as these tests start them: with fake cameras and microphones, a fresh profile, any certificate
 * accepted, and without a word to anybody but the pages' own server. */

import { networkInterfaces } from 'node:os';
import puppeteer from 'puppeteer-core';
import { freeTcpPort } from './broker.js';
import { Skipped } from './check.js';

const FLAGS = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--use-fake-device-for-media-stream=fps=10', '--use-fake-ui-for-media-stream', '--ignore-certificate-errors',
    '--autoplay-policy=no-user-gesture-required',
    /* Chromium leaves loopback out of its candidates; a machine without any other network has none then. */
    '--allow-loopback-in-peer-connection',
    /* Three windows on one screen: the covered ones are in use as much as the one on top. */
    '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding', '--disable-background-timer-throttling',
];

/* Beside those that Puppeteer sets, which keep it from asking for updates, lists of bad sites and studies. */
const PREFERENCES = {
    'media.navigator.streams.fake': true,
    'media.navigator.permission.disabled': true,
    'media.autoplay.default': 0,
    'media.navigator.video.default_fps': 10, /* as Chromium's fake camera, by its flag: a dozen pictures at once fit two processors */
    /* A name in multicast DNS instead of an address: nobody answers it in a network namespace. */
    'media.peerconnection.ice.obfuscate_host_addresses': false,
    'media.gmp-manager.url': '',
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'network.dns.disablePrefetch': true,
    'network.proxy.type': 0,
    'app.normandy.enabled': false,
    'browser.region.network.url': '',
    'browser.topsites.contile.enabled': false,
    'dom.push.connection.enabled': false,
    'toolkit.telemetry.enabled': false,
    'toolkit.telemetry.server': '',
    'dom.min_background_timeout_value': 4, /* as above: no window is less in use than another */
    'dom.timeout.enable_budget_timer_throttling': false,
    'dom.ipc.processPrelaunch.enabled': false,
    'browser.newtab.preload': false,
    'layout.frame_rate': 5, /* a second; painting without a graphics card is what a test's time would go to */
};

/* Firefox's fake devices end at the camera: without a screen, as here, it has none to share. A picture that changes stands in for it. Runs in the
 * page, before its own scripts. */
function screenOfCanvas() {
    if (!navigator.mediaDevices) return; /* about:blank */
    navigator.mediaDevices.getDisplayMedia = async () => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
        const picture = canvas.getContext('2d');
        const stream = canvas.captureStream(15);
        const [track] = stream.getVideoTracks();
        const timer = setInterval(() => {
            if (track.readyState === 'ended') clearInterval(timer);
            picture.fillStyle = `hsl(${performance.now() / 20 % 360} 60% 50%)`;
            picture.fillRect(0, 0, canvas.width, canvas.height);
        }, 66);
        return stream;
    };
}

/* before: what runs in each page before its own scripts. loopback: whether it sends media over loopback; Firefox's pages never do, as loopback is
 * not among the addresses that the parent process tells them, whatever media.peerconnection.ice.loopback says. */
export const BROWSERS = {
    chromium: {
        options: { browser: 'chrome', executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS },
        before: [],
        loopback: true,
    },
    firefox: {
        options: { browser: 'firefox', executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr', extraPrefsFirefox: PREFERENCES },
        before: [screenOfCanvas],
        loopback: false,
    },
};

/* What makes it run in a host of netns.js. Firefox is steered over a port of its own loopback, which is bridged. */
async function inside(host, kind) {
    const executablePath = host.launcher(BROWSERS[kind].options.executablePath);
    if (kind === 'chromium') return { executablePath, pipe: true };
    const debuggingPort = await freeTcpPort();
    await host.bridge(debuggingPort);
    return { executablePath, debuggingPort };
}

/* folder: an empty one, for the profile. host: of netns.js, or null: here. flags: more of them, for Chromium; preferences: for Firefox. */
export async function launch(kind, folder, viewport, host, { flags = [], preferences = {} }) {
    const { options } = BROWSERS[kind];
    const more = kind === 'chromium' ? { args: [...options.args, ...flags] }
        : { extraPrefsFirefox: { ...options.extraPrefsFirefox, ...preferences } };
    return puppeteer.launch({
        ...options, ...more, ...host && await inside(host, kind), headless: true,
        userDataDir: folder, defaultViewport: viewport, acceptInsecureCerts: true,
    });
}

/* An address of this machine besides loopback. */
export function ownAddress(family) {
    const own = Object.values(networkInterfaces()).flat().find((one) => one.family === family && !one.internal && !one.scopeid);
    if (!own) throw new Skipped(`this machine has no ${family} address besides loopback`);
    return own.address;
}

/* Where a broker has to take media so that these kinds of browsers reach it: on `host`, which is loopback, where they go there. */
export const mediaAddressFor = (kinds, host) =>
    (kinds.every((kind) => BROWSERS[kind].loopback) ? host : ownAddress(host.includes(':') ? 'IPv6' : 'IPv4'));
