#include "shell/recovery.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/intervals.h"

struct reading {
    struct recovery *recovery;
    struct intervals *intervals;
    uint64_t faults; /* rows that break the rules of intervals */
    const struct log *log;
};

static enum status read_row(void *context, const struct ledger_row *row)
{
    struct reading *reading = context;
    struct record record;
    enum interval_fault interval_fault = INTERVAL_GOOD;
    enum chain_fault fault = chain_check(&reading->recovery->chain, row);
    if (fault != CHAIN_GOOD) {
        log_error(reading->log, "ledger row %llu is not what was written (%s): see 'kinroom ledger verify'",
                  (unsigned long long)row->number, chain_fault_name(fault));
        return ERR_AUTH;
    }
    TRY(record_parse(bytes_of(row->text), &record));
    TRY(intervals_row(reading->intervals, &record, &interval_fault));
    /* The row is what was written, so the mistake was ours at the time: it is said, and sessions go on. */
    if (interval_fault != INTERVAL_GOOD && reading->faults++ == 0)
        log_error(reading->log, "ledger row %llu: %s", (unsigned long long)row->number,
                  interval_fault_name(interval_fault));
    return standing_note(&reading->recovery->standing, &record);
}

/* The store tells apart what it was given from what it has now. */
static enum status check_end(const struct chain *chain, struct store *store, const struct log *log)
{
    struct ledger_row last;
    TRY(store->ops->ledger_last(store, &last));
    if (last.number == chain->number && (last.number == 0 || memcmp(last.hash, chain->hash, CHAIN_HASH_LEN) == 0))
        return OK;
    log_error(log, "the ledger ends at row %llu and was written to row %llu: see 'kinroom ledger verify'",
              (unsigned long long)chain->number, (unsigned long long)last.number);
    return ERR_AUTH;
}

static enum status write_close(struct chain *chain, const struct record *open, int64_t heartbeat_unix_us,
                               struct ledger_row *row)
{
    uint8_t text[RECORD_TEXT_MAX];
    struct writer w = writer_over(text, sizeof text);
    struct record close = intervals_recovery(open, heartbeat_unix_us);
    TRY(record_write(&w, &close));
    return chain_append(chain, writer_bytes(&w), row);
}

/* All in one commit. */
static enum status close_open(struct recovery *r, const struct intervals *intervals, struct store *store)
{
    struct chain chain = r->chain;
    size_t count = intervals_open_count(intervals);
    int64_t heartbeat_unix_us = 0;
    if (count == 0)
        return OK;
    TRY(store->ops->heartbeat_get(store, &heartbeat_unix_us));
    struct ledger_row *rows = calloc(count, sizeof *rows);
    enum status status = rows ? OK : ERR_NO_MEMORY;
    for (size_t i = 0; i < count && status == OK; i++)
        status = write_close(&chain, intervals_open_at(intervals, i), heartbeat_unix_us, &rows[i]);
    if (status == OK)
        status = store->ops->ledger_append(store, rows, count);
    free(rows);
    if (status == OK) {
        r->chain = chain;
        r->closed = count;
    }
    return status;
}

static enum status recover(struct reading *reading, struct store *store)
{
    struct recovery *r = reading->recovery;
    TRY(store->ops->ledger_each(store, 1, (struct store_rows){ read_row, reading }));
    TRY(check_end(&r->chain, store, reading->log));
    if (reading->faults > 1)
        log_error(reading->log, "ledger: %llu rows in all break the rules of intervals",
                  (unsigned long long)reading->faults);
    TRY(close_open(r, reading->intervals, store));
    if (r->closed > 0)
        log_warning(reading->log, "recovered: %zu disclosure intervals were open when the last run ended; closed",
                    r->closed);
    return OK;
}

enum status recovery_run(struct recovery *r, struct store *store, const struct id *clinic, const struct log *log)
{
    struct reading reading = { .recovery = r, .log = log };
    *r = (struct recovery){ 0 };
    chain_init(&r->chain, clinic);
    TRY(intervals_create(&reading.intervals));
    enum status status = recover(&reading, store);
    intervals_destroy(reading.intervals);
    if (status != OK)
        recovery_deinit(r);
    return status;
}

void recovery_deinit(struct recovery *r)
{
    standing_deinit(&r->standing);
    *r = (struct recovery){ 0 };
}
