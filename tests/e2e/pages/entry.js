/* entry.js - what people see who are on their way in, or don't get in. */

import { until } from '../check.js';
import { PLACE } from '../people.js';

/* Before the page's own scripts: the server's door answers nobody. */
function neverOpens() {
    const real = window.fetch;
    window.fetch = (path, ...rest) => (String(path).includes('/join/') ? new Promise(() => {}) : real(path, ...rest));
}

/* Whoever has no good link. */
export async function lookAtStrangers(stage, broker, look) {
    const nobody = await stage.browser.open('nobody', { url: `${broker.url}/` });
    await nobody.isIn('no_link');
    await look.at(nobody, 'no-link');
    await nobody.close();

    const stranger = await stage.browser.open('stranger', { url: `${broker.url}/#i=${'A'.repeat(43)}` });
    await stranger.click('[data-action="join"]');
    await stranger.isIn('bad_link');
    await look.at(stranger, 'bad-link');
    await stranger.close();

    const patient = await stage.browser.open('patient', await broker.invite('p-sam'), { before: neverOpens });
    await patient.click('[data-action="join"]');
    await patient.isIn('joining');
    await look.at(patient, 'joining');
    await patient.close();
}

/* Resolves to the client, who is there before the therapist. */
export async function lookAtClientsWay(stage, broker, look) {
    const client = await stage.browser.open('client', await broker.invite('p-client'));
    await client.waitFor('[data-action="join"]');
    await look.at(client, 'start');
    await client.click('[data-action="check"]');
    await client.waitFor('#check-network[data-verdict="good"]');
    await client.click('[data-action="check-play"]');
    await client.waitFor('#check-heard');
    await look.at(client, 'device-check');
    await client.click('[data-action="check"]');
    await client.click('[data-action="join"]');
    await client.isIn('code');
    await look.at(client, 'code');
    await client.prepareFor('locating');
    await look.at(client, 'locating');
    await client.locate(PLACE);
    await client.isIn('session');
    client.id = await client.page.evaluate(() => window.kinroom.me);
    await look.at(client, 'waiting-client');
    return client;
}

/* Resolves to the loved one, who waits. */
export async function lookAtLovedOnesWay(stage, broker, look) {
    const sam = await stage.browser.arrive('Sam', await broker.invite('p-sam'), 'preparing');
    await sam.waitFor('#guidance[data-texts="shown"]');
    await look.at(sam, 'preparing');
    await sam.click('[data-screen="preparing"] [data-action="decline"]');
    await sam.isIn('declined');
    await look.at(sam, 'declined');
    await sam.click('[data-action="reconsider"]');
    await sam.click('[data-action="acknowledge"]');
    await sam.isIn('waiting');
    await until('the network is found good', () => sam.page.$('#waiting-network[data-verdict="good"]'));
    await look.at(sam, 'waiting-loved-one');
    return sam;
}
