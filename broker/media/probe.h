/* probe.h - bursts above the estimate, to learn whether the path takes more than is sent, and when to send them.
 *
 * A sender that sends less than the path takes learns nothing from what arrives; growth alone would take half a minute
 * from 0.5 to 3 Mbit/s. So now and then some packets go out at a higher rate for a short time, filled up with padding,
 * and the rate at which they arrive is what the path takes. What is found leads to the next probe at once; a probe that
 * finds nothing, to a longer wait; and one whose find proves too much (a policer lets bursts pass), to a much longer
 * one. Values only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

enum probe_state {
    PROBE_WAITING = 0,
    PROBE_SENDING,
    PROBE_LISTENING, /* all is sent; until it is known how it arrived */
};

struct probe {
    enum probe_state state;
    usec_t next_at, wait_us; /* when the next one may begin; how long to wait after one in vain */
    uint64_t bps;            /* of this one */
    usec_t started_at, ends_at, listen_until;
    uint64_t first_seq, end_seq; /* what belongs to it */
    size_t sent;
    bool first;      /* nothing was in vain yet: bolder */
    usec_t found_at; /* when that was */
    /* How it arrives. */
    unsigned arrivals;
    size_t arrived, first_bytes, last_bytes;
    int64_t first_sent_us, last_sent_us, first_arrived_us, last_arrived_us;
};

struct probe_find {
    uint64_t bps;
    bool full; /* the path takes no more than that */
};

void probe_init(struct probe *, usec_t now_us);
/* A probe may begin, when its time has come: less than `want_bps` is known to fit, and nothing is amiss. */
void probe_start(struct probe *, usec_t now_us, uint64_t estimate_bps, uint64_t want_bps, usec_t jitter_us,
                 uint64_t next_seq);
/* Padding to send now. next_seq: the number that the next packet will have. */
size_t probe_due(struct probe *, usec_t now_us, uint64_t next_seq);
void probe_sent(struct probe *, usec_t now_us, uint64_t seq, size_t bytes);
/* Whether this packet belongs to the probe that is out. */
bool probe_has(const struct probe *, uint64_t seq);
/* One of those arrived; in the order of sending. */
void probe_arrived(struct probe *, int64_t sent_us, int64_t arrived_us, size_t bytes);
/* settled: what became of all packets before is known. own_loss: the part that the path loses anyway, below 1. True:
 * the probe is over and told something. */
bool probe_finish(struct probe *, usec_t now_us, uint64_t settled, double own_loss, struct probe_find *);
/* What came of that: whether the estimate rose by it. */
void probe_judge(struct probe *, usec_t now_us, bool raised, bool full);
/* The estimate fell. */
void probe_regret(struct probe *, usec_t now_us);
/* The fall was a mistake. */
void probe_forgive(struct probe *, usec_t now_us);
/* When there is padding to send, nothing more to wait for, or time for the next probe. */
usec_t probe_deadline(const struct probe *);
