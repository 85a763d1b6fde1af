#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ledger/audit_event.h"
#include "ledger/export.h"
#include "ledger/utc.h"
#include "support/history.h"

static const struct id clinic = { "clinic-1" };
static const struct export_scope everything = { 0 };

/* What an export wrote. */
struct page {
    char text[200000];
    size_t len, lines, lines_max; /* lines_max 0: no end */
};

static enum status take(void *context, struct bytes text)
{
    struct page *page = context;
    if (page->lines_max && page->lines == page->lines_max)
        return ERR_FULL;
    assert_true(page->len + text.len < sizeof page->text);
    memcpy(page->text + page->len, text.at, text.len);
    page->len += text.len;
    page->text[page->len] = '\0';
    page->lines++;
    return OK;
}

static struct page page;

static enum status export_rows(enum export_format format, struct export_scope scope, const struct ledger_row *rows,
                               size_t count)
{
    struct ledger_export export;
    page.len = page.lines = 0;
    page.text[0] = '\0';
    enum status status = ledger_export_init(&export, format, &clinic, scope, (struct export_sink){ take, &page });
    if (status != OK)
        return status;
    for (size_t i = 0; i < count && status == OK; i++)
        status = ledger_export_row(&export, &rows[i]);
    if (status == OK)
        status = ledger_export_end(&export);
    ledger_export_deinit(&export);
    return status;
}

static void put(struct ledger_row *row, struct chain *chain, struct record record)
{
    uint8_t buffer[RECORD_TEXT_MAX + 1];
    struct writer w = writer_over(buffer, sizeof buffer);
    assert_int_equal(record_write(&w, &record), OK);
    assert_int_equal(chain_append(chain, writer_bytes(&w), row), OK);
}

enum { AT = 1767225600 }; /* 2026-01-01T00:00:00Z */

static struct record opening(const char *client, const char *interval, int64_t second)
{
    struct record record = { .kind = RECORD_OPEN,
                             .unix_us = (AT + second) * 1000000,
                             .session = { "s1" },
                             .person = { "n5" },
                             .by = { "pt" },
                             .grant = { "g7" },
                             .grant_epoch = 2,
                             .mode = MODE_AUDIO,
                             .notice_version = "2026-01" };
    snprintf(record.client.text, sizeof record.client.text, "%s", client);
    snprintf(record.interval.text, sizeof record.interval.text, "%s", interval);
    snprintf(record.participation.text, sizeof record.participation.text, "p-%s", interval);
    return record;
}

static struct record closing(struct record open, int64_t microseconds)
{
    open.kind = RECORD_CLOSE;
    open.unix_us += microseconds;
    open.by = (struct id){ 0 };
    strcpy(open.reason, "stepped_out");
    return open;
}

/* Two clients: c1 in 0..1200.5 s and from 5000 s on, c2 in 100..160 s; one refusal. */
enum { ROWS = 6 };
static void small_ledger(struct ledger_row rows[ROWS])
{
    struct chain chain;
    struct record refused = opening("c1", "", 4000);
    refused.kind = RECORD_REFUSED;
    refused.interval = (struct id){ 0 };
    strcpy(refused.reason, "consent_expired");
    chain_init(&chain, &clinic);
    put(&rows[0], &chain, opening("c1", "i1", 0));
    put(&rows[1], &chain, opening("c2", "i2", 100));
    put(&rows[2], &chain, closing(opening("c2", "i2", 100), 60000000));
    put(&rows[3], &chain, closing(opening("c1", "i1", 0), 1200500000));
    put(&rows[4], &chain, refused);
    put(&rows[5], &chain, opening("c1", "i3", 5000));
}

/* ---- instants ---- */

static void instants_are_those_of_the_c_library(void **state)
{
    (void)state;
    struct history dice = history_of(1);
    for (int i = 0; i < 50000; i++) {
        int64_t unix_us = (int64_t)history_draw(&dice, (uint64_t)RECORD_UNIX_US_MAX + 1);
        uint8_t buffer[40];
        char expected[40];
        struct writer w = writer_over(buffer, sizeof buffer);
        time_t seconds = (time_t)(unix_us / 1000000);
        size_t len = strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S", gmtime(&seconds));
        snprintf(expected + len, sizeof expected - len, ".%06dZ", (int)(unix_us % 1000000));
        utc_write(&w, unix_us);
        assert_true(bytes_equal(writer_bytes(&w), bytes_of(expected)));
    }
}

static void the_first_and_the_last_instant(void **state)
{
    (void)state;
    static const struct {
        int64_t unix_us;
        const char *text;
    } instants[] = { { 0, "1970-01-01T00:00:00.000000Z" },
                     { INT64_C(951782400000000), "2000-02-29T00:00:00.000000Z" },
                     { INT64_C(4107542399999999), "2100-02-28T23:59:59.999999Z" },
                     { INT64_C(4107542400000000), "2100-03-01T00:00:00.000000Z" },
                     { RECORD_UNIX_US_MAX, "9999-12-31T23:59:59.999999Z" } };
    for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
        uint8_t buffer[40];
        struct writer w = writer_over(buffer, sizeof buffer);
        utc_write(&w, instants[i].unix_us);
        assert_true(bytes_equal(writer_bytes(&w), bytes_of(instants[i].text)));
    }
}

/* ---- JSON Lines ---- */

static void json_lines_hold_the_very_rows(void **state)
{
    (void)state;
    struct ledger_row rows[ROWS];
    small_ledger(rows);
    assert_int_equal(export_rows(EXPORT_JSON_LINES, everything, rows, ROWS), OK);
    assert_int_equal(page.lines, ROWS);
    char *line = strtok(page.text, "\n");
    struct chain chain;
    chain_init(&chain, &clinic);
    for (size_t i = 0; i < ROWS; i++, line = strtok(NULL, "\n")) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        const char *hash = json_string_value(json_object_get(object, "hash"));
        struct ledger_row row = { .number = (uint64_t)json_integer_value(json_object_get(object, "number")) };
        for (size_t j = 0; j < CHAIN_HASH_LEN; j++)
            assert_int_equal(sscanf(hash + 2 * j, "%2hhx", &row.hash[j]), 1);
        const char *record = strstr(line, "\"record\":") + strlen("\"record\":");
        memcpy(row.text, record, strlen(record) - 1);
        assert_int_equal(chain_check(&chain, &row), CHAIN_GOOD); /* so the export alone can be verified */
        json_decref(object);
    }
    assert_null(line);
}

/* ---- AuditEvents ---- */

static const char *string_at(const json_t *value, const char *path)
{
    char copy[200];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *part = strtok(copy, "/"); part && value; part = strtok(NULL, "/"))
        value =
            *part >= '0' && *part <= '9' ? json_array_get(value, (size_t)(*part - '0')) : json_object_get(value, part);
    const char *text = json_string_value(value);
    return text ? text : "(none)";
}

static json_t *decision_of(const struct record *record)
{
    uint8_t buffer[AUDIT_EVENT_MAX];
    struct writer w = writer_over(buffer, sizeof buffer);
    assert_int_equal(audit_event_decision(&w, (struct audit_origin){ &clinic, 12 }, record), OK);
    json_t *event = json_loadb((const char *)buffer, w.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(event);
    return event;
}

static json_t *disclosure_of(const struct record *open, const struct record *close)
{
    uint8_t buffer[AUDIT_EVENT_MAX];
    struct writer w = writer_over(buffer, sizeof buffer);
    struct disclosure disclosure = { open, close };
    assert_int_equal(audit_event_disclosure(&w, (struct audit_origin){ &clinic, 13 }, disclosure), OK);
    json_t *event = json_loadb((const char *)buffer, w.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(event);
    return event;
}

/* R4's required elements, and an observer that is one of the agents (BALP's val-audit-source). */
static void assert_audit_event(const json_t *event)
{
    assert_string_equal(string_at(event, "resourceType"), "AuditEvent");
    assert_true(json_is_string(json_object_get(json_object_get(event, "type"), "code")));
    assert_true(json_array_size(json_object_get(event, "subtype")) == 1);
    assert_string_not_equal(string_at(event, "recorded"), "(none)");
    assert_true(strstr("0 4 8 12", string_at(event, "outcome")) != NULL);
    const json_t *observer = json_object_get(json_object_get(event, "source"), "observer");
    const json_t *agents = json_object_get(event, "agent"), *agent;
    size_t i, observers = 0, requestors = 0;
    assert_true(json_array_size(agents) >= 2 && json_array_size(json_object_get(event, "entity")) >= 1);
    json_array_foreach((json_t *)agents, i, agent)
    {
        assert_true(json_is_boolean(json_object_get(agent, "requestor")));
        requestors += json_is_true(json_object_get(agent, "requestor"));
        observers += json_equal(json_object_get(agent, "who"), observer);
    }
    assert_int_equal(observers, 1);
    assert_int_equal(requestors, 1);
}

static void an_admission_becomes_a_consent_decision(void **state)
{
    (void)state;
    struct record open = opening("c1", "i1", 0);
    json_t *event = decision_of(&open);
    assert_audit_event(event);
    assert_string_equal(string_at(event, "id"), "decision-12");
    assert_string_equal(string_at(event, "meta/profile/0"),
                        "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.AuthZconsent");
    assert_string_equal(string_at(event, "type/code"), "110113");
    assert_string_equal(string_at(event, "subtype/0/code"), "AuthZ-Consent");
    assert_string_equal(string_at(event, "action"), "E");
    assert_string_equal(string_at(event, "outcome"), "0");
    assert_string_equal(string_at(event, "recorded"), "2026-01-01T00:00:00.000000Z");
    assert_string_equal(string_at(event, "agent/0/network/address"), "urn:kinroom:clinic-1:participation:p-i1");
    assert_string_equal(string_at(event, "agent/1/who/identifier/value"), "n5");
    assert_string_equal(string_at(event, "agent/4/who/identifier/value"), "pt");
    assert_string_equal(string_at(event, "entity/0/what/identifier/value"), "c1");
    assert_string_equal(string_at(event, "entity/0/what/type"), "Patient");
    assert_string_equal(string_at(event, "entity/1/what/identifier/value"), "g7");
    assert_string_equal(string_at(event, "entity/1/type/code"), "Consent");
    assert_string_equal(string_at(event, "entity/1/detail/0/valueString"), "s1");
    assert_string_equal(string_at(event, "outcomeDesc"), "(none)");
    json_decref(event);
}

static void a_refusal_becomes_a_failed_decision_with_its_reason(void **state)
{
    (void)state;
    struct record refused = { .kind = RECORD_REFUSED, .reason = "consent_absent", .session = { "s1" } };
    json_t *event = decision_of(&refused);
    assert_audit_event(event);
    assert_string_equal(string_at(event, "outcome"), "8");
    assert_string_equal(string_at(event, "outcomeDesc"), "consent_absent");
    assert_string_equal(string_at(event, "agent/1/who/display"), "none named");
    assert_string_equal(string_at(event, "entity/0/what/display"), "none named");
    assert_null(json_object_get(event, "meta")); /* no patient: the profile can't be claimed */
    json_decref(event);
}

static void a_closed_interval_becomes_a_disclosure(void **state)
{
    (void)state;
    struct record open = opening("c1", "i1", 0), close = closing(open, 90000000);
    close.recovered = true;
    json_t *event = disclosure_of(&open, &close);
    assert_audit_event(event);
    assert_string_equal(string_at(event, "id"), "disclosure-13");
    assert_string_equal(
        string_at(event, "meta/profile/0"),
        "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Source");
    assert_string_equal(string_at(event, "type/code"), "110106");
    assert_string_equal(string_at(event, "subtype/0/code"), "disclose");
    assert_string_equal(string_at(event, "action"), "R");
    assert_string_equal(string_at(event, "period/start"), "2026-01-01T00:00:00.000000Z");
    assert_string_equal(string_at(event, "period/end"), "2026-01-01T00:01:30.000000Z");
    assert_string_equal(string_at(event, "recorded"), "2026-01-01T00:01:30.000000Z");
    assert_string_equal(string_at(event, "outcomeDesc"), "stepped_out");
    assert_string_equal(string_at(event, "agent/0/type/coding/0/code"), "110153");
    assert_string_equal(string_at(event, "agent/1/type/coding/0/code"), "110152");
    assert_string_equal(string_at(event, "agent/1/who/identifier/value"), "n5");
    assert_string_not_equal(string_at(event, "agent/0/network/address"), "(none)");
    assert_string_not_equal(string_at(event, "agent/1/network/address"), "(none)");
    assert_string_equal(string_at(event, "entity/0/what/identifier/value"), "c1");
    assert_string_equal(string_at(event, "entity/1/what/identifier/value"), "i1");
    assert_string_equal(string_at(event, "entity/2/what/identifier/value"), "g7");
    assert_non_null(strstr(string_at(event, "entity/1/detail/5/type"), "recovered"));
    json_decref(event);
}

static void other_records_become_no_event(void **state)
{
    (void)state;
    uint8_t buffer[AUDIT_EVENT_MAX];
    struct writer w = writer_over(buffer, sizeof buffer);
    struct audit_origin origin = { &clinic, 1 };
    struct record record = opening("c1", "i1", 0), close = closing(record, 1);
    struct disclosure open_still = { &record, NULL }, reversed = { &close, &record };
    assert_int_equal(audit_event_disclosure(&w, origin, open_still), ERR_MALFORMED);
    assert_int_equal(audit_event_disclosure(&w, origin, reversed), ERR_MALFORMED);
    assert_int_equal(audit_event_decision(&w, origin, &close), ERR_MALFORMED);
    strcpy(record.reason, "a \"quoted\" word");
    assert_int_equal(audit_event_decision(&w, origin, &record), ERR_MALFORMED);
    assert_int_equal(w.len, 0);
}

static void any_record_makes_json_and_short_writers_are_left_alone(void **state)
{
    (void)state;
    struct history history = history_of(6);
    for (int i = 0; i < 3000; i++) {
        struct record open = history_any(&history);
        open.kind = RECORD_OPEN;
        struct record close = intervals_recovery(&open, RECORD_UNIX_US_MAX);
        json_decref(decision_of(&open));
        json_decref(disclosure_of(&open, &close));
        uint8_t buffer[1500];
        struct writer w = writer_over(buffer, history_draw(&history, sizeof buffer));
        assert_int_equal(audit_event_decision(&w, (struct audit_origin){ &clinic, 1 }, &open), ERR_FULL);
        assert_true(w.len == 0 && !w.bad);
    }
}

static void each_decision_and_each_closing_has_one_event(void **state)
{
    (void)state;
    struct ledger_row rows[ROWS];
    small_ledger(rows);
    assert_int_equal(export_rows(EXPORT_AUDIT_EVENTS, everything, rows, ROWS), OK);
    assert_int_equal(page.lines, 6); /* three opened, one refused, two closed */
    static const char *const ids[] = { "decision-1",   "decision-2", "disclosure-3",
                                       "disclosure-4", "decision-5", "decision-6" };
    char *line = strtok(page.text, "\n"), *rest;
    for (size_t i = 0; i < 6; i++) {
        rest = line + strlen(line) + 1;
        json_t *event = json_loads(line, 0, NULL);
        assert_string_equal(json_string_value(json_object_get(event, "id")), ids[i]);
        json_decref(event);
        line = strtok(rest, "\n");
    }
}

/* ---- the accounting ---- */

static const char header[] =
    "\"client_id\",\"recipient_person_id\",\"session\",\"interval\",\"opened_utc\",\"closed_utc\","
    "\"seconds\",\"mode\",\"grant\",\"grant_epoch\",\"closed_reason\",\"recovered\"\r\n";
static const char first[] =
    "\"c1\",\"n5\",\"s1\",\"i1\",\"2026-01-01T00:00:00.000000Z\",\"2026-01-01T00:20:00.500000Z\","
    "\"1200.500\",\"audio\",\"g7\",\"2\",\"stepped_out\",\"no\"\r\n";
static const char second[] =
    "\"c2\",\"n5\",\"s1\",\"i2\",\"2026-01-01T00:01:40.000000Z\",\"2026-01-01T00:02:40.000000Z\","
    "\"60.000\",\"audio\",\"g7\",\"2\",\"stepped_out\",\"no\"\r\n";
static const char still_open[] =
    "\"c1\",\"n5\",\"s1\",\"i3\",\"2026-01-01T01:23:20.000000Z\",\"\",\"\",\"audio\",\"g7\","
    "\"2\",\"\",\"no\"\r\n";

static void assert_page(const char *a, const char *b, const char *c)
{
    char expected[4000];
    snprintf(expected, sizeof expected, "%s%s%s%s", header, a, b, c);
    assert_string_equal(page.text, expected);
}

static void the_accounting_lists_every_interval(void **state)
{
    (void)state;
    struct ledger_row rows[ROWS];
    small_ledger(rows);
    assert_int_equal(export_rows(EXPORT_ACCOUNTING, everything, rows, ROWS), OK);
    assert_page(second, first, still_open);
    assert_int_equal(export_rows(EXPORT_ACCOUNTING, everything, rows, 0), OK);
    assert_page("", "", "");
}

static void the_accounting_is_of_one_client_and_period(void **state)
{
    (void)state;
    struct ledger_row rows[ROWS];
    small_ledger(rows);
    struct export_scope scope = { .client = { "c1" } };
    assert_int_equal(export_rows(EXPORT_ACCOUNTING, scope, rows, ROWS), OK);
    assert_page(first, still_open, "");
    scope.to_unix_us = (AT + INT64_C(5000)) * 1000000; /* the third opens at this very moment: outside */
    assert_int_equal(export_rows(EXPORT_ACCOUNTING, scope, rows, ROWS), OK);
    assert_page(first, "", "");
    scope.from_unix_us = (AT + INT64_C(600)) * 1000000; /* a part of the first is within */
    assert_int_equal(export_rows(EXPORT_ACCOUNTING, scope, rows, ROWS), OK);
    assert_page(first, "", "");
    scope.from_unix_us = (AT + INT64_C(1201)) * 1000000;
    assert_int_equal(export_rows(EXPORT_ACCOUNTING, scope, rows, ROWS), OK);
    assert_page("", "", "");
    scope = (struct export_scope){ .client = { "nobody" } };
    assert_int_equal(export_rows(EXPORT_ACCOUNTING, scope, rows, ROWS), OK);
    assert_page("", "", "");
}

static void rows_and_events_keep_to_the_scope(void **state)
{
    (void)state;
    struct ledger_row rows[ROWS];
    small_ledger(rows);
    struct export_scope scope = { .client = { "c2" } };
    assert_int_equal(export_rows(EXPORT_JSON_LINES, scope, rows, ROWS), OK);
    assert_int_equal(page.lines, 2);
    assert_int_equal(export_rows(EXPORT_AUDIT_EVENTS, scope, rows, ROWS), OK);
    assert_int_equal(page.lines, 2);
    assert_null(strstr(page.text, "\"c1\""));
    scope =
        (struct export_scope){ .to_unix_us = (AT + INT64_C(4000)) * 1000000 }; /* the refusal's very moment: outside */
    assert_int_equal(export_rows(EXPORT_JSON_LINES, scope, rows, ROWS), OK);
    assert_int_equal(page.lines, 4);
    assert_int_equal(export_rows(EXPORT_AUDIT_EVENTS, scope, rows, ROWS), OK);
    assert_int_equal(page.lines, 4);
    scope = (struct export_scope){ .from_unix_us = (AT + INT64_C(4000)) * 1000000 };
    assert_int_equal(export_rows(EXPORT_JSON_LINES, scope, rows, ROWS), OK);
    assert_int_equal(page.lines, 2);
}

static void a_field_is_never_a_formula(void **state)
{
    (void)state;
    struct record open = opening("-c1", "i1", 0), close = closing(open, 1000);
    strcpy(open.person.text, "-2");
    static const char *const reasons[][2] = {
        { "=1+1", "\"'=1+1\"" },
        { "+1", "\"'+1\"" },
        { "-1", "\"'-1\"" },
        { "@sum", "\"'@sum\"" },
        { "a=b", "\"a=b\"" },
        { "a,b", "\"a,b\"" },
        { "say\"x\"", "\"say\"\"x\"\"\"" },
        { "\tx", "\"'\tx\"" },
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        uint8_t buffer[EXPORT_LINE_MAX];
        struct writer w = writer_over(buffer, sizeof buffer);
        struct disclosure disclosure = { &open, &close };
        strcpy(close.reason, reasons[i][0]);
        assert_int_equal(export_accounting_line(&w, disclosure), OK);
        write_u8(&w, 0);
        assert_memory_equal(buffer, "\"'-c1\",\"'-2\",", 13);
        assert_non_null(strstr((const char *)buffer, reasons[i][1]));
    }
}

/* ---- what goes wrong ---- */

static void a_sink_that_fails_stops_the_export(void **state)
{
    (void)state;
    struct ledger_row rows[ROWS];
    small_ledger(rows);
    for (int format = EXPORT_JSON_LINES; format <= EXPORT_ACCOUNTING; format++) {
        page.lines_max = 2;
        assert_int_equal(export_rows((enum export_format)format, everything, rows, ROWS), ERR_FULL);
        assert_int_equal(page.lines, 2);
        page.lines_max = 0;
    }
}

static void a_ledger_that_breaks_its_rules_is_not_exported(void **state)
{
    (void)state;
    struct ledger_row rows[ROWS];
    small_ledger(rows);
    assert_int_equal(export_rows(EXPORT_ACCOUNTING, everything, rows + 2, 1), ERR_MALFORMED); /* closed, never opened */
    memset(rows[1].text, 'x', sizeof rows[1].text);
    assert_int_equal(export_rows(EXPORT_JSON_LINES, everything, rows, ROWS), ERR_MALFORMED);
    assert_int_equal(page.lines, 1);
}

static void formats_have_names(void **state)
{
    (void)state;
    for (int format = EXPORT_JSON_LINES; format <= EXPORT_ACCOUNTING; format++)
        assert_int_equal(export_format_parse(bytes_of(export_format_name((enum export_format)format))), format);
    assert_int_equal(export_format_parse(bytes_of("xml")), 0);
    assert_string_equal(export_format_name((enum export_format)0), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_are_those_of_the_c_library),
        cmocka_unit_test(the_first_and_the_last_instant),
        cmocka_unit_test(json_lines_hold_the_very_rows),
        cmocka_unit_test(an_admission_becomes_a_consent_decision),
        cmocka_unit_test(a_refusal_becomes_a_failed_decision_with_its_reason),
        cmocka_unit_test(a_closed_interval_becomes_a_disclosure),
        cmocka_unit_test(other_records_become_no_event),
        cmocka_unit_test(any_record_makes_json_and_short_writers_are_left_alone),
        cmocka_unit_test(each_decision_and_each_closing_has_one_event),
        cmocka_unit_test(the_accounting_lists_every_interval),
        cmocka_unit_test(the_accounting_is_of_one_client_and_period),
        cmocka_unit_test(rows_and_events_keep_to_the_scope),
        cmocka_unit_test(a_field_is_never_a_formula),
        cmocka_unit_test(a_sink_that_fails_stops_the_export),
        cmocka_unit_test(a_ledger_that_breaks_its_rules_is_not_exported),
        cmocka_unit_test(formats_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
