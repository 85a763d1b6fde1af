/* attendance.h - who is in a session right now: what a room tells the API. Opaque ids and states; no name, no place.
 * Travels by its first attendance_size() bytes. */
#pragma once

#include <stddef.h>

#include "auth/invitation.h"
#include "auth/plan.h"

enum { STATE_WORD_MAX = 15 };

struct attendee {
    struct id participation;
    enum role role;
    char seat[STATE_WORD_MAX + 1]; /* as PROTOCOL.md lists them */
    bool connected, prepared;
    enum code_state code;
};

struct attendance {
    char phase[STATE_WORD_MAX + 1]; /* "open"; empty: no shard runs this session */
    int64_t opens_at, closes_at;    /* Unix seconds; with what it was extended by */
    size_t count;
    struct attendee people[PLAN_PEOPLE_MAX];
};

static inline size_t attendance_size(const struct attendance *attendance)
{
    return offsetof(struct attendance, people) + attendance->count * sizeof *attendance->people;
}
