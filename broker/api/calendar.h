/* calendar.h - what is booked over a span of time, and where something more would fit. Arithmetic alone: times are Unix
 * seconds, packets are capacity.h's.
 *
 * Capacity is counted in steps of five minutes: who takes part of a step takes all of it. That somebody is busy is
 * exact: one session may begin in the second in which another ends. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { CALENDAR_STEP_S = 300, CALENDAR_STEPS_MAX = 16384 };

/* Why it does not fit. */
enum calendar_reason {
    CALENDAR_FITS = 0,
    CALENDAR_THERAPIST_BUSY,
    CALENDAR_CLIENT_BUSY,
    CALENDAR_FULL,
};
const char *calendar_reason_name(enum calendar_reason); /* "therapist_busy" */

struct calendar_step {
    uint64_t packets;
    uint32_t sessions;
};

struct calendar_busy {
    int64_t opens_at, closes_at;
    enum calendar_reason reason;
};

struct calendar {
    int64_t from; /* a multiple of the step */
    size_t step_count;
    struct calendar_step *steps;
    struct calendar_busy *busy;
    size_t busy_count, busy_cap;
};

/* An empty one from `from` up to `to`, each rounded outwards. ERR_FULL when that is too long; ERR_NO_MEMORY. */
enum status calendar_init(struct calendar *, int64_t from, int64_t to);
void calendar_deinit(struct calendar *); /* all zeros is fine */
/* What lies outside is passed over. */
void calendar_book(struct calendar *, int64_t opens_at, int64_t closes_at, uint64_t packets);
/* Somebody whom the wish needs is elsewhere then. ERR_NO_MEMORY. */
enum status calendar_add_busy(struct calendar *, const struct calendar_busy *);
/* The most at any moment between these times. */
struct calendar_step calendar_peak(const struct calendar *, int64_t opens_at, int64_t closes_at);

struct calendar_wish {
    int64_t length_s;
    uint64_t packets, capacity;
};
enum calendar_reason calendar_try(const struct calendar *, const struct calendar_wish *, int64_t opens_at);
/* The first time on the grid after `opens_at`, or the last before it, at which the wish fits; from `least` to `most` at
 * the most. False: there is none. */
bool calendar_later(const struct calendar *, const struct calendar_wish *, int64_t opens_at, int64_t most,
                    int64_t *found);
bool calendar_earlier(const struct calendar *, const struct calendar_wish *, int64_t opens_at, int64_t least,
                      int64_t *found);
