/* parcels.h - deliveries on their way to people: each tried, with pauses, until it is taken or of no use any more. At
 * most PARCELS_MAX at once: what is more makes the oldest of them be given up. Wiped as soon as they are over. */
#pragma once

#include "api/delivery.h"
#include "shell/errand.h"

enum { PARCELS_MAX = 256, PARCELS_OUT_MAX = 16 /* on their way at the same time */ };

struct parcels {
    struct parcel *first, **end; /* the oldest first */
    size_t count, out;
};

void parcels_init(struct parcels *);
void parcels_deinit(struct parcels *, struct kit *); /* the log tells how many were not brought */
/* Copies. */
void parcels_take(struct parcels *, struct kit *, const struct delivery *, struct now);
void parcels_step(struct parcels *, struct kit *, struct now);
usec_t parcels_deadline(const struct parcels *);
