/* pressure.h - how much one shard has to do, and what follows from it: whether it lets datagrams gather, and how much
 * of the pictures it has time for. Values only: the shard brings the clocks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

/* With little to do, each datagram is forwarded as it comes. From so many a millisecond on they gather for as long: one
 * turn then pays for all of them, and what goes to one receiver leaves in longer trains. Waking up is what costs most,
 * so it is those that come which count: for fewer, to sleep until the next comes is cheaper than to wake each
 * millisecond. */
enum { PRESSURE_BUSY_PER_MS = 2 };
#define PRESSURE_GATHER_US USEC_PER_MSEC
#define PRESSURE_LOOK_US (100 * USEC_PER_MSEC) /* longer than a picture's time, as pictures come in bursts */

/* Of the time that passes; above: pictures are shed by a quarter each look, below: they come back bit by bit. By the
 * thread's own time, so that a machine that is busy with something else sheds nothing. */
enum { PRESSURE_FULL_PERCENT = 92, PRESSURE_EASY_PERCENT = 75, PRESSURE_BACK_PERCENT = 2 };

struct pressure {
    usec_t looked_at, cpu_us; /* at the last look */
    usec_t due_at;            /* of the next */
    uint64_t datagrams;       /* that came since */
    bool busy;
    unsigned picture_percent;
};

static inline void pressure_init(struct pressure *pressure)
{
    *pressure = (struct pressure){ .picture_percent = 100 };
}
static inline void pressure_add(struct pressure *pressure, size_t datagrams)
{
    pressure->datagrams += datagrams;
}
static inline bool pressure_is_busy(const struct pressure *pressure)
{
    return pressure->busy;
}
/* Called at due_at or later. cpu_us: what the thread has used, ever. */
void pressure_look(struct pressure *, usec_t now_us, usec_t cpu_us);
