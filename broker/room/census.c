#include "room/census.h"

_Static_assert(PHASE_SCHEDULED - 1 == (int)VITALS_SCHEDULED && PHASE_LOBBY - 1 == (int)VITALS_LOBBY &&
                   PHASE_OPEN - 1 == (int)VITALS_OPEN && PHASE_PAUSED - 1 == (int)VITALS_PAUSED &&
                   PHASE_CLOSED - 1 == (int)VITALS_CLOSED,
               "a state is a phase");

/* A room that nobody ever asked for anything has no clock of its own yet. */
static enum vitals_state state_of(const struct room *room, struct now now)
{
    int64_t unix_s = now_unix_s(now);
    if (room->anchored)
        return now.mono_us >= room->closes_us ? VITALS_CLOSED : (enum vitals_state)(room_phase(room, now) - 1);
    if (unix_s >= room->plan.closes_at)
        return VITALS_CLOSED;
    return unix_s + PLAN_LOBBY_S < room->plan.opens_at ? VITALS_SCHEDULED : VITALS_LOBBY;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 || b < a ? b : a;
}

/* Since when somebody waits; 0: they don't. */
static int64_t waits_since(const struct room *room, enum vitals_state state, const struct participant *p)
{
    if (!participant_connected(p))
        return 0;
    if (p->seat == SEAT_WAITING)
        return p->seated_at;
    bool without_therapist = state == VITALS_LOBBY || state == VITALS_PAUSED;
    if (p->who.role != ROLE_CLIENT || p->seat != SEAT_PRESENT || !without_therapist)
        return 0;
    return state == VITALS_PAUSED && room->phase_since > p->seated_at ? room->phase_since : p->seated_at;
}

static void add_person(const struct room *room, struct now now, const struct participant *p, struct vitals_room *r)
{
    int64_t since = waits_since(room, r->state, p);
    r->connected += participant_connected(p);
    r->inside += participant_in(p);
    if (since) {
        r->waiting++;
        r->waiting_since = earlier(r->waiting_since, since);
    }
    if (p->missing_since && r->state == VITALS_OPEN && p->reached < 0)
        r->client_missing_since = earlier(r->client_missing_since,
                                          now_unix_s(now) - (int64_t)((now.mono_us - p->missing_since) / USEC_PER_SEC));
}

static void add_pictures(const struct link *link, struct vitals *vitals)
{
    for (size_t i = 0; i < link->slot_count; i++)
        if (link->slots[i].video && link->slots[i].publisher != PUBLISHER_NONE) {
            vitals->pictures++;
            vitals->pictures_paused += link->slots[i].paused;
        }
}

void census_add(const struct room *room, struct now now, struct vitals *vitals)
{
    struct vitals_room r = {
        .session = room->plan.session,
        .kind = room->plan.kind,
        .state = state_of(room, now),
        .seats = (uint32_t)room->people_count,
        .closes_at = room_closes_at(room),
    };
    vitals->states[r.state]++;
    if (r.state == VITALS_SCHEDULED || r.state == VITALS_CLOSED)
        return;
    for (size_t i = 0; i < room->people_count; i++) {
        add_person(room, now, &room->people[i], &r);
        if (room->people[i].link)
            add_pictures(room->people[i].link, vitals);
    }
    vitals->people += r.connected;
    if (vitals->room_count < VITALS_ROOMS_MAX)
        vitals->rooms[vitals->room_count++] = r;
}
