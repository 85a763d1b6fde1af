#include "media/meter.h"

#include <string.h>

static const int64_t YOUNG_SLOTS = 3;   /* before these have passed there is no rate */
static const int64_t FALLEN_BACK = 150; /* 3 s */

static uint32_t *slot_at(struct meter *meter, int64_t slot)
{
    return &meter->bytes[(uint64_t)slot % METER_SLOTS];
}

void meter_add(struct meter *meter, int64_t at_us, uint32_t bytes)
{
    int64_t slot = at_us / METER_SLOT_US;
    int64_t ahead = slot - meter->newest;
    /* A long pause is a new beginning: what comes after it is not the slower for it. So is a clock that fell back. */
    if (meter->first == 0 || ahead >= METER_SLOTS || ahead <= -FALLEN_BACK)
        *meter = (struct meter){ .first = slot, .newest = slot };
    for (; meter->newest < slot; meter->newest++)
        *slot_at(meter, meter->newest + 1) = 0;
    if (meter->newest - slot < METER_SLOTS)
        *slot_at(meter, slot) += bytes;
}

uint64_t meter_bps(const struct meter *meter, usec_t window_us)
{
    int64_t slots = (int64_t)(window_us / METER_SLOT_US), age = meter->newest - meter->first;
    if (slots > METER_SLOTS - 1)
        slots = METER_SLOTS - 1;
    if (slots > age)
        slots = age;
    if (slots < YOUNG_SLOTS)
        return 0;
    uint64_t sum = 0;
    for (int64_t i = 1; i <= slots; i++)
        sum += meter->bytes[(uint64_t)(meter->newest - i) % METER_SLOTS];
    return sum * 8 * USEC_PER_SEC / ((uint64_t)slots * METER_SLOT_US);
}
