/* loss.h - whether loss says that less should be sent.
 *
 * Loss alone is no congestion: a radio link loses some packets at any rate, and sending less does not help (the loss
 * based controller of draft-ietf-rmcat-gcc-02 6 halves the rate every few seconds at 10 % such loss). What loss is
 * counts by what happens to it: a bottleneck with a short queue, which shows by loss only, stops losing once we send
 * what it passes; so we try that once, when loss is high for a while, and what is left of it afterwards belongs to the
 * path and is not held against it any more. With a queue on the way less loss is enough. Values only. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

struct loss {
    usec_t since;
    unsigned lost, arrived; /* of this window */
    unsigned bad_windows;   /* in a row */
    bool tried;             /* the rate was lowered for it; the next windows tell */
    double tried_ratio;     /* what it was then */
    usec_t judge_from;
    double ambient; /* the part that is the path's own, 0 to 1 */
    double ratio;   /* of the last whole window */
};

enum loss_verdict {
    LOSS_FINE = 0,
    LOSS_LOWER, /* the rate to what arrives; and say so by loss_lowered */
    LOSS_OWN,   /* it did not help: what was lowered for loss may rise again */
};

/* What one report tells of newly settled packets; lost is less than none when some came that an earlier report had
 * missed. queueing: there is a queue, too. */
enum loss_verdict loss_report(struct loss *, usec_t now_us, int lost, unsigned arrived, bool queueing);
void loss_lowered(struct loss *, usec_t now_us, usec_t rtt_us);
/* The part of all packets that the path loses anyway, as far as is known: at most a half. */
static inline double loss_own(const struct loss *loss)
{
    return loss->ambient < 0.5 ? loss->ambient : 0.5;
}
