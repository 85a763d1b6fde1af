/* export.h - the ledger in three forms for people outside, one row in, text out:
 *
 *   JSON Lines    every row as it is, with its number and hash: {"number":1,"hash":"<hex>","record":{...}}
 *   AuditEvents   FHIR R4 as NDJSON (audit_event.h)
 *   accounting    CSV (RFC 4180) of the disclosure intervals of a client and a period, for an accounting of disclosures
 *                 (45 CFR 164.528, 42 CFR 2.25); intervals that are open still stand last, without an end
 *
 * Exports don't check the chain: verify first (verify.h). */
#pragma once

#include "ledger/intervals.h"

enum export_format { EXPORT_JSON_LINES = 1, EXPORT_AUDIT_EVENTS, EXPORT_ACCOUNTING };
/* "jsonl", "fhir", "csv"; 0 and "?" for others. */
enum export_format export_format_parse(struct bytes);
const char *export_format_name(enum export_format);

/* What is wanted. Records count by their time; intervals when a part of them is within. */
struct export_scope {
    struct id client;                 /* empty: every client's, and records that concern none */
    int64_t from_unix_us, to_unix_us; /* from <= t < to; to 0: without end */
};

/* Takes whole lines with their ends. A status stops the export and is passed on. */
struct export_sink {
    enum status (*text)(void *context, struct bytes);
    void *context;
};

struct ledger_export {
    enum export_format format;
    struct id clinic;
    struct export_scope scope;
    struct export_sink sink;
    struct intervals *intervals; /* owned */
};

/* Writes the header where the format has one. */
enum status ledger_export_init(struct ledger_export *, enum export_format, const struct id *clinic, struct export_scope,
                               struct export_sink);
void ledger_export_deinit(struct ledger_export *);
/* The next row, from the ledger's first on whatever the scope: fits struct store_rows. ERR_MALFORMED for a row that
 * breaks the ledger's rules. */
enum status ledger_export_row(void *ledger_export, const struct ledger_row *);
/* After the last row. */
enum status ledger_export_end(struct ledger_export *);

/* The lines themselves, with their ends; ERR_FULL leaves the writer as it was, EXPORT_LINE_MAX is always enough. */
enum { EXPORT_LINE_MAX = 8192 };
enum status export_json_line(struct writer *, const struct ledger_row *);
enum status export_accounting_header(struct writer *);
enum status export_accounting_line(struct writer *, struct disclosure);
