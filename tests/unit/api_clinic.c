/* What the clinic's admin asks: how the server is doing, how it was, what is booked; and signing in to the pages. */
#define _GNU_SOURCE /* strdup */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/admin.h"
#include "api/capacity.h"
#include "support/api_bench.h"

/* ---- Now ---- */

static void tell(struct bench *b, const struct vitals *vitals)
{
    struct bytes bytes = { (const uint8_t *)vitals, vitals_size(vitals) };
    assert_int_equal(pulse_take(b->pulse, b->now, bytes), OK);
}

static void the_picture_has_rooms_shards_and_what_is_left(void **state)
{
    struct bench *b = *state;
    static struct vitals v[2];
    v[0] = (struct vitals){ .picture_percent = 100, .people = 3, .room_count = 1, .states = { 4, 0, 1, 0, 2 } };
    v[0].rooms[0] = (struct vitals_room){ { "s-1" }, KIND_FAMILY, VITALS_OPEN, 4, 3, 2, 1, NOW - 60, 0, NOW + 600 };
    v[1] = (struct vitals){ .shard = 1, .picture_percent = 100 };
    for (int second = 1; second <= 3; second++) {
        bench_wait(b, 1);
        for (int i = 0; i < 2; i++) {
            v[i].taken_us = b->now.mono_us;
            v[i].counts.packets_out += i ? 0 : 720;
            tell(b, &v[i]);
        }
    }
    assert_int_equal(ask(b, "GET", "/api/v1/live", NULL), 200);
    assert_says(b, "\"at\":1790000003,\"rooms\":{\"scheduled\":4,\"lobby\":0,\"open\":1,\"paused\":0,\"closed\":2},"
                   "\"people\":3,\"waiting\":1,");
    assert_says(b, "{\"session\":\"s-1\",\"kind\":\"family\",\"state\":\"open\",\"node\":\"node-1\",\"shard\":0,"
                   "\"seats\":4,\"connected\":3,\"inside\":2,\"waiting\":1,\"closes_at\":1790000600,"
                   "\"waiting_since\":1789999940,\"client_missing_since\":null}");
    assert_says(b, "\"uptime_s\":3,\"capacity\":100000,\"left\":99280,\"left_people\":275,");
    assert_says(b, "\"packets_out_per_s\":720,");
    assert_says(b, "\"lost_in_percent\":null,");
    assert_says(b, "\"store_ok\":true,\"alarms\":[]}");
}

static void alarms_say_what_needs_somebody(void **state)
{
    struct bench *b = *state;
    static struct vitals v;
    v = (struct vitals){ .picture_percent = 75, .room_count = 2, .states = { [VITALS_OPEN] = 1, [VITALS_LOBBY] = 1 } };
    v.rooms[0] = (struct vitals_room){ .session = { "s-1" },
                                       .kind = KIND_FAMILY,
                                       .state = VITALS_LOBBY,
                                       .waiting = 1,
                                       .waiting_since = NOW - 30 * 60 + 3 };
    v.rooms[1] = (struct vitals_room){
        .session = { "s-2" }, .kind = KIND_INDIVIDUAL, .state = VITALS_OPEN, .client_missing_since = NOW - 90
    };
    for (int second = 1; second <= 3; second++) {
        bench_wait(b, 1);
        v.taken_us = b->now.mono_us;
        v.counts.busy_us += 860000;
        tell(b, &v);
    }
    assert_int_equal(ask(b, "GET", "/api/v1/live", NULL), 200);
    assert_says(b, "\"alarms\":[{\"session\":\"s-2\",\"since\":1789999910,\"kind\":\"client_missing\"},"
                   "{\"node\":\"node-1\",\"shard\":0,\"kind\":\"busy\"},"
                   "{\"node\":\"node-1\",\"shard\":0,\"kind\":\"shedding\"},"
                   "{\"node\":\"node-1\",\"shard\":1,\"kind\":\"silent\"}]");
    b->failing = true;
    bench_wait(b, 5);
    v.counts.busy_us += 1;
    assert_int_equal(ask(b, "GET", "/api/v1/live", NULL), 200);
    assert_says(b, "{\"session\":\"s-1\",\"since\":1789998203,\"kind\":\"long_wait\"}");
    assert_null(strstr(b->response.body, "\"shard\":0,\"kind\":\"silent\""));
    assert_says(b, "\"store_ok\":false,");
    assert_says(b, "{\"kind\":\"store\"}]");
    bench_wait(b, 1);
    assert_int_equal(ask(b, "GET", "/api/v1/live", NULL), 200);
    assert_says(b, "\"shard\":0,\"kind\":\"silent\"");
}

/* ---- How it was ---- */

static enum status put(struct bench *b, struct history_row row)
{
    strcpy(row.node.text, "node-1");
    row.step_s = row.step_s ? row.step_s : 60;
    row.covered_s = row.covered_s ? row.covered_s : row.step_s;
    return b->real->ops->history_put(b->real, &row, 1);
}

static void history_comes_in_columns(void **state)
{
    struct bench *b = *state;
    const int64_t at = NOW - NOW % 3600;
    put(b, (struct history_row){ .at = at, .packets_out = 6000, .rooms = 2, .busy_percent = 10, .expected_in = 100 });
    put(b, (struct history_row){
               .at = at, .shard = 1, .packets_out = 1200, .rooms = 1, .busy_percent = 30, .lost_in = 1 });
    put(b, (struct history_row){ .at = at + 60, .packets_out = 60, .bytes_out = 600, .picture_percent = 80 });
    assert_int_equal(ask(b, "GET", "/api/v1/history", NULL), 200);
    assert_says(b, "\"step\":60,\"points\":{\"at\":[1789999200,1789999260],\"rooms\":[3,0],");
    assert_says(b, "\"busy_percent\":[30,0],");
    assert_says(b, "\"packets_out_per_s\":[120,1],");
    assert_says(b, "\"bits_out_per_s\":[0,80],");
    assert_says(b, "\"lost_in_percent\":[1.0,null],");
    assert_int_equal(ask(b, "GET", "/api/v1/history?from=1789999200&to=1790002800&step=3600&shard=0", NULL), 200);
    assert_says(b, "\"from\":1789999200,\"to\":1790002800,\"step\":3600,");
    assert_says(b, "\"at\":[1789999200],\"rooms\":[2],");
    assert_says(b, "\"packets_out_per_s\":[50],"); /* of the two minutes in which it was heard of */
    assert_int_equal(ask(b, "GET", "/api/v1/history?from=1000&to=2000", NULL), 200);
    assert_says(b, "\"points\":{}}");
}

static void spans_that_are_none_or_too_long_are_refused(void **state)
{
    struct bench *b = *state;
    static const char *const bad[] = { "from=2000&to=2000",
                                       "from=2000&to=1000",
                                       "step=61",
                                       "step=0",
                                       "step=-60",
                                       "from=x",
                                       "from=",
                                       "from=1&from=1",
                                       "to=99999999999999999999",
                                       "what=1",
                                       "from=0&to=120960&step=60",
                                       "shard=one" };
    char path[128];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(path, sizeof path, "/api/v1/history?%s", bad[i]);
        assert_int_equal(ask(b, "GET", path, NULL), 400);
        snprintf(path, sizeof path, "/api/v1/capacity?%s", bad[i]);
        assert_int_equal(ask(b, "GET", path, NULL), 400);
    }
    assert_int_equal(ask(b, "GET", "/api/v1/history?from=0&to=120900&step=60", NULL), 200);
    assert_int_equal(ask(b, "GET", "/api/v1/capacity?shard=0", NULL), 400);
    assert_int_equal(ask(b, "GET", "/api/v1/capacity?step=60", NULL), 400);
    assert_int_equal(ask(b, "GET", "/api/v1/capacity?from=0&to=99999999&step=86400", NULL), 400);
}

/* ---- Booking ---- */

enum { OPENS = 1790006400, HOUR = 3600, NEEDED = 6 * (CAPACITY_SOUND + CAPACITY_PICTURE) };

static const char *session_of(int64_t opens, int64_t closes, const char *client, const char *therapist,
                              const char *more)
{
    static char text[1000];
    snprintf(text, sizeof text,
             "{\"kind\":\"individual\",\"opens_at\":%lld,\"closes_at\":%lld,\"client\":\"%s\",\"people\":["
             "{\"participation\":\"p-1\",\"person\":\"%s\",\"role\":\"client\",\"name\":\"A\"},"
             "{\"participation\":\"p-2\",\"person\":\"sam\",\"role\":\"loved_one\",\"name\":\"B\"},"
             "{\"participation\":\"p-3\",\"person\":\"%s\",\"role\":\"therapist\",\"name\":\"C\"}]%s}",
             (long long)opens, (long long)closes, client, client, therapist, more);
    return text;
}

static int book(struct bench *b, const char *query, int64_t opens, const char *client, const char *therapist)
{
    char path[64];
    snprintf(path, sizeof path, "/api/v1/sessions%s", query);
    return ask(b, "POST", path, session_of(opens, opens + HOUR, client, therapist, ""));
}

static void nobody_is_in_two_sessions_at_once(void **state)
{
    struct bench *b = *state;
    assert_int_equal(book(b, "", OPENS, "alex", "rivera"), 201);
    assert_int_equal(book(b, "", OPENS + 600, "kim", "rivera"), 409);
    assert_null(b->effects->plan);
    assert_string_equal(b->response.content_type, "application/problem+json");
    assert_says(b, "problem:conflict");
    assert_says(b, "\"status\":409");
    assert_says(b, "\"reason\":\"therapist_busy\",\"earlier\":{\"opens_at\":1790002800,\"closes_at\":1790006400},"
                   "\"later\":{\"opens_at\":1790010000,\"closes_at\":1790013600}");
    assert_null(strstr(b->response.body, "rivera"));
    assert_int_equal(book(b, "", OPENS + 600, "alex", "lee"), 409);
    assert_says(b, "\"reason\":\"client_busy\"");
    assert_int_equal(book(b, "", OPENS + 600, "rivera", "lee"), 409); /* a therapist in treatment is busy, too */
    assert_says(b, "\"reason\":\"client_busy\"");
    assert_int_equal(book(b, "", OPENS + 600, "kim", "lee"), 201); /* sam is a loved one in both */
    assert_int_equal(book(b, "", OPENS + HOUR, "alex", "rivera"), 201);
    assert_int_equal(book(b, "?conflicts=accept", OPENS + 600, "alex", "rivera"), 201);
    assert_int_equal(book(b, "?conflicts=refuse", OPENS + 600, "alex", "rivera"), 409);
    assert_int_equal(book(b, "?conflicts=maybe", OPENS + 600, "alex", "rivera"), 400);
    assert_int_equal(book(b, "?conflict=accept", OPENS + 600, "alex", "rivera"), 400);
}

static void a_session_does_not_conflict_with_itself(void **state)
{
    struct bench *b = *state;
    const char *id = ",\"id\":\"s-1\"", *path = "/api/v1/sessions/s-1?conflicts=refuse";
    char *text = strdup(session_of(OPENS, OPENS + HOUR, "alex", "rivera", id));
    b->key = "once";
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", text), 201);
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", text), 201);
    b->key = "";
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", text), 201); /* as after an answer that was lost */
    assert_int_equal(ask(b, "PUT", path, session_of(OPENS + 600, OPENS + HOUR, "alex", "rivera", "")), 200);
    assert_int_equal(book(b, "?conflicts=accept", OPENS + 4 * HOUR, "kim", "rivera"), 201);
    assert_int_equal(ask(b, "PUT", path, session_of(OPENS + 4 * HOUR, OPENS + 5 * HOUR, "alex", "rivera", "")), 409);
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/s-1", NULL), 200);
    assert_says(b, "\"opens_at\":1790007000,"); /* as it was */
    /* What is in another system's calendar is taken as it comes. */
    assert_int_equal(
        ask(b, "PUT", "/api/v1/sessions/s-1", session_of(OPENS + 4 * HOUR, OPENS + 5 * HOUR, "alex", "rivera", "")),
        200);
    free(text);
}

static void what_does_not_fit_is_refused_with_the_nearest_time(void **state)
{
    struct bench *b = *state;
    b->capacity = 2 * NEEDED;
    bench_reopen(b, NULL);
    assert_int_equal(book(b, "", OPENS, "a-1", "t-1"), 201);
    assert_int_equal(book(b, "", OPENS + HOUR / 2, "a-2", "t-2"), 201);
    assert_int_equal(book(b, "", OPENS + HOUR / 2, "a-3", "t-3"), 409);
    assert_says(b, "\"reason\":\"full\",\"earlier\":{\"opens_at\":1790004600,\"closes_at\":1790008200},"
                   "\"later\":{\"opens_at\":1790010000,\"closes_at\":1790013600}");
    assert_int_equal(book(b, "", 1790004600, "a-3", "t-3"), 201);
    assert_int_equal(book(b, "", 1790010000, "a-4", "t-4"), 201);
    b->capacity = NEEDED - 1;
    bench_reopen(b, NULL);
    assert_int_equal(book(b, "", OPENS + 9 * HOUR, "a-5", "t-5"), 409);
    assert_says(b, "\"reason\":\"full\",\"earlier\":null,\"later\":null");
    assert_int_equal(book(b, "?conflicts=accept", OPENS + 9 * HOUR, "a-5", "t-5"), 201);
}

static void no_time_is_offered_that_is_past(void **state)
{
    struct bench *b = *state;
    assert_int_equal(book(b, "", NOW - 600, "alex", "rivera"), 201);
    assert_int_equal(book(b, "", NOW + 600, "kim", "rivera"), 409);
    assert_says(b,
                "\"earlier\":null,\"later\":{\"opens_at\":1790003100,"); /* 3000 is within; the next of five minutes */
}

static void what_is_booked_is_counted_step_by_step(void **state)
{
    struct bench *b = *state;
    assert_int_equal(book(b, "", OPENS, "alex", "rivera"), 201);
    assert_int_equal(book(b, "", OPENS + HOUR / 2, "kim", "lee"), 201);
    assert_int_equal(ask(b, "GET", "/api/v1/capacity?from=1790004600&to=1790013600&step=1800", NULL), 200);
    assert_says(b, "{\"from\":1790004600,\"to\":1790013600,\"step\":1800,\"points\":{"
                   "\"at\":[1790004600,1790006400,1790008200,1790010000,1790011800],\"sessions\":[0,1,2,1,0],"
                   "\"booked\":[0,1080,2160,1080,0],\"available\":[100000,98920,97840,98920,100000]},"
                   "\"capacity\":100000}");
    assert_int_equal(ask(b, "GET", "/api/v1/capacity", NULL), 200);
}

static void sessions_of_a_span_are_listed(void **state)
{
    struct bench *b = *state;
    assert_int_equal(book(b, "", OPENS, "alex", "rivera"), 201);
    char *first = strdup(said(b, "id"));
    assert_int_equal(book(b, "", OPENS + 3 * HOUR, "kim", "lee"), 201);
    assert_int_equal(ask(b, "GET", "/api/v1/sessions?from=1790006400&to=1790010000", NULL), 200);
    assert_says(b, first);
    assert_null(strstr(b->response.body, "kim"));
    assert_says(b, "\"next\":null}");
    assert_int_equal(ask(b, "GET", "/api/v1/sessions?from=1790010000&to=1790010001", NULL), 200);
    assert_string_equal(b->response.body, "{\"items\":[],\"next\":null}");
    assert_int_equal(ask(b, "GET", "/api/v1/sessions?from=1790006400&to=1790017201", NULL), 200);
    assert_says(b, first);
    assert_says(b, "kim");
    static const char *const bad[] = { "from=1", "from=2&to=1", "from=1&to=2&limit=3", "to=2&from=1", "from=x&to=2" };
    char path[96];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(path, sizeof path, "/api/v1/sessions?%s", bad[i]);
        assert_int_equal(ask(b, "GET", path, NULL), 400);
    }
    free(first);
}

/* ---- Signing in ---- */

static char cookie[ADMIN_SECRET_LEN + 1];

static void take_cookie(struct bench *b)
{
    const char *name = ADMIN_COOKIE "=";
    assert_memory_equal(b->response.cookie, name, strlen(name));
    snprintf(cookie, sizeof cookie, "%s", b->response.cookie + strlen(name));
    assert_int_equal(strlen(cookie), ADMIN_SECRET_LEN);
}

/* From here on as a page of ours with that cookie. */
static void as_page(struct bench *b, const char *value)
{
    b->token[0] = 0;
    b->cookie = value;
    b->fetch_site = "same-origin";
}

static void sign_in(struct bench *b, scope_set scopes)
{
    free(b->token);
    b->token = bench_token(b, scopes, "desk");
    b->cookie = "";
    assert_int_equal(ask(b, "POST", "/admin/session", NULL), 201);
    take_cookie(b);
}

static void a_token_is_brought_once_and_a_cookie_stands_for_it(void **state)
{
    struct bench *b = *state;
    sign_in(b, EVERY_SCOPE);
    assert_non_null(strstr(b->response.cookie, "; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Strict"));
    assert_null(strstr(b->response.body, cookie));
    assert_says(b, "{\"ends_at\":1790028800,\"may_read_sessions\":true,\"may_book\":true}");
    assert_false(bench_holds(b, cookie));
    as_page(b, cookie);
    assert_int_equal(ask(b, "GET", "/api/v1/live", NULL), 200);
    assert_string_equal(b->response.cookie, "");
    assert_int_equal(ask(b, "GET", "/api/v1/sessions", NULL), 200);
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", SESSION_WITH(",\"id\":\"s-1\"")), 201);
    /* What no admin's page needs, whatever the token allowed. */
    assert_int_equal(ask(b, "POST", "/api/v1/sessions/s-1/moderation", "{\"action\":\"end\"}"), 403);
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/s-1/invitations", NULL), 403);
    assert_int_equal(ask(b, "POST", "/api/v1/sessions/s-1/links", NULL), 403);
    assert_int_equal(ask(b, "GET", "/api/v1/grants/g-1", NULL), 403);
    assert_int_equal(ask(b, "GET", "/api/v1/deliveries", NULL), 403);
    assert_int_equal(ask(b, "POST", "/admin/session", NULL), 403); /* it can't prolong itself */
    assert_int_equal(ask(b, "GET", "/admin/session", NULL), 200);
    assert_int_equal(ask(b, "DELETE", "/admin/session", NULL), 204);
    assert_non_null(strstr(b->response.cookie, ADMIN_COOKIE "=; Path=/; Max-Age=0;"));
    assert_int_equal(ask(b, "GET", "/api/v1/live", NULL), 401);
}

static void a_cookie_allows_no_more_than_its_token(void **state)
{
    struct bench *b = *state;
    sign_in(b, SCOPE_DASHBOARD_READ);
    assert_says(b, "\"may_read_sessions\":false,\"may_book\":false}");
    as_page(b, cookie);
    assert_int_equal(ask(b, "GET", "/api/v1/capacity", NULL), 200);
    assert_int_equal(ask(b, "GET", "/api/v1/sessions", NULL), 403);
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", SESSION), 403);
}

static void a_cookie_is_good_from_our_own_pages_alone(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *site, *origin;
        int status;
    } pages[] = {
        { "same-origin", "", 200 },
        { "same-origin", "https://rooms.example", 200 },
        { "", "https://rooms.example", 200 },
        { "", "", 401 },
        { "none", "", 401 },
        { "same-site", "", 401 },
        { "cross-site", "", 401 },
        { "cross-site", "https://rooms.example", 401 },
        { "same-origin", "https://evil.example", 401 },
        { "", "https://evil.example", 401 },
        { "", "null", 401 },
        { "?", "https://rooms.example", 401 },
    };
    sign_in(b, EVERY_SCOPE);
    as_page(b, cookie);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        b->fetch_site = pages[i].site;
        b->origin = pages[i].origin;
        assert_int_equal(ask(b, "GET", "/api/v1/live", NULL), pages[i].status);
    }
    b->fetch_site = "same-origin";
    b->origin = "";
    char wrong[sizeof cookie];
    strcpy(wrong, cookie);
    wrong[5] = wrong[5] == 'a' ? 'b' : 'a';
    static const char *const none[] = { "", "?", "0000000000000000000000000000000000000000000000000000000000000000" };
    for (size_t i = 0; i <= sizeof none / sizeof *none; i++) {
        b->cookie = i ? none[i - 1] : wrong;
        assert_int_equal(ask(b, "GET", "/api/v1/live", NULL), 401);
    }
    as_page(b, cookie);
    free(b->token);
    b->token = strdup("x"); /* a token that is no good is not made up for */
    assert_int_equal(ask(b, "GET", "/api/v1/live", NULL), 401);
}

static void a_cookie_ends_with_its_token_in_time_and_when_idle(void **state)
{
    struct bench *b = *state;
    sign_in(b, EVERY_SCOPE);
    as_page(b, cookie);
    bench_wait(b, ADMIN_IDLE_S - 1);
    assert_int_equal(ask(b, "GET", "/admin/session", NULL), 200);
    assert_says(b, "{\"ends_at\":1790028800,");
    bench_wait(b, ADMIN_IDLE_S - 1);
    assert_int_equal(ask(b, "GET", "/admin/session", NULL), 200);
    bench_wait(b, ADMIN_IDLE_S);
    assert_int_equal(ask(b, "GET", "/admin/session", NULL), 401);

    sign_in(b, EVERY_SCOPE);
    as_page(b, cookie);
    for (int i = 0; i < ADMIN_LIFE_S / 1000; i++) {
        assert_int_equal(ask(b, "GET", "/admin/session", NULL), 200);
        bench_wait(b, 1000);
    }
    b->now.unix_us -= 7 * (int64_t)ADMIN_LIFE_S * (int64_t)USEC_PER_SEC; /* a clock that is set back revives nobody */
    bench_wait(b, ADMIN_LIFE_S % 1000);
    assert_int_equal(ask(b, "GET", "/admin/session", NULL), 401);

    free(b->token);
    struct service_claims claims = { { "desk" }, { "t" }, SCOPE_DASHBOARD_READ, 0, now_unix_s(b->now) + 100 };
    assert_int_equal(service_token_issue(b->keyring, "kinroom", &claims, &b->token), OK);
    assert_int_equal(ask(b, "POST", "/admin/session", NULL), 201);
    take_cookie(b);
    assert_non_null(strstr(b->response.cookie, "Max-Age=100;"));
    as_page(b, cookie);
    bench_wait(b, 99);
    assert_int_equal(ask(b, "GET", "/admin/session", NULL), 200);
    bench_wait(b, 1);
    assert_int_equal(ask(b, "GET", "/admin/session", NULL), 401);
}

static void the_one_who_is_idle_longest_gives_way(void **state)
{
    struct bench *b = *state;
    char first[sizeof cookie], second[sizeof cookie];
    sign_in(b, EVERY_SCOPE);
    strcpy(first, cookie);
    bench_wait(b, 1);
    sign_in(b, EVERY_SCOPE);
    strcpy(second, cookie);
    bench_wait(b, 1);
    as_page(b, first);
    assert_int_equal(ask(b, "GET", "/admin/session", NULL), 200);
    for (int i = 0; i < ADMIN_SESSIONS_MAX - 1; i++) {
        bench_wait(b, 1);
        sign_in(b, EVERY_SCOPE);
    }
    as_page(b, first);
    assert_int_equal(ask(b, "GET", "/admin/session", NULL), 200);
    as_page(b, second);
    assert_int_equal(ask(b, "GET", "/admin/session", NULL), 401);
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BENCH(the_picture_has_rooms_shards_and_what_is_left),
        ON_BENCH(alarms_say_what_needs_somebody),
        ON_BENCH(history_comes_in_columns),
        ON_BENCH(spans_that_are_none_or_too_long_are_refused),
        ON_BENCH(nobody_is_in_two_sessions_at_once),
        ON_BENCH(a_session_does_not_conflict_with_itself),
        ON_BENCH(what_does_not_fit_is_refused_with_the_nearest_time),
        ON_BENCH(no_time_is_offered_that_is_past),
        ON_BENCH(what_is_booked_is_counted_step_by_step),
        ON_BENCH(sessions_of_a_span_are_listed),
        ON_BENCH(a_token_is_brought_once_and_a_cookie_stands_for_it),
        ON_BENCH(a_cookie_allows_no_more_than_its_token),
        ON_BENCH(a_cookie_is_good_from_our_own_pages_alone),
        ON_BENCH(a_cookie_ends_with_its_token_in_time_and_when_idle),
        ON_BENCH(the_one_who_is_idle_longest_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
