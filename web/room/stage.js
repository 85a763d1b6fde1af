/* stage.js - the session's own screen: pictures, people, and what lies beside them. */

import { byId, setText } from '../common/dom.js';
import { mayExtend } from '../common/rights.js';
import { roomNote } from '../common/words.js';
import { renderMissing } from '../console/care.js';
import { renderPeople } from '../console/people.js';
import { renderAgenda } from './agenda.js';
import { renderChat } from './chat.js';
import { renderExtension } from './extension.js';
import { renderRequests } from './requests.js';
import { renderTiles } from './tiles.js';
import { renderToolbar } from './toolbar.js';

/* saidNo: participants to whom the client said no here. */
export function renderStage(session, saidNo) {
    const note = roomNote(session);
    setText(byId('note'), note);
    byId('note').hidden = !note;
    renderTiles(session);
    renderPeople(session);
    renderRequests(session, saidNo);
    renderMissing(session);
    renderExtension(session);
    byId('extend').hidden = !mayExtend(session);
    renderAgenda(session);
    renderChat(session);
    renderToolbar(session);
}
