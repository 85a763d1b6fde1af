/* cache.h - the recent packets of one published video stream, for retransmission to any of its receivers.
 *
 * Owned by its track and shared by all slots that carry it. It holds what came within CACHE_KEEP_US, so its size
 * follows the bit rate, up to CACHE_BYTES; then the oldest give way, and a late request may find nothing. Once somebody
 * asks for what has just gone, as over a long path, it holds CACHE_KEEP_LONG_US. It holds payloads as they were
 * published; numbers are each slot's own (renumber.h). */
#pragma once

#include "base/clock.h"
#include "base/status.h"
#include "media/rtp.h"
#include "media/video.h"

enum {
    CACHE_BYTES = 160 << 10,     /* a second of 1 Mbit/s, and what is known of its packets */
    CACHE_PACKETS = 512,         /* of this number, two share a place, and the later one has it */
    CACHE_PAYLOAD_MAX = 4 << 10, /* a longer one is left out: no datagram that transport takes has it */
};
#define CACHE_KEEP_US (500 * USEC_PER_MSEC) /* more than a packet waits for its pace: PACER_LATE_US */
#define CACHE_KEEP_LONG_US USEC_PER_SEC     /* a picture of before is of no use: NACK_GIVE_UP_US */

struct cache;

enum status cache_create(struct cache **);
void cache_destroy(struct cache *); /* wiped; NULL is fine */

/* Copies marker, timestamp, payload and what the payload is. seq: extended. Without memory for it, it is left out. */
void cache_put(struct cache *, usec_t now_us, uint64_t seq, const struct rtp *, const struct video_packet *);
/* False when it is gone or never came. The payload is borrowed until the next cache_put; the rest of *rtp, but seq, is
 * zero. */
bool cache_find(struct cache *, uint64_t seq, struct rtp *, struct video_packet *);
/* Forgets, and wipes, all of it: what was said to those who were there is not for those who come. */
void cache_clear(struct cache *);
/* What it has taken from the heap. */
size_t cache_size(const struct cache *);
