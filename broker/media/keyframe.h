/* keyframe.h - merges and paces keyframe requests for one published video stream.
 *
 * However many receivers ask, one PLI goes out: at once when none is under way, then again at KEYFRAME_RETRY_US until a
 * keyframe comes (requests and keyframes are lost too), and never more often than KEYFRAME_PACE_US apart, as keyframes
 * are dear. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

#define KEYFRAME_PACE_US (300 * USEC_PER_MSEC)
#define KEYFRAME_RETRY_US (300 * USEC_PER_MSEC)
#define KEYFRAME_URGENT_PACE_US (50 * USEC_PER_MSEC)

struct keyframe {
    bool wanted;
    bool urgent; /* wanted by someone just let in */
    bool ever_asked;
    usec_t asked_at;
};

/* All zero is a fresh one. */
void keyframe_want(struct keyframe *);
/* A receiver was just let in and has nothing to decode: asks now although one was asked a moment ago, as the keyframe
 * that answers that request may have passed already. Still at most once per KEYFRAME_URGENT_PACE_US. */
void keyframe_want_now(struct keyframe *);
/* The first packet of a keyframe came: whoever was let in before it can decode. */
void keyframe_arrived(struct keyframe *);
/* True when a request is to be sent now; counts as sent. */
bool keyframe_due(struct keyframe *, usec_t now_us);
/* When keyframe_due turns true: 0 is at once, NEVER when nothing is wanted. */
usec_t keyframe_deadline(const struct keyframe *);
