/* pulse.h - how the shards are doing now, and how they did in each minute: made of the vitals (base/vitals.h) that each
 * of them tells about once a second. For one thread. */
#pragma once

#include "base/vitals.h"
#include "ledger/history.h"
#include "base/status.h"

struct pulse;

enum status pulse_create(struct pulse **, size_t shards, const struct id *node);
void pulse_destroy(struct pulse *); /* NULL is fine */

/* The first bytes of a struct vitals, as they came. ERR_MALFORMED is our own mistake. */
enum status pulse_take(struct pulse *, struct now, struct bytes vitals);

/* Rates are of the last two seconds, percentages of the last fifteen and negative where nobody told anything. */
struct pulse_reading {
    const struct vitals *vitals; /* the pulse's, until the next pulse_take */
    usec_t age_us;               /* since they were told */
    unsigned busy_percent;       /* of one processor */
    uint64_t packets_in_s, packets_out_s, bits_in_s, bits_out_s, dropped_s;
    double lost_in_percent, lost_out_percent; /* on the way to us, by our count; to people, by theirs */
    double frozen_percent, concealed_percent; /* of the time in which they saw pictures, or heard sound */
};
size_t pulse_shards(const struct pulse *);
/* False: nothing was heard of that shard yet. */
bool pulse_read(const struct pulse *, size_t shard, struct now, struct pulse_reading *);

/* Rows for the minute that is over, one for each shard, and their number; 0 while none is. They stay due until
 * pulse_stored, so that what can't be stored now is not lost. Borrowed until the next call. */
size_t pulse_minute(struct pulse *, struct now, const struct history_row **rows);
void pulse_stored(struct pulse *, struct now);
