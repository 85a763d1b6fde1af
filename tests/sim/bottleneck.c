#include "sim/bottleneck.h"

#include <stdio.h>
#include <stdlib.h>

enum { QUEUE_MAX = 16384 };

struct ring {
    size_t first, count;
    struct parcel parcels[QUEUE_MAX];
};

struct bottleneck {
    struct chance chance;
    struct bottleneck_weather weather;
    bool in_burst;
    usec_t free_at, last_arrival; /* the link is busy until; nothing overtakes */
    size_t queued;                /* bytes */
    struct ring queue, flying;
};

struct bottleneck *bottleneck_create(uint64_t seed)
{
    struct bottleneck *b = calloc(1, sizeof *b);
    if (!b)
        abort();
    b->chance.state = seed;
    return b;
}

void bottleneck_destroy(struct bottleneck *b)
{
    free(b);
}

void bottleneck_set(struct bottleneck *b, const struct bottleneck_weather *weather)
{
    b->weather = *weather;
}

static struct parcel *ring_first(struct ring *ring)
{
    return &ring->parcels[ring->first];
}

static void ring_put(struct ring *ring, const struct parcel *parcel)
{
    if (ring->count == QUEUE_MAX) {
        fputs("bottleneck: more packets on the way than foreseen\n", stderr);
        abort();
    }
    ring->parcels[(ring->first + ring->count++) % QUEUE_MAX] = *parcel;
}

static struct parcel ring_take(struct ring *ring)
{
    struct parcel parcel = *ring_first(ring);
    ring->first = (ring->first + 1) % QUEUE_MAX;
    ring->count--;
    return parcel;
}

static usec_t passing_us(const struct bottleneck *b, size_t bytes)
{
    return bytes * 8 * USEC_PER_SEC / b->weather.bps;
}

static bool is_lost(struct bottleneck *b)
{
    if (chance_in(&b->chance, b->in_burst ? b->weather.burst_ends : b->weather.burst_begins))
        b->in_burst = !b->in_burst;
    return b->in_burst || chance_in(&b->chance, b->weather.lost);
}

/* What has reached the link by now passes it one after another. */
static void pass(struct bottleneck *b, usec_t now_us)
{
    while (b->queue.count > 0) {
        struct parcel *first = ring_first(&b->queue);
        usec_t begins = first->sent_us > b->free_at ? first->sent_us : b->free_at;
        usec_t ends = begins + passing_us(b, first->bytes);
        if (ends > now_us)
            return;
        b->free_at = ends;
        b->queued -= first->bytes;
        struct parcel parcel = ring_take(&b->queue);
        if (is_lost(b))
            continue;
        usec_t jitter_us = b->weather.jitter_us ? chance_below(&b->chance, b->weather.jitter_us) : 0;
        usec_t at = ends + b->weather.delay_us + jitter_us;
        parcel.arrived_us = b->last_arrival = at > b->last_arrival ? at : b->last_arrival;
        ring_put(&b->flying, &parcel);
    }
}

void bottleneck_send(struct bottleneck *b, const struct parcel *parcel)
{
    pass(b, parcel->sent_us);
    /* One packet finds room in any queue. */
    if (b->queue.count > 0 && passing_us(b, b->queued + parcel->bytes) > b->weather.queue_us)
        return;
    b->queued += parcel->bytes;
    ring_put(&b->queue, parcel);
}

bool bottleneck_next(struct bottleneck *b, usec_t now_us, struct parcel *out)
{
    pass(b, now_us);
    if (b->flying.count == 0 || ring_first(&b->flying)->arrived_us > now_us)
        return false;
    *out = ring_take(&b->flying);
    return true;
}

usec_t bottleneck_queue_us(const struct bottleneck *b, usec_t now_us)
{
    usec_t left_us = passing_us(b, b->queued);
    return b->queue.count > 0 && b->free_at > now_us ? left_us + (b->free_at - now_us) : left_us;
}
