/* shard.h - one thread with its own core and its own port, UDP and TCP: every room lives on exactly one.
 *
 * Letters come from the front in one queue and go back in another, and so with the scribe; nothing else is shared. Each
 * turn reads the clocks once, and what the core wants sent leaves before the next letter is opened: records first, then
 * datagrams, then messages. */
#pragma once

#include "base/log.h"
#include "auth/plan.h"
#include "base/codec.h"
#include "shell/queue.h"

struct shard;

struct shard_config {
    size_t index;
    const struct address *bind; /* with ports */
    size_t bind_count;
    const struct address *advertise; /* candidates, with ports and transports */
    size_t advertise_count;
    struct codec_choice video_codecs;
    const struct turn_service *turn; /* outlives the shard; NULL: there is none */
    size_t rooms_max, clients_max;
    size_t tcp_per_address_max; /* media connections by TCP, of one IPv4 address or IPv6 /64 */
    struct queue *to_front;     /* outlives the shard */
    struct queue
        *to_scribe;        /* outlives the shard; NULL: nothing is recorded, so whoever needs a record is not let in */
    const struct log *log; /* outlives the shard */
};

/* A number below the count: the same for the same id and count, in every process. Which shard runs a session is
 * placement.h's to say. */
size_t shard_of(const struct id *session, size_t shard_count);

/* Logs why when it fails. */
enum status shard_create(struct shard **, const struct shard_config *);
void shard_destroy(struct shard *); /* after shard_stop; NULL is fine */
/* Before shard_start. roomless: as broker_roomless says. */
enum status shard_plan(struct shard *, const struct plan *, struct id *roomless);
/* Where the front sends letters to this shard; lives as long as the shard. Room for `spare` letters beyond the usual.
 */
struct queue *shard_inbox(const struct shard *);
/* Where the scribe answers. */
struct queue *shard_answers(const struct shard *);

enum status shard_start(struct shard *);
void shard_stop(struct shard *); /* waits for the thread; without a thread, does nothing */
