/* sync.h - one publisher's NTP clock seen from ours, so that sender reports of all publishers speak one clock.
 *
 * Why: a slot's source changes, and clocks of two laptops differ by seconds. A receiver fits one line through a
 * stream's sender reports; a jump from one clock to another bends that line and with it the lip sync. One offset per
 * publisher, the same for its microphone and camera, keeps the two aligned exactly. Owned by the participant who
 * publishes. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

struct sync {
    bool known;
    uint64_t offset; /* NTP units, modulo 2^64: ours less theirs */
};

/* A sender report of any of the publisher's streams came. The first sets the offset; it then stays, as every change
 * would shift sound against picture for a moment, unless the publisher's clock was set anew (SYNC_TOLERANCE_US off). */
#define SYNC_TOLERANCE_US (1 * USEC_PER_SEC)
void sync_sender_report(struct sync *, struct now, uint64_t ntp);
/* A time by the publisher's clock, by ours. Unchanged as long as nothing is known. */
uint64_t sync_ntp(const struct sync *, uint64_t ntp);
