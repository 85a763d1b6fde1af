/* estimate_rival.h - a download beside us: a plain window that grows by a packet each round trip and halves on loss. */
#pragma once

#include "sim/bottleneck.h"

struct rival {
    usec_t starts_us, back_us; /* back: what an acknowledgement takes */
    double window;             /* packets */
    uint64_t next, heard;      /* numbers: sent, and acknowledged up to */
    uint64_t recovered;        /* loss below is of one event */
    usec_t heard_at;
    uint64_t received; /* bytes */
    struct {
        uint64_t number;
        usec_t due_us;
    } acks[2048];
    size_t first, count;
};

void rival_step(struct rival *, int number, usec_t now_us, struct bottleneck *);
void rival_arrived(struct rival *, const struct parcel *);
