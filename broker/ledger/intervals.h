/* intervals.h - disclosure intervals followed through a ledger: each opened once and closed once, in order, within one
 * session.
 *
 * Used by verification (what is wrong), by recovery (what a crash left open) and by the accounting of disclosures. */
#pragma once

#include "ledger/chain.h"

struct intervals;

/* One interval from its OPEN to its CLOSE; close is NULL while it is open. Borrowed. */
struct disclosure {
    const struct record *open, *close;
};

enum interval_fault {
    INTERVAL_GOOD = 0,
    INTERVAL_OPENED_TWICE,
    INTERVAL_CLOSED_UNOPENED, /* or closed twice */
    INTERVAL_OVERLAPS,        /* one participation with two at a time */
    INTERVAL_RUNS_BACKWARDS,  /* closed before it opened */
    INTERVAL_INCOMPLETE,      /* without interval, session or participation */
    INTERVAL_STRAYS,          /* closed for another session, participation, person or client than it was opened for */
};
/* In plain words. */
const char *interval_fault_name(enum interval_fault);

enum status intervals_create(struct intervals **);
void intervals_destroy(struct intervals *);
/* The next record; others than OPEN and CLOSE pass. A record with a fault changes nothing. Memory grows with the number
 * of intervals that ever were (about 50 bytes each) and of those that are open. ERR_NO_MEMORY, ERR_FULL, ERR_SYSTEM. */
enum status intervals_row(struct intervals *, const struct record *, enum interval_fault *);
size_t intervals_open_count(const struct intervals *);
/* The OPEN record of one that is open still, in no order; NULL past the last. Borrowed until the next intervals_row. */
const struct record *intervals_open_at(const struct intervals *, size_t index);
/* The same by the interval's id; NULL when it is not open. */
const struct record *intervals_find(const struct intervals *, const struct id *interval);
/* What recovery writes for one: closed at the last durable heartbeat, or at its own beginning if that is later,
 * with the reason "crash" and the mark `recovered`. */
struct record intervals_recovery(const struct record *open, int64_t heartbeat_unix_us);
