/* pacer.h - spreads over time what goes to one receiver, so that a burst (a keyframe, a repair, a switch) does not fill
 * the queue of a narrow path, where sound would wait behind it.
 *
 * A packet costs time at the pace; what is ahead of the clock by more than PACER_BURST_US waits in the order in which
 * it came. Waiting are names of packets, which their stream's cache holds, and not packets: so there is nothing of
 * anybody here to leak, and what a gate has shut can't be found any more. Sound never waits, but costs as well. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

enum { PACER_ITEMS_MAX = 256 };
#define PACER_BURST_US (15 * USEC_PER_MSEC)
/* What waited so long is of no use: the picture behind it is older than what the publisher sends now. */
#define PACER_LATE_US (400 * USEC_PER_MSEC)

/* A packet of the stream that feeds a slot. */
struct pacer_item {
    uint8_t slot, layer;
    uint64_t seq; /* extended, as the cache has it */
    usec_t since;
};

struct pacer {
    uint64_t bps; /* the pace; 0: there is none, and nothing waits */
    usec_t paid_until;
    struct pacer_item *items; /* a ring that grows with what waits; NULL while nothing does */
    size_t first, count, cap;
};

/* All zero is a fresh one. */
void pacer_deinit(struct pacer *);
void pacer_set_pace(struct pacer *, uint64_t bps);
/* Whether a packet may go now: nothing waits, and the pace allows it. */
bool pacer_is_free(const struct pacer *, usec_t now_us);
/* It went, or will at once. */
void pacer_pay(struct pacer *, usec_t now_us, size_t bytes);
/* False when there is no room for it: the slot has lost a packet. */
bool pacer_wait(struct pacer *, usec_t now_us, struct pacer_item);
/* Takes out what may go now. False: nothing may. */
bool pacer_next(struct pacer *, usec_t now_us, struct pacer_item *);
/* Nothing of this slot waits any more. */
void pacer_forget(struct pacer *, uint8_t slot);
/* When pacer_next has something; NEVER when nothing waits. */
usec_t pacer_deadline(const struct pacer *);
