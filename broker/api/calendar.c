#include "api/calendar.h"

#include <stdlib.h>

const char *calendar_reason_name(enum calendar_reason reason)
{
    static const char *const names[] = {
        [CALENDAR_FITS] = "fits",
        [CALENDAR_THERAPIST_BUSY] = "therapist_busy",
        [CALENDAR_CLIENT_BUSY] = "client_busy",
        [CALENDAR_FULL] = "full",
    };
    return names[reason];
}

static int64_t grid_below(int64_t at)
{
    int64_t past = at % CALENDAR_STEP_S;
    return at - (past < 0 ? past + CALENDAR_STEP_S : past);
}

static int64_t grid_above(int64_t at)
{
    return grid_below(at + CALENDAR_STEP_S - 1);
}

enum status calendar_init(struct calendar *c, int64_t from, int64_t to)
{
    *c = (struct calendar){ .from = grid_below(from) };
    if (to <= c->from || (to - c->from) / CALENDAR_STEP_S >= CALENDAR_STEPS_MAX)
        return ERR_FULL;
    c->step_count = (size_t)((grid_above(to) - c->from) / CALENDAR_STEP_S);
    c->steps = calloc(c->step_count, sizeof *c->steps);
    return c->steps ? OK : ERR_NO_MEMORY;
}

void calendar_deinit(struct calendar *c)
{
    free(c->steps);
    free(c->busy);
    *c = (struct calendar){ 0 };
}

static size_t index_of(const struct calendar *c, int64_t at)
{
    if (at <= c->from)
        return 0;
    size_t index = (size_t)((at - c->from) / CALENDAR_STEP_S);
    return index < c->step_count ? index : c->step_count;
}

/* The steps that have a part of this span: from *first up to *end. */
static void steps_of(const struct calendar *c, int64_t opens_at, int64_t closes_at, size_t *first, size_t *end)
{
    *first = index_of(c, opens_at);
    *end = index_of(c, closes_at + CALENDAR_STEP_S - 1);
}

void calendar_book(struct calendar *c, int64_t opens_at, int64_t closes_at, uint64_t packets)
{
    size_t i, end;
    for (steps_of(c, opens_at, closes_at, &i, &end); i < end; i++) {
        c->steps[i].packets += packets;
        c->steps[i].sessions++;
    }
}

enum status calendar_add_busy(struct calendar *c, const struct calendar_busy *busy)
{
    if (c->busy_count == c->busy_cap) {
        size_t cap = c->busy_cap ? 2 * c->busy_cap : 64;
        struct calendar_busy *grown = realloc(c->busy, cap * sizeof *grown);
        if (!grown)
            return ERR_NO_MEMORY;
        c->busy = grown;
        c->busy_cap = cap;
    }
    c->busy[c->busy_count++] = *busy;
    return OK;
}

struct calendar_step calendar_peak(const struct calendar *c, int64_t opens_at, int64_t closes_at)
{
    struct calendar_step peak = { 0 };
    size_t i, end;
    for (steps_of(c, opens_at, closes_at, &i, &end); i < end; i++) {
        peak.packets = c->steps[i].packets > peak.packets ? c->steps[i].packets : peak.packets;
        peak.sessions = c->steps[i].sessions > peak.sessions ? c->steps[i].sessions : peak.sessions;
    }
    return peak;
}

/* What is in the way at a time, and the span of that. */
struct obstacle {
    enum calendar_reason reason;
    int64_t from, to;
};

static struct obstacle find_busy(const struct calendar *c, const struct calendar_wish *wish, int64_t opens_at)
{
    for (size_t i = 0; i < c->busy_count; i++) {
        const struct calendar_busy *b = &c->busy[i];
        if (b->opens_at < opens_at + wish->length_s && opens_at < b->closes_at)
            return (struct obstacle){ b->reason, b->opens_at, b->closes_at };
    }
    return (struct obstacle){ 0 };
}

/* From the first step that is full to the end of the last: each is in the way. */
static struct obstacle find_full(const struct calendar *c, const struct calendar_wish *wish, int64_t opens_at)
{
    struct obstacle full = { 0 };
    size_t i, end;
    for (steps_of(c, opens_at, opens_at + wish->length_s, &i, &end); i < end; i++) {
        if (c->steps[i].packets + wish->packets <= wish->capacity)
            continue;
        int64_t at = c->from + (int64_t)i * CALENDAR_STEP_S;
        if (!full.reason)
            full = (struct obstacle){ CALENDAR_FULL, at, at };
        full.to = at + CALENDAR_STEP_S;
    }
    return full;
}

static struct obstacle find_obstacle(const struct calendar *c, const struct calendar_wish *wish, int64_t opens_at)
{
    struct obstacle found = find_busy(c, wish, opens_at);
    return found.reason ? found : find_full(c, wish, opens_at);
}

enum calendar_reason calendar_try(const struct calendar *c, const struct calendar_wish *wish, int64_t opens_at)
{
    return find_obstacle(c, wish, opens_at).reason;
}

/* Both go from obstacle to obstacle, and never over a time that fits: whatever begins before the end of one and ends
 * after its beginning meets it. */
bool calendar_later(const struct calendar *c, const struct calendar_wish *wish, int64_t opens_at, int64_t most,
                    int64_t *found)
{
    if (wish->packets > wish->capacity)
        return false;
    for (int64_t at = grid_below(opens_at) + CALENDAR_STEP_S; at <= most;) {
        struct obstacle obstacle = find_obstacle(c, wish, at);
        if (!obstacle.reason) {
            *found = at;
            return true;
        }
        at = grid_above(obstacle.to);
    }
    return false;
}

bool calendar_earlier(const struct calendar *c, const struct calendar_wish *wish, int64_t opens_at, int64_t least,
                      int64_t *found)
{
    if (wish->packets > wish->capacity)
        return false;
    for (int64_t at = grid_above(opens_at) - CALENDAR_STEP_S; at >= least;) {
        struct obstacle obstacle = find_obstacle(c, wish, at);
        if (!obstacle.reason) {
            *found = at;
            return true;
        }
        at = grid_below(obstacle.from - wish->length_s);
    }
    return false;
}
