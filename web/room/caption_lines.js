/* caption_lines.js - the captions on the page, and their switch. */

import { formatLocale, t } from '../i18n.js';
import { byId, keyed, make, setAttribute, setText } from '../common/dom.js';
import { Captions } from './captions.js';

let again = () => {};
const captions = new Captions(globalThis.SpeechRecognition, () => again());
let checkedFor = null;
let stay = null;

export function toggleCaptions() {
    if (captions.state === 'off') return captions.turnOn();
    captions.turnOff();
    return undefined;
}

/* Who is heard: whoever is on a slot, by the name that the room shows. */
function heardNow(session) {
    return session.roster.filter(({ participant }) => participant !== session.me).map(({ participant, name }) =>
        ({ participant, name, track: session.trackOf(participant, 'mic') })).filter(({ track }) => track);
}

export function renderCaptions(session, draw) {
    again = draw;
    if (stay !== session.stay) forgetCaptions();
    stay = session.stay;
    if (checkedFor !== formatLocale()) {
        checkedFor = formatLocale();
        captions.turnOff();
        captions.check(checkedFor);
    }
    captions.follow(heardNow(session));
    const isOn = captions.state === 'on';
    byId('option-captions').hidden = !captions.canBeOn;
    setAttribute(byId('option-captions'), 'aria-checked', String(captions.state !== 'off'));
    setText(byId('captions-why'), captions.why ? t(`captions.${captions.why}`) : captions.state === 'preparing' ? t('captions.preparing') : t('captions.about'));
    byId('captions').hidden = !isOn;
    setText(byId('captions-none'), isOn && captions.lines.length === 0 ? t('captions.none') : '');
    keyed(byId('caption-lines'), captions.lines, ({ serial }) => String(serial),
        () => make('li', {}, make('strong'), ' ', make('span')),
        (line, { name, text }) => {
            setText(line.firstElementChild, name);
            setText(line.lastElementChild, text);
        });
}

/* What was said to somebody who is out is not there any more when they are back. */
export function forgetCaptions() {
    if (captions.state !== 'off') captions.turnOff();
    byId('caption-lines').replaceChildren();
}
