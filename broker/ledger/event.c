#include "ledger/event.h"

#include <inttypes.h>
#include <stdio.h>

#include "ledger/utc.h"

/* A session's is "session." and the reason; a client's no is a type of its own. */
static const char *const types[] = {
    [RECORD_OPEN] = "disclosure.opened",    [RECORD_CLOSE] = "disclosure.closed",
    [RECORD_REFUSED] = "admission.refused", [RECORD_ACKNOWLEDGED] = "guidance.acknowledged",
    [RECORD_AGREED] = "client.agreed",      [RECORD_REMOVED] = "participation.removed",
    [RECORD_REVOKED] = "grant.revoked",     [RECORD_SESSION] = "session.",
};
enum { TYPES = sizeof types / sizeof *types };

static void write_type(struct writer *w, const struct record *record)
{
    if (record->kind == RECORD_AGREED && bytes_equal(bytes_of(record->reason), bytes_of("no"))) {
        write_text(w, "client.declined");
        return;
    }
    write_text(w, types[record->kind]);
    if (record->kind == RECORD_SESSION)
        write_text(w, record->reason[0] ? record->reason : "changed");
}

void event_id(char id[EVENT_ID_MAX + 1], const char *clinic, uint64_t row)
{
    snprintf(id, EVENT_ID_MAX + 1, "%s-%" PRIu64, clinic, row);
}

enum status event_write(struct writer *w, const char *clinic, const struct ledger_row *row)
{
    struct writer before = *w;
    struct record record;
    char id[EVENT_ID_MAX + 1];
    TRY(record_parse(ledger_row_text(row), &record));
    if ((int)record.kind >= TYPES)
        return ERR_MALFORMED;
    event_id(id, clinic, row->number);
    write_format(w, "{\"id\":\"%s\",\"type\":\"", id);
    write_type(w, &record);
    write_text(w, "\",\"at\":\"");
    utc_write(w, record.unix_us);
    write_text(w, "\",\"record\":");
    write_bytes(w, ledger_row_text(row));
    write_text(w, "}");
    if (!w->bad)
        return OK;
    *w = before;
    return ERR_FULL;
}
