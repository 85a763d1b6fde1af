/* stage.js - the session's own screen: pictures, people, and what lies beside them. */

import { byId, setText } from '../common/dom.js';
import { mayExtend } from '../common/rights.js';
import { roomNote } from '../common/words.js';
import { renderMissing } from '../console/care.js';
import { renderExtending } from '../console/extending.js';
import { renderPeople, renderWaiting } from '../console/people.js';
import { renderAgenda } from './agenda.js';
import { forgetCaptions, renderCaptions } from './caption_lines.js';
import { renderChat } from './chat.js';
import { renderExtension } from './extension.js';
import { endFloat, renderFloat } from './float.js';
import { startHeadset, tellHeadset } from './headset.js';
import { renderKeys, startKeys } from './keys.js';
import { renderOptions, startOptions } from './options.js';
import { forgetPanels } from './panels.js';
import { renderRequests } from './requests.js';
import { clearTiles, renderTiles } from './tiles.js';
import { renderToolbar, startToolbar } from './toolbar.js';
import { renderTrouble, watchTrouble } from './trouble.js';

/* Once. page: has show() and refuse(error). */
export function startStage(session, page) {
    startToolbar();
    startKeys();
    startHeadset();
    startOptions(session, (error) => page.refuse(error));
}

/* saidNo: participants to whom the client said no here. again: draws it anew. */
export function renderStage(session, saidNo, again) {
    const note = roomNote(session);
    setText(byId('note'), note);
    byId('note').hidden = !note;
    watchTrouble(session, again);
    renderTrouble(session);
    renderPeople(session);
    renderRequests(session, saidNo);
    renderMissing(session);
    renderExtension(session);
    renderExtending(session);
    byId('extend').hidden = !mayExtend(session);
    renderAgenda(session);
    renderChat(session);
    renderCaptions(session, again);
    renderOptions(session);
    renderToolbar(session);
    renderWaiting(session);
    renderKeys();
    renderTiles(session); /* last: in the room that all others leave */
    renderFloat();
    tellHeadset(session);
}

/* On each drawing of another screen. */
export function clearStage(session) {
    clearTiles(session);
    forgetCaptions();
    forgetPanels();
    endFloat();
}
