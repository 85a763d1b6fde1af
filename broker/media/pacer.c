#include "media/pacer.h"

#include <stdlib.h>

void pacer_deinit(struct pacer *pacer)
{
    free(pacer->items);
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
    return &pacer->items[(pacer->first + index) % PACER_ITEMS_MAX];
}

bool pacer_wait(struct pacer *pacer, usec_t now_us, struct pacer_item item)
{
    if (!pacer->items)
        pacer->items = calloc(PACER_ITEMS_MAX, sizeof *pacer->items);
    if (!pacer->items || pacer->count == PACER_ITEMS_MAX)
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
    pacer->first = (pacer->first + 1) % PACER_ITEMS_MAX;
    pacer->count--;
    return true;
}

void pacer_forget(struct pacer *pacer, uint8_t slot)
{
    size_t kept = 0;
    for (size_t i = 0; i < pacer->count; i++)
        if (item_at(pacer, i)->slot != slot)
            *item_at(pacer, kept++) = *item_at(pacer, i);
    pacer->count = kept;
}

usec_t pacer_deadline(const struct pacer *pacer)
{
    if (pacer->count == 0)
        return NEVER;
    return pacer->bps == 0 || pacer->paid_until < PACER_BURST_US ? 0 : pacer->paid_until - PACER_BURST_US;
}
