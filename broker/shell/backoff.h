/* backoff.h - how long to wait after so many failures in a row: 1 s, doubled each time up to a limit. A part of it is
 * left to chance, between half and all, so that many who failed together do not come back together. */
#pragma once

#include "base/clock.h"

static inline usec_t backoff_us(uint32_t failures, usec_t most_us, uint32_t random)
{
    enum { DOUBLINGS_MAX = 20 };
    uint32_t doublings = failures == 0 ? 0 : failures - 1;
    usec_t whole = USEC_PER_SEC << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
    if (whole > most_us)
        whole = most_us;
    return whole / 2 + whole / 2 * random / UINT32_MAX;
}
