/* recovery.h - what a start makes of the ledger that it finds, before anybody is let in: is it whole, what did a crash
 * leave open, what was decided for good. */
#pragma once

#include "base/log.h"
#include "ledger/store.h"
#include "shell/standing.h"

struct recovery {
    struct chain chain; /* where the ledger ends, for the scribe */
    size_t closed;      /* intervals that a crash had left open */
    struct standing standing;
};

/* Reads the whole ledger and writes a CLOSE, flagged `recovered`, for each interval that is open. ERR_AUTH, with the
 * row in the log, when the chain is broken: nothing is written then. */
enum status recovery_run(struct recovery *, struct store *, const struct id *clinic, const struct log *);
void recovery_deinit(struct recovery *);
