#include "shell/pressure.h"

static void shed(struct pressure *pressure, uint64_t used_percent)
{
    if (used_percent >= PRESSURE_FULL_PERCENT)
        pressure->picture_percent = pressure->picture_percent * 3 / 4;
    else if (used_percent < PRESSURE_EASY_PERCENT && pressure->picture_percent < 100)
        pressure->picture_percent += PRESSURE_BACK_PERCENT;
    if (pressure->picture_percent > 100)
        pressure->picture_percent = 100;
}

void pressure_look(struct pressure *pressure, usec_t now_us, usec_t cpu_us)
{
    usec_t span_us = now_us - pressure->looked_at;
    if (pressure->looked_at > 0 && span_us > 0) {
        pressure->busy = pressure->datagrams * USEC_PER_MSEC >= span_us * PRESSURE_BUSY_PER_MS;
        shed(pressure, (cpu_us - pressure->cpu_us) * 100 / span_us);
    }
    pressure->looked_at = now_us;
    pressure->cpu_us = cpu_us;
    pressure->due_at = now_us + PRESSURE_LOOK_US;
    pressure->datagrams = 0;
}
