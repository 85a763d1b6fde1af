#include "room/room.h"

#include "room/gate.h"
#include "room/notify.h"
#include "room/relay.h"

const char *phase_name(enum phase phase)
{
    static const char *const names[] = {
        [PHASE_SCHEDULED] = "scheduled", [PHASE_LOBBY] = "lobby",   [PHASE_OPEN] = "open",
        [PHASE_PAUSED] = "paused",       [PHASE_CLOSED] = "closed",
    };
    return names[phase];
}

void room_init(struct room *room, struct room_shared *shared, const struct plan *plan)
{
    *room = (struct room){ .shared = shared, .plan = *plan, .people_count = plan->people_count, .deadline = NEVER };
    for (size_t i = 0; i < plan->people_count; i++)
        participant_init(&room->people[i], &plan->people[i]);
}

void room_deinit(struct room *room)
{
    for (size_t i = 0; i < room->people_count; i++)
        room_disconnect(room, &room->people[i]);
}

bool room_is_live(const struct room *room)
{
    for (size_t i = 0; i < room->people_count; i++)
        if (participant_connected(&room->people[i]))
            return true;
    return false;
}

struct participant *room_find(struct room *room, const struct id *participation)
{
    for (size_t i = 0; i < room->people_count; i++)
        if (id_equal(&room->people[i].who.participation, participation))
            return &room->people[i];
    return NULL;
}

/* The same for every session of a kind: the number of slots must not tell how many people are planned. */
uint32_t room_audio_slots(const struct room *room)
{
    (void)room;
    return SLOTS_AUDIO;
}
uint32_t room_video_slots(const struct room *room)
{
    return room_audio_slots(room) + 1;
}

/* ---- Facts derived from state and time ---- */

int64_t room_unix_s(const struct room *room)
{
    return room->unix_us / (int64_t)USEC_PER_SEC;
}

usec_t room_mono_at(const struct room *room, struct now now, int64_t unix_s)
{
    if (unix_s > INT64_MAX / 2 / (int64_t)USEC_PER_SEC)
        return NEVER;
    int64_t at = (int64_t)now.mono_us + unix_s * (int64_t)USEC_PER_SEC - room->unix_us;
    return at > 0 ? (usec_t)at : 0;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void room_enter(struct room *room, struct now now)
{
    if (!room->anchored) {
        room->anchored = true;
        room->anchor = now;
        room->unix_us = now.unix_us;
        room->opens_us = room_mono_at(room, now, room->plan.opens_at);
        room->closes_us = room_mono_at(room, now, room->plan.closes_at);
    }
    int64_t since_anchor = room->anchor.unix_us + (int64_t)(now.mono_us - room->anchor.mono_us);
    room->unix_us = later(room->unix_us, later(now.unix_us, since_anchor));
    /* A clock that was set forward may have passed the end of a grant. One that is merely steered gains less between
     * events. */
    if (now.unix_us > since_anchor + CLOCK_STEP_US) {
        room->anchor = now;
        room->settle_at = now.mono_us;
    }
    if (now.mono_us >= room->closes_us)
        room->over = true;
}

bool room_has(const struct room *room, enum role role)
{
    for (size_t i = 0; i < room->people_count; i++)
        if (room->people[i].who.role == role && participant_in(&room->people[i]))
            return true;
    return false;
}

enum phase room_phase(const struct room *room, struct now now)
{
    if (room->over)
        return PHASE_CLOSED;
    if (now.mono_us < room->opens_us)
        return now.mono_us + LOBBY_US < room->opens_us ? PHASE_SCHEDULED : PHASE_LOBBY;
    if (room_has(room, ROLE_THERAPIST))
        return PHASE_OPEN;
    return room->was_open ? PHASE_PAUSED : PHASE_LOBBY;
}

static enum consent consent_of(const struct room *room, const struct participant *p, struct rights *rights)
{
    return consent_check(room->plan.grants, room->plan.grant_count, &room->plan.client, &p->who.person, room->plan.kind,
                         room_unix_s(room), rights);
}

struct rights room_rights(const struct room *room, const struct participant *p)
{
    struct rights rights = { 0 };
    switch (p->who.role) {
    case ROLE_THERAPIST:
        return (struct rights){ SOURCE_ALL, SOURCE_ALL, INT64_MAX };
    case ROLE_CLIENT: /* a client shares the screen when a therapist allows it, which a later issue brings */
    case ROLE_INTERPRETER:
        return (struct rights){ SOURCE_ALL, SOURCE_MIC | SOURCE_CAMERA, INT64_MAX };
    case ROLE_LOVED_ONE:
        if (consent_of(room, p, &rights) != CONSENT_LIVE)
            return (struct rights){ 0 };
        return rights;
    case ROLE_ADMIN:
        break;
    }
    return rights;
}

struct audience_room room_audience(const struct room *room, struct now now)
{
    return (struct audience_room){
        .open = room_phase(room, now) == PHASE_OPEN,
        .therapist_present = room_has(room, ROLE_THERAPIST),
        .client_present = room_has(room, ROLE_CLIENT),
    };
}

struct audience_person room_audience_person(const struct room *room, const struct participant *p)
{
    struct rights rights = room_rights(room, p);
    return (struct audience_person){
        .role = p->who.role,
        .in = participant_in(p),
        .sending = p->sending,
        .muted = p->muted,
        .sends = rights.sends,
        .receives = rights.receives,
    };
}

/* Time left for somebody who is let in: of the box, of the segment (a whole one when none runs), of the grant. */
static usec_t time_left_us(const struct room *room, struct now now, const struct participant *p, int64_t grant_until)
{
    usec_t end = room->closes_us;
    if (p->who.role == ROLE_LOVED_ONE) {
        end = sooner(end, p->segment_ends ? p->segment_ends : now.mono_us + SEGMENT_MAX_US);
        end = sooner(end, room_mono_at(room, now, grant_until));
    }
    return end > now.mono_us ? end - now.mono_us : 0;
}

enum verdict room_verdict(const struct room *room, struct now now, const struct participant *p, bool already_in)
{
    struct admission_facts facts = {
        .role = p->who.role,
        .kind = room->plan.kind,
        .connected = participant_connected(p),
        .denied = p->seat == SEAT_REMOVED,
        .room_open = room_phase(room, now) == PHASE_OPEN,
        .therapist_connected = room_has(room, ROLE_THERAPIST),
        .client_connected = room_has(room, ROLE_CLIENT),
        .client_agrees = p->agreed,
        .already_in = already_in,
        .seats_free = 1, /* every planned person has a seat of their own */
    };
    struct rights rights = { .until = INT64_MAX };
    if (p->who.role == ROLE_LOVED_ONE)
        facts.consent = consent_of(room, p, &rights);
    usec_t left_us = time_left_us(room, now, p, rights.until);
    /* Whole seconds: down for somebody who comes, up for somebody who is in until the last microsecond. */
    facts.seconds_left = (int64_t)((left_us + (already_in ? USEC_PER_SEC - 1 : 0)) / USEC_PER_SEC);
    return admission_decide(&facts);
}

void room_start_segment(struct room *room, struct now now, struct participant *p, uint32_t minutes)
{
    if (p->who.role != ROLE_LOVED_ONE || p->segment_ends)
        return;
    usec_t length = minutes ? sooner(minutes * 60 * USEC_PER_SEC, SEGMENT_MAX_US) : SEGMENT_MAX_US;
    p->segment_ends = sooner(now.mono_us + length, room->closes_us);
}

/* The client's yes was for this segment only. */
void room_end_segment(struct participant *p)
{
    p->segment_ends = 0;
    p->agreed = false;
}

/* ---- Coming and going ---- */

static void link_close(struct room *room, struct participant *p)
{
    if (!p->link)
        return;
    gate_shut(room, p);
    routes_remove(room->shared->routes, p->connection);
    link_destroy(p->link);
    p->link = NULL;
}

void room_welcome(struct room *room, struct participant *p, struct outbox *out)
{
    p->told = (struct told){ 0 };
    p->sending = 0;
    /* Every seat but 'removed' has a rule for it, and the removed are turned away before. */
    participant_step(p, SEAT_JOIN, p->reason);
    notify_welcome(room, p, out);
}

void room_disconnect(struct room *room, struct participant *p)
{
    link_close(room, p);
    p->client = 0;
    p->sending = 0;
}

void room_dismiss(struct room *room, struct participant *p, const char *reason, struct outbox *out)
{
    if (!participant_connected(p))
        return;
    outbox_close(out, p->client, reason);
    room_disconnect(room, p);
}

/* ---- What follows from the facts ---- */

/* What a verdict does to somebody who is in. */
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
    [VERDICT_NO_GRANT] = { SEAT_STEP_OUT, 0, "no_grant" },
    [VERDICT_GRANT_NOT_YET] = { SEAT_STEP_OUT, 0, "grant_not_yet" },
    [VERDICT_GRANT_EXPIRED] = { SEAT_STEP_OUT, 0, "grant_expired" },
    [VERDICT_GRANT_WITHDRAWN] = { SEAT_STEP_OUT, 0, "grant_withdrawn" },
    [VERDICT_GRANT_OTHER_KIND] = { SEAT_STEP_OUT, 0, "grant_other_kind" },
    [VERDICT_TOO_LITTLE_TIME] = { SEAT_STEP_OUT, 0, "segment_over" },
    [VERDICT_FULL] = { SEAT_STEP_OUT, 0, "not_allowed" }, /* the last: gives the table its length */
};

static void settle_admitted(struct room *room, struct now now, struct participant *p)
{
    enum verdict verdict = room_verdict(room, now, p, true);
    if (verdict == VERDICT_ADMIT)
        return;
    struct fall fall = falls[verdict];
    if (!fall.reason)
        fall = (struct fall){ SEAT_STEP_OUT, LOST_NOBODY, "not_allowed" };
    participant_step(p, fall.event, fall.reason);
    if (fall.event == SEAT_SUSPEND) {
        p->lost = fall.lost;
        p->suspended_at = now.mono_us;
    }
    log_info(room->shared->log, "session %s: %s %s (%s)", room->plan.session.text, p->who.participation.text,
             seat_name(p->seat), fall.reason);
}

static void settle_suspended(struct room *room, struct now now, struct participant *p)
{
    /* Whoever lost their own link comes back by themselves, unless the therapist or the client was lost meanwhile. */
    if (p->lost == LOST_SELF && !room_has(room, ROLE_THERAPIST))
        p->lost = LOST_THERAPIST;
    else if (p->lost == LOST_SELF && !room_has(room, ROLE_CLIENT))
        p->lost = LOST_CLIENT;
    if (now.mono_us >= p->suspended_at + lost_grace_us(p->lost))
        participant_step(p, SEAT_GRACE_OVER, p->reason);
    else if (p->lost == LOST_SELF && room_verdict(room, now, p, false) == VERDICT_ADMIT)
        participant_step(p, SEAT_RESUME, NULL);
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
        room_dismiss(room, p, "token_expired", out);
    if (now.mono_us >= consent_ends(p))
        room_dismiss(room, p, "media_lost", out); /* their page comes back by itself */
    bool segment_over = p->segment_ends && now.mono_us >= p->segment_ends;
    if (p->seat == SEAT_SUSPENDED)
        settle_suspended(room, now, p);
    if (p->seat == SEAT_ADMITTED)
        settle_admitted(room, now, p);
    if (segment_over) {
        participant_step(p, SEAT_GRACE_OVER, "segment_over"); /* of the suspended; others have no such rule */
        room_end_segment(p);
    }
}

static void close_room(struct room *room, struct outbox *out)
{
    for (size_t i = 0; i < room->people_count; i++) {
        struct participant *p = &room->people[i];
        room_dismiss(room, p, "ended", out);
        room_end_segment(p);
        if (p->seat == SEAT_ADMITTED || p->seat == SEAT_SUSPENDED)
            participant_step(p, SEAT_STEP_OUT, "ended");
    }
}

static usec_t person_deadline(const struct room *room, struct now now, const struct participant *p)
{
    usec_t deadline = participant_connected(p) ? sooner(p->token_ends, consent_ends(p)) : NEVER;
    if (p->segment_ends)
        deadline = sooner(deadline, p->segment_ends);
    if (p->seat == SEAT_SUSPENDED)
        deadline = sooner(deadline, p->suspended_at + lost_grace_us(p->lost));
    if (p->seat == SEAT_ADMITTED && p->who.role == ROLE_LOVED_ONE)
        deadline = sooner(deadline, room_mono_at(room, now, room_rights(room, p).until));
    return deadline;
}

/* When something will follow from time alone. */
static usec_t settle_deadline(const struct room *room, struct now now)
{
    if (room->over || !room_is_live(room))
        return NEVER;
    usec_t deadline = room->closes_us;
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
        close_room(room, out);
    /* A token that ends may take the therapist or the client away, which decides about those already looked at: so
     * twice. */
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < room->people_count; i++)
            settle_person(room, now, &room->people[i], out);
    if (room_phase(room, now) == PHASE_OPEN)
        room->was_open = true;
    gate_apply(room, now, out);
    notify_apply(room, now, out);
    room->settle_at = settle_deadline(room, now);
    room->deadline = sooner(room->settle_at, relay_deadline(room));
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
            room_dismiss(room, &room->people[i], "media_closed", out);
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
    relay_ask_keyframes(room, now, out);
    relay_reports(room, now, out);
    room->deadline = sooner(room->settle_at, relay_deadline(room));
}
