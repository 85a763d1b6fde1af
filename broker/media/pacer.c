#include "media/pacer.h"

#include <stdlib.h>

enum { FIRST_CAP = 16 };

static void free_items(struct pacer *pacer)
{
    free(pacer->items);
    pacer->items = NULL;
    pacer->first = pacer->count = pacer->cap = 0;
}

void pacer_deinit(struct pacer *pacer)
{
    free_items(pacer);
    *pacer = (struct pacer){ 0 };
}

void pacer_set_pace(struct pacer *pacer, uint64_t bps)
{
    pacer->bps = bps;
}

static bool pace_allows(const struct pacer *pacer, usec_t now_us)
{
    return pacer->bps == 0 || pacer->paid_until <= now_us + PACER_BURST_US;
}

bool pacer_is_free(const struct pacer *pacer, usec_t now_us)
{
    return pacer->count == 0 && pace_allows(pacer, now_us);
}

void pacer_pay(struct pacer *pacer, usec_t now_us, size_t bytes)
{
    if (pacer->bps == 0)
        return;
    if (pacer->paid_until < now_us)
        pacer->paid_until = now_us;
    pacer->paid_until += bytes * 8 * USEC_PER_SEC / pacer->bps;
}

static struct pacer_item *item_at(const struct pacer *pacer, size_t index)
{
    return &pacer->items[(pacer->first + index) % pacer->cap];
}

/* False: as many wait as may, or there is no memory for more. */
static bool make_room(struct pacer *pacer)
{
    if (pacer->count < pacer->cap)
        return true;
    size_t cap = pacer->cap ? 2 * pacer->cap : FIRST_CAP;
    struct pacer_item *items = cap <= PACER_ITEMS_MAX ? malloc(cap * sizeof *items) : NULL;
    if (!items)
        return false;
    for (size_t i = 0; i < pacer->count; i++)
        items[i] = *item_at(pacer, i);
    free(pacer->items);
    pacer->items = items;
    pacer->first = 0;
    pacer->cap = cap;
    return true;
}

bool pacer_wait(struct pacer *pacer, usec_t now_us, struct pacer_item item)
{
    if (!make_room(pacer))
        return false;
    item.since = now_us;
    *item_at(pacer, pacer->count++) = item;
    return true;
}

bool pacer_next(struct pacer *pacer, usec_t now_us, struct pacer_item *item)
{
    if (pacer->count == 0 || !pace_allows(pacer, now_us))
        return false;
    *item = *item_at(pacer, 0);
    pacer->first = (pacer->first + 1) % pacer->cap;
    if (--pacer->count == 0)
        free_items(pacer);
    return true;
}

void pacer_forget(struct pacer *pacer, uint8_t slot)
{
    size_t kept = 0;
    for (size_t i = 0; i < pacer->count; i++)
        if (item_at(pacer, i)->slot != slot)
            *item_at(pacer, kept++) = *item_at(pacer, i);
    pacer->count = kept;
    if (kept == 0)
        free_items(pacer);
}

usec_t pacer_deadline(const struct pacer *pacer)
{
    if (pacer->count == 0)
        return NEVER;
    return pacer->bps == 0 || pacer->paid_until < PACER_BURST_US ? 0 : pacer->paid_until - PACER_BURST_US;
}
