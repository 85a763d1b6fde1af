/* journal.h - what a room tells the ledger. Each call puts one record in the outbox, under the next number.
 *
 * The beginning of an interval is the only one that is waited for (write-ahead); the others follow what happened. */
#pragma once

#include "ledger/record.h"
#include "room/room.h"

/* Begins an interval: p->interval gets a fresh id and the number to wait for. ERR_FULL: it can't be recorded, so it
 * must not be. */
enum status journal_open(struct room *, struct participant *, const struct participant *by, struct outbox *);
/* Ends it; never fails silently: what does not fit is logged, and recovery will find the interval open. */
void journal_close(struct room *, struct participant *, const struct participant *by, const char *reason,
                   struct outbox *);
/* Everything else. p: whom it is about, NULL for the session; by: NULL for the clock or the clinic. */
void journal_note(struct room *, enum record_kind, const struct participant *p, const struct participant *by,
                  const char *reason, struct outbox *);
/* How far intervals are known to have gone on, whatever happens next. */
void journal_heartbeat(struct room_shared *, int64_t unix_us, struct outbox *);
