#include "load/tally.h"

#include <stdlib.h>
#include <string.h>

/* ---- Histogram ---- */

enum { FINE_BITS = 3, FINE = 1 << FINE_BITS }; /* buckets to a power of two */

static size_t bucket_of(usec_t value)
{
    if (value < FINE)
        return (size_t)value;
    unsigned power = 63 - (unsigned)__builtin_clzll(value);
    size_t bucket = (size_t)(power - FINE_BITS + 1) * FINE + (size_t)(value >> (power - FINE_BITS) & (FINE - 1));
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The largest value that falls into it. */
static usec_t bucket_end(size_t bucket)
{
    if (bucket < FINE)
        return bucket;
    unsigned shift = (unsigned)(bucket / FINE - 1);
    return ((usec_t)(FINE + bucket % FINE + 1) << shift) - 1;
}

void histogram_put(struct histogram *h, usec_t value)
{
    h->at[bucket_of(value)]++;
    h->count++;
    if (value > h->most)
        h->most = value;
}

void histogram_add(struct histogram *sum, const struct histogram *h)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        sum->at[i] += h->at[i];
    sum->count += h->count;
    if (h->most > sum->most)
        sum->most = h->most;
}

usec_t histogram_quantile(const struct histogram *h, double share)
{
    uint64_t below = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        below += h->at[i];
        if (below > 0 && (double)below >= share * (double)h->count)
            return i + 1 < HISTOGRAM_BUCKETS ? sooner(bucket_end(i), h->most) : h->most;
    }
    return h->most;
}

/* ---- Streams ---- */

static bool window_has(const struct tally_stream *s, int64_t index)
{
    return s->seen[index % TALLY_WINDOW / 64] >> (index % 64) & 1;
}
static void window_put(struct tally_stream *s, int64_t index)
{
    s->seen[index % TALLY_WINDOW / 64] |= (uint64_t)1 << (index % 64);
}
static void window_clear(struct tally_stream *s, int64_t index)
{
    s->seen[index % TALLY_WINDOW / 64] &= ~((uint64_t)1 << (index % 64));
}

struct tally_stream *tally_find(const struct tally *t, uint32_t ssrc)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->streams[i]->ssrc == ssrc)
            return t->streams[i];
    return NULL;
}

static enum status stream_add(struct tally *t, uint32_t ssrc, uint16_t seq, enum medium medium,
                              struct tally_stream **added)
{
    if (t->count == TALLY_STREAMS_MAX)
        return ERR_FULL;
    if (t->count == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 4;
        struct tally_stream **grown = realloc(t->streams, cap * sizeof *grown);
        if (!grown)
            return ERR_NO_MEMORY;
        t->streams = grown;
        t->cap = cap;
    }
    struct tally_stream *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NO_MEMORY;
    /* Its rollover counter is 0, so what comes before its first packet by half the numbers is of no index: RFC 3711
     * 3.3.1 has none below 0. */
    *s = (struct tally_stream){ .ssrc = ssrc, .medium = medium, .base = seq, .highest = (int64_t)seq - 1 };
    t->streams[t->count++] = *added = s;
    return OK;
}

void tally_deinit(struct tally *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->streams[i]);
    free(t->streams);
    *t = (struct tally){ 0 };
}

/* False for one that came before. */
static bool take_number(struct tally *t, struct tally_stream *s, int64_t index)
{
    if (index > s->highest) {
        int64_t from = s->highest + 1;
        if (index - from >= TALLY_WINDOW)
            from = index - TALLY_WINDOW + 1;
        for (int64_t i = from; i < index; i++)
            window_clear(s, i);
        s->highest = index;
    } else if (s->highest - index >= TALLY_WINDOW || window_has(s, index)) {
        t->sums.doubled++; /* or so late that nobody can tell */
        return false;
    } else {
        t->sums.reordered++;
    }
    window_put(s, index);
    s->received += index >= s->base;
    return true;
}

enum status tally_packet(struct tally *t, uint32_t ssrc, uint16_t seq, enum medium medium, size_t len, int64_t *index)
{
    struct tally_stream *s = tally_find(t, ssrc);
    if (!s)
        TRY(stream_add(t, ssrc, seq, medium, &s));
    int64_t at = s->highest + (int16_t)(uint16_t)(seq - (uint16_t)s->highest);
    t->sums.packets++;
    t->sums.octets += len;
    if (at >= 0 && take_number(t, s, at))
        t->sums.media[medium] += at >= s->base;
    *index = at;
    return OK;
}

void tally_sample(struct tally *t, bool good, usec_t latency_us)
{
    t->sums.opened += good;
    t->sums.bad += !good;
    if (good && latency_us != NEVER)
        histogram_put(&t->latency, latency_us);
}

void tally_reset(struct tally *t)
{
    for (size_t i = 0; i < t->count; i++) {
        t->streams[i]->base = t->streams[i]->highest + 1;
        t->streams[i]->received = 0;
        t->streams[i]->told_expected = t->streams[i]->told_received = 0;
    }
    t->sums = (struct tally_sums){ 0 };
    t->latency = (struct histogram){ 0 };
}

uint64_t tally_lost(const struct tally_stream *s)
{
    return (uint64_t)(s->highest - s->base + 1) - s->received;
}

void tally_add(struct tally_total *total, const struct tally *t)
{
    struct tally_sums *sums = &total->sums;
    sums->packets += t->sums.packets;
    sums->octets += t->sums.octets;
    for (int medium = 0; medium < MEDIA; medium++)
        sums->media[medium] += t->sums.media[medium];
    sums->reordered += t->sums.reordered;
    sums->doubled += t->sums.doubled;
    sums->opened += t->sums.opened;
    sums->bad += t->sums.bad;
    sums->nacks += t->sums.nacks;
    sums->keyframe_requests += t->sums.keyframe_requests;
    for (size_t i = 0; i < t->count; i++) {
        const struct tally_stream *s = t->streams[i];
        sums->streams += s->received > 0;
        sums->lost[s->medium] += tally_lost(s);
    }
    histogram_add(&total->latency, &t->latency);
}
