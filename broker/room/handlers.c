#include "room/handlers.h"

#include "room/gate.h"
#include "room/notify.h"

/* A handler's word: NULL for done, else the code of the refusal. */
typedef const char *outcome;
#define DONE NULL

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

static outcome on_offer(struct context *c)
{
    struct participant *p = c->from;
    if (p->link)
        return "already_negotiated";
    uint8_t buffer[32768];
    struct writer answer = writer_over(buffer, sizeof buffer);
    struct link *link;
    const char *why;
    enum status status = link_create(&link, &c->room->shared->link, bytes_of(c->request->offer.sdp),
                                     room_audio_slots(c->room), room_video_slots(c->room), &answer, &why);
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
    notify_answer(p->client, c->request->id, (const char *)buffer, c->out);
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

static outcome on_agree(struct context *c)
{
    struct participant *p = find_guest(c, &c->request->agree.participant);
    if (!p || p->who.role != ROLE_LOVED_ONE)
        return "unknown_participant";
    if (c->request->agree.yes) {
        p->agreed = true;
        return DONE;
    }
    room_end_segment(p);
    if (participant_step(p, SEAT_STEP_OUT, "stepped_out_by_client") == OK) /* whoever was in, or about to come back */
        log_step(c, p);
    return DONE;
}

static outcome on_admit(struct context *c)
{
    struct participant *p = find_guest(c, &c->request->admit.participant);
    if (!p)
        return "unknown_participant";
    enum verdict verdict = room_verdict(c->room, c->now, p, false);
    if (verdict != VERDICT_ADMIT)
        return verdict_name(verdict);
    if (participant_step(p, SEAT_ADMIT, NULL) != OK)
        return "wrong_state";
    room_start_segment(c->room, c->now, p, c->request->admit.minutes);
    log_step(c, p);
    return DONE;
}

static const char *step_out_reason(const struct participant *by, const struct participant *p)
{
    return by == p                          ? "stepped_out_by_self"
           : by->who.role == ROLE_THERAPIST ? "stepped_out_by_therapist"
                                            : "stepped_out_by_client";
}

/* The client's stop takes the yes back with it; the segment runs on, so that a new yes can't refill it. */
static enum status step_out(struct context *c, struct participant *p)
{
    if (c->from->who.role == ROLE_CLIENT)
        p->agreed = false;
    enum status status = participant_step(p, SEAT_STEP_OUT, step_out_reason(c->from, p));
    if (status == OK)
        log_step(c, p);
    return status;
}

static outcome step_out_everyone(struct context *c)
{
    if (c->from->who.role != ROLE_THERAPIST && c->from->who.role != ROLE_CLIENT)
        return "not_allowed";
    for (size_t i = 0; i < c->room->people_count; i++)
        if (c->room->people[i].who.role == ROLE_LOVED_ONE)
            step_out(c, &c->room->people[i]);
    return DONE; /* nobody in is what was asked for, too */
}

static outcome on_step_out(struct context *c)
{
    if (c->request->step_out.everyone)
        return step_out_everyone(c);
    struct participant *p = find_guest(c, &c->request->step_out.participant);
    if (!p)
        return "unknown_participant";
    bool may = c->from == p || c->from->who.role == ROLE_THERAPIST ||
               (c->from->who.role == ROLE_CLIENT && p->who.role == ROLE_LOVED_ONE);
    if (!may)
        return "not_allowed";
    bool out_already = p->seat == SEAT_STEPPED_OUT; /* two people may say stop at once: the second is right as well */
    if (!out_already && seat_after(p->seat, SEAT_STEP_OUT) == SEAT_NONE)
        return "wrong_state";
    step_out(c, p);
    return DONE;
}

static outcome on_remove(struct context *c)
{
    struct participant *p = find_guest(c, &c->request->remove.participant);
    if (!p)
        return "unknown_participant";
    if (participant_step(p, SEAT_REMOVE, "removed") != OK)
        return "wrong_state";
    room_end_segment(p);
    room_dismiss(c->room, p, "removed", c->out);
    log_step(c, p);
    return DONE;
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
    struct room *room = c->room;
    usec_t more = c->request->extend.minutes * 60 * USEC_PER_SEC;
    if (room->plan.kind == KIND_CHECK_IN || room->extended_us + more > EXTEND_MAX_MINUTES * 60 * USEC_PER_SEC)
        return "extension_refused";
    room->extended_us += more;
    room->closes_us += more;
    return DONE;
}

static outcome on_end(struct context *c)
{
    c->room->over = true;
    notify_done(c->from->client, c->request->id, c->out); /* before their socket is closed with all the others */
    log_info(c->room->shared->log, "session %s: ended by %s", c->room->plan.session.text,
             c->from->who.participation.text);
    return DONE;
}

static outcome on_leave(struct context *c)
{
    participant_step(c->from, SEAT_LEAVE, "left"); /* from every seat that a connected person can have */
    log_step(c, c->from);
    notify_done(c->from->client, c->request->id, c->out);
    room_dismiss(c->room, c->from, "left", c->out);
    return DONE;
}

#define THERAPIST (1u << ROLE_THERAPIST)
#define CLIENT (1u << ROLE_CLIENT)
#define ANYBODY (THERAPIST | CLIENT | 1u << ROLE_LOVED_ONE | 1u << ROLE_INTERPRETER)

static const struct handler {
    outcome (*run)(struct context *);
    term_set roles;
    bool replies_itself; /* with the answer, or before the socket closes */
} handlers[REQUEST_KINDS] = {
    [REQUEST_OFFER] = { on_offer, ANYBODY, .replies_itself = true },
    [REQUEST_MEDIA] = { on_media, ANYBODY },
    [REQUEST_AGREE] = { on_agree, CLIENT },
    [REQUEST_ADMIT] = { on_admit, THERAPIST },
    [REQUEST_STEP_OUT] = { on_step_out, ANYBODY },
    [REQUEST_REMOVE] = { on_remove, THERAPIST },
    [REQUEST_MUTE] = { on_mute, THERAPIST },
    [REQUEST_EXTEND] = { on_extend, THERAPIST },
    [REQUEST_END] = { on_end, THERAPIST, .replies_itself = true },
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

    if (refused) {
        notify_error(client, request->id, refused, out);
        return; /* nothing changed */
    }
    room_settle(room, now, out);
    if (!handler->replies_itself)
        notify_done(client, request->id, out);
}
