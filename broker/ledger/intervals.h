/* intervals.h - disclosure intervals followed through a ledger: each opened once and closed once, in order, within one session.
 *
 * Used by verification (what is wrong), by recovery (what a crash left open) and by the accounting of disclosures. */
#pragma once

#include "ledger/chain.h"

struct intervals;

enum interval_fault {
    INTERVAL_GOOD = 0,
    INTERVAL_OPENED_TWICE,
    INTERVAL_CLOSED_UNOPENED, /* or closed twice */
    INTERVAL_OVERLAPS,        /* one participation with two at a time */
    INTERVAL_RUNS_BACKWARDS,  /* closed before it opened */
};
const char *interval_fault_name(enum interval_fault);

enum status intervals_create(struct intervals **);
void intervals_destroy(struct intervals *);
enum status intervals_row(struct intervals *, const struct record *, enum interval_fault *);
size_t intervals_open_count(const struct intervals *);
/* The OPEN record of one that is open still. */
const struct record *intervals_open_at(const struct intervals *, size_t index);
/* What recovery writes for one: closed at the last durable heartbeat, or at its own beginning if that is later. */
struct record intervals_recovery(const struct record *open, int64_t heartbeat_unix_us);
