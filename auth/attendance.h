/* attendance.h - who is in a session right now: what a room tells the API. Opaque ids and states; no name, no place. */
#pragma once

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
    struct attendee people[PLAN_PEOPLE_MAX];
    size_t count;
};
