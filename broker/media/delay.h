/* delay.h - whether a queue grows on the way, told from how much later than sent packets arrive.
 *
 * Two looks at the same thing. The trend (draft-ietf-rmcat-gcc-02 5, with the trend line that browsers use today in
 * place of the Kalman filter): packets that were sent together are one group, and the slope of the groups' smoothed
 * delays is held against a threshold that adapts (5.4), so that we don't starve beside flows that fill queues. And the
 * level: the least delay within a short time above the least of the last ten to twenty seconds. Jitter shakes the trend
 * and not the least delay, so a trend alone without a level is no queue.
 *
 * Times are the sender's and the receiver's; their clocks need not agree. Values only. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

enum { DELAY_POINTS = 20 };

enum delay_signal {
    DELAY_NORMAL = 0,
    DELAY_OVER,  /* more is sent than the path takes */
    DELAY_UNDER, /* a queue is emptying */
};

struct delay_group {
    int64_t first_sent_us, sent_us, arrived_us; /* of its first packet, and of its last */
};

struct delay {
    bool started, grouped;
    struct delay_group group, before; /* the one that grows, the one before it */
    bool has_before;

    /* The trend, in ms. */
    int64_t origin_us; /* arrival of the first point */
    double accumulated_ms, smoothed_ms;
    struct {
        double at_ms, delay_ms;
    } points[DELAY_POINTS];
    unsigned count; /* of all points ever, up to a bound */
    double trend, threshold_ms, over_ms;
    unsigned overs;
    enum delay_signal signal;

    /* The level. */
    int64_t base_us[2]; /* least delays: of this period, of the one before */
    int64_t period_at_us;
    int64_t least_us, sum_us;
    unsigned samples; /* since the last level */
    int64_t level_us, jitter_us;
    unsigned over_reports; /* in a row */
};

void delay_init(struct delay *);
/* One packet that arrived, in the order of sending. */
void delay_packet(struct delay *, int64_t sent_us, int64_t arrived_us);
/* After the packets of one report: what they came to. */
enum delay_signal delay_report(struct delay *);
/* How long packets wait on the way, by the last reports. */
static inline usec_t delay_queue_us(const struct delay *delay)
{
    return (usec_t)delay->level_us;
}
/* The next packets don't follow on from those before: a probe was between them, or a pause. */
void delay_break(struct delay *);
/* The path has become another: what seemed a queue is its length. */
void delay_rebase(struct delay *);
