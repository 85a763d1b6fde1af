#include "room/orders.h"

#include <string.h>

#include "room/journal.h"
#include "room/rights.h"

static void log_order(const struct room *room, const struct participant *p, const char *what,
                      const struct participant *by)
{
    log_info(room->shared->log, "session %s: %s %s (%s by %s)", room->plan.session.text, p->who.participation.text,
             seat_name(p->seat), what, by ? by->who.participation.text : "the clinic");
}

bool order_may_stop(const struct room *room, const struct participant *by, const struct participant *p)
{
    if (!by || by->who.role == ROLE_THERAPIST)
        return true;
    return by->who.role == ROLE_CLIENT && p->who.role == ROLE_LOVED_ONE &&
           id_equal(room_client_of(room, p), &by->who.person);
}

bool order_can_stop(const struct participant *p)
{
    return p->seat == SEAT_STEPPED_OUT || seat_after(p->seat, SEAT_STEP_OUT) != SEAT_NONE;
}

static const char *step_out_reason(const struct participant *by, const struct participant *p)
{
    return !by                              ? "stepped_out_by_clinic"
           : by == p                        ? "stepped_out_by_self"
           : by->who.role == ROLE_THERAPIST ? "stepped_out_by_therapist"
                                            : "stepped_out_by_client";
}

/* The client's yes goes; the segment runs on, so that a new yes can't refill it. */
void order_step_out(struct room *room, struct participant *p, const struct participant *by, struct outbox *out)
{
    if (by && by->who.role == ROLE_CLIENT) {
        p->agreed = false;
        p->refused = true;
    }
    if (room_seat(room, p, SEAT_STEP_OUT, by, step_out_reason(by, p), out) == OK)
        log_order(room, p, "step_out", by);
}

void order_step_out_everyone(struct room *room, const struct participant *by, struct outbox *out)
{
    for (size_t i = 0; i < room->people_count; i++)
        if (room->people[i].who.role == ROLE_LOVED_ONE && order_may_stop(room, by, &room->people[i]))
            order_step_out(room, &room->people[i], by, out);
}

enum status order_remove(struct room *room, struct now now, struct participant *p, const struct participant *by,
                         const char *code, struct outbox *out)
{
    TRY(room_seat(room, p, SEAT_REMOVE, by, "removed", out)); /* what they are told: never the code */
    journal_note(room, RECORD_REMOVED, p, by, code, out);
    room_end_segment(p);
    room_dismiss(room, now, p, "removed", out);
    log_order(room, p, "remove", by);
    return OK;
}

enum status order_end(struct room *room, struct now now, const struct participant *by, struct outbox *out)
{
    enum phase phase = room_phase(room, now);
    bool early = now.mono_us < room->opens_us;
    const char *what = early ? "cancelled" : "ended";
    if (phase == PHASE_SCHEDULED || phase == PHASE_CLOSED)
        return ERR_STATE;
    room->over = true;
    room->plan.ended_at = early ? room->plan.opens_at : room_unix_s(room);
    journal_note(room, RECORD_SESSION, NULL, by, what, out);
    log_info(room->shared->log, "session %s: %s by %s", room->plan.session.text, what,
             by ? by->who.participation.text : "the clinic");
    return OK;
}

/* ---- The clinic's ---- */

/* As the ledger takes it (record.h): one word. */
static bool is_code(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len == strspn(text, "abcdefghijklmnopqrstuvwxyz_");
}

static enum status step_out_guest(struct room *room, struct participant *p, struct outbox *out)
{
    if (!p || !participant_needs_admission(p) || !order_can_stop(p))
        return p ? ERR_STATE : ERR_UNKNOWN;
    order_step_out(room, p, NULL, out);
    return OK;
}

static enum status remove_guest(struct room *room, struct now now, struct participant *p, const char *code,
                                struct outbox *out)
{
    if (!is_code(code))
        return ERR_MALFORMED;
    if (!p || !participant_needs_admission(p))
        return p ? ERR_STATE : ERR_UNKNOWN;
    return order_remove(room, now, p, NULL, code, out);
}

enum status order_of_clinic(struct room *room, struct now now, const struct moderation *order, struct outbox *out)
{
    struct participant *p = room_find(room, &order->participation);
    switch (order->act) {
    case MODERATION_STEP_OUT:
        return step_out_guest(room, p, out);
    case MODERATION_STEP_OUT_EVERYONE:
        order_step_out_everyone(room, NULL, out);
        return OK; /* nobody in is what was asked for, too */
    case MODERATION_REMOVE:
        return remove_guest(room, now, p, order->reason, out);
    case MODERATION_END:
        return order_end(room, now, NULL, out);
    }
    return ERR_MALFORMED;
}
