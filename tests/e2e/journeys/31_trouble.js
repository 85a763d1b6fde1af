/* What goes wrong before anybody is let in, told in plain words with what can be done: devices that are denied, missing, in use or silent, and a
 * network that lets nothing through. */

import { equal, includes, until } from '../check.js';
import { planOf } from '../broker.js';

const PHONE = '+1 555 010 0199';

const reads = (person, selector, part) => until(`${selector} says "${part}"`, async () => (await person.text(selector)).includes(part));

/* Firefox measures no sound on a machine that has nothing to play it on, and says so. */
const hasSound = ({ kind }) => kind === 'chromium';

/* Before the page's own script. window.says: for video and audio, the name of the browser's no, 'silent', or nothing: all is well. */
function withTrouble() {
    window.says = { video: 'NotAllowedError', audio: 'NotFoundError' };
    const { getUserMedia } = MediaDevices.prototype;
    MediaDevices.prototype.getUserMedia = async function (what) {
        const word = window.says[what.video ? 'video' : 'audio'];
        if (word === 'silent') return new AudioContext().createMediaStreamDestination().stream;
        if (word) throw new DOMException('', word);
        return getUserMedia.call(this, what);
    };
}

/* Nor does any candidate of the server's reach the browser. */
function withoutCandidates() {
    const { setRemoteDescription } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
        return setRemoteDescription.call(this, { type, sdp: sdp.replace(/^a=(candidate|end-of-candidates).*\r\n/gm, '') });
    };
}

const trySaying = async (person, says) => {
    await person.page.evaluate((words) => { window.says = words; }, says);
    await person.click('[data-action="check-again"]');
};

async function devices(stage, broker) {
    const sam = await stage.browser.open('Sam', await broker.invite('p-sam'), { before: withTrouble });
    await sam.click('[data-action="check"]');
    await reads(sam, '#check-camera-trouble', 'does not let the page use your camera');
    await reads(sam, '#check-mic-trouble', 'no microphone');
    includes(await sam.text('#check-permission'), sam.kind === 'firefox' ? 'crossed-out' : 'left of the page’s address', 'where it is allowed');
    await sam.screenshot('check-denied');

    await trySaying(sam, { video: 'NotReadableError', audio: 'silent' });
    await reads(sam, '#check-camera-trouble', 'Another program');
    equal(await sam.text('#check-permission'), '', 'what is said of a permission that was given');
    await reads(sam, '#check-voice', hasSound(sam) ? 'We hear nothing yet' : 'can’t tell how loud');
    await sam.screenshot('check-silent');

    await trySaying(sam, {});
    await reads(sam, '#check-voice', hasSound(sam) ? 'We can hear you.' : 'can’t tell how loud');
    for (const source of ['camera', 'mic']) equal(await sam.text(`#check-${source}-trouble`), '', `what is said of a ${source} that works`);
    equal(await sam.page.$eval('#check-again', (node) => node.hidden), true, 'that there is nothing to try again');
}

async function network(stage, broker) {
    const sam = await stage.browser.arrive('Sam, elsewhere', await broker.invite('p-sam'), 'waiting', { before: withoutCandidates });
    equal(await sam.page.$eval('#waiting-network', (node) => node.dataset.verdict), 'checking', 'the verdict of the first moment');
    await sam.waitFor('#waiting-network[data-verdict="blocked"]', 25000);
    includes(await sam.text('#waiting-network'), 'lets no sound and picture through', 'what they read');
    await sam.screenshot('waiting-blocked');
}

export async function journey(stage) {
    const broker = await stage.broker({ plan: planOf(), options: { '--clinic-phone': PHONE } });
    await devices(stage, broker);
    await network(stage, broker);
}
