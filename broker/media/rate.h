/* rate.h - the rate itself: falls to what arrives, rises carefully (draft-ietf-rmcat-gcc-02 5.5), by one receiver's
 * signals. Values only.
 *
 * Two things more than the draft has. After a fall it stays below what arrives until the queue that was built is gone:
 * audio waits in that queue. And a fall while less is sent than the rate allows is no more than a half: what arrives
 * then tells what we had to send, not what the path takes. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"
#include "media/delay.h"

struct rate {
    uint64_t bps;
    uint64_t capacity_bps; /* what arrived when it last fell; 0: not known */
    usec_t changed_at, fell_at;
    uint64_t before_loss_bps; /* what it was when it fell by loss alone; 0: it fell again since, or has risen */
    bool draining;
    usec_t drain_until;
    uint64_t drain_bps; /* meanwhile */
};

struct rate_news {
    enum delay_signal signal;
    bool losing;        /* loss_report's verdict */
    uint64_t acked_bps; /* what arrives; 0: not known */
    uint64_t sent_bps;
    usec_t queue_us, rtt_us;
};

void rate_init(struct rate *, usec_t now_us, uint64_t bps);
/* True: it fell. */
bool rate_report(struct rate *, usec_t now_us, const struct rate_news *);
/* A probe found that so much arrives. full: and no more. */
void rate_found(struct rate *, usec_t now_us, uint64_t bps, bool full);
/* The loss that it fell by last was none of ours. */
void rate_undo_loss(struct rate *, usec_t now_us);
/* Nothing is heard any more: at most this. */
void rate_limit(struct rate *, usec_t now_us, uint64_t bps);
uint64_t rate_bps(const struct rate *);
/* The queue of a fall did not go away in time: it is no queue of ours. Once true, it is told. */
bool rate_take_stuck(struct rate *, usec_t now_us, usec_t queue_us);
