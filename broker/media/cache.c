#include "media/cache.h"

#include <stdlib.h>
#include <string.h>

enum { INDEX = 2 * CACHE_PACKETS };

struct entry {
    uint64_t seq;
    uint32_t time;
    uint32_t at, len; /* in bytes */
    bool marker;
    struct video_packet video;
};

struct cache {
    struct entry entries[CACHE_PACKETS]; /* in the order in which they came: a ring */
    size_t first, count;
    uint16_t index[INDEX]; /* of seq % INDEX: the place of the last such entry; to be looked at before it is believed */
    uint32_t end;          /* where the next payload goes */
    uint8_t bytes[CACHE_BYTES];
};

enum status cache_create(struct cache **created)
{
    struct cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return ERR_NO_MEMORY;
    *created = cache;
    return OK;
}

void cache_destroy(struct cache *cache)
{
    if (cache)
        cache_clear(cache);
    free(cache);
}

void cache_clear(struct cache *cache)
{
    bytes_wipe(cache, sizeof *cache);
}

static bool overlaps(const struct entry *entry, uint32_t at, uint32_t len)
{
    return entry->at < at + len && at < entry->at + entry->len;
}

/* The place for one more payload, in one piece. What lies there, and in the piece at the end that is passed over, is
 * the oldest, and goes. */
static uint32_t make_room(struct cache *cache, uint32_t len)
{
    bool wraps = cache->end + len > CACHE_BYTES;
    uint32_t at = wraps ? 0 : cache->end;
    while (cache->count > 0) {
        const struct entry *oldest = &cache->entries[cache->first];
        bool in_the_way = overlaps(oldest, at, len) || (wraps && oldest->at >= cache->end);
        if (!in_the_way && cache->count < CACHE_PACKETS)
            break;
        cache->first = (cache->first + 1) % CACHE_PACKETS;
        cache->count--;
    }
    return at;
}

void cache_put(struct cache *cache, uint64_t seq, const struct rtp *rtp, const struct video_packet *video)
{
    if (rtp->payload.len == 0 || rtp->payload.len > CACHE_BYTES)
        return;
    uint32_t len = (uint32_t)rtp->payload.len, at = make_room(cache, len);
    size_t place = (cache->first + cache->count++) % CACHE_PACKETS;
    cache->entries[place] = (struct entry){
        .seq = seq,
        .time = rtp->time,
        .at = at,
        .len = len,
        .marker = rtp->marker,
        .video = *video,
    };
    cache->index[seq % INDEX] = (uint16_t)place;
    memcpy(cache->bytes + at, rtp->payload.at, len);
    cache->end = at + len;
}

bool cache_find(const struct cache *cache, uint64_t seq, struct rtp *rtp, struct video_packet *video)
{
    size_t place = cache->index[seq % INDEX];
    const struct entry *entry = &cache->entries[place];
    bool held = (place + CACHE_PACKETS - cache->first) % CACHE_PACKETS < cache->count;
    if (!held || entry->seq != seq)
        return false;
    *rtp = (struct rtp){
        .marker = entry->marker,
        .seq = (uint16_t)seq,
        .time = entry->time,
        .payload = { cache->bytes + entry->at, entry->len },
    };
    *video = entry->video;
    return true;
}
