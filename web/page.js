/* page.js - the page: which screen is shown and what is announced. Everything is drawn from the Session's state on each 'change' and once a
 * second; nothing is shown before the server confirmed it. What the buttons do is in the actions.js of each folder.
 *
 * For tests, these stay stable:
 *   #page[data-state]   start no_link joining code bad_link preparing declined locating waiting admitting session stepped_out suspended retrying elsewhere
 *                       left moved removed revoked ended token_expired refused
 *   #page[data-role]    client therapist loved_one interpreter
 *   #page[data-media]   ready once ICE and DTLS are up, else none
 *   #tiles [data-participant][data-source=camera|screen][data-video=on|off]   one figure with a video; mine too
 *   #sound audio        one per audio slot
 *   #people [data-participant][data-seat] [data-action=admit|step-out|mute-mic|mute-camera|remove|agree-yes|take-back], select[data-minutes],
 *       .seat .code[data-code] .place .hand .why, and under 'Allow' [data-action=enable][data-what=mic|camera|screen|chat|others]
 *   #requests [data-participant] [data-action=agree-yes|agree-no]             the client's question
 *   #banner [data-action=stop]                                                while a loved one is in
 *   #code [data-action=code-send|code-again]; [data-action=try-again]
 *   [data-action=join|move|rejoin|leave|check|toggle-mic|toggle-camera|toggle-screen|step-out-self|step-out-all|extend|end|hear]
 *   #guidance[data-texts=loading|shown|failed] [data-action=acknowledge|texts-again|decline|reconsider], .part [data-action=take-part][data-mode=full|audio|watch|listen], the same in #alternatives
 *   #address #phone [data-action=locate]; to correct it: [data-action=place-edit|place-back]
 *   [data-action=hand][aria-pressed]; #chat-to #chat-text [data-action=chat-send], #chat-log li
 *   [data-action=alert], then #confirm-yes; at the therapist's #alerts [data-type=alert|link_trouble][data-participant] [data-action=seen]
 *   #agenda li[aria-current=step] [data-action=next-step]; #missing[data-alarm] [data-action=reached|not-reached][aria-pressed]
 *   #extension [data-action=extension-yes|extension-no] at the client's, #extending at the therapist's
 *   #confirm-yes        the second click of alert, remove and end
 *   #alert, #news       what went wrong, what happened
 *   window.kinroom      the Session: .phase .pc .seat .roster .slots .chat .tiles (participant -> { camera: { root, video }, screen })
 *
 * Keys: Alt+O stops at once: everyone steps out (therapist, client), or I do (loved one). */

import { ACTIONS as CONSOLE } from './console/actions.js';
import { renderAlerts } from './console/care.js';
import { byId, setAttribute, setText } from './common/dom.js';
import { asksBeforeExtending } from './common/rights.js';
import { at, countdown } from './common/times.js';
import { errorText, roleText } from './common/words.js';
import { ACTIONS as ENTRY } from './entry/actions.js';
import { DeviceCheck } from './entry/check.js';
import { renderCode } from './entry/code.js';
import { renderGuidance } from './entry/guidance.js';
import { renderAlternatives, renderPart } from './entry/part.js';
import { fillPlace } from './entry/place.js';
import { renderCard, screenOf } from './entry/screens.js';
import { t } from './i18n.js';
import { ACTIONS as ROOM } from './room/actions.js';
import { Announcer } from './room/announcer.js';
import { renderBanner } from './room/banner.js';
import { renderStage } from './room/stage.js';
import { clearTiles, renderSound } from './room/tiles.js';

const ACTIONS = { ...ENTRY, ...ROOM, ...CONSOLE };

const WITH_CHECK = ['start', 'waiting', 'locating'];
const WITH_PART = ['waiting', 'stepped_out', 'suspended']; /* screens on which a loved one can choose how to take part; and 'session' */
const WITH_HELP = ['preparing', 'declined', 'locating', 'waiting', 'admitting', 'stepped_out', 'suspended', 'session'];

export class Page {
    #session;
    #hasLink;
    #announcer;
    #reconsiders = false; /* declined, and reads the texts again */
    #editsPlace = false; /* a client corrects where they are */
    check = new DeviceCheck();
    saidNo = new Set(); /* the client said no here; the list still lets them say yes */
    wish = null; /* the mode that somebody who declined would take part in */

    constructor(session, { hasLink }) {
        this.#session = session;
        this.#hasLink = hasLink;
        this.#announcer = new Announcer(session);
        session.addEventListener('change', () => this.show());
        session.addEventListener('refusal', (event) => this.#warn(event.detail));
        byId('page').addEventListener('click', (event) => this.#clicked(event));
        byId('page').addEventListener('submit', (event) => this.#submitted(event));
        byId('page').addEventListener('input', (event) => event.target.setCustomValidity?.(''));
        addEventListener('keydown', (event) => {
            if (event.altKey && event.code === 'KeyO' && !byId('banner').hidden) {
                event.preventDefault();
                this.#act('stop', null, byId('banner'));
            }
        });
        setInterval(() => this.show(), 1000);
    }

    show() {
        const screen = screenOf(this.#session, this.#hasLink, this.#reconsiders);
        const page = byId('page');
        const isNew = page.dataset.state !== screen;
        setAttribute(page, 'data-state', screen);
        setAttribute(page, 'data-role', this.#session.role);
        setAttribute(page, 'data-media', this.#session.mediaReady ? 'ready' : 'none');

        const shown = document.querySelector(`[data-screen="${screen}"]`) ? screen : 'card';
        this.#editsPlace &&= screen === 'session';
        for (const section of document.querySelectorAll('[data-screen]'))
            section.hidden = section.dataset.screen !== shown && !(this.#editsPlace && section.dataset.screen === 'locating');
        this.check.render(WITH_CHECK.includes(screen));
        for (const node of document.querySelectorAll('[data-for]')) node.hidden = !node.dataset.for.split(' ').includes(this.#session.role);

        this.#header();
        renderBanner(this.#session);
        if (shown === 'card') renderCard(screen, this.#session);
        if (shown === 'locating' && isNew) fillPlace(this.#session);
        if (shown === 'code') renderCode(this.#session, isNew);
        byId('place-back').hidden = !this.#editsPlace;
        byId('place-leave').hidden = this.#editsPlace;
        if (shown === 'preparing') renderGuidance(this.#session);
        if (shown === 'declined') renderAlternatives(this.#session);
        if (shown === 'session') renderStage(this.#session, this.saidNo);
        else clearTiles(this.#session);
        renderPart(byId('card-part'), this.#session, WITH_PART.includes(screen));
        renderPart(byId('side-part'), this.#session, screen === 'session');
        byId('help').hidden = !WITH_HELP.includes(screen);
        renderAlerts(this.#session);
        renderSound(this.#session);
        this.#forgetAnswers();
        this.#announcer.look();
        if (isNew) this.#arriveAt(shown);
    }

    /* In another language: what was said in the one before is not left standing. */
    redraw() {
        setText(byId('alert'), '');
        this.#announcer.news('');
        this.show();
    }

    /* A reader who can't see the screen change is taken to its heading. The page's title stays: browsers keep titles in their history. */
    #arriveAt(shown) {
        setText(byId('alert'), '');
        if (shown !== 'session') setText(byId('news'), '');
        const section = document.querySelector(`[data-screen="${shown}"]`);
        (section.querySelector('[data-focus]') ?? section.querySelector('h1')).focus({ preventScroll: true });
        scrollTo(0, 0);
        document.querySelector('main').scrollTop = 0;
    }

    #header() {
        const { welcome, room, clock } = this.#session;
        setText(byId('who'), welcome ? `${welcome.name} · ${roleText(welcome.role)}` : '');
        const runs = room && ['open', 'paused', 'lobby'].includes(room.state) && clock.now() >= room.opens_at;
        setText(byId('clock'), runs ? t('room.left', { left: countdown(room.closes_at - clock.now()) }) : '');
        setAttribute(byId('clock'), 'title', room ? t('room.ends_at', at(room.closes_at)) : null);
    }

    /* A no counts until there is a yes, or they are gone. */
    #forgetAnswers() {
        for (const person of this.#session.roster) if (person.agreed || person.seat === 'left') this.saidNo.delete(person.participant);
    }

    /* ---- for the actions ---- */

    reconsider(yes, mode = null) {
        this.#reconsiders = yes;
        this.wish = mode;
        this.show();
    }

    /* Clients are asked first, where it is theirs to say. */
    async whileAsking(extend) {
        if (asksBeforeExtending(this.#session)) setText(byId('extending'), t('extension.asking'));
        try {
            await extend();
        } finally {
            setText(byId('extending'), '');
        }
    }

    editPlace(yes) {
        this.#editsPlace = yes;
        if (yes) fillPlace(this.#session);
        this.show();
        (yes ? byId('address') : document.querySelector('[data-action="place-edit"]')).focus();
    }

    news(text) {
        this.#announcer.news(text);
    }

    #warn(error) {
        setText(byId('alert'), errorText(error));
    }

    /* ---- what buttons do ---- */

    #clicked(event) {
        const node = event.target.closest('[data-action]');
        if (!node || node.disabled || node.type === 'submit') return; /* a form's button acts once its fields are right */
        if (node.type === 'checkbox') event.preventDefault(); /* the tick follows the room's list */
        this.#act(node.dataset.action, node.closest('[data-participant]')?.dataset.participant, node);
    }

    #submitted(event) {
        event.preventDefault();
        if (fits(event.target)) this.#act(event.submitter.dataset.action, null, event.submitter);
    }

    /* A second click on what is still being done is ignored, except on what stops: that must never wait. */
    async #act(action, participant, node) {
        if (node.getAttribute('aria-busy') === 'true' && !node.classList.contains('stop')) return;
        node.setAttribute('aria-busy', 'true');
        setText(byId('alert'), '');
        try {
            await ACTIONS[action]({ session: this.#session, page: this, participant, node });
        } catch (error) {
            this.#warn(error);
        } finally {
            node.removeAttribute('aria-busy');
        }
    }
}

/* In the page's words and not the browser's, which may speak another language. The server counts bytes where a browser counts characters. */
function fits(form) {
    for (const field of form.querySelectorAll('[data-bytes]')) {
        const text = field.value.trim();
        const isLong = new TextEncoder().encode(text).length > Number(field.dataset.bytes);
        field.setCustomValidity(text ? isLong ? t('form.too_long') : '' : t('form.missing'));
    }
    return form.reportValidity();
}
