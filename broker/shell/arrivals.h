/* arrivals.h - the TCP connections that proved nothing yet: how many there may be, and who gives way. To the front
 * these are the ones that are not, or not yet, a WebSocket; to a shard, those that brought no authentic check.
 *
 * Owned by the front, and another by each shard, on its thread. Bounded as a whole, so that the process never runs out
 * of files; and by address, so that one machine can't hold all the places. When they are taken, the oldest makes room,
 * so that idle connections never keep anybody out: of the address that has the most, if that is more than the
 * newcomer's, so that a flood is up against itself; else of all, once it had time to shake hands, so that under more
 * load than the machine can take some are served rather than all cut off half-way.
 *
 * No socket in here: a connection is a pointer that is compared and handed back. */
#pragma once

#include <stddef.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/status.h"

enum {
    ARRIVALS_MAX = 256, /* with those that were asked to leave and are still there */
    ARRIVALS_MOST = 224,
    ARRIVALS_PER_ADDRESS = 96, /* browsers open six at once, and a clinic may be behind one address */
    ARRIVALS_GRACE_US = 2000000,
};

struct arrivals;

enum status arrivals_create(struct arrivals **);
void arrivals_destroy(struct arrivals *); /* NULL is fine */

/* Whether one more may come. *leaver is then who has to go for it, or NULL; it counts no longer, and is there until
 * arrivals_remove. `from` NULL: behind the reverse proxy, where addresses are not counted. */
bool arrivals_may_come(struct arrivals *, usec_t mono_us, const struct address *from, void **leaver);
/* It came: to be called only after arrivals_may_come, and once. */
void arrivals_add(struct arrivals *, usec_t mono_us, const struct address *from, void *connection);
/* It is gone, or proved itself. Unknown is fine. */
void arrivals_remove(struct arrivals *, const void *connection);
