/* meter.h - how fast bytes pass: a count per slot of time over the last half second. Values only. */
#pragma once

#include "base/clock.h"

enum { METER_SLOTS = 32 };
#define METER_SLOT_US 20000

struct meter {
    int64_t first, newest; /* slots since time 0: the one that it began with, and the current one */
    uint32_t bytes[METER_SLOTS];
};

/* All zero is a fresh one. at_us: by any clock, and mostly rising; what is older than the meter's span is left out. */
void meter_add(struct meter *, int64_t at_us, uint32_t bytes);
/* The mean over the window (at most 600 ms) that ends with the last whole slot; less of it while the meter is young. 0:
 * nothing, or not known yet. */
uint64_t meter_bps(const struct meter *, usec_t window_us);
