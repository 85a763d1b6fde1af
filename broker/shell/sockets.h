/* sockets.h - the media sockets of one shard: UDP (udp.h) and TCP (tcp.h) on the same addresses and the same port. What
 * comes in says by which it came, and what goes out leaves by the one that its address names. */
#pragma once

#include "base/log.h"
#include "shell/tcp.h"
#include "shell/udp.h"

enum { SOCKETS_BATCH = UDP_BATCH };

struct sockets;

struct sockets_config {
    size_t shard; /* for the log */
    const struct address *bind;
    size_t bind_count;
    size_t datagrams_max; /* of the outboxes that it will send */
    size_t tcp_max, tcp_per_address_max;
    const struct log *log;
};

/* Logs which address could not be bound. */
enum status sockets_create(struct sockets **, const struct sockets_config *);
void sockets_destroy(struct sockets *); /* NULL is fine */
/* Wakes this epoll when there is something in sockets_receive; no event of these has the numbers of other files. */
enum status sockets_watch(const struct sockets *, int epoll_fd);

/* Everything that waits, up to a batch of each socket, without blocking. The number of datagrams taken; less than
 * SOCKETS_BATCH: nothing was left behind. */
size_t sockets_receive(struct sockets *, tcp_take *, void *context);
void sockets_send(struct sockets *, const struct outbox *);
/* What the kernel, or a connection that is gone or slow, would not take. */
uint64_t sockets_dropped(const struct sockets *);
