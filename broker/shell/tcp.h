/* tcp.h - the ICE-TCP sockets of one shard (RFC 6544, passive): a listener for each address, and the connections that
 * came by them. Each carries datagrams in frames (framing.h), for networks that let no UDP through. Nonblocking.
 *
 * A peer's address says which listener it came by (`via`), so it names one connection; when that is gone, what is sent
 * to it is dropped and counted. Its path lives on in ICE until a check by another one replaces it, or its consent ends.
 *
 * What is bounded: how many there are, and how many of one address; how long a stranger may be silent, or talk without
 * an authentic check; what is kept of each: of what comes in, the beginning of one frame; of what goes out, the end of
 * one frame that the kernel took only a part of. A frame is begun or it is dropped, as UDP would drop it. So nothing
 * waits here that a shut gate would have to take back; and the kernel takes no more than TCP_UNSENT_MAX beyond what is
 * on its way, so that on a slow path the media is not old, nor goes on for long after a gate is shut. */
#pragma once

#include "base/address.h"
#include "base/clock.h"
#include "base/outbox.h"
#include "base/status.h"

enum {
    TCP_LISTENERS_MAX = 8,
    TCP_UNSENT_MAX = 32 << 10,  /* bytes: a quarter of a second at 1 Mb/s */
    TCP_PER_ADDRESS_FACTOR = 4, /* paths of one person: each pair of their addresses with ours */
};
#define TCP_STRANGER_US (10 * USEC_PER_SEC) /* until the first authentic check */
#define TCP_IDLE_US (45 * USEC_PER_SEC)     /* consent is over after 30 */

struct tcp;

struct tcp_config {
    const struct address *bind; /* with ports */
    size_t bind_count;
    size_t known_max;             /* connections with an authentic check; strangers come on top */
    size_t known_per_address_max; /* of these, from one IPv4 address or IPv6 /64 */
    uint64_t seed;                /* secret and random, so that nobody can choose addresses that share a chain */
};

/* As udp_create. */
enum status tcp_create(struct tcp **, const struct tcp_config *, struct address *failed);
void tcp_destroy(struct tcp *); /* NULL is fine */
/* How many files it may have open at once. */
size_t tcp_files(size_t bind_count, size_t known_max);

/* For epoll: readable when there is something to do in tcp_receive. */
int tcp_fd(const struct tcp *);

/* Where datagrams go; they may be written over. OK: it was authentic, so the peer is no stranger. */
typedef enum status tcp_take(void *context, struct now, const struct address *peer, uint8_t *data, size_t len);
/* Accepts, reads and ends what is due, without blocking. The number of datagrams taken. */
size_t tcp_receive(struct tcp *, struct now, tcp_take *, void *context);
/* Sends each of the outbox's datagrams that go by TCP, in order. May be called from within tcp_take. */
void tcp_send(struct tcp *, const struct outbox *);
uint64_t tcp_dropped(const struct tcp *);
