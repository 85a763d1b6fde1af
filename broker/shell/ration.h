/* ration.h - how many lines a second something outside our control may log. A value; says nothing itself. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

enum { RATION_PER_S = 10 };

struct ration {
    usec_t second; /* the current one's start */
    uint32_t said; /* in it */
    uint32_t kept; /* unsaid since the last that was said */
};

/* Whether one more line may be said; *kept is then how many were not before it, to be said first. */
static inline bool ration_take(struct ration *r, usec_t mono_us, uint32_t *kept)
{
    if (r->said == 0 || mono_us - r->second >= USEC_PER_SEC) {
        r->second = mono_us;
        r->said = 0;
    }
    if (r->said == RATION_PER_S) {
        r->kept++;
        return false;
    }
    r->said++;
    *kept = r->kept;
    r->kept = 0;
    return true;
}
