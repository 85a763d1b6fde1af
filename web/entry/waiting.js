/* waiting.js - the waiting room: who will let them in, when, and that nobody hears or sees them. It tells only what the plan and the clock say:
 * nobody learns here who else is there. */

import { t } from '../i18n.js';
import { chime } from '../common/chime.js';
import { byId, button, keyed, setAttribute, setText } from '../common/dom.js';
import { keep, kept } from '../common/kept.js';
import { inWords, oneOf } from '../common/times.js';
import { whenItStarts } from '../common/words.js';
import { pathVerdict, watchPath } from './network.js';

const STORED = 'kinroom.entrance';
const LONG_S = 15 * 60;
const MOMENT_S = 60;
const BEFORE = ['waiting', 'stepped_out', 'suspended', 'admitting'];

const wantsSound = () => kept(STORED) !== 'no';

let since_ms = null; /* of this visit: a line that was lost meanwhile changes nothing */
let was = null;

/* On each drawing: the sound that calls somebody back who does something else meanwhile. */
export function callIn({ role, seat }) {
    const now = seat?.seat ?? null;
    if (now === 'admitted' && BEFORE.includes(was) && role !== 'client' && wantsSound()) chime('entrance');
    if (['left', 'declined', 'admitted'].includes(now)) since_ms = null;
    was = now ?? was;
}

export function renderWaiting(session, again) {
    const { welcome: { name, therapists = [] }, room, clock } = session;
    since_ms ??= Date.now();
    const waited_s = (Date.now() - since_ms) / 1000;
    const late_s = room ? clock.now() - room.opens_at : 0;
    const isLong = Math.min(waited_s, late_s) > LONG_S;
    const who = therapists.length ? oneOf(therapists) : t('waiting.your_therapist');

    setText(byId('waiting-title'), t('waiting.title', { name }));
    setText(byId('waiting-who'), t('waiting.who', { who }));
    setText(byId('waiting-when'), whenItStarts(session));
    setText(byId('waiting-waited'), waited_s < MOMENT_S ? t('waiting.just_arrived') : t('waiting.waited', { left: inWords(waited_s) }));
    setText(byId('waiting-long'), isLong ? t('waiting.long') : '');
    setText(byId('waiting-next'), t('waiting.next', { who }));
    keyed(byId('waiting-actions'), session.role === 'loved_one' ? ['decline', 'leave'] : ['leave'], (action) => action,
        (action) => button(action, `button.${action}`), () => {});
    renderNetwork(session, again);
}

function renderNetwork(session, again) {
    watchPath(session, again);
    const verdict = pathVerdict();
    setAttribute(byId('waiting-network'), 'data-verdict', verdict);
    setText(byId('waiting-network'), t(`network.${verdict}`));
}

export function startWaiting() {
    const box = byId('waiting-sound');
    box.checked = wantsSound();
    box.addEventListener('change', () => {
        keep(STORED, box.checked ? 'yes' : 'no');
        if (box.checked) chime('entrance'); /* so that they know it when it comes */
    });
}
