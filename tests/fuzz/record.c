/* Any bytes as a record: what is read is written again as the very same bytes, and every use of a record takes it. */
#include <assert.h>

#include "ledger/audit_event.h"
#include "ledger/export.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What can be read can be chained, followed and exported. */
static void use(struct bytes text, const struct record *record)
{
    static const struct id clinic = { "clinic" };
    uint8_t buffer[EXPORT_LINE_MAX];
    struct writer w = writer_over(buffer, sizeof buffer);
    struct ledger_row row;
    struct chain chain, again;
    chain_init(&chain, &clinic);
    chain_init(&again, &clinic);
    enum status appended = chain_append(&chain, text, &row);
    assert(appended == (record->kind == RECORD_HEARTBEAT ? ERR_MALFORMED : OK));
    if (appended != OK)
        return;
    enum chain_fault fault = chain_check(&again, &row);
    assert(fault == CHAIN_GOOD && again.number == 1);
    enum status exported = export_json_line(&w, &row);
    assert(exported == OK);
    w.len = 0;
    exported = audit_event_decision(&w, (struct audit_origin){ &clinic, 1 }, record);
    assert(exported == (record->kind == RECORD_OPEN || record->kind == RECORD_REFUSED ? OK : ERR_MALFORMED));
    if (record->kind != RECORD_OPEN)
        return;
    struct record close = intervals_recovery(record, 5);
    struct disclosure disclosure = { record, &close };
    w.len = 0;
    exported = audit_event_disclosure(&w, (struct audit_origin){ &clinic, 1 }, disclosure);
    assert(exported == OK);
    w.len = 0;
    exported = export_accounting_line(&w, disclosure);
    assert(exported == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = { data, size };
    struct record record;
    if (record_parse(text, &record) != OK)
        return 0;
    uint8_t buffer[RECORD_TEXT_MAX + 1];
    struct writer w = writer_over(buffer, sizeof buffer);
    enum status written = record_write(&w, &record);
    assert(written == OK && bytes_equal(writer_bytes(&w), text));
    use(text, &record);
    return 0;
}
