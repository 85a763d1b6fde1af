/* bottleneck.h - one direction of a network path in virtual time: what drops packets on the air, a queue of bounded
 * length in front of a link of some rate (drop tail), and a distance with jitter. Packets stay in order, as they do on
 * most paths. Several senders may share it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "sim/chance.h"

struct bottleneck_weather {
    uint64_t bps;
    usec_t queue_us; /* the queue holds as much as the link passes in so long */
    usec_t delay_us, jitter_us;
    unsigned lost;                     /* per thousand, each by itself */
    unsigned burst_begins, burst_ends; /* per thousand, before each packet: a time in which all is lost */
};

struct parcel {
    int from;      /* which sender */
    unsigned kind; /* its own affair, like the two below */
    uint64_t number;
    uint16_t seq;
    size_t bytes;
    usec_t sent_us, arrived_us; /* the latter once it has */
};

struct bottleneck;

struct bottleneck *bottleneck_create(uint64_t seed);
void bottleneck_destroy(struct bottleneck *);
void bottleneck_set(struct bottleneck *, const struct bottleneck_weather *);
/* Its sent_us says when; never before the last one's. */
void bottleneck_send(struct bottleneck *, const struct parcel *);
/* The next that has arrived by now_us; false when there is none. */
bool bottleneck_next(struct bottleneck *, usec_t now_us, struct parcel *);
/* How long the link is busy with what is queued. */
usec_t bottleneck_queue_us(const struct bottleneck *, usec_t now_us);
