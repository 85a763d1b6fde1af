#include "api/pulse.h"

#include <stdlib.h>
#include <string.h>

enum { RING = 16, RATE_SPAN = 2 }; /* how many seconds are remembered, and over how many rates are taken */

struct sample {
    usec_t at_us;
    struct vitals_counts counts;
};

struct beat {
    bool known;
    struct vitals latest;
    struct sample ring[RING];
    size_t samples;          /* taken, ever */
    struct sample minute;    /* where this minute began */
    struct history_row most; /* and its extremes */
};

struct pulse {
    size_t shards;
    struct id node;
    struct beat *beats;
    struct history_row *rows; /* one for each shard */
    int64_t minute_at;        /* Unix seconds; 0 before the first vitals */
};

enum status pulse_create(struct pulse **created, size_t shards, const struct id *node)
{
    struct pulse *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NO_MEMORY;
    p->shards = shards;
    p->node = *node;
    p->beats = calloc(shards, sizeof *p->beats);
    p->rows = calloc(shards, sizeof *p->rows);
    if (!p->beats || !p->rows) {
        pulse_destroy(p);
        return ERR_NO_MEMORY;
    }
    *created = p;
    return OK;
}

void pulse_destroy(struct pulse *p)
{
    if (!p)
        return;
    free(p->beats);
    free(p->rows);
    free(p);
}

size_t pulse_shards(const struct pulse *p)
{
    return p->shards;
}

/* ---- Now ---- */

/* The one `back` seconds before the latest, or the first that is known. */
static const struct sample *sample_at(const struct beat *b, size_t back)
{
    size_t most = b->samples < RING ? b->samples : RING;
    return &b->ring[(b->samples - 1 - (back < most ? back : most - 1)) % RING];
}

static unsigned busy_between(const struct sample *from, const struct sample *to)
{
    usec_t span = to->at_us - from->at_us;
    return span ? (unsigned)((to->counts.busy_us - from->counts.busy_us) * 100 / span) : 0;
}

static double percent_of(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : -1;
}

static void read_quality(const struct vitals_counts *from, const struct vitals_counts *to,
                         struct pulse_reading *reading)
{
    reading->lost_in_percent = percent_of(to->lost_in - from->lost_in, to->expected_in - from->expected_in);
    reading->lost_out_percent = percent_of(to->reported_q8 - from->reported_q8, 256 * (to->reports - from->reports));
    reading->frozen_percent = percent_of(to->frozen_ms - from->frozen_ms, to->watched_ms - from->watched_ms);
    reading->concealed_percent = percent_of(to->concealed_ms - from->concealed_ms, to->heard_ms - from->heard_ms);
}

static void read_rates(const struct sample *from, const struct sample *to, struct pulse_reading *reading)
{
    usec_t span = to->at_us - from->at_us;
    const struct {
        uint64_t *rate, before, after;
    } rates[] = {
        { &reading->packets_in_s, from->counts.packets_in, to->counts.packets_in },
        { &reading->packets_out_s, from->counts.packets_out, to->counts.packets_out },
        { &reading->bits_in_s, 8 * from->counts.bytes_in, 8 * to->counts.bytes_in },
        { &reading->bits_out_s, 8 * from->counts.bytes_out, 8 * to->counts.bytes_out },
        { &reading->dropped_s, from->counts.dropped, to->counts.dropped },
    };
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        *rates[i].rate = span ? (rates[i].after - rates[i].before) * USEC_PER_SEC / span : 0;
    reading->busy_percent = busy_between(from, to);
}

bool pulse_read(const struct pulse *p, size_t shard, struct now now, struct pulse_reading *reading)
{
    const struct beat *b = &p->beats[shard];
    if (!b->known)
        return false;
    const struct sample *latest = sample_at(b, 0);
    *reading = (struct pulse_reading){ .vitals = &b->latest };
    reading->age_us = now.mono_us > latest->at_us ? now.mono_us - latest->at_us : 0;
    read_rates(sample_at(b, RATE_SPAN), latest, reading);
    read_quality(&sample_at(b, RING - 1)->counts, &latest->counts, reading);
    return true;
}

/* ---- Each minute ---- */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void note_extremes(struct beat *b, int64_t unix_s)
{
    const struct vitals *v = &b->latest;
    int64_t waiting = 0, longest = 0;
    for (size_t i = 0; i < v->room_count; i++) {
        waiting += v->rooms[i].waiting;
        if (v->rooms[i].waiting_since)
            longest = larger(longest, unix_s - v->rooms[i].waiting_since);
    }
    struct history_row *most = &b->most;
    most->rooms = larger(most->rooms, v->states[VITALS_LOBBY] + v->states[VITALS_OPEN] + v->states[VITALS_PAUSED]);
    most->people = larger(most->people, v->people);
    most->waiting = larger(most->waiting, waiting);
    most->longest_wait_s = larger(most->longest_wait_s, longest);
    most->pictures_paused = larger(most->pictures_paused, v->pictures_paused);
    most->busy_percent = larger(most->busy_percent, busy_between(sample_at(b, 1), sample_at(b, 0)));
    if (v->picture_percent < most->picture_percent)
        most->picture_percent = v->picture_percent;
}

static void begin_minute(struct beat *b)
{
    b->minute = *sample_at(b, 0);
    b->most = (struct history_row){ .picture_percent = 100 };
}

static int64_t minute_of(struct now now)
{
    return now_unix_s(now) - now_unix_s(now) % HISTORY_STEP_S;
}

enum status pulse_take(struct pulse *p, struct now now, struct bytes bytes)
{
    size_t fixed = offsetof(struct vitals, rooms), shard, rooms;
    if (bytes.len < fixed)
        return ERR_MALFORMED;
    memcpy(&shard, bytes.at + offsetof(struct vitals, shard), sizeof shard);
    memcpy(&rooms, bytes.at + offsetof(struct vitals, room_count), sizeof rooms);
    if (shard >= p->shards || rooms > VITALS_ROOMS_MAX || bytes.len != fixed + rooms * sizeof(struct vitals_room))
        return ERR_MALFORMED;
    struct beat *b = &p->beats[shard];
    memcpy(&b->latest, bytes.at, bytes.len);
    b->ring[b->samples++ % RING] = (struct sample){ b->latest.taken_us, b->latest.counts };
    if (!b->known)
        begin_minute(b);
    b->known = true;
    if (p->minute_at == 0)
        p->minute_at = minute_of(now);
    note_extremes(b, now_unix_s(now));
    return OK;
}

static struct history_row row_of(const struct pulse *p, size_t shard)
{
    const struct beat *b = &p->beats[shard];
    const struct sample *from = &b->minute, *to = sample_at(b, 0);
    struct history_row row = b->most;
    row.at = p->minute_at;
    row.step_s = HISTORY_STEP_S;
    row.covered_s = (int64_t)((to->at_us - from->at_us + USEC_PER_SEC / 2) / USEC_PER_SEC);
    row.node = p->node;
    row.shard = (int64_t)shard;
#define SUM(field) row.field = (int64_t)(to->counts.field - from->counts.field)
    SUM(packets_in), SUM(packets_out), SUM(bytes_in), SUM(bytes_out), SUM(dropped), SUM(expected_in), SUM(lost_in);
    SUM(reports), SUM(reported_q8), SUM(watched_ms), SUM(frozen_ms), SUM(heard_ms), SUM(concealed_ms);
    row.busy_ms = (int64_t)((to->counts.busy_us - from->counts.busy_us) / USEC_PER_MSEC);
    return row;
}

/* A clock that was set back begins a minute anew; what was counted stays in it. */
size_t pulse_minute(struct pulse *p, struct now now, const struct history_row **rows)
{
    size_t count = 0;
    int64_t minute = minute_of(now);
    if (p->minute_at == 0 || minute == p->minute_at)
        return 0;
    if (minute < p->minute_at) {
        p->minute_at = minute;
        return 0;
    }
    for (size_t i = 0; i < p->shards; i++)
        if (p->beats[i].known)
            p->rows[count++] = row_of(p, i);
    *rows = p->rows;
    return count;
}

void pulse_stored(struct pulse *p, struct now now)
{
    p->minute_at = minute_of(now);
    for (size_t i = 0; i < p->shards; i++)
        if (p->beats[i].known)
            begin_minute(&p->beats[i]);
}
