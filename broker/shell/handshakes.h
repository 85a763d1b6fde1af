/* handshakes.h - the DTLS datagrams of one shard, of which each turn takes no more than it has time for.
 *
 * A step of a handshake costs up to a millisecond (a signature, a key agreement), a packet of media a thousandth of
 * that: when a workshop of sixty arrives at once, those who talk already must not wait for them all. What there is no
 * time for is kept, in its order; when too much is kept, the rest is dropped, and DTLS sends it again. Owned by its
 * shard; reads no clock. */
#pragma once

#include "base/clock.h"
#include "base/outbox.h"

#define HANDSHAKES_TURN_US USEC_PER_MSEC /* of each turn; a step that was begun is finished */
enum { HANDSHAKES_KEPT_MAX = 512 };

struct handshakes;

enum status handshakes_create(struct handshakes **);
void handshakes_destroy(struct handshakes *); /* NULL is fine */

/* A turn begins. */
void handshakes_turn(struct handshakes *);
/* Whether one that has just come may be taken: there is time, and none waits ahead of it. */
bool handshakes_may(const struct handshakes *);
/* Else it is kept, copied. ERR_FULL: it is dropped, and counted. ERR_MALFORMED: longer than TRANSPORT_PACKET_MAX. */
enum status handshakes_keep(struct handshakes *, const struct address *peer, struct bytes datagram);
/* The next that was kept, while there is time; false for none. Borrowed until the next call. */
bool handshakes_next(struct handshakes *, struct datagram *);
/* How long one took. */
void handshakes_took(struct handshakes *, usec_t span_us);
/* Some are kept still. */
bool handshakes_wait(const struct handshakes *);
uint64_t handshakes_dropped(const struct handshakes *);
