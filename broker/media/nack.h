/* nack.h - what is missing of one published stream, and when to ask for it (again): RFC 4585 6.2.1.
 *
 * A gap may be disorder, so it is given a moment; what does not come is asked for once a round trip, and given up when
 * it would be too late to show. Then only a keyframe mends the picture. The list grows with what is missing, so a
 * stream that comes whole has none. The numbers are extended ones of reception.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

enum {
    NACK_MISSING_MAX = 256, /* a longer gap is not mended packet by packet */
    NACK_TRIES_MAX = 10,
};
#define NACK_DISORDER_US (15 * USEC_PER_MSEC)
#define NACK_RTT_LEAST_US (10 * USEC_PER_MSEC)
#define NACK_RTT_UNKNOWN_US (100 * USEC_PER_MSEC)
#define NACK_GIVE_UP_US (1000 * USEC_PER_MSEC)

struct nack_missing {
    uint64_t seq;
    usec_t since, asked_at, ask_at;
    uint8_t tries;
};

struct nack {
    bool started;
    uint64_t highest;
    usec_t ask_at; /* no one of them is due before; may be early */
    usec_t rtt_us; /* from asking to having, smoothed; 0: not known */
    size_t count, cap;
    struct nack_missing *missing; /* in the order of seq; NULL until something is */
};

/* All zero is a fresh one, and so it is left. */
void nack_deinit(struct nack *);
/* One packet came, or was brought by a retransmission. True when something is given up for lost by it: a gap too long,
 * or no memory for the list. */
bool nack_packet(struct nack *, usec_t now_us, uint64_t seq);
/* What to ask for now, at most cap; they count as asked. *lost: something was given up. */
size_t nack_due(struct nack *, usec_t now_us, uint16_t *seqs, size_t cap, bool *lost);
/* When nack_due has something to do; NEVER when nothing is missing. */
usec_t nack_deadline(const struct nack *);
/* A keyframe begins at this packet: what is missing before it is not needed any more. */
void nack_forget_before(struct nack *, uint64_t seq);
