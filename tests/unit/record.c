#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "support/history.h"

static const char whole[] = "{\"kind\":\"close\",\"at\":1767225600000001,\"session\":\"s1\",\"participation\":\"p3\","
                            "\"person\":\"n5\",\"client\":\"c2\",\"by\":\"p1\",\"grant\":\"g7\","
                            "\"interval\":\"i9\",\"device\":\"d4\",\"epoch\":2,\"mode\":\"audio\",\"reason\":\"stepped_"
                            "out\",\"guidance\":\"3.1\","
                            "\"notice\":\"2026-01\",\"recovered\":true}";

static struct record whole_record(void)
{
    return (struct record){ .kind = RECORD_CLOSE,
                            .unix_us = INT64_C(1767225600000001),
                            .session = { "s1" },
                            .participation = { "p3" },
                            .person = { "n5" },
                            .client = { "c2" },
                            .by = { "p1" },
                            .grant = { "g7" },
                            .grant_epoch = 2,
                            .interval = { "i9" },
                            .device = { "d4" },
                            .mode = MODE_AUDIO,
                            .reason = "stepped_out",
                            .guidance_version = "3.1",
                            .notice_version = "2026-01",
                            .recovered = true };
}

static enum status parse(const char *text, struct record *record)
{
    return record_parse(bytes_of(text), record);
}

static void assert_refused(struct bytes text)
{
    struct record record, before;
    memset(&record, 0x5a, sizeof record);
    memcpy(&before, &record, sizeof record);
    assert_int_equal(record_parse(text, &record), ERR_MALFORMED);
    assert_memory_equal(&record, &before, sizeof record);
}

static void every_kind_comes_back_from_its_name(void **state)
{
    (void)state;
    for (int kind = RECORD_OPEN; kind <= RECORD_HEARTBEAT; kind++)
        assert_int_equal(record_kind_parse(bytes_of(record_kind_name((enum record_kind)kind))), kind);
    assert_string_equal(record_kind_name(RECORD_OPEN), "open");
    assert_string_equal(record_kind_name((enum record_kind)0), "?");
    assert_string_equal(record_kind_name((enum record_kind)(RECORD_HEARTBEAT + 1)), "?");
    assert_int_equal(record_kind_parse(bytes_of("?")), 0);
    assert_int_equal(record_kind_parse(bytes_of("")), 0);
}

static void a_record_has_one_written_form(void **state)
{
    (void)state;
    uint8_t buffer[RECORD_TEXT_MAX + 1];
    struct writer w = writer_over(buffer, sizeof buffer);
    struct record record = whole_record(), parsed;
    assert_int_equal(record_write(&w, &record), OK);
    assert_int_equal(w.len, strlen(whole));
    assert_memory_equal(buffer, whole, w.len);
    assert_int_equal(parse(whole, &parsed), OK);
    assert_true(history_same(&record, &parsed));
}

static void absent_fields_are_left_out(void **state)
{
    (void)state;
    uint8_t buffer[RECORD_TEXT_MAX + 1];
    struct writer w = writer_over(buffer, sizeof buffer);
    struct record record = { .kind = RECORD_HEARTBEAT, .unix_us = 0 }, parsed;
    assert_int_equal(record_write(&w, &record), OK);
    assert_true(bytes_equal(writer_bytes(&w), bytes_of("{\"kind\":\"heartbeat\",\"at\":0}")));
    assert_int_equal(record_parse(writer_bytes(&w), &parsed), OK);
    assert_true(history_same(&record, &parsed));
}

static void random_records_come_back_as_they_were(void **state)
{
    (void)state;
    struct history history = history_of(1);
    for (int i = 0; i < 20000; i++) {
        uint8_t buffer[RECORD_TEXT_MAX + 1];
        struct writer w = writer_over(buffer, sizeof buffer);
        struct record record = history_any(&history), parsed;
        assert_int_equal(record_write(&w, &record), OK);
        assert_int_equal(record_parse(writer_bytes(&w), &parsed), OK);
        assert_true(history_same(&record, &parsed));
    }
}

static struct record longest_record(void)
{
    struct record record = { .kind = RECORD_ACKNOWLEDGED,
                             .unix_us = RECORD_UNIX_US_MAX,
                             .grant_epoch = UINT32_MAX,
                             .mode = MODE_LISTEN,
                             .recovered = true };
    struct id *ids[] = { &record.session, &record.participation, &record.person,   &record.client,
                         &record.by,      &record.grant,         &record.interval, &record.device };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        memset(ids[i]->text, 'x', ID_MAX);
    memset(record.reason, 'r', REASON_MAX);
    memset(record.guidance_version, 'g', VERSION_MAX);
    memset(record.notice_version, 'n', VERSION_MAX);
    return record;
}

static void the_longest_record_fits_and_a_short_writer_is_left_as_it_was(void **state)
{
    (void)state;
    uint8_t buffer[RECORD_TEXT_MAX + 1];
    struct record record = longest_record(), parsed;
    struct writer w = writer_over(buffer, sizeof buffer);
    assert_int_equal(record_write(&w, &record), OK);
    assert_true(w.len <= RECORD_TEXT_MAX);
    assert_int_equal(record_parse(writer_bytes(&w), &parsed), OK);
    assert_true(history_same(&record, &parsed));
    for (size_t cap = 0; cap < w.len; cap++) {
        struct writer short_one = writer_over(buffer, cap);
        assert_int_equal(record_write(&short_one, &record), ERR_FULL);
        assert_int_equal(short_one.len, 0);
        assert_false(short_one.bad);
    }
}

static void what_cannot_be_read_back_is_not_written(void **state)
{
    (void)state;
    struct record wrong[15];
    size_t count = sizeof wrong / sizeof *wrong;
    for (size_t i = 0; i < count; i++)
        wrong[i] = whole_record();
    wrong[0].kind = (enum record_kind)0;
    wrong[1].kind = (enum record_kind)(RECORD_HEARTBEAT + 1);
    wrong[2].unix_us = -1;
    wrong[3].unix_us = RECORD_UNIX_US_MAX + 1;
    wrong[4].mode = (enum mode)(MODE_FULL + 1);
    strcpy(wrong[5].person.text, "Ann Lee");
    strcpy(wrong[6].client.text, "c\"2");
    memset(wrong[7].by.text, 'x', sizeof wrong[7].by.text);
    strcpy(wrong[8].reason, "she said so");
    strcpy(wrong[9].reason, "a\"b");
    strcpy(wrong[10].guidance_version, "a\\b");
    strcpy(wrong[11].notice_version, "v\xc3\xa9");
    strcpy(wrong[12].notice_version, "a\nb");
    memset(wrong[13].reason, 'x', sizeof wrong[13].reason);
    strcpy(wrong[14].device.text, "her phone");
    for (size_t i = 0; i < count; i++) {
        uint8_t buffer[RECORD_TEXT_MAX + 1];
        struct writer w = writer_over(buffer, sizeof buffer);
        assert_int_equal(record_write(&w, &wrong[i]), ERR_MALFORMED);
        assert_int_equal(w.len, 0);
        assert_false(w.bad);
    }
}

static void only_the_canonical_spelling_is_read(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "{}",
        "[]",
        "null",
        "{\"kind\":\"open\"}",
        "{\"at\":1}",
        "{\"kind\":\"opened\",\"at\":1}",
        "{\"kind\":1,\"at\":1}",
        "{\"at\":1,\"kind\":\"open\"}",
        " {\"kind\":\"open\",\"at\":1}",
        "{\"kind\":\"open\",\"at\":1}\n",
        "{\"kind\": \"open\",\"at\":1}",
        "{\"kind\":\"open\",\"at\":1,}",
        "{\"kind\":\"open\",\"at\":1}{}",
        "{\"kind\":\"open\",\"at\":1,\"name\":\"Ann\"}",
        "{\"kind\":\"open\",\"kind\":\"open\",\"at\":1}",
        "{\"kind\":\"open\",\"at\":1,\"at\":1}",
        "{\"kind\":\"open\",\"at\":1.0}",
        "{\"kind\":\"open\",\"at\":1e3}",
        "{\"kind\":\"open\",\"at\":01}",
        "{\"kind\":\"open\",\"at\":-0}",
        "{\"kind\":\"open\",\"at\":-1}",
        "{\"kind\":\"open\",\"at\":\"1\"}",
        "{\"kind\":\"open\",\"at\":253402300800000000}",
        "{\"kind\":\"open\",\"at\":99999999999999999999}",
        "{\"kind\":\"\\u006fpen\",\"at\":1}",
        "{\"kind\":\"open\",\"at\":1,\"session\":\"\"}",
        "{\"kind\":\"open\",\"at\":1,\"session\":null}",
        "{\"kind\":\"open\",\"at\":1,\"session\":\"a b\"}",
        "{\"kind\":\"open\",\"at\":1,\"session\":\"a\\u0000\"}",
        "{\"kind\":\"open\",\"at\":1,\"session\":"
        "\"12345678901234567890123456789012345678901234567890123456789012345\"}",
        "{\"kind\":\"open\",\"at\":1,\"person\":\"n\",\"session\":\"s\"}",
        "{\"kind\":\"removed\",\"at\":1,\"device\":\"\"}",
        "{\"kind\":\"removed\",\"at\":1,\"device\":\"d\",\"interval\":\"i\"}",
        "{\"kind\":\"open\",\"at\":1,\"epoch\":0}",
        "{\"kind\":\"open\",\"at\":1,\"epoch\":4294967296}",
        "{\"kind\":\"open\",\"at\":1,\"epoch\":-1}",
        "{\"kind\":\"open\",\"at\":1,\"mode\":\"\"}",
        "{\"kind\":\"open\",\"at\":1,\"mode\":\"loud\"}",
        "{\"kind\":\"open\",\"at\":1,\"reason\":\"a b\"}",
        "{\"kind\":\"open\",\"at\":1,\"reason\":\"a\\/b\"}",
        "{\"kind\":\"open\",\"at\":1,\"recovered\":false}",
        "{\"kind\":\"open\",\"at\":1,\"recovered\":1}",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_refused(bytes_of(others[i]));
    struct record record;
    assert_int_equal(parse("{\"kind\":\"open\",\"at\":1}", &record), OK);
    assert_refused((struct bytes){ (const uint8_t *)"{\"kind\":\"open\",\"at\":1}", 23 }); /* with its NUL */
}

static void too_long_a_text_is_refused(void **state)
{
    (void)state;
    char text[RECORD_TEXT_MAX + 2];
    memset(text, ' ', sizeof text);
    memcpy(text, whole, strlen(whole));
    assert_refused((struct bytes){ (const uint8_t *)text, sizeof text });
}

static void a_changed_byte_is_refused_or_is_canonical_again(void **state)
{
    (void)state;
    char text[sizeof whole];
    for (size_t at = 0; at < strlen(whole); at++) {
        for (int value = 0; value < 256; value++) {
            uint8_t buffer[RECORD_TEXT_MAX + 1];
            struct writer w = writer_over(buffer, sizeof buffer);
            struct record record;
            memcpy(text, whole, sizeof text);
            text[at] = (char)value;
            struct bytes changed = { (const uint8_t *)text, strlen(whole) };
            if (record_parse(changed, &record) != OK)
                continue;
            assert_int_equal(record_write(&w, &record), OK);
            assert_true(bytes_equal(writer_bytes(&w), changed));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back_from_its_name),
        cmocka_unit_test(a_record_has_one_written_form),
        cmocka_unit_test(absent_fields_are_left_out),
        cmocka_unit_test(random_records_come_back_as_they_were),
        cmocka_unit_test(the_longest_record_fits_and_a_short_writer_is_left_as_it_was),
        cmocka_unit_test(what_cannot_be_read_back_is_not_written),
        cmocka_unit_test(only_the_canonical_spelling_is_read),
        cmocka_unit_test(too_long_a_text_is_refused),
        cmocka_unit_test(a_changed_byte_is_refused_or_is_canonical_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
