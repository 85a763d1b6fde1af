/* standing.h - what the ledger has decided for good, kept at hand: who was removed from which session and with which
 * device, which session was ended, who has read which texts. No plan may forget any of it, so each is filled from here
 * before it goes to a shard.
 *
 * Built from the ledger at each start (recovery.h), kept up with every row that is stored; on the scribe's thread once
 * that runs. */
#pragma once

#include "auth/plan.h"
#include "ledger/record.h"

struct standing_fact;

struct standing {
    struct standing_fact *facts;
    size_t count, cap;
    size_t *heads; /* 2 * cap chains by hash: 1 + the index of the first fact; 0: none */
};

/* All zeros is an empty one. */
void standing_deinit(struct standing *);
/* Remembers what this record decides, if anything. ERR_NO_MEMORY: it is not remembered. */
enum status standing_note(struct standing *, const struct record *);
/* False when it is no ACKNOWLEDGED record of a known kind. */
bool standing_acknowledgement(const struct record *, struct acknowledgement *);

/* Everything that is known of this session and its people, in place of what the plan says. */
void standing_fill(const struct standing *, struct plan *);
/* For api_config.denied: this participation, or this device (empty: none), has no way back into this session. */
bool standing_denied(const void *standing, const struct id *session, const struct id *participation,
                     const struct id *device);
