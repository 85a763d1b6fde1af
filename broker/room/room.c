#include "room/room.h"

#include <stdlib.h>
#include <string.h>

#include "room/connections.h"
#include "room/gate.h"
#include "room/journal.h"
#include "room/notify.h"
#include "room/rights.h"
#include "room/settle.h"

const char *phase_name(enum phase phase)
{
    static const char *const names[] = {
        [PHASE_SCHEDULED] = "scheduled", [PHASE_LOBBY] = "lobby",   [PHASE_OPEN] = "open",
        [PHASE_PAUSED] = "paused",       [PHASE_CLOSED] = "closed",
    };
    return names[phase];
}

/* From `first` on; PERSON_NONE: they do not take part. */
static uint16_t find_person(const struct room *room, const struct id *person, size_t first)
{
    for (size_t i = first; i < room->people_count; i++)
        if (id_equal(&room->people[i].who.person, person))
            return (uint16_t)i;
    return PERSON_NONE;
}

static void find_clients(struct room *room)
{
    for (size_t i = 0; i < room->people_count; i++) {
        struct participant *p = &room->people[i];
        p->next_of_same = find_person(room, &p->who.person, i + 1);
        p->client_first = p->who.role == ROLE_LOVED_ONE ? find_person(room, room_client_of(room, p), 0) : PERSON_NONE;
    }
}

enum status room_init(struct room *room, struct room_shared *shared, const struct plan *plan)
{
    struct plan own, lent = *plan;
    lent.people = NULL;
    lent.people_count = 0;
    TRY(plan_copy(&own, &lent));
    struct participant *people = calloc(plan->people_count, sizeof *people);
    if (!people) {
        plan_deinit(&own);
        return ERR_NO_MEMORY;
    }
    *room = (struct room){ .shared = shared,
                           .plan = own,
                           .people = people,
                           .people_count = plan->people_count,
                           .rosters_at = NEVER,
                           .speakers_at = NEVER,
                           .deadline = NEVER };
    room->over = room_is_ended(room);
    room_sort_grants(room);
    for (size_t i = 0; i < plan->people_count; i++)
        participant_init(&people[i], &plan->people[i]);
    find_clients(room);
    return OK;
}

static void link_close(struct room *room, struct participant *p)
{
    if (!p->link)
        return;
    gate_shut(room, p);
    routes_remove(room->shared->routes, p->connection);
    link_destroy(p->link);
    p->link = NULL;
}

/* Without a word to the ledger: what is open is found by recovery, as after any sudden end. */
void room_deinit(struct room *room)
{
    for (size_t i = 0; i < room->people_count; i++)
        link_close(room, &room->people[i]);
    free(room->people);
    plan_deinit(&room->plan);
    room->people = NULL;
    room->people_count = 0;
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

/* ---- Facts derived from state and time ---- */

int64_t room_unix_s(const struct room *room)
{
    return room->unix_us / (int64_t)USEC_PER_SEC;
}

int64_t room_unix_at(const struct room *room, struct now now, usec_t mono_us)
{
    return (room->unix_us + (int64_t)mono_us - (int64_t)now.mono_us) / (int64_t)USEC_PER_SEC;
}

usec_t room_mono_at(const struct room *room, struct now now, int64_t unix_s)
{
    if (unix_s > INT64_MAX / 2 / (int64_t)USEC_PER_SEC)
        return NEVER;
    int64_t at = (int64_t)now.mono_us + unix_s * (int64_t)USEC_PER_SEC - room->unix_us;
    return at > 0 ? (usec_t)at : 0;
}

int64_t room_closes_at(const struct room *room)
{
    return room->plan.closes_at + (int64_t)(room->extended_us / USEC_PER_SEC);
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

bool room_is_ended(const struct room *room)
{
    return room->plan.ended_at != 0 && room->plan.opens_at <= room->plan.ended_at;
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

void room_start_segment(struct room *room, struct now now, struct participant *p, uint32_t minutes)
{
    if (p->who.role != ROLE_LOVED_ONE || p->segment_ends)
        return;
    usec_t length = room_segment_max_us(room);
    if (minutes)
        length = sooner(minutes * 60 * USEC_PER_SEC, length);
    p->segment_ends = sooner(now.mono_us + length, room->closes_us);
}

/* The client's yes was for this segment only. */
void room_end_segment(struct participant *p)
{
    p->segment_ends = 0;
    p->agreed = false;
}

/* ---- Seats, and what the ledger hears of them ---- */

static bool listens(const struct room *room, client_id client)
{
    for (size_t i = 0; client && i < room->people_count; i++)
        if (room->people[i].client == client)
            return participant_listens(&room->people[i]);
    return false;
}

/* Whoever asked for the admission hears what came of it, if they are still there. */
void room_answer_admission(struct room *room, struct participant *p, const char *refused, struct outbox *out)
{
    client_id asked_by = p->interval.asked_by;
    uint32_t request = p->interval.request;
    p->interval.asked_by = 0;
    if (!listens(room, asked_by))
        return;
    if (refused)
        notify_error(asked_by, request, refused, out);
    else
        notify_done(asked_by, request, out);
}

enum status room_seat(struct room *room, struct participant *p, enum seat_event event, const struct participant *by,
                      const char *reason, struct outbox *out)
{
    enum seat before = p->seat, next = seat_after(before, event);
    bool was_inside = participant_in_interval(p), was_admitting = p->seat == SEAT_ADMITTING;
    if (next == SEAT_NONE)
        return ERR_STATE;
    /* Written before the step: what can't be recorded doesn't happen. */
    if (next == SEAT_ADMITTING)
        TRY(journal_open(room, p, by, out));
    TRY(participant_step(p, event, reason));
    if (next != before)
        p->seated_at = room_unix_s(room);
    if (next == SEAT_REMOVED)
        plan_deny_device(&room->plan, &p->device);
    if (was_inside && !participant_in_interval(p))
        journal_close(room, p, by, reason, out); /* in the mode that it had */
    if (!participant_in_interval(p) && next != SEAT_SUSPENDED)
        p->limit = 0;
    if (was_admitting && next != SEAT_ADMITTED)
        room_answer_admission(room, p, "wrong_state", out); /* unless they were told a better reason before */
    return OK;
}

bool room_owe(struct room *room, client_id client, uint32_t request)
{
    if (room->owed_count == OWED_MAX)
        return false;
    room->owed[room->owed_count++] = (struct owed){ room->shared->records, client, request };
    return true;
}

/* They wait in the order of their records. */
void room_pay(struct room *room, uint64_t number, struct outbox *out)
{
    size_t paid = 0;
    while (paid < room->owed_count && room->owed[paid].record <= number) {
        const struct owed *owed = &room->owed[paid++];
        if (listens(room, owed->client))
            notify_done(owed->client, owed->request, out);
    }
    room->owed_count -= paid;
    memmove(room->owed, room->owed + paid, room->owed_count * sizeof *room->owed);
}

/* G is evaluated again in the step that opens the gate: the world may have changed while the disk wrote. */
void room_commit(struct room *room, struct now now, struct participant *p, bool durable, struct outbox *out)
{
    const char *refused = durable ? NULL : "ledger_unavailable";
    enum verdict verdict = room_verdict(room, now, p, true);
    if (!refused && verdict != VERDICT_ADMIT)
        refused = verdict_name(verdict);
    p->interval.record = 0;
    if (refused)
        room_answer_admission(room, p, refused, out);
    if (!durable) {
        /* Its OPEN is in no ledger, so there is nothing to close. */
        participant_step(p, SEAT_ABORT, refused);
        room->shared->intervals_open--;
    } else {
        room_seat(room, p, refused ? SEAT_ABORT : SEAT_COMMIT, NULL, refused, out);
    }
    log_info(room->shared->log, "session %s: %s %s%s%s", room->plan.session.text, p->who.participation.text,
             seat_name(p->seat), refused ? ", " : "", refused ? refused : "");
    room_settle(room, now, out); /* the gates are open before anybody is told so */
    room_answer_admission(room, p, NULL, out);
}

static struct grant *find_grant(struct room *room, const struct id *id)
{
    for (size_t i = 0; i < room->plan.grant_count; i++)
        if (id_equal(&room->plan.grants[i].id, id))
            return &room->plan.grants[i];
    return NULL;
}

static bool concerns(const struct room *room, const struct grant *grant)
{
    for (size_t i = 0; i < room->people_count; i++) {
        const struct participant *p = &room->people[i];
        if (p->who.role == ROLE_LOVED_ONE && id_equal(&p->who.person, &grant->person) &&
            id_equal(room_client_of(room, p), &grant->client))
            return true;
    }
    return false;
}

bool room_grant(struct room *room, const struct grant *grant)
{
    struct grant *known = find_grant(room, &grant->id);
    if (known && grant->epoch > known->epoch) {
        *known = *grant;
        room_sort_grants(room);
        return true;
    }
    if (known || !concerns(room, grant) || plan_add_grant(&room->plan, grant) != OK)
        return false;
    room_sort_grants(room);
    return true;
}

bool room_acknowledged(struct room *room, const struct acknowledgement *known, struct outbox *out)
{
    bool news = false;
    if (known->kind != room->plan.kind || strcmp(known->guidance_version, room->plan.guidance_version) != 0 ||
        strcmp(known->notice_version, room->plan.notice_version) != 0)
        return false;
    for (size_t i = 0; i < room->people_count; i++) {
        struct participant *p = &room->people[i];
        if (p->who.role != ROLE_LOVED_ONE || p->prepared || !id_equal(&p->who.person, &known->person))
            continue;
        p->prepared = news = true;
        p->prepared_at = known->at;
        if (p->seat == SEAT_PREPARING) /* who declined would still rather not */
            room_seat(room, p, SEAT_PREPARE, NULL, NULL, out);
    }
    return news;
}

/* ---- Coming and going ---- */

void room_welcome(struct room *room, struct participant *p, struct outbox *out)
{
    p->told = (struct told){ 0 };
    p->preview = PERSON_NONE; /* a page that comes anew asks anew */
    p->sending = 0;
    p->missing_since = 0;
    p->alarmed = false;
    p->reached = -1;
    /* Every seat but 'removed' has a rule for one of the two, and the removed are turned away before. */
    room_seat(room, p, p->prepared ? SEAT_JOIN_PREPARED : SEAT_JOIN, p, p->reason, out);
    notify_welcome(room, p, false, out);
}

bool room_hold(struct room *room, struct now now, struct participant *p, usec_t heard)
{
    p->socket_lost = heard ? sooner(heard, now.mono_us) : 1; /* 0 is: not at all */
    if (p->link_name.text[0] && now.mono_us < participant_lost_at(p)) {
        log_info(room->shared->log, "session %s: the socket of %s broke, their media goes on", room->plan.session.text,
                 p->who.participation.text);
        return true;
    }
    p->socket_lost = 0;
    return false;
}

bool room_may_resume(const struct participant *p, const struct id *link_name, const struct id *device)
{
    bool missed = p->link && p->link->held.lost;
    return participant_connected(p) && link_name->text[0] && id_equal(&p->link_name, link_name) &&
           id_equal(&p->device, device) && !missed;
}

void room_resume(struct room *room, struct participant *p, client_id client, struct outbox *out)
{
    p->client = client;
    p->socket_lost = 0;
    p->told = (struct told){ 0 };
    notify_welcome(room, p, true, out);
    if (p->link)
        held_tell(&p->link->held, client, out);
}

void room_disconnect(struct room *room, struct now now, struct participant *p)
{
    link_close(room, p);
    if (p->who.role == ROLE_CLIENT && p->seat == SEAT_PRESENT && p->client)
        p->missing_since = now.mono_us;
    if (p->socket_lost) /* the broker was told that it is gone, and keeps it for us */
        connections_remove(room->shared->connections, p->connection);
    p->socket_lost = p->heard = p->restarted = p->quality_at = 0;
    p->link_name = (struct id){ 0 };
    p->client = 0;
    p->sending = 0;
    p->hand = false;
}

void room_dismiss(struct room *room, struct now now, struct participant *p, const char *reason, struct outbox *out)
{
    if (!participant_connected(p))
        return;
    if (participant_listens(p))
        outbox_close(out, p->client, reason);
    room_disconnect(room, now, p);
}
