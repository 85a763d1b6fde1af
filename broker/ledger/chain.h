/* chain.h - the ledger's rows: each holds the hash of the one before, so that no row can be changed, dropped, added or
 * moved without it showing.
 *
 *   hash(n) = SHA-256("kinroom-ledger-1" || clinic || 0 || n as 8 bytes || hash(n - 1) || canonical record)
 *   hash(0) = 32 zero bytes; the first row is 1. */
#pragma once

#include "ledger/record.h"

enum { CHAIN_HASH_LEN = 32 };

struct ledger_row {
    uint64_t number;
    uint8_t hash[CHAIN_HASH_LEN];
    char text[RECORD_TEXT_MAX + 1]; /* the canonical record */
};

/* Borrowed; empty when it has no end. */
struct bytes ledger_row_text(const struct ledger_row *);

struct chain {
    struct id clinic;
    uint64_t number; /* of the last row, 0 for none */
    uint8_t hash[CHAIN_HASH_LEN];
};

void chain_init(struct chain *, const struct id *clinic);
/* The next row for a canonical record (record_write); the chain moves on. ERR_MALFORMED when it is none. */
enum status chain_append(struct chain *, struct bytes record, struct ledger_row *);

enum chain_fault {
    CHAIN_GOOD = 0,
    CHAIN_NUMBER, /* a row is missing, doubled or moved */
    CHAIN_TEXT,   /* not a canonical record */
    CHAIN_HASH,   /* the row's content is not what was hashed */
};
/* Holds a stored row against what must follow; the chain moves on only when it is good. */
enum chain_fault chain_check(struct chain *, const struct ledger_row *);
const char *chain_fault_name(enum chain_fault);
