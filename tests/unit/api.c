#define _GNU_SOURCE /* strdup */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/fhir.h"
#include "auth/fhir_write.h"
#include "support/api_bench.h"

#define GRANT_WITH(more)                                                                                               \
    "{\"client\":\"alex\",\"person\":\"sam\",\"granted_by\":\"patient\",\"kinds\":[\"individual\"],\"modes\":["        \
    "\"full\"],"                                                                                                       \
    "\"purpose\":\"FAMRQT\",\"notice_version\":\"v1\",\"evidence\":\"DocumentReference/7\",\"not_before\":1790000000," \
    "\"expires\":1790009000" more "}"
#define GRANT GRANT_WITH("")

/* ---- Sessions ---- */

static void a_session_reads_as_it_was_put_and_goes_to_its_room(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        ask(b, "PUT", "/api/v1/sessions/s-1",
            SESSION_WITH(",\"agenda\":[{\"title\":\"Plan\",\"minutes\":5}],\"guidance_version\":\"2026-1\"")),
        201);
    assert_true(b->effects->plan != NULL);
    assert_string_equal(b->effects->plan->session.text, "s-1");
    assert_string_equal(b->effects->plan->people[1].alias, "Fox");
    assert_string_equal(b->response.location, "/api/v1/sessions/s-1");
    char *put = strdup(b->response.body);
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/s-1", NULL), 200);
    assert_string_equal(b->response.body, put);
    assert_false(b->effects->plan != NULL);
    assert_says(b, "\"guidance_version\":\"2026-1\"");
    assert_int_equal(ask(b, "PUT", "/api/v1/sessions/s-1", SESSION), 200);
    free(put);
}

static void what_the_room_refuses_is_not_stored(void **state)
{
    struct bench *b = *state;
    assert_int_equal(ask_rooms(b, ERR_STATE, "PUT", "/api/v1/sessions/s-1", SESSION), 409);
    assert_says(b, "problem:live");
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/s-1", NULL), 404);
    assert_int_equal(ask_rooms(b, ERR_FULL, "POST", "/api/v1/sessions", SESSION), 503);
}

static void a_room_gets_the_grants_that_are_stored(void **state)
{
    struct bench *b = *state;
    assert_int_equal(ask(b, "PUT", "/api/v1/grants/g-1", GRANT), 201);
    assert_int_equal(ask(b, "DELETE", "/api/v1/grants/g-1", NULL), 204);
    assert_int_equal(ask(b, "PUT", "/api/v1/sessions/s-1", SESSION), 201);
    assert_int_equal(b->effects->plan->grant_count, 1);
    assert_int_equal(b->effects->plan->grants[0].status, GRANT_WITHDRAWN);
    assert_int_equal(ask(b, "PUT", "/api/v1/sessions/s-1", SESSION_WITH(",\"grants\":[]")), 422);
}

static void pages_hold_every_session_once(void **state)
{
    struct bench *b = *state;
    const char *ids[] = { "a", "b", "c" };
    for (size_t i = 0; i < 3; i++) {
        char path[64];
        snprintf(path, sizeof path, "/api/v1/sessions/%s", ids[i]);
        assert_int_equal(ask(b, "PUT", path, SESSION), 201);
    }
    assert_int_equal(ask(b, "GET", "/api/v1/sessions?limit=2", NULL), 200);
    assert_says(b, "\"next\":\"b\"");
    assert_null(strstr(b->response.body, "\"id\":\"c\""));
    assert_int_equal(ask(b, "GET", "/api/v1/sessions?cursor=b&limit=2", NULL), 200);
    assert_says(b, "\"id\":\"c\"");
    assert_says(b, "\"next\":null");
    assert_int_equal(ask(b, "GET", "/api/v1/sessions?limit=3", NULL), 200);
    assert_says(b, "\"next\":null");
    static const char *const wrong[] = { "limit=", "limit=0", "limit=1e1", "limit=99999999999999999999",
                                         "x=1",    "cursor=", "&" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char path[96];
        snprintf(path, sizeof path, "/api/v1/sessions?%s", wrong[i]);
        assert_int_equal(ask(b, "GET", path, NULL), 400);
    }
}

/* RFC 5545 3.1 */
static void assert_short_lines(const char *text)
{
    for (const char *line = text, *end; (end = strstr(line, "\r\n")); line = end + 2)
        assert_true(end - line <= 75);
}

#define LONGEST_ID "0123456789.0123456789.0123456789.0123456789.0123456789.012345678"

static void a_calendar_line_is_folded_and_names_nobody(void **state)
{
    struct bench *b = *state;
    ask(b, "PUT", "/api/v1/sessions/s-1", SESSION);
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/s-1.ics", NULL), 200);
    assert_says(b, "DTSTART:20260921T141500Z\r\n");
    assert_says(b, "DTEND:20260921T150320Z\r\n");
    assert_short_lines(b->response.body);
    assert_null(strstr(b->response.body, "Sam"));
    assert_null(strstr(b->response.body, "token"));
    ask(b, "PUT", "/api/v1/sessions/" LONGEST_ID, SESSION);
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/" LONGEST_ID ".ics", NULL), 200);
    assert_short_lines(b->response.body);
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/" LONGEST_ID, NULL), 200);
    assert_says(b, LONGEST_ID);
}

/* ---- Idempotency ---- */

static void the_same_key_does_it_once_and_for_a_day(void **state)
{
    struct bench *b = *state;
    b->key = "once";
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", SESSION), 201);
    char *first = strdup(b->response.body);
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", SESSION), 201);
    assert_false(b->effects->plan != NULL);
    assert_string_equal(b->response.body, first);
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", SESSION_WITH(",\"agenda\":[]")), 422);
    assert_says(b, "key_reused");
    free(b->token);
    b->token = bench_token(b, EVERY_SCOPE, "other");
    assert_int_equal(ask(b, "POST", "/api/v1/sessions?conflicts=accept", SESSION), 201);
    assert_string_not_equal(b->response.body, first);
    b->now.unix_us += (int64_t)DAY_S * (int64_t)USEC_PER_SEC;
    assert_int_equal(
        ask(b, "POST", "/api/v1/sessions/none/invitations", "{\"participation\":\"p-1\",\"deliver\":true}"), 404);
    free(first);
}

static void no_name_and_no_link_is_kept_with_an_answer(void **state)
{
    struct bench *b = *state;
    char path[96];
    sqlite3 *db;
    sqlite3_stmt *rows;
    b->key = "names";
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", SESSION_WITH(",\"id\":\"s-1\"")), 201);
    b->key = "links";
    assert_int_equal(
        ask(b, "POST", "/api/v1/sessions/s-1/invitations", "{\"participation\":\"p-2\",\"deliver\":false}"), 201);
    snprintf(path, sizeof path, "%s/test.db", b->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*), max(body) FROM replies", -1, &rows, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(rows, 0), 2);
    assert_string_equal((const char *)sqlite3_column_text(rows, 1), "");
    sqlite3_finalize(rows);
    sqlite3_close(db);
}

/* As after a crash between the session's commit and the reply's. */
static void a_try_whose_answer_was_lost_makes_no_second_session(void **state)
{
    struct bench *b = *state;
    b->key = "lost";
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", SESSION), 201);
    char *first = strdup(b->response.body);
    struct store_reply none = { .key = { 1 }, .made_at = NOW, .body = "" };
    assert_int_equal(b->real->ops->reply_put(b->real, &none, NOW + 1), OK); /* forgets all others */
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", SESSION), 201);
    assert_string_equal(b->response.body, first);
    free(first);
}

/* ---- Grants ---- */

static void each_change_of_a_grant_is_a_new_epoch_for_the_rooms(void **state)
{
    struct bench *b = *state;
    assert_int_equal(ask(b, "PUT", "/api/v1/grants/g-1", GRANT), 201);
    assert_int_equal(b->effects->grant_count, 1);
    assert_int_equal(b->effects->grants[0].epoch, 1);
    assert_int_equal(ask(b, "PUT", "/api/v1/grants/g-1", GRANT_WITH(",\"epoch\":5")), 200);
    assert_int_equal(ask(b, "PUT", "/api/v1/grants/g-1", GRANT_WITH(",\"epoch\":5")), 409);
    assert_int_equal(b->effects->grant_count, 0);
    assert_int_equal(ask(b, "DELETE", "/api/v1/grants/g-1", NULL), 204);
    assert_null(b->response.body);
    assert_int_equal(b->effects->grants[0].epoch, 6);
    assert_int_equal(b->effects->grants[0].status, GRANT_WITHDRAWN);
    assert_int_equal(ask(b, "DELETE", "/api/v1/grants/g-1", NULL), 204);
    assert_int_equal(b->effects->grant_count, 0);
    assert_int_equal(ask(b, "GET", "/api/v1/grants/g-1", NULL), 200);
    assert_says(b, "\"epoch\":6,\"status\":\"withdrawn\"");
    assert_int_equal(ask(b, "PUT", "/api/v1/grants/g-2", GRANT_WITH(",\"epoch\":4294967295")), 201);
    assert_int_equal(ask(b, "PUT", "/api/v1/grants/g-2", GRANT), 409);
}

static void a_full_disk_gives_nobody_rights_and_takes_them_all_the_same(void **state)
{
    struct bench *b = *state;
    const struct store_ops *real = b->real->ops;
    assert_int_equal(ask(b, "PUT", "/api/v1/grants/g-1", GRANT), 201);
    b->real->ops = &b->full;
    assert_int_equal(ask(b, "PUT", "/api/v1/grants/g-1", GRANT), 503);
    assert_int_equal(b->effects->grant_count, 0);
    assert_int_equal(ask(b, "DELETE", "/api/v1/grants/g-1", NULL), 503);
    assert_int_equal(b->effects->grant_count, 1);
    assert_int_equal(b->effects->grants[0].status, GRANT_WITHDRAWN);
    b->key = "full";
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", SESSION), 503);
    b->real->ops = real;
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", SESSION), 201);
    assert_true(b->effects->plan != NULL);
}

/* ---- FHIR ---- */

static void a_grant_written_as_fhir_reads_back_the_same(void **state)
{
    (void)state;
    struct grant grant = { .id = { "c-1" },
                           .epoch = 3,
                           .client = { "alex" },
                           .person = { "sam" },
                           .granted_by = GRANTED_BY_PATIENT,
                           .kinds = 1u << KIND_FAMILY | 1u << KIND_CHECK_IN,
                           .modes = 1u << MODE_LISTEN | 1u << MODE_FULL,
                           .chat = true,
                           .topics = 1u << TOPIC_AFTERCARE,
                           .purpose = "FAMRQT",
                           .not_before = 1767225600,
                           .expires = 1790009000,
                           .client_absent_ok = true,
                           .notice_version = "v1",
                           .evidence = "DocumentReference/7",
                           .status = GRANT_ACTIVE },
                 read;
    uint8_t text[FHIR_WRITTEN_MAX];
    struct writer w = writer_over(text, sizeof text);
    struct fhir_finding finding;
    fhir_consent_write(&w, &grant, "");
    assert_false(w.bad);
    assert_int_equal(fhir_consent_parse(writer_bytes(&w), &(struct fhir_context){ .epoch = 3 }, &read, &finding), OK);
    assert_string_equal(fhir_reason_code(finding.reason), "fine");
    assert_int_equal(read.kinds, grant.kinds);
    assert_int_equal(read.modes, grant.modes);
    assert_int_equal(read.topics, grant.topics);
    assert_true(read.chat && read.client_absent_ok);
    assert_int_equal(read.not_before, grant.not_before);
    assert_int_equal(read.expires, grant.expires);
    assert_string_equal(read.person.text, "sam");
    assert_string_equal(read.evidence, grant.evidence);
    grant.status = GRANT_WITHDRAWN;
    w = writer_over(text, sizeof text);
    fhir_consent_write(&w, &grant, "");
    assert_int_equal(fhir_consent_parse(writer_bytes(&w), &(struct fhir_context){ .epoch = 4 }, &read, &finding), OK);
    assert_int_equal(read.status, GRANT_NOTHING);
}

#define SCOPE_OF_R4                                                                                                    \
    "\"scope\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/"                                      \
    "consentscope\",\"code\":\"patient-privacy\"}]}"
#define DRAFT(id) "{\"resourceType\":\"Consent\",\"id\":\"" id "\",\"status\":\"draft\"," SCOPE_OF_R4 "}"

static void a_consent_that_grants_nothing_ends_what_was_granted(void **state)
{
    struct bench *b = *state;
    assert_int_equal(ask(b, "PUT", "/api/v1/grants/c-1", GRANT), 201);
    assert_int_equal(ask(b, "PUT", "/fhir/Consent/c-1", DRAFT("c-1")), 200);
    assert_says(b, "OperationOutcome");
    assert_int_equal(b->effects->grants[0].status, GRANT_NOTHING);
    assert_int_equal(b->effects->grants[0].epoch, 2);
    assert_int_equal(ask(b, "GET", "/api/v1/grants/c-1", NULL), 200);
    assert_says(b, "\"reason\":\"not_active\"");
    assert_int_equal(
        ask(b, "PUT", "/fhir/Consent/c-1", "{\"resourceType\":\"Consent\",\"id\":\"c-1\",\"status\":\"active\"}"), 422);
    assert_says(b, "\"severity\":\"error\"");
    assert_int_equal(b->effects->grant_count, 0);
    assert_int_equal(ask(b, "PUT", "/fhir/Consent/c-1", DRAFT("c-2")), 400);
    assert_int_equal(ask(b, "DELETE", "/fhir/Consent/c-1", NULL), 204);
    assert_int_equal(ask(b, "GET", "/fhir/Consent/c-1", NULL), 410);
}

static void a_bundle_is_all_or_nothing(void **state)
{
    struct bench *b = *state;
    assert_int_equal(ask(b, "POST", "/fhir",
                         "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":" DRAFT(
                             "c-1") "},{\"resource\":{\"resourceType\":\"Consent\",\"id\":\"c-2\"}}]}"),
                     422);
    assert_int_equal(b->effects->grant_count, 0);
    assert_int_equal(ask(b, "GET", "/fhir/Consent/c-1", NULL), 404);
    assert_int_equal(ask(b, "PUT", "/api/v1/grants/c-2", GRANT), 201);
    assert_int_equal(ask(b, "POST", "/fhir",
                         "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"resource\":" DRAFT(
                             "c-1") "},{\"request\":{\"method\":\"DELETE\",\"url\":\"Consent/c-2\"}}]}"),
                     200);
    assert_int_equal(b->effects->grant_count, 2);
    assert_int_equal(b->effects->grants[1].status, GRANT_WITHDRAWN);
    assert_int_equal(ask(b, "POST", "/fhir", "{}"), 400);
}

/* ---- Doors ---- */

static void each_scope_opens_its_own(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *method, *path;
        scope_set scope;
    } doors[] = {
        { "GET", "/api/v1/sessions", SCOPE_SESSIONS_READ },
        { "POST", "/api/v1/sessions", SCOPE_SESSIONS_WRITE },
        { "GET", "/api/v1/sessions/x", SCOPE_SESSIONS_READ },
        { "PUT", "/api/v1/sessions/x", SCOPE_SESSIONS_WRITE },
        { "GET", "/api/v1/sessions/x.ics", SCOPE_SESSIONS_READ },
        { "GET", "/api/v1/sessions/x/participations", SCOPE_SESSIONS_READ },
        { "POST", "/api/v1/sessions/x/moderation", SCOPE_MODERATE },
        { "POST", "/api/v1/sessions/x/links", 0 }, /* people alone */
        { "GET", "/api/v1/sessions/x/invitations", SCOPE_INVITATIONS_READ },
        { "POST", "/api/v1/sessions/x/invitations", SCOPE_INVITATIONS_WRITE },
        { "DELETE", "/api/v1/invitations/x", SCOPE_INVITATIONS_WRITE },
        { "POST", "/api/v1/invitations/x/deliver", SCOPE_INVITATIONS_WRITE },
        { "GET", "/api/v1/deliveries", SCOPE_DELIVERIES_READ },
        { "GET", "/api/v1/texts", SCOPE_SESSIONS_READ | SCOPE_GUIDANCE_WRITE },
        { "PUT", "/api/v1/texts/guidance/x", SCOPE_GUIDANCE_WRITE },
        { "PUT", "/api/v1/texts/notice/x", SCOPE_GUIDANCE_WRITE },
        { "GET", "/api/v1/grants/x", SCOPE_GRANTS_READ },
        { "PUT", "/api/v1/grants/x", SCOPE_GRANTS_WRITE },
        { "DELETE", "/api/v1/grants/x", SCOPE_GRANTS_WRITE },
        { "GET", "/fhir/Consent/x", SCOPE_GRANTS_READ },
        { "PUT", "/fhir/Consent/x", SCOPE_GRANTS_WRITE },
        { "DELETE", "/fhir/Consent/x", SCOPE_GRANTS_WRITE },
        { "POST", "/fhir", SCOPE_GRANTS_WRITE },
        { "GET", "/api/v1/live", SCOPE_DASHBOARD_READ },
        { "GET", "/api/v1/history", SCOPE_DASHBOARD_READ },
        { "GET", "/api/v1/capacity", SCOPE_DASHBOARD_READ | SCOPE_SESSIONS_READ },
        { "POST", "/admin/session", SCOPE_DASHBOARD_READ },
        { "GET", "/admin/session", SCOPE_DASHBOARD_READ },
        { "DELETE", "/admin/session", SCOPE_DASHBOARD_READ },
    };
    static const scope_set scopes[] = { SCOPE_SESSIONS_READ,     SCOPE_SESSIONS_WRITE, SCOPE_GRANTS_READ,
                                        SCOPE_GRANTS_WRITE,      SCOPE_MODERATE,       SCOPE_INVITATIONS_READ,
                                        SCOPE_INVITATIONS_WRITE, SCOPE_GUIDANCE_WRITE, SCOPE_DELIVERIES_READ,
                                        SCOPE_DASHBOARD_READ };
    for (size_t s = 0; s < sizeof scopes / sizeof *scopes; s++) {
        free(b->token);
        b->token = bench_token(b, scopes[s], "ehr");
        for (size_t i = 0; i < sizeof doors / sizeof *doors; i++)
            assert_int_equal(ask(b, doors[i].method, doors[i].path, "{}") == 403, !(doors[i].scope & scopes[s]));
    }
    strcpy(b->token, "x");
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++)
        assert_int_equal(ask(b, doors[i].method, doors[i].path, "{}"), 401);
    assert_int_equal(ask(b, "GET", "/api/v1/openapi.json", NULL), 200);
}

static void addresses_that_are_none_and_methods_that_do_not_work(void **state)
{
    struct bench *b = *state;
    static const char *const none[] = { "/api/v1",
                                        "/api/v1/",
                                        "/api/v1/sessions/",
                                        "/api/v1/sessions/a/b",
                                        "/api/v1/sessions/a.icsx",
                                        "/api/v1/sessions/a%20b",
                                        "/fhir/",
                                        "/fhir/Patient/x",
                                        "",
                                        "/api/v1/sessions/.x",
                                        "/api/v1/sessions/.ics",
                                        "/api/v1/grants/x.ics",
                                        "/api/v1/sessions/"
                                        "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz012" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(ask(b, "GET", none[i], NULL), 404);
    assert_int_equal(ask(b, "PATCH", "/api/v1/sessions/x", "{}"), 405);
    assert_string_equal(b->response.allow, "GET, PUT");
    assert_string_equal(b->response.content_type, "application/problem+json");
}

static void a_problem_repeats_no_value_of_the_body(void **state)
{
    struct bench *b = *state;
    assert_int_equal(
        ask(b, "POST", "/api/v1/sessions",
            "{\"kind\":\"Sam Miller\",\"opens_at\":1,\"closes_at\":1790003000,\"client\":\"a\",\"people\":[]}"),
        422);
    assert_null(strstr(b->response.body, "Miller"));
    assert_says(b, "'kind' must be");
    assert_int_equal(ask(b, "POST", "/api/v1/sessions",
                         "{\"kind\":\"group\",\"opens_at\":1,\"closes_at\":1790003000,\"client\":\"Sam Miller\","
                         "\"people\":[]}"),
                     422);
    assert_null(strstr(b->response.body, "Miller"));
    assert_says(b, "'client' must be");
    static const char *const broken[] = { "", "{", "[]", "7", "{\"a\":1,\"a\":1}", "{\"a\":\"\\u0000\"}", "{} {}" };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_int_equal(ask(b, "POST", "/api/v1/sessions", broken[i]), 400);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_reads_as_it_was_put_and_goes_to_its_room),
        TEST(what_the_room_refuses_is_not_stored),
        TEST(a_room_gets_the_grants_that_are_stored),
        TEST(pages_hold_every_session_once),
        TEST(a_calendar_line_is_folded_and_names_nobody),
        TEST(the_same_key_does_it_once_and_for_a_day),
        TEST(no_name_and_no_link_is_kept_with_an_answer),
        TEST(a_try_whose_answer_was_lost_makes_no_second_session),
        TEST(each_change_of_a_grant_is_a_new_epoch_for_the_rooms),
        TEST(a_full_disk_gives_nobody_rights_and_takes_them_all_the_same),
        TEST(a_grant_written_as_fhir_reads_back_the_same),
        TEST(a_consent_that_grants_nothing_ends_what_was_granted),
        TEST(a_bundle_is_all_or_nothing),
        TEST(each_scope_opens_its_own),
        TEST(addresses_that_are_none_and_methods_that_do_not_work),
        TEST(a_problem_repeats_no_value_of_the_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
