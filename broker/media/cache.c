#include "media/cache.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_LEN = (8 << 10) - 16, /* with what malloc adds */
    CHUNKS = CACHE_BYTES / (8 << 10),
    NUMBER_BITS = 8,
};

struct entry {
    uint64_t seq;
    uint32_t time;
    uint16_t at, len; /* of its payload, in its chunk */
    struct video_packet video;
    bool marker;
};

/* Entries from the front, their payloads from the back, until the two meet:
 * | newest_at, count, end | entry 0 | entry 1 | ...        ... | payload 1 | payload 0 | */
struct chunk {
    usec_t newest_at; /* when its last packet came */
    uint16_t count, end;
    struct entry entries[];
};

_Static_assert((CHUNK_LEN - sizeof(struct chunk)) / (sizeof(struct entry) + 1) < 1 << NUMBER_BITS,
               "an entry's number fits the index");
_Static_assert(CHUNKS < 1 << (16 - NUMBER_BITS), "and so does a chunk's place");

struct cache {
    struct chunk *chunks[CHUNKS]; /* a ring, in the order in which they were begun; NULL where there is none */
    size_t first, count;
    usec_t keep_us;
    uint64_t gone; /* the last that became too old */
    /* Of seq % CACHE_PACKETS: place of the chunk and number in it, of the last such packet; to be looked at before it
     * is believed. */
    uint16_t index[CACHE_PACKETS];
};

enum status cache_create(struct cache **created)
{
    struct cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return ERR_NO_MEMORY;
    cache->keep_us = CACHE_KEEP_US;
    *created = cache;
    return OK;
}

void cache_destroy(struct cache *cache)
{
    if (cache)
        cache_clear(cache);
    free(cache);
}

static void chunk_destroy(struct chunk *chunk)
{
    if (chunk)
        bytes_wipe(chunk, CHUNK_LEN);
    free(chunk);
}

void cache_clear(struct cache *cache)
{
    for (size_t place = 0; place < CHUNKS; place++)
        chunk_destroy(cache->chunks[place]);
    *cache = (struct cache){ .keep_us = cache->keep_us };
}

static struct chunk *take_oldest(struct cache *cache)
{
    struct chunk *oldest = cache->chunks[cache->first];
    cache->chunks[cache->first] = NULL;
    cache->first = (cache->first + 1) % CHUNKS;
    cache->count--;
    return oldest;
}

/* All that is too old goes, and one of it is used again; so at a steady rate nothing comes from the heap. */
static struct chunk *take_old(struct cache *cache, usec_t now_us)
{
    struct chunk *old = NULL;
    while (cache->count > 0 && cache->chunks[cache->first]->newest_at + cache->keep_us < now_us) {
        chunk_destroy(old);
        old = take_oldest(cache);
        cache->gone = old->entries[old->count - 1].seq;
    }
    return old;
}

/* An empty chunk at the end of the ring. False: no memory for it. */
static bool begin_chunk(struct cache *cache, usec_t now_us)
{
    struct chunk *chunk = take_old(cache, now_us);
    if (!chunk && cache->count < CHUNKS)
        chunk = malloc(CHUNK_LEN);
    if (!chunk && cache->count > 0)
        chunk = take_oldest(cache);
    if (!chunk)
        return false;
    chunk->count = 0;
    chunk->end = CHUNK_LEN;
    cache->chunks[(cache->first + cache->count++) % CHUNKS] = chunk;
    return true;
}

static size_t newest_place(const struct cache *cache)
{
    return (cache->first + cache->count - 1) % CHUNKS;
}

static bool has_room(const struct cache *cache, size_t len)
{
    if (cache->count == 0)
        return false;
    const struct chunk *newest = cache->chunks[newest_place(cache)];
    return sizeof *newest + (newest->count + 1u) * sizeof *newest->entries + len <= newest->end;
}

void cache_put(struct cache *cache, usec_t now_us, uint64_t seq, const struct rtp *rtp,
               const struct video_packet *video)
{
    size_t len = rtp->payload.len;
    if (len == 0 || len > CACHE_PAYLOAD_MAX || (!has_room(cache, len) && !begin_chunk(cache, now_us)))
        return;
    size_t place = newest_place(cache);
    struct chunk *chunk = cache->chunks[place];
    chunk->newest_at = now_us;
    chunk->end -= (uint16_t)len;
    memcpy((uint8_t *)chunk + chunk->end, rtp->payload.at, len);
    cache->index[seq % CACHE_PACKETS] = (uint16_t)(place << NUMBER_BITS | chunk->count);
    chunk->entries[chunk->count++] = (struct entry){
        .seq = seq,
        .time = rtp->time,
        .at = chunk->end,
        .len = (uint16_t)len,
        .video = *video,
        .marker = rtp->marker,
    };
}

bool cache_find(struct cache *cache, uint64_t seq, struct rtp *rtp, struct video_packet *video)
{
    uint16_t ref = cache->index[seq % CACHE_PACKETS], number = ref & ((1 << NUMBER_BITS) - 1);
    const struct chunk *chunk = cache->chunks[ref >> NUMBER_BITS];
    if (!chunk || number >= chunk->count || chunk->entries[number].seq != seq) {
        if (seq <= cache->gone && cache->gone - seq < CACHE_PACKETS)
            cache->keep_us = CACHE_KEEP_LONG_US;
        return false;
    }
    const struct entry *entry = &chunk->entries[number];
    *rtp = (struct rtp){
        .marker = entry->marker,
        .seq = (uint16_t)seq,
        .time = entry->time,
        .payload = { (const uint8_t *)chunk + entry->at, entry->len },
    };
    *video = entry->video;
    return true;
}

size_t cache_size(const struct cache *cache)
{
    return sizeof *cache + cache->count * CHUNK_LEN;
}
