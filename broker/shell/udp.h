/* udp.h - the UDP sockets of one shard, one for each address, so that a reply always leaves from the address that its
 * peer knows: `via` of a peer's address is the socket's index. Nonblocking; batched both ways, and what goes to one
 * peer in trains. */
#pragma once

#include "base/address.h"
#include "base/outbox.h"
#include "base/status.h"

enum { UDP_BATCH = 64, UDP_DATAGRAM_MAX = 2048, UDP_SOCKETS_MAX = 8 };

struct udp;

struct udp_config {
    const struct address *bind; /* with ports */
    size_t bind_count;
    size_t datagrams_max; /* of the outboxes that it will send */
    uint64_t seed;        /* secret */
};

/* Binds each address. ERR_SYSTEM leaves errno and sets *failed to the address that could not be bound. */
enum status udp_create(struct udp **, const struct udp_config *, struct address *failed);
void udp_destroy(struct udp *);

/* For epoll. */
size_t udp_socket_count(const struct udp *);
int udp_socket(const struct udp *, size_t index);

struct udp_received {
    struct address peer;
    uint8_t *data; /* the caller may write over it until the next udp_receive */
    size_t len;
};
/* Up to UDP_BATCH of what waits on one socket, without blocking; what was longer than UDP_DATAGRAM_MAX is left out. */
size_t udp_receive(struct udp *, size_t index, struct udp_received out[static UDP_BATCH]);

/* Sends each of the outbox's datagrams that go by UDP, in trains (trains.h): in order for each peer. What the kernel
 * will not take is dropped and counted. */
void udp_send(struct udp *, const struct outbox *);
uint64_t udp_dropped(const struct udp *);
