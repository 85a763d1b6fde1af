/* keyframe.h - merges and paces keyframe requests for one published video stream.
 *
 * However many receivers ask, one PLI goes out: at once when none is under way, then again at KEYFRAME_RETRY_US until a keyframe
 * comes (requests and keyframes are lost too), and never more often than KEYFRAME_PACE_US apart, as keyframes are dear. */
#pragma once

#include "base/clock.h"

#define KEYFRAME_PACE_US (300 * USEC_PER_MSEC)
#define KEYFRAME_RETRY_US (300 * USEC_PER_MSEC)

struct keyframe {
    bool wanted;
    bool ever_asked;
    usec_t asked_at;
};

void keyframe_want(struct keyframe *);
/* urgent: a receiver was just let in and has nothing to decode; asks now although one was asked a moment ago. */
void keyframe_want_now(struct keyframe *);
void keyframe_arrived(struct keyframe *);
/* True when a request is to be sent now; counts as sent. */
bool keyframe_due(struct keyframe *, usec_t now_us);
usec_t keyframe_deadline(const struct keyframe *); /* NEVER when nothing is wanted */
