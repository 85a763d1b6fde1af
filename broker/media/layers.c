#include "media/layers.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* Going up takes a quarter more than it uses. */
static uint64_t with_margin(uint64_t bps)
{
    return bps + bps / 4;
}

static uint8_t best(const struct layers_picture *p)
{
    return p->cap < p->options ? p->cap : p->options;
}

/* One division of a budget, as it grows. */
struct division {
    const struct layers_picture *pictures;
    size_t count;
    const bool *left_out;
    uint64_t left_bps;
    uint8_t *given;
};

/* One picture's step up to option k; false: it does not fit, and nobody behind it gets anything. */
static bool step(struct division *d, size_t i, uint8_t k)
{
    const struct layers_picture *p = &d->pictures[i];
    if (d->left_out[i] || k > best(p))
        return true;
    uint64_t before = k > 1 ? p->bps[k - 2] : 0, after = p->bps[k - 1];
    uint64_t more = after > before ? after - before : 0; /* measured rates need not rise */
    if (more > d->left_bps)
        return false;
    d->left_bps -= more;
    d->given[i] = k;
    return true;
}

static bool step_rank(struct division *d, unsigned rank, uint8_t k)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->pictures[i].rank == rank && !step(d, i, k))
            return false;
    return true;
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

/* The longest start of the list of steps that fits. Since it is a start, a smaller budget never gives anybody more. */
static void divide(struct division d)
{
    memset(d.given, 0, d.count);
    for (int rank = -1; next_rank(&d, &rank);)
        if (!step_rank(&d, (unsigned)rank, 1))
            return;
    for (int rank = -1; next_rank(&d, &rank);)
        for (uint8_t k = 2; k <= LAYERS_OPTIONS_MAX; k++)
            if (!step_rank(&d, (unsigned)rank, k))
                return;
}

/* What is shown now stays as long as it fits as it is. */
static bool is_left_out(const struct layers_picture *p, uint64_t budget_bps)
{
    return best(p) > 0 && (p->now > 0 ? p->bps[0] : with_margin(p->bps[0])) > budget_bps;
}

void layers_allocate(uint64_t budget_bps, const struct layers_picture *pictures, size_t count, uint8_t *given)
{
    uint8_t sure[LAYERS_PICTURES_MAX]; /* what fits even with the margin */
    bool left_out[LAYERS_PICTURES_MAX];
    assert(count <= LAYERS_PICTURES_MAX);
    for (size_t i = 0; i < count; i++) {
        assert(pictures[i].options <= LAYERS_OPTIONS_MAX);
        left_out[i] = is_left_out(&pictures[i], budget_bps);
    }
    /* with_margin(x) <= budget where x <= budget * 4 / 5 */
    divide((struct division){ pictures, count, left_out, budget_bps / 5 * 4 + budget_bps % 5 * 4 / 5, sure });
    divide((struct division){ pictures, count, left_out, budget_bps, given });
    for (size_t i = 0; i < count; i++) {
        uint8_t least = sure[i] > pictures[i].now ? sure[i] : pictures[i].now;
        given[i] = given[i] < least ? given[i] : least;
    }
}

uint64_t layers_want(const struct layers_picture *pictures, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        if (best(&pictures[i]) > 0)
            sum += pictures[i].bps[best(&pictures[i]) - 1];
    return with_margin(sum);
}
