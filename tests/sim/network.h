/* network.h - a seeded network in virtual time: each datagram is delayed, and may be dropped, doubled or overtaken. */
#pragma once

#include "base/address.h"
#include "base/clock.h"

struct network;

/* Per thousand; the delay is uniform between the two bounds, so that later datagrams overtake earlier ones. */
struct network_weather {
    unsigned dropped, doubled;
    usec_t delay_least, delay_most;
};

/* Where a datagram goes: to the broker, or to the peer with this number. */
enum { TO_BROKER = -1 };

struct flight {
    usec_t at; /* when it arrives */
    int to;
    struct address from;
    uint64_t stamp; /* the sender's note, delivered with it */
    size_t len;
    uint8_t data[1600];
};

struct network *network_create(uint64_t seed);
void network_destroy(struct network *);
void network_set_weather(struct network *, struct network_weather);
void network_send(struct network *, usec_t now_us, int to, const struct address *from, struct bytes, uint64_t stamp);
usec_t network_deadline(const struct network *);
/* The next datagram that has arrived by now_us; false when there is none. */
bool network_next(struct network *, usec_t now_us, struct flight *);
