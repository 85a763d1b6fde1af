/* clock.h - time as a value. Nothing here reads a clock: the shell reads both once a turn and passes `now` down. */
#pragma once

#include <stdint.h>

typedef uint64_t usec_t; /* microseconds */

#define USEC_PER_MSEC ((usec_t)1000)
#define USEC_PER_SEC ((usec_t)1000000)
#define NEVER UINT64_MAX

struct now {
    usec_t mono_us;  /* monotonic: deadlines, boxes, media */
    int64_t unix_us; /* wall clock: token and grant times, RTCP reports, what people read */
};

static inline int64_t now_unix_s(struct now now)
{
    return now.unix_us / (int64_t)USEC_PER_SEC;
}

static inline usec_t sooner(usec_t a, usec_t b)
{
    return a < b ? a : b;
}
