/* rate.h - the bit rate of a stream of packets, measured over half seconds. Values only; all zero is a fresh one. */
#pragma once

#include "base/clock.h"

#define RATE_WINDOW_US (500 * USEC_PER_MSEC)

struct rate {
    usec_t since; /* when the window that is being counted began; 0: nothing came yet */
    uint64_t bytes;
    uint64_t bps; /* of the windows before, smoothed; 0: none is full yet */
};

void rate_add(struct rate *, usec_t now_us, size_t bytes);
/* 0 once nothing has come for two windows. In its first, by what came so far. */
uint64_t rate_bps(const struct rate *, usec_t now_us);
