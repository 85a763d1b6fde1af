#include "room/settle.h"

#include "room/egress.h"
#include "room/extension.h"
#include "room/feedback.h"
#include "room/gate.h"
#include "room/journal.h"
#include "room/notify.h"
#include "room/relay.h"
#include "room/rights.h"
#include "room/speakers.h"

/* What a verdict does to somebody who is in. What is not here steps them out, with the verdict's own name. */
static const struct fall {
    enum seat_event event;
    enum lost lost;
    const char *reason;
} falls[] = {
    [VERDICT_NOT_CONNECTED] = { SEAT_SUSPEND, LOST_SELF, "connection_lost" },
    [VERDICT_ROOM_NOT_OPEN] = { SEAT_SUSPEND, LOST_THERAPIST, "therapist_lost" },
    [VERDICT_NO_THERAPIST] = { SEAT_SUSPEND, LOST_THERAPIST, "therapist_lost" },
    [VERDICT_NO_CLIENT] = { SEAT_SUSPEND, LOST_CLIENT, "client_lost" },
    [VERDICT_CLIENT_HAS_NOT_AGREED] = { SEAT_STEP_OUT, 0, "stepped_out_by_client" },
    [VERDICT_TOO_LITTLE_TIME] = { SEAT_STEP_OUT, 0, "segment_over" },
};

static struct fall fall_of(enum verdict verdict)
{
    if ((size_t)verdict < sizeof falls / sizeof *falls && falls[verdict].reason)
        return falls[verdict];
    return (struct fall){ SEAT_STEP_OUT, LOST_NOBODY, verdict_name(verdict) };
}

static void settle_inside(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    enum verdict verdict = room_verdict(room, now, p, true);
    if (verdict == VERDICT_ADMIT)
        return;
    struct fall fall = fall_of(verdict);
    room_answer_admission(room, p, verdict_name(verdict), out);
    room_seat(room, p, fall.event, NULL, fall.reason, out);
    if (fall.event == SEAT_SUSPEND) {
        p->lost = fall.lost;
        p->suspended_at = now.mono_us;
    }
    log_info(room->shared->log, "session %s: %s %s (%s)", room->plan.session.text, p->who.participation.text,
             seat_name(p->seat), fall.reason);
}

static void settle_suspended(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    /* Whoever lost their own link comes back by themselves, unless the therapist or the client was lost meanwhile. */
    if (p->lost == LOST_SELF && !room_has(room, ROLE_THERAPIST))
        p->lost = LOST_THERAPIST;
    else if (p->lost == LOST_SELF && !room_client_connected(room, p) && !room_client_may_be_absent(room, p))
        p->lost = LOST_CLIENT;
    if (now.mono_us >= p->suspended_at + lost_grace_us(p->lost))
        room_seat(room, p, SEAT_GRACE_OVER, NULL, p->reason, out);
    else if (p->lost == LOST_SELF && room_verdict(room, now, p, false) == VERDICT_ADMIT)
        room_seat(room, p, SEAT_RESUME, NULL, NULL,
                  out); /* without the ledger they stay suspended, until the grace is over */
}

/* A grant that ends at once ends every seat of theirs; they are told in neutral words. One that comes back lets them
 * wait again. */
static void settle_grant(struct room *room, struct participant *p, struct outbox *out)
{
    struct rights rights;
    if (p->who.role != ROLE_LOVED_ONE)
        return;
    enum consent consent = room_consent(room, p, &rights);
    bool granted = consent == CONSENT_LIVE || consent == CONSENT_EARLY;
    if (p->seat == SEAT_REVOKED && granted && p->prepared)
        room_seat(room, p, SEAT_PREPARE, NULL, NULL, out);
    if (consent != CONSENT_WITHDRAWN)
        return;
    room_end_segment(p); /* a yes to it must not outlive it, wherever they are */
    /* Whoever is not there, or would rather not be, has no seat to lose; they meet the verdict when they come. */
    if (p->seat < SEAT_WAITING || p->seat > SEAT_SUSPENDED)
        return;
    room_answer_admission(room, p, verdict_name(VERDICT_GRANT_WITHDRAWN), out);
    room_seat(room, p, SEAT_REVOKE, NULL, "revoked", out);
    journal_note(room, RECORD_REVOKED, p, NULL, NULL, out);
    log_info(room->shared->log, "session %s: %s revoked", room->plan.session.text, p->who.participation.text);
}

/* RFC 7675: a peer that no longer answers for its path is gone, whatever its socket says. */
static usec_t consent_ends(const struct participant *p)
{
    if (!p->link || !transport_is_ready(p->link->transport))
        return NEVER;
    return transport_last_consent(p->link->transport) + TRANSPORT_CONSENT_US;
}

static void settle_person(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    if (participant_connected(p) && now.mono_us >= p->token_ends)
        room_dismiss(room, now, p, "token_expired", out);
    if (now.mono_us >= participant_lost_at(p)) {
        log_info(room->shared->log, "session %s: %s is lost", room->plan.session.text, p->who.participation.text);
        room_disconnect(room, now, p);
    }
    if (room_denies_on(room, p, &p->device))
        room_dismiss(room, now, p, "removed", out); /* whoever was on it under another name */
    if (now.mono_us >= consent_ends(p))
        room_dismiss(room, now, p, "media_lost", out); /* their page comes back by itself */
    settle_grant(room, p, out);
    bool segment_over = p->segment_ends && now.mono_us >= p->segment_ends;
    if (p->seat == SEAT_SUSPENDED)
        settle_suspended(room, now, p, out);
    if (participant_in_interval(p))
        settle_inside(room, now, p, out);
    if (segment_over) {
        room_seat(room, p, SEAT_GRACE_OVER, NULL, "segment_over", out); /* of the suspended; others have no such rule */
        room_end_segment(p);
    }
}

static void close_room(struct room *room, struct now now, struct outbox *out)
{
    bool anybody = room_is_live(room);
    extension_refuse(room, out);
    for (size_t i = 0; i < room->people_count; i++) {
        struct participant *p = &room->people[i];
        room_dismiss(room, now, p, "ended", out);
        room_end_segment(p);
        if (participant_in_interval(p) || p->seat == SEAT_SUSPENDED)
            room_seat(room, p, SEAT_STEP_OUT, NULL, "ended", out);
    }
    if (anybody && !room_is_ended(room)) /* that is recorded already */
        journal_note(room, RECORD_SESSION, NULL, NULL, "closed", out);
}

/* ---- A client who is missing ---- */

static usec_t alarm_at(const struct participant *p)
{
    bool waits = p->missing_since && p->seat == SEAT_PRESENT && p->reached < 0 && !p->alarmed;
    return waits ? p->missing_since + MISSING_ALARM_US : NEVER;
}

static void settle_missing(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    if (room->over || now.mono_us < alarm_at(p))
        return;
    p->alarmed = true; /* and so the therapists' card says it again */
    journal_note(room, RECORD_SESSION, p, NULL, "client_missing", out);
    log_warning(room->shared->log, "session %s: %s is missing", room->plan.session.text, p->who.participation.text);
}

/* ---- The agenda and the box's warnings ---- */

static const uint32_t warnings_s[] = { 300, 60, 20 };
enum { WARNINGS = sizeof warnings_s / sizeof *warnings_s };

static usec_t warning_at(const struct room *room)
{
    if (room->warned >= WARNINGS)
        return NEVER;
    usec_t before = warnings_s[room->warned] * USEC_PER_SEC;
    return room->closes_us > before ? room->closes_us - before : 0;
}

static void settle_warnings(struct room *room, struct now now, struct outbox *out)
{
    uint32_t due = 0;
    for (; now.mono_us >= warning_at(room); room->warned++)
        due = warnings_s[room->warned];
    /* Only the latest: who comes late hears one, and not three at once. */
    if (due && room_phase(room, now) == PHASE_OPEN)
        notify_warning(room, due, out);
}

void room_start_step(struct room *room, struct now now, uint32_t step)
{
    room->agenda_running = step < room->plan.step_count;
    room->step = step;
    if (room->agenda_running)
        room->step_ends_us = now.mono_us + room->plan.agenda[step].minutes * 60 * USEC_PER_SEC;
    else
        room->step_ends_us = now.mono_us;
}

static void settle_agenda(struct room *room, struct now now)
{
    bool begins = !room->agenda_running && room->step == 0 && matrix_kind(room->plan.kind)->agenda_required;
    if (begins && room_phase(room, now) == PHASE_OPEN)
        room_start_step(room, now, 0);
    while (room->agenda_running && now.mono_us >= room->step_ends_us)
        room_start_step(room, now, room->step + 1);
}

static void settle_phase(struct room *room, struct now now, struct outbox *out)
{
    enum phase phase = room_phase(room, now);
    if (phase == room->phase)
        return;
    const char *news = phase == PHASE_PAUSED                   ? "paused"
                       : phase == PHASE_OPEN && room->was_open ? "resumed"
                       : phase == PHASE_OPEN                   ? "opened"
                                                               : NULL;
    room->phase = phase;
    room->phase_since = room_unix_s(room);
    room->was_open |= phase == PHASE_OPEN;
    if (news)
        journal_note(room, RECORD_SESSION, NULL, NULL, news, out);
}

static usec_t person_deadline(const struct room *room, struct now now, const struct participant *p)
{
    usec_t deadline = participant_connected(p) ? sooner(p->token_ends, consent_ends(p)) : NEVER;
    deadline = sooner(deadline, participant_lost_at(p));
    if (p->segment_ends)
        deadline = sooner(deadline, p->segment_ends);
    deadline = sooner(deadline, alarm_at(p));
    if (p->seat == SEAT_SUSPENDED)
        deadline = sooner(deadline, p->suspended_at + lost_grace_us(p->lost));
    if (participant_in_interval(p) && p->who.role == ROLE_LOVED_ONE)
        deadline = sooner(deadline, room_mono_at(room, now, room_rights(room, p).until));
    return deadline;
}

/* When something will follow from time alone. */
static usec_t settle_deadline(const struct room *room, struct now now)
{
    if (room->over || !room_is_live(room))
        return NEVER;
    usec_t deadline = sooner(room->closes_us, warning_at(room));
    if (room->agenda_running)
        deadline = sooner(deadline, room->step_ends_us);
    if (extension_is_asked(room))
        deadline = sooner(deadline, room->question.lapses_at);
    if (now.mono_us < room->opens_us)
        deadline =
            sooner(deadline, now.mono_us + LOBBY_US < room->opens_us ? room->opens_us - LOBBY_US : room->opens_us);
    for (size_t i = 0; i < room->people_count; i++)
        deadline = sooner(deadline, person_deadline(room, now, &room->people[i]));
    return deadline;
}

void room_settle(struct room *room, struct now now, struct outbox *out)
{
    if (room_phase(room, now) == PHASE_CLOSED)
        close_room(room, now, out);
    /* A token that ends may take the therapist or the client away, which decides about those already looked at: so
     * twice. */
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < room->people_count; i++)
            settle_person(room, now, &room->people[i], out);
    for (size_t i = 0; i < room->people_count; i++)
        settle_missing(room, now, &room->people[i], out);
    extension_settle(room, now, out);
    settle_phase(room, now, out);
    settle_agenda(room, now);
    gate_apply(room, now, out);
    notify_apply(room, now, out);
    settle_warnings(room, now, out);
    room->settle_at = settle_deadline(room, now);
    room->deadline = sooner(sooner(room->settle_at, room->rosters_at), relay_deadline(room));
}

/* Handshakes go on, or give up: then their page comes back by itself. */
static void tick_transports(struct room *room, struct now now, struct outbox *out)
{
    for (size_t i = 0; i < room->people_count; i++) {
        struct link *link = room->people[i].link;
        if (!link || now.mono_us < transport_deadline(link->transport))
            continue;
        transport_tick(link->transport, now, out);
        if (transport_is_closed(link->transport)) {
            room_dismiss(room, now, &room->people[i], "media_closed", out);
            room->settle_at = now.mono_us;
        }
    }
}

void room_tick(struct room *room, struct now now, struct outbox *out)
{
    room_enter(room, now);
    tick_transports(room, now, out);
    if (now.mono_us >= room->settle_at) /* first: whose time is over gets no report either */
        room_settle(room, now, out);
    notify_rosters(room, now, out);
    egress_run(room, now, out);
    speakers_tell(room, now, out);
    feedback_send(room, now, out);
    relay_ask_keyframes(room, now, out);
    relay_reports(room, now, out);
    room->deadline = sooner(sooner(room->settle_at, room->rosters_at), relay_deadline(room));
}
