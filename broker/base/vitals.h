/* vitals.h - how one shard is doing: what it has counted since it started, and what is in its rooms now. Numbers and
 * sessions' opaque ids alone: nobody's id, no name.
 *
 * Written by the shard's thread about once a second and handed over as a copy, which travels by its first vitals_size()
 * bytes; so a count costs a packet one addition. Rates are what two copies differ by. */
#pragma once

#include <stddef.h>

#include "base/clock.h"
#include "base/terms.h"

#define VITALS_EVERY_US USEC_PER_SEC

/* Since the shard was made; none ever goes back. */
struct vitals_counts {
    uint64_t busy_us;                 /* of its processor */
    uint64_t packets_in, packets_out; /* of media */
    uint64_t bytes_in, bytes_out;     /* the same in UDP payload */
    uint64_t dropped;                 /* that found no room, here or in the kernel */
    uint64_t expected_in, lost_in;    /* of what publishers send, by our own reports (RFC 3550 6.4.1) */
    uint64_t reports, reported_q8;    /* report blocks of receivers, and the sum of their fractions lost, of 256 */
    uint64_t watched_ms, frozen_ms;   /* of pictures, as the pages tell (PROTOCOL.md, `quality`) */
    uint64_t heard_ms, concealed_ms;  /* and of sound */
};

/* A room's phase (room.h), from 0 on. */
enum vitals_state {
    VITALS_SCHEDULED,
    VITALS_LOBBY,
    VITALS_OPEN,
    VITALS_PAUSED,
    VITALS_CLOSED,
    VITALS_STATES,
};
static inline const char *vitals_state_name(enum vitals_state state)
{
    static const char *const names[] = { "scheduled", "lobby", "open", "paused", "closed" };
    return state < VITALS_STATES ? names[state] : "?";
}

struct vitals_room {
    struct id session;
    enum session_kind kind;
    enum vitals_state state;
    uint32_t seats, connected, inside; /* people who were planned, are connected, and are in */
    /* Who hears nobody yet and wishes to: loved ones who wait to be let in, clients who wait for a therapist. */
    uint32_t waiting;
    int64_t waiting_since, client_missing_since, closes_at; /* Unix seconds; the longest wait's; 0: nobody's */
};

enum { VITALS_ROOMS_MAX = 512 };

struct vitals {
    size_t shard;
    usec_t taken_us; /* on the monotonic clock */
    struct vitals_counts counts;
    unsigned picture_percent; /* of the pictures; less than 100: it sheds them (pressure.h) */
    uint32_t people;          /* connected */
    uint32_t pictures,
        pictures_paused; /* slots with a picture, and of those the ones that a path or a shard lacks room for */
    uint32_t states[VITALS_STATES]; /* rooms in each */
    size_t room_count;              /* of those that are neither scheduled nor closed, as many as fit */
    struct vitals_room rooms[VITALS_ROOMS_MAX];
};

static inline size_t vitals_size(const struct vitals *vitals)
{
    return offsetof(struct vitals, rooms) + vitals->room_count * sizeof *vitals->rooms;
}
