/* verify.h - walks a ledger row by row and names the first thing that is wrong with it, and its row.
 *
 * Finds every row that was changed, dropped, doubled or moved, and every interval that was not opened once and closed
 * once. What no chain shows by itself: rows cut off its end, and an end written anew with all its hashes. Against these
 * hold it against a head (number and hash of a row) that was noted somewhere else. Intervals open at the end are no
 * fault: a broker that runs has them, and recovery closes those of one that crashed. */
#pragma once

#include "ledger/intervals.h"

struct ledger_head {
    uint64_t number; /* 0: none was noted */
    uint8_t hash[CHAIN_HASH_LEN];
};

enum { FAULT_WORDS_MAX = 200 };
struct ledger_fault {
    uint64_t row;           /* the place that is wrong: 1 for the first row; 0 while nothing is */
    enum chain_fault chain; /* what is wrong: one of the two, or neither when the noted head does not fit */
    enum interval_fault interval;
    char words[FAULT_WORDS_MAX + 1]; /* "row 7: the content is not what was hashed" */
};

struct ledger_verifier {
    struct chain chain;          /* at the last good row */
    struct intervals *intervals; /* owned; what is open after it */
    struct ledger_head noted;
    struct ledger_fault fault;
};

/* noted may be NULL. */
enum status ledger_verifier_init(struct ledger_verifier *, const struct id *clinic, const struct ledger_head *noted);
void ledger_verifier_deinit(struct ledger_verifier *);
/* The next row, in order: fits struct store_rows. ERR_MALFORMED at the first fault and ever after. */
enum status ledger_verifier_row(void *verifier, const struct ledger_row *);
/* After the last row. ERR_MALFORMED when there was a fault, or when the noted row never came. */
enum status ledger_verifier_end(struct ledger_verifier *);
