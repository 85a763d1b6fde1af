/* trains.h - the datagrams of one turn, gathered by receiver: what goes to one peer leaves in trains, each of which the
 * kernel takes in one call and cuts into its datagrams (UDP_SEGMENT, udp(7)).
 *
 * All datagrams of a train are as long as its first; the last may be shorter. The order that a peer sees is kept; that
 * among peers is not. Owned by udp, its only user. Pure: what the kernel does with a train is udp's affair. */
#pragma once

#include "base/outbox.h"

enum {
    TRAIN_DATAGRAMS_MAX = 64, /* UDP_MAX_SEGMENTS of Linux before 6.9 */
    TRAIN_BYTES_MAX = 64000,  /* below what one IP packet may hold, headers included */
};

struct train {
    uint32_t first, last; /* its datagrams by their place in the outbox; trains_next leads from one to the other */
    uint32_t count, bytes;
    uint32_t segment; /* bytes of each but the last */
    bool complete;    /* nothing can follow: its last datagram is shorter */
};

struct trains;

/* For outboxes of up to so many datagrams. seed: secret, so that nobody can choose addresses that share a chain. */
enum status trains_create(struct trains **, size_t datagrams_max, uint64_t seed);
void trains_destroy(struct trains *); /* NULL is fine */

/* Gathers what leaves by socket `via`; returns the number of trains, which are good until the next call. */
size_t trains_gather(struct trains *, const struct outbox *, uint8_t via);
const struct train *trains_at(const struct trains *, size_t index);
/* The datagram behind this one in its train; asked only of those before the last. */
uint32_t trains_next(const struct trains *, uint32_t datagram);
