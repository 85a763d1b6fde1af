/* options.js - what everybody may set for themselves in the session: devices, how it looks, how it sounds. */

import { t } from '../i18n.js';
import { isQuiet } from '../common/chime.js';
import { captureChosen, chooseDevice, chosen } from '../common/devices.js';
import { byId, keyed, make, setAttribute, setText } from '../common/dom.js';
import { canFloat, isFloating } from './float.js';
import { isOpen } from './panels.js';
import { placeTiles } from './places.js';
import { chooseSpeaker, choosesSpeaker } from './sound.js';
import { CORNERS, view } from './view.js';

const KINDS = { camera: 'videoinput', mic: 'audioinput', speaker: 'audiooutput' };

let listed = false;
let devices = [];

/* Names of devices are known only once one of them may be used, so we ask again each time the panel is opened. */
async function list() {
    devices = await navigator.mediaDevices?.enumerateDevices().catch(() => []) ?? [];
}

const currentOf = (source, session) => session.tracks[source]?.getSettings().deviceId ?? chosen(source);

function renderDevices(session) {
    for (const [source, kind] of Object.entries(KINDS)) {
        const select = byId(`option-${source}`);
        const known = devices.filter((device) => device.kind === kind && device.deviceId);
        select.parentElement.hidden = known.length === 0 || (source === 'speaker' && !choosesSpeaker());
        keyed(select, known, ({ deviceId }) => deviceId, ({ deviceId }) => make('option', { value: deviceId }), (option, { deviceId, label }) =>
            setText(option, label || t(`options.nth_${source}`, { count: 1 + known.findIndex((one) => one.deviceId === deviceId) })));
        const current = currentOf(source, session) || 'default';
        if (document.activeElement !== select && known.some(({ deviceId }) => deviceId === current)) select.value = current;
    }
    byId('options-devices').hidden = devices.every(({ deviceId }) => !deviceId);
}

export function renderOptions(session) {
    if (isOpen('options') !== listed) {
        listed = isOpen('options');
        if (listed) list().then(() => renderDevices(session));
    }
    renderDevices(session);
    setAttribute(byId('option-layout'), 'aria-checked', String(view.layout === 'speaker'));
    setAttribute(byId('option-self'), 'aria-checked', String(view.isSelfHidden));
    setAttribute(byId('option-sound-only'), 'aria-checked', String(!session.wantsVideo));
    setAttribute(byId('option-chimes'), 'aria-checked', String(!isQuiet()));
    setAttribute(byId('option-keys'), 'aria-checked', String(view.hasKeys));
    byId('option-float').hidden = !canFloat();
    setAttribute(byId('option-float'), 'aria-checked', String(isFloating()));
    const corner = byId('option-corner');
    keyed(corner, CORNERS, (name) => name, (name) => make('option', { value: name, 'data-t': `options.${name}` }), () => {});
    corner.value = view.corner;
}

/* refuse: shows what went wrong. */
export function startOptions(session, refuse) {
    navigator.mediaDevices?.addEventListener?.('devicechange', () => list());
    byId('option-corner').addEventListener('change', ({ target }) => {
        view.setCorner(target.value);
        placeTiles();
    });
    byId('option-speaker').addEventListener('change', ({ target }) => chooseSpeaker(target.value).catch(refuse));
    for (const source of ['camera', 'mic'])
        byId(`option-${source}`).addEventListener('change', ({ target }) => changeDevice(session, source, target.value).catch(refuse));
}

/* Whoever has it on goes on with the other one; else it counts from when they turn it on. */
async function changeDevice(session, source, id) {
    chooseDevice(source, id);
    if (!session.tracks[source]) return;
    const { stay } = session;
    const track = await captureChosen(source);
    if (session.tracks[source] && session.maySend(source) && session.stay === stay) await session.send(source, track);
    else track.stop();
}
