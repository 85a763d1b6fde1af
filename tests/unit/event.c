#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "ledger/event.h"

static struct id id_of(const char *text)
{
    struct id id;
    assert_true(id_parse(bytes_of(text), &id));
    return id;
}

static struct ledger_row row_of(uint64_t number, const struct record *record)
{
    struct ledger_row row = { .number = number };
    struct writer w = writer_over((uint8_t *)row.text, sizeof row.text);
    assert_int_equal(record_write(&w, record), OK);
    return row;
}

static void a_row_is_wrapped_as_it_is(void **state)
{
    (void)state;
    uint8_t text[EVENT_TEXT_MAX + 1];
    struct writer w = writer_over(text, sizeof text);
    struct record record = {
        .kind = RECORD_OPEN, .unix_us = 1767225600000001, .session = id_of("s-1"), .mode = MODE_AUDIO
    };
    struct ledger_row row = row_of(17, &record);
    assert_int_equal(event_write(&w, "north", &row), OK);
    assert_true(
        bytes_equal(writer_bytes(&w), bytes_of("{\"id\":\"north-17\",\"type\":\"disclosure.opened\","
                                               "\"at\":\"2026-01-01T00:00:00.000001Z\",\"record\":{\"kind\":\"open\","
                                               "\"at\":1767225600000001,\"session\":\"s-1\",\"mode\":\"audio\"}}")));
}

static void each_kind_has_its_type(void **state)
{
    (void)state;
    static const struct {
        enum record_kind kind;
        const char *reason, *type;
    } cases[] = {
        { RECORD_OPEN, "", "disclosure.opened" },
        { RECORD_CLOSE, "stepped_out", "disclosure.closed" },
        { RECORD_REFUSED, "no_grant", "admission.refused" },
        { RECORD_ACKNOWLEDGED, "family", "guidance.acknowledged" },
        { RECORD_AGREED, "yes", "client.agreed" },
        { RECORD_AGREED, "no", "client.declined" },
        { RECORD_REMOVED, "", "participation.removed" },
        { RECORD_REVOKED, "", "grant.revoked" },
        { RECORD_SESSION, "opened", "session.opened" },
        { RECORD_SESSION, "client_missing", "session.client_missing" },
        { RECORD_SESSION, "", "session.changed" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char wanted[80];
        uint8_t text[EVENT_TEXT_MAX + 1] = "";
        struct writer w = writer_over(text, sizeof text);
        struct record record = { .kind = cases[i].kind, .session = id_of("s-1") };
        strcpy(record.reason, cases[i].reason);
        struct ledger_row row = row_of(1, &record);
        assert_int_equal(event_write(&w, "north", &row), OK);
        snprintf(wanted, sizeof wanted, "\"type\":\"%s\"", cases[i].type);
        if (!strstr((char *)text, wanted))
            fail_msg("%s has no %s", text, wanted);
    }
}

static void fill(char *text, size_t len)
{
    memset(text, 'x', len);
    text[len] = 0;
}

static void the_longest_row_fits_and_too_little_room_changes_nothing(void **state)
{
    (void)state;
    char clinic[ID_MAX + 1];
    struct record record = { .kind = RECORD_SESSION,
                             .unix_us = RECORD_UNIX_US_MAX,
                             .grant_epoch = UINT32_MAX,
                             .mode = MODE_LISTEN,
                             .recovered = true };
    struct id *ids[] = { &record.session, &record.participation, &record.person,  &record.client,
                         &record.by,      &record.grant,         &record.interval };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        fill(ids[i]->text, ID_MAX);
    fill(clinic, ID_MAX);
    fill(record.reason, REASON_MAX);
    fill(record.guidance_version, VERSION_MAX);
    fill(record.notice_version, VERSION_MAX);
    struct ledger_row row = row_of(UINT64_MAX, &record);
    uint8_t text[EVENT_TEXT_MAX + 1];
    struct writer w = writer_over(text, sizeof text);
    assert_int_equal(event_write(&w, clinic, &row), OK);
    size_t len = w.len;
    w = writer_over(text, len - 1);
    assert_int_equal(event_write(&w, clinic, &row), ERR_FULL);
    assert_int_equal(w.len, 0);
    assert_false(w.bad);
}

static void what_is_no_record_is_no_event(void **state)
{
    (void)state;
    uint8_t text[EVENT_TEXT_MAX + 1];
    struct writer w = writer_over(text, sizeof text);
    struct ledger_row row = { .number = 1, .text = "{\"kind\":\"open\"}" };
    assert_int_equal(event_write(&w, "north", &row), ERR_MALFORMED);
    struct record heartbeat = { .kind = RECORD_HEARTBEAT, .unix_us = 1 };
    row = row_of(1, &heartbeat);
    assert_int_equal(event_write(&w, "north", &row), ERR_MALFORMED);
    assert_int_equal(w.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_wrapped_as_it_is),
        cmocka_unit_test(each_kind_has_its_type),
        cmocka_unit_test(the_longest_row_fits_and_too_little_room_changes_nothing),
        cmocka_unit_test(what_is_no_record_is_no_event),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
