/* cache.h - the recent packets of one published video stream, for retransmission to any of its receivers.
 *
 * Owned by its track and shared by all slots that carry it. Fixed memory, made when the first packet is kept: a ring of
 * bytes with an index by sequence number. The oldest give way, so a late request may find nothing. It holds payloads as
 * they were published; numbers are each slot's own (renumber.h). */
#pragma once

#include "base/clock.h"
#include "base/status.h"
#include "media/rtp.h"
#include "media/video.h"

enum {
    CACHE_BYTES = 128 << 10, /* a second of 1 Mbit/s */
    CACHE_PACKETS = 256,
};

struct cache;

enum status cache_create(struct cache **);
void cache_destroy(struct cache *); /* wiped; NULL is fine */

/* Copies marker, timestamp, payload and what the payload is. seq: extended. */
void cache_put(struct cache *, uint64_t seq, const struct rtp *, const struct video_packet *);
/* False when it is gone or never came. The payload is borrowed until the next cache_put; the rest of *rtp, but seq, is
 * zero. */
bool cache_find(const struct cache *, uint64_t seq, struct rtp *, struct video_packet *);
/* Forgets, and wipes, all of it: what was said to those who were there is not for those who come. */
void cache_clear(struct cache *);
