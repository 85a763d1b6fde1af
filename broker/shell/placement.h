/* placement.h - which shard runs which session: known to the front and the clerk alike, so that every letter about a
 * session reaches the same one.
 *
 * A session is placed when its plan first comes: on the shard with the fewest planned people in sessions whose boxes
 * overlap with its own, so that two big rooms of one evening are not on one core while another idles. There it stays,
 * however its plan changes, until that shard has no room for it any more: a room is not moved, and its old life's
 * removals are in it. When that is, the shard alone knows, by the clock that closes rooms; the wall clock may be hours
 * off. Nothing of this is stored: at a start nobody is connected, so the stored plans are placed anew, one after the
 * other.
 *
 * A session that no plan came for has no room anywhere; it is looked for where shard_of says.
 *
 * Used by several threads; each call is whole by itself. */
#pragma once

#include "auth/plan.h"

struct placement;

enum status placement_create(struct placement **, size_t shards);
void placement_destroy(struct placement *); /* NULL is fine */

/* The shard of a plan that is about to go there; it counts from now on, until placement_forget. ERR_NO_MEMORY. */
enum status placement_put(struct placement *, const struct plan *, size_t *shard);
/* Its shard has no room for it: broker_roomless. Nothing happens for an empty or unknown id. */
void placement_forget(struct placement *, const struct id *session);
/* The shard of a session. */
size_t placement_of(struct placement *, const struct id *session);
