#include "ledger/export.h"

#include <inttypes.h>
#include <string.h>

#include "ledger/audit_event.h"
#include "ledger/utc.h"

static const char *const formats[] = {
    [EXPORT_JSON_LINES] = "jsonl",
    [EXPORT_AUDIT_EVENTS] = "fhir",
    [EXPORT_ACCOUNTING] = "csv",
};
enum { FORMAT_COUNT = sizeof formats / sizeof *formats };

enum export_format export_format_parse(struct bytes word)
{
    for (int format = 1; format < FORMAT_COUNT; format++)
        if (bytes_equal(word, bytes_of(formats[format])))
            return (enum export_format)format;
    return 0;
}

const char *export_format_name(enum export_format format)
{
    return format > 0 && (int)format < FORMAT_COUNT ? formats[format] : "?";
}

/* All or nothing. */
static enum status settle(struct writer *w, struct writer before)
{
    if (!w->bad)
        return OK;
    *w = before;
    return ERR_FULL;
}

enum status export_json_line(struct writer *w, const struct ledger_row *row)
{
    struct writer before = *w;
    write_format(w, "{\"number\":%" PRIu64 ",\"hash\":\"", row->number);
    for (size_t i = 0; i < sizeof row->hash; i++)
        write_format(w, "%02x", row->hash[i]);
    write_text(w, "\",\"record\":");
    write_bytes(w, ledger_row_text(row)); /* the very bytes that were hashed */
    write_text(w, "}\n");
    return settle(w, before);
}

/* ---- the accounting ---- */

/* A spreadsheet takes a field that begins so for a formula; an apostrophe before it, which no id holds, makes it text.
 */
static bool looks_like_formula(const char *text)
{
    return *text && strchr("=+-@\t\r\n", *text);
}

static void write_field(struct writer *w, const char *text)
{
    write_u8(w, '"');
    if (looks_like_formula(text))
        write_u8(w, '\'');
    for (; *text; text++) {
        if (*text == '"')
            write_u8(w, '"');
        write_u8(w, (uint8_t)*text);
    }
    write_u8(w, '"');
}

static void write_time_field(struct writer *w, int64_t unix_us)
{
    write_text(w, ",\"");
    utc_write(w, unix_us);
    write_u8(w, '"');
}

enum status export_accounting_header(struct writer *w)
{
    struct writer before = *w;
    write_text(w, "\"client_id\",\"recipient_person_id\",\"session\",\"interval\",\"opened_utc\",\"closed_utc\","
                  "\"seconds\",\"mode\",\"grant\",\"grant_epoch\",\"closed_reason\",\"recovered\"\r\n");
    return settle(w, before);
}

/* Nothing that needs an end may be written for an interval without one. */
static void write_end(struct writer *w, const struct record *open, const struct record *close)
{
    if (!close) {
        write_text(w, ",\"\",\"\"");
        return;
    }
    int64_t length_us = close->unix_us - open->unix_us;
    write_time_field(w, close->unix_us);
    write_format(w, ",\"%" PRId64 ".%03d\"", length_us / 1000000, (int)(length_us / 1000 % 1000));
}

enum status export_accounting_line(struct writer *w, struct disclosure disclosure)
{
    struct writer before = *w;
    const struct record *open = disclosure.open, *close = disclosure.close;
    const char *const who[] = { open->client.text, open->person.text, open->session.text, open->interval.text };
    for (size_t i = 0; i < sizeof who / sizeof *who; i++) {
        write_text(w, i ? "," : "");
        write_field(w, who[i]);
    }
    write_time_field(w, open->unix_us);
    write_end(w, open, close);
    write_u8(w, ',');
    write_field(w, open->mode ? mode_name(open->mode) : "");
    write_u8(w, ',');
    write_field(w, open->grant.text);
    write_format(w, ",\"%" PRIu32 "\",", open->grant_epoch);
    write_field(w, close ? close->reason : "");
    write_format(w, ",\"%s\"\r\n", close && close->recovered ? "yes" : "no");
    return settle(w, before);
}

/* ---- the walk ---- */

static bool is_clients(const struct export_scope *scope, const struct record *record)
{
    return !scope->client.text[0] || id_equal(&scope->client, &record->client);
}

static bool is_at(const struct export_scope *scope, const struct record *record)
{
    return is_clients(scope, record) && record->unix_us >= scope->from_unix_us &&
           (!scope->to_unix_us || record->unix_us < scope->to_unix_us);
}

static bool is_within(const struct export_scope *scope, struct disclosure disclosure)
{
    return is_clients(scope, disclosure.open) && (!scope->to_unix_us || disclosure.open->unix_us < scope->to_unix_us) &&
           (!disclosure.close || disclosure.close->unix_us >= scope->from_unix_us);
}

static enum status pass_on(const struct ledger_export *export, const struct writer *line)
{
    return export->sink.text(export->sink.context, writer_bytes(line));
}

static enum status pass_decision(const struct ledger_export *export, uint64_t row, const struct record *record)
{
    uint8_t buffer[EXPORT_LINE_MAX];
    struct writer w = writer_over(buffer, sizeof buffer);
    TRY(audit_event_decision(&w, (struct audit_origin){ &export->clinic, row }, record));
    write_u8(&w, '\n');
    return w.bad ? ERR_FULL : pass_on(export, &w);
}

static enum status pass_disclosure(const struct ledger_export *export, uint64_t row, struct disclosure disclosure)
{
    uint8_t buffer[EXPORT_LINE_MAX];
    struct writer w = writer_over(buffer, sizeof buffer);
    if (export->format == EXPORT_ACCOUNTING) {
        TRY(export_accounting_line(&w, disclosure));
        return pass_on(export, &w);
    }
    TRY(audit_event_disclosure(&w, (struct audit_origin){ &export->clinic, row }, disclosure));
    write_u8(&w, '\n');
    return w.bad ? ERR_FULL : pass_on(export, &w);
}

static enum status pass_row(const struct ledger_export *export, const struct ledger_row *row)
{
    uint8_t buffer[EXPORT_LINE_MAX];
    struct writer w = writer_over(buffer, sizeof buffer);
    TRY(export_json_line(&w, row));
    return pass_on(export, &w);
}

enum status ledger_export_init(struct ledger_export *export, enum export_format format, const struct id *clinic,
                               struct export_scope scope, struct export_sink sink)
{
    uint8_t buffer[EXPORT_LINE_MAX];
    struct writer w = writer_over(buffer, sizeof buffer);
    struct ledger_export made = { format, *clinic, scope, sink, NULL };
    if (format == EXPORT_ACCOUNTING) {
        TRY(export_accounting_header(&w));
        TRY(pass_on(&made, &w));
    }
    TRY(intervals_create(&made.intervals));
    *export = made;
    return OK;
}

void ledger_export_deinit(struct ledger_export *export)
{
    intervals_destroy(export->intervals);
    export->intervals = NULL;
}

enum status ledger_export_row(void *context, const struct ledger_row *row)
{
    struct ledger_export *export = context;
    struct record record, open;
    TRY(record_parse(ledger_row_text(row), &record));
    const struct record *opened =
        record.kind == RECORD_CLOSE ? intervals_find(export->intervals, &record.interval) : NULL;
    if (opened)
        open = *opened; /* it is forgotten in the next line */
    enum interval_fault fault;
    TRY(intervals_row(export->intervals, &record, &fault));
    if (fault != INTERVAL_GOOD)
        return ERR_MALFORMED;
    if (export->format == EXPORT_JSON_LINES)
        return is_at(&export->scope, &record) ? pass_row(export, row) : OK;
    struct disclosure disclosure = { &open, &record };
    if (opened && is_within(&export->scope, disclosure))
        return pass_disclosure(export, row->number, disclosure);
    bool decision = record.kind == RECORD_OPEN || record.kind == RECORD_REFUSED;
    if (export->format == EXPORT_AUDIT_EVENTS && decision && is_at(&export->scope, &record))
        return pass_decision(export, row->number, &record);
    return OK;
}

/* In no order, for the table of open intervals has none. */
enum status ledger_export_end(struct ledger_export *export)
{
    for (size_t i = 0; export->format == EXPORT_ACCOUNTING && i < intervals_open_count(export->intervals); i++) {
        struct disclosure disclosure = { intervals_open_at(export->intervals, i), NULL };
        if (is_within(&export->scope, disclosure))
            TRY(pass_disclosure(export, 0, disclosure));
    }
    return OK;
}
