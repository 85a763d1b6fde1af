#include "media/layers.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* Going up takes a quarter more than it uses. */
static uint64_t with_margin(uint64_t bps)
{
    return bps + (bps + 3) / 4;
}

static uint64_t without_margin(uint64_t bps)
{
    return bps / 5 * 4 + bps % 5 * 4 / 5;
}

static uint8_t best(const struct layers_picture *p)
{
    return p->cap < p->options ? p->cap : p->options;
}

/* A budget as it is divided. */
struct division {
    const struct layers_picture *pictures;
    size_t count;
    uint64_t budget_bps;
    int64_t left_bps, sure_bps; /* of it, and of what of it may be used to go up: that may become negative */
    bool no_more;               /* somebody ahead misses something that there might be enough for one day */
    uint8_t *given;
};

/* Picture i may take its k-th option instead of the one before. */
static void offer(struct division *d, size_t i, uint8_t k)
{
    const struct layers_picture *p = &d->pictures[i];
    if (k > best(p) || d->given[i] != k - 1)
        return;
    uint64_t before = k > 1 ? p->bps[k - 2] : 0, after = p->bps[k - 1];
    int64_t more = after > before ? (int64_t)(after - before) : 0; /* measured rates need not rise */
    bool fits = k <= p->now ? more <= d->left_bps : more <= d->sure_bps && (k == 1 || !d->no_more);
    if (!fits) {
        d->no_more = d->no_more || k > 1 || (p->now > 0 ? p->bps[0] : with_margin(p->bps[0])) <= d->budget_bps;
        return;
    }
    d->left_bps -= more;
    d->sure_bps -= more;
    d->given[i] = k;
}

static void offer_rank(struct division *d, int rank, uint8_t k)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->pictures[i].rank == rank)
            offer(d, i, k);
}

static bool next_rank(const struct division *d, int *rank)
{
    int next = UINT8_MAX + 1;
    for (size_t i = 0; i < d->count; i++)
        if (d->pictures[i].rank > *rank && d->pictures[i].rank < next)
            next = d->pictures[i].rank;
    *rank = next;
    return next <= UINT8_MAX;
}

void layers_allocate(uint64_t budget_bps, const struct layers_picture *pictures, size_t count, uint8_t *given)
{
    struct division d = { .pictures = pictures, .count = count, .budget_bps = budget_bps, .given = given };
    d.left_bps = (int64_t)budget_bps;
    d.sure_bps = (int64_t)without_margin(budget_bps);
    assert(count <= LAYERS_PICTURES_MAX);
    memset(given, 0, count);
    for (int rank = -1; next_rank(&d, &rank);)
        offer_rank(&d, rank, 1);
    for (int rank = -1; next_rank(&d, &rank);)
        for (uint8_t k = 2; k <= LAYERS_OPTIONS_MAX; k++)
            offer_rank(&d, rank, k);
}

uint64_t layers_want(const struct layers_picture *pictures, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        if (best(&pictures[i]) > 0)
            sum += pictures[i].bps[best(&pictures[i]) - 1];
    return with_margin(sum);
}
