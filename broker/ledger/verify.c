#include "ledger/verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status ledger_verifier_init(struct ledger_verifier *verifier, const struct id *clinic,
                                 const struct ledger_head *noted)
{
    struct intervals *intervals;
    TRY(intervals_create(&intervals));
    *verifier = (struct ledger_verifier){ .intervals = intervals };
    chain_init(&verifier->chain, clinic);
    if (noted)
        verifier->noted = *noted;
    return OK;
}

void ledger_verifier_deinit(struct ledger_verifier *verifier)
{
    intervals_destroy(verifier->intervals);
    verifier->intervals = NULL;
}

__attribute__((format(printf, 3, 4))) static enum status found(struct ledger_verifier *verifier, uint64_t row,
                                                               const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verifier->fault.words, sizeof verifier->fault.words, format, arguments);
    va_end(arguments);
    verifier->fault.row = row;
    return ERR_MALFORMED;
}

static enum status chain_fault_found(struct ledger_verifier *verifier, enum chain_fault fault, uint64_t stored)
{
    uint64_t expected = verifier->chain.number + 1;
    verifier->fault.chain = fault;
    if (fault == CHAIN_NUMBER && stored > expected)
        return found(verifier, expected, "row %" PRIu64 " is missing: row %" PRIu64 " stands in its place", expected,
                     stored);
    if (fault == CHAIN_NUMBER)
        return found(verifier, expected, "row %" PRIu64 " stands where row %" PRIu64 " belongs: it is doubled or moved",
                     stored, expected);
    return found(verifier, expected, "row %" PRIu64 ": %s", expected, chain_fault_name(fault));
}

static enum status check_interval(struct ledger_verifier *verifier, const struct ledger_row *row)
{
    struct record record;
    enum interval_fault fault;
    TRY(record_parse(ledger_row_text(row), &record));
    TRY(intervals_row(verifier->intervals, &record, &fault));
    if (fault == INTERVAL_GOOD)
        return OK;
    verifier->fault.interval = fault;
    return found(verifier, row->number, "row %" PRIu64 ": %s (interval %s)", row->number, interval_fault_name(fault),
                 record.interval.text[0] ? record.interval.text : "without a name");
}

enum status ledger_verifier_row(void *context, const struct ledger_row *row)
{
    struct ledger_verifier *verifier = context;
    if (verifier->fault.row)
        return ERR_MALFORMED;
    struct chain next = verifier->chain;
    enum chain_fault fault = chain_check(&next, row);
    if (fault != CHAIN_GOOD)
        return chain_fault_found(verifier, fault, row->number);
    if (row->number == verifier->noted.number && memcmp(row->hash, verifier->noted.hash, CHAIN_HASH_LEN) != 0)
        return found(verifier, row->number,
                     "row %" PRIu64 " is not the one that was noted: it, or a row before it, was written anew",
                     row->number);
    TRY(check_interval(verifier, row));
    verifier->chain = next;
    return OK;
}

enum status ledger_verifier_end(struct ledger_verifier *verifier)
{
    if (verifier->fault.row)
        return ERR_MALFORMED;
    if (verifier->chain.number < verifier->noted.number)
        return found(verifier, verifier->chain.number + 1,
                     "row %" PRIu64 " is missing: the ledger ends here, and row %" PRIu64 " was noted",
                     verifier->chain.number + 1, verifier->noted.number);
    return OK;
}
