#include "room/handlers.h"

#include <stdio.h>
#include <string.h>

#include "room/extension.h"
#include "room/gate.h"
#include "room/journal.h"
#include "room/notify.h"
#include "room/orders.h"
#include "room/rights.h"
#include "room/settle.h"

/* A handler's word: NULL for done, else the code of the refusal. */
typedef const char *outcome;
#define DONE NULL
static const char later[] = "later"; /* neither: the answer waits for the ledger */

struct context {
    struct room *room;
    struct now now;
    struct participant *from;
    const struct request *request;
    struct outbox *out;
};

static struct participant *find_guest(const struct context *c, const struct id *participation)
{
    struct participant *p = room_find(c->room, participation);
    return p && participant_needs_admission(p) ? p : NULL;
}

static void log_step(const struct context *c, const struct participant *p)
{
    log_info(c->room->shared->log, "session %s: %s %s (%s by %s)", c->room->plan.session.text,
             p->who.participation.text, seat_name(p->seat), request_name(c->request->kind),
             c->from->who.participation.text);
}

static enum status seat(struct context *c, struct participant *p, enum seat_event event, const char *reason)
{
    return room_seat(c->room, p, event, c->from, reason, c->out);
}

static outcome on_offer(struct context *c)
{
    struct participant *p = c->from;
    if (p->link)
        return "already_negotiated";
    uint8_t buffer[32768];
    struct writer answer = writer_over(buffer, sizeof buffer);
    struct link *link;
    const char *why;
    enum status status = link_create(&link, &c->room->shared->link, c->now, bytes_of(c->request->offer.sdp),
                                     SLOTS_AUDIO, SLOTS_VIDEO, &answer, &why);
    if (status != OK) {
        log_debug(c->room->shared->log, "session %s: offer of %s refused: %s (%s)", c->room->plan.session.text,
                  p->who.participation.text, status_name(status), why ? why : "our side");
        return why ? "bad_offer" : "busy";
    }
    if (routes_add_ufrag(c->room->shared->routes, bytes_of(transport_ufrag(link->transport)), p->connection) != OK) {
        link_destroy(link);
        return "busy";
    }
    p->link = link;
    link_name(&c->room->shared->link, &p->link_name);
    notify_answer(p, c->request->id, (const char *)buffer, c->out);
    return DONE;
}

/* DTLS and media go on as they are; only where checks are expected from, and what they must know, is another. */
static outcome on_restart_ice(struct context *c)
{
    struct participant *p = c->from;
    if (!p->link)
        return "wrong_state";
    if (p->restarted && c->now.mono_us < p->restarted + RESTART_ICE_US)
        return "busy";
    enum status status = transport_restart_ice(p->link->transport, bytes_of(c->request->restart_ice.ufrag),
                                               bytes_of(c->request->restart_ice.pwd));
    if (status != OK)
        return status == ERR_MALFORMED ? "malformed" : "wrong_state";
    p->restarted = c->now.mono_us;
    /* Ours are random: that another link has the same is as good as impossible, and then this one fails and comes anew.
     */
    routes_change_ufrag(c->room->shared->routes, bytes_of(transport_ufrag(p->link->transport)), p->connection);
    notify_ice(p, c->request->id, c->out);
    return DONE;
}

static outcome on_media(struct context *c)
{
    if (!participant_in(c->from))
        return "wrong_state";
    source_mask sends = room_rights(c->room, c->from).sends;
    if (c->request->media.sources & ~sends)
        return "not_allowed";
    c->from->sending = c->request->media.sources;
    return DONE;
}

/* It only takes away: what they may receive is decided elsewhere. */
static outcome on_receive(struct context *c)
{
    if (!c->from->link)
        return "wrong_state";
    c->from->link->sound_only = !c->request->receive.video;
    return DONE;
}

static outcome on_agree(struct context *c)
{
    struct participant *p = find_guest(c, &c->request->agree.participant);
    if (!p || p->who.role != ROLE_LOVED_ONE || !id_equal(room_client_of(c->room, p), &c->from->who.person))
        return "unknown_participant";
    bool yes = c->request->agree.yes;
    if (yes && room_is_withdrawn(c->room, p))
        return verdict_name(VERDICT_GRANT_WITHDRAWN); /* a yes to nothing must not outlive it */
    if (yes != p->agreed)
        journal_note(c->room, RECORD_AGREED, p, c->from, yes ? "yes" : "no", c->out);
    p->refused = !yes;
    if (yes) {
        p->agreed = true;
        return DONE;
    }
    room_end_segment(p);
    if (seat(c, p, SEAT_STEP_OUT, "stepped_out_by_client") == OK) /* whoever was in, or about to come back */
        log_step(c, p);
    return DONE;
}

static outcome on_admit(struct context *c)
{
    struct participant *p = find_guest(c, &c->request->admit.participant);
    if (!p)
        return "unknown_participant";
    if (seat_after(p->seat, SEAT_ADMIT) == SEAT_NONE)
        return "wrong_state";
    enum verdict verdict = room_verdict(c->room, c->now, p, false);
    if (verdict != VERDICT_ADMIT) {
        journal_note(c->room, RECORD_REFUSED, p, c->from, verdict_name(verdict), c->out);
        return verdict_name(verdict);
    }
    enum mode mode = c->request->admit.mode;
    if (mode && !term_in(room_modes(c->room, p), (int)mode))
        return "not_allowed"; /* more than the grant gives, or an interpreter, who has none */
    p->limit = mode;          /* before the ledger writes in which mode */
    if (seat(c, p, SEAT_ADMIT, NULL) != OK) {
        p->limit = 0;
        return "ledger_unavailable";
    }
    room_start_segment(c->room, c->now, p, c->request->admit.minutes);
    p->interval.asked_by = c->from->client;
    p->interval.request = c->request->id;
    return later;
}

static outcome step_out_everyone(struct context *c)
{
    if (c->from->who.role != ROLE_THERAPIST && c->from->who.role != ROLE_CLIENT)
        return "not_allowed";
    order_step_out_everyone(c->room, c->from, c->out);
    return DONE; /* nobody in is what was asked for, too */
}

static outcome on_step_out(struct context *c)
{
    if (c->request->step_out.everyone)
        return step_out_everyone(c);
    struct participant *p = find_guest(c, &c->request->step_out.participant);
    if (!p)
        return "unknown_participant";
    if (c->from != p && !order_may_stop(c->room, c->from, p))
        return "not_allowed";
    if (!order_can_stop(p))
        return "wrong_state";
    order_step_out(c->room, p, c->from, c->out);
    return DONE;
}

static outcome on_remove(struct context *c)
{
    struct participant *p = find_guest(c, &c->request->remove.participant);
    if (!p)
        return "unknown_participant";
    if (order_remove(c->room, c->now, p, c->from, NULL, c->out) != OK)
        return "wrong_state";
    /* The gates are shut with this step; but that it is for good holds only once a crash can't forget it. */
    return room_owe(c->room, c->from->client, c->request->id) ? later : DONE;
}

static outcome on_mute(struct context *c)
{
    struct participant *p = room_find(c->room, &c->request->mute.participant);
    if (!p || p->who.role == ROLE_THERAPIST)
        return "unknown_participant";
    p->muted = c->request->mute.sources;
    return DONE;
}

static outcome on_extend(struct context *c)
{
    uint32_t minutes = c->request->extend.minutes;
    if (extension_is_asked(c->room))
        return "wrong_state"; /* one question at a time */
    if (!extension_fits(c->room, minutes))
        return "extension_refused";
    if (!extension_needs_yes(c->room)) {
        extension_make(c->room, minutes, c->from, c->out);
        return DONE;
    }
    return extension_ask(c->room, c->now, c->from, minutes, c->request->id) ? later : "extension_refused";
}

static outcome on_allow_extension(struct context *c)
{
    return extension_answer(c->room, c->now, c->from, c->request->allow_extension.yes, c->out) ? DONE : "wrong_state";
}

static outcome on_end(struct context *c)
{
    if (order_end(c->room, c->now, c->from, c->out) != OK)
        return "wrong_state";
    notify_done(c->from->client, c->request->id, c->out); /* before their socket is closed with all the others */
    return DONE;
}

static outcome on_leave(struct context *c)
{
    seat(c, c->from, SEAT_LEAVE, "left"); /* from every seat that a connected person can have */
    log_step(c, c->from);
    notify_done(c->from->client, c->request->id, c->out);
    room_dismiss(c->room, c->now, c->from, "left", c->out);
    return DONE;
}

/* What must be read is what is current: a page that was open too long starts over. */
static outcome on_acknowledge(struct context *c)
{
    struct participant *p = c->from;
    if (strcmp(c->request->acknowledge.guidance, c->room->plan.guidance_version) != 0 ||
        strcmp(c->request->acknowledge.notice, c->room->plan.notice_version) != 0)
        return "stale_version";
    if (seat(c, p, SEAT_PREPARE, NULL) != OK)
        return "wrong_state";
    p->prepared = true;
    p->prepared_at = room_unix_s(c->room);
    journal_note(c->room, RECORD_ACKNOWLEDGED, p, p, kind_name(c->room->plan.kind), c->out);
    return DONE;
}

static outcome on_decline(struct context *c)
{
    if (seat(c, c->from, SEAT_DECLINE, "declined") != OK)
        return "wrong_state";
    log_step(c, c->from);
    return DONE;
}

static outcome on_locate(struct context *c)
{
    struct participant *p = c->from;
    if (seat(c, p, SEAT_PREPARE, NULL) != OK)
        return "wrong_state";
    p->prepared = true;
    snprintf(p->location.address, sizeof p->location.address, "%s", c->request->locate.address);
    snprintf(p->location.phone, sizeof p->location.phone, "%s", c->request->locate.phone);
    return DONE;
}

static outcome on_take_part(struct context *c)
{
    enum mode mode = c->request->take_part.mode;
    if (!term_in(room_modes(c->room, c->from), (int)mode))
        return "not_allowed";
    c->from->choice = mode;
    c->from->sending &= room_rights(c->room, c->from).sends;
    return DONE;
}

static outcome on_enable(struct context *c)
{
    struct participant *p = room_find(c->room, &c->request->enable.participant);
    if (!p || p->who.role == ROLE_THERAPIST)
        return "unknown_participant";
    p->enabled = c->request->enable.what;
    p->sending &= room_rights(c->room, p).sends;
    return DONE;
}

static outcome on_chat(struct context *c)
{
    const struct matrix_row *row = matrix_row(c->room->plan.kind, c->from->who.role);
    if (!participant_in(c->from) || room_phase(c->room, c->now) != PHASE_OPEN)
        return "wrong_state";
    if (!room_rights(c->room, c->from).chat)
        return row->chat == ALLOW_ENABLED ? "not_enabled" : "not_allowed";
    if (row->chat_to_therapist_only && !c->request->chat.to_therapist)
        return "not_allowed";
    notify_chat(c->room, c->now, c->from, c->request->chat.text, c->request->chat.to_therapist, c->out);
    return DONE;
}

static outcome on_hand(struct context *c)
{
    if (!participant_in(c->from))
        return "wrong_state";
    c->from->hand = c->request->hand.up;
    return DONE;
}

static outcome on_next_step(struct context *c)
{
    struct room *room = c->room;
    if (room_phase(room, c->now) != PHASE_OPEN || room->step >= room->plan.step_count)
        return "wrong_state";
    room_start_step(room, c->now, room->agenda_running ? room->step + 1 : room->step);
    return DONE;
}

static outcome on_reached(struct context *c)
{
    for (size_t i = 0; i < c->room->people_count; i++)
        if (c->room->people[i].missing_since) {
            c->room->people[i].reached = c->request->reached.yes;
            return DONE;
        }
    return "wrong_state";
}

/* Alerts the therapists (notify.h), and nothing else: it never admits anybody. */
static outcome on_alert(struct context *c)
{
    c->from->help_at = room_unix_s(c->room);
    return DONE;
}

static outcome on_seen(struct context *c)
{
    struct participant *p = room_find(c->room, &c->request->seen.participant);
    if (!p)
        return "unknown_participant";
    if (p->help_at)
        notify_alert_seen(p, c->out); /* another therapist may have been quicker */
    p->help_at = 0;
    return DONE;
}

static outcome on_preview(struct context *c)
{
    const struct participant *p = room_find(c->room, &c->request->preview.participant);
    if (!p && c->request->preview.participant.text[0])
        return "unknown_participant";
    c->from->preview = p ? room_index(c->room, p) : PERSON_NONE;
    c->from->told.preview = 0;
    return DONE;
}

/* Counted with everybody's, and kept of nobody. */
static outcome on_quality(struct context *c)
{
    struct vitals_counts *counts = &c->room->shared->counts.vital;
    if (!participant_in(c->from))
        return "wrong_state";
    if (c->from->quality_at && c->now.mono_us < c->from->quality_at + QUALITY_EVERY_US)
        return "busy";
    c->from->quality_at = c->now.mono_us;
    counts->watched_ms += c->request->quality.watched_ms;
    counts->frozen_ms += c->request->quality.frozen_ms;
    counts->heard_ms += c->request->quality.heard_ms;
    counts->concealed_ms += c->request->quality.concealed_ms;
    return DONE;
}

#define THERAPIST (1u << ROLE_THERAPIST)
#define CLIENT (1u << ROLE_CLIENT)
#define LOVED_ONE (1u << ROLE_LOVED_ONE)
#define ANYBODY (THERAPIST | CLIENT | LOVED_ONE | 1u << ROLE_INTERPRETER)

static const struct handler {
    outcome (*run)(struct context *);
    term_set roles;
    bool replies_itself;  /* with the answer, or before the socket closes */
    bool changes_nothing; /* that anything follows from */
} handlers[REQUEST_KINDS] = {
    [REQUEST_OFFER] = { on_offer, ANYBODY, .replies_itself = true },
    [REQUEST_RESTART_ICE] = { on_restart_ice, ANYBODY, .replies_itself = true },
    [REQUEST_MEDIA] = { on_media, ANYBODY },
    [REQUEST_RECEIVE] = { on_receive, ANYBODY },
    [REQUEST_AGREE] = { on_agree, CLIENT },
    [REQUEST_ADMIT] = { on_admit, THERAPIST },
    [REQUEST_STEP_OUT] = { on_step_out, ANYBODY },
    [REQUEST_REMOVE] = { on_remove, THERAPIST },
    [REQUEST_MUTE] = { on_mute, THERAPIST },
    [REQUEST_EXTEND] = { on_extend, THERAPIST },
    [REQUEST_ALLOW_EXTENSION] = { on_allow_extension, CLIENT },
    [REQUEST_END] = { on_end, THERAPIST, .replies_itself = true },
    [REQUEST_ACKNOWLEDGE] = { on_acknowledge, LOVED_ONE },
    [REQUEST_DECLINE] = { on_decline, LOVED_ONE },
    [REQUEST_LOCATE] = { on_locate, CLIENT },
    [REQUEST_TAKE_PART] = { on_take_part, LOVED_ONE },
    [REQUEST_ENABLE] = { on_enable, THERAPIST },
    [REQUEST_CHAT] = { on_chat, ANYBODY },
    [REQUEST_HAND] = { on_hand, ANYBODY },
    [REQUEST_NEXT_STEP] = { on_next_step, THERAPIST },
    [REQUEST_REACHED] = { on_reached, THERAPIST },
    [REQUEST_ALERT] = { on_alert, ANYBODY },
    [REQUEST_QUALITY] = { on_quality, ANYBODY, .changes_nothing = true },
    [REQUEST_SEEN] = { on_seen, THERAPIST },
    [REQUEST_PREVIEW] = { on_preview, THERAPIST },
    [REQUEST_LEAVE] = { on_leave, ANYBODY, .replies_itself = true },
};

void handle_request(struct room *room, struct now now, struct participant *p, const struct request *request,
                    struct outbox *out)
{
    client_id client = p->client; /* the handler may let go of it */
    const struct handler *handler = &handlers[request->kind];
    outcome refused;
    struct context context = { room, now, p, request, out };
    if (request->kind == REQUEST_JOIN)
        refused = "already_joined";
    else if (!handler->run || !term_in(handler->roles, (int)p->who.role))
        refused = "not_allowed";
    else
        refused = handler->run(&context);

    if (refused && refused != later) {
        notify_error(client, request->id, refused, out);
        return; /* nothing changed */
    }
    if (!handler->changes_nothing)
        room_settle(room, now, out);
    if (!handler->replies_itself && refused != later)
        notify_done(client, request->id, out);
}
