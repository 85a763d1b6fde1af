#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "signaling/notice.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static uint8_t buffer[8192];
static const struct id sam = { "p-7f3a" }, alex = { "p-91c0" }, session = { "s-1" };

static struct writer fresh(void)
{
    return writer_over(buffer, sizeof buffer);
}

static void reads(const struct writer *w, enum status status, const char *expected)
{
    assert_int_equal(status, OK);
    assert_false(w->bad);
    assert_int_equal(w->len, strlen(expected));
    assert_memory_equal(w->at, expected, w->len);
}

static void a_welcome_reads_as_the_protocol_says(void **state)
{
    (void)state;
    struct writer w = fresh();
    struct notice_welcome welcome = { &sam, ROLE_LOVED_ONE, "Sam \"S\" \xc3\xa9", &session, KIND_INDIVIDUAL, 4, 4 };
    reads(&w, notice_welcome(&w, &welcome),
          "{\"type\":\"welcome\",\"participant\":\"p-7f3a\",\"role\":\"loved_one\",\"name\":\"Sam \\\"S\\\" \xc3\xa9\","
          "\"session\":\"s-1\",\"kind\":\"individual\",\"slots\":{\"audio\":4,\"video\":4}}");
}

static void replies_carry_the_requests_id(void **state)
{
    (void)state;
    struct writer w = fresh();
    reads(&w, notice_answer(&w, 2, "v=0\r\n"), "{\"type\":\"answer\",\"id\":2,\"sdp\":\"v=0\\r\\n\"}");
    w = fresh();
    reads(&w, notice_done(&w, 4294967295u), "{\"type\":\"done\",\"id\":4294967295}");
    w = fresh();
    reads(&w, notice_error(&w, 9, "grant_expired", "This permission has ended."),
          "{\"type\":\"error\",\"id\":9,\"code\":\"grant_expired\",\"message\":\"This permission has ended.\"}");
}

static void replies_to_requests_without_an_id_have_none(void **state)
{
    (void)state;
    struct writer w = fresh();
    reads(&w, notice_answer(&w, 0, "v=0"), "{\"type\":\"answer\",\"sdp\":\"v=0\"}");
    w = fresh();
    reads(&w, notice_done(&w, 0), "{\"type\":\"done\"}");
    w = fresh();
    reads(&w, notice_error(&w, 0, "malformed", "?"), "{\"type\":\"error\",\"code\":\"malformed\",\"message\":\"?\"}");
}

static void room_and_seat_say_null_for_what_is_absent(void **state)
{
    (void)state;
    struct writer w = fresh();
    struct notice_room room = { "open", 1790000000, 1790003000, 1790000100 };
    reads(&w, notice_room(&w, &room),
          "{\"type\":\"room\",\"state\":\"open\",\"opens_at\":1790000000,\"closes_at\":1790003000,\"now\":1790000100}");
    w = fresh();
    reads(&w, notice_seat(&w, "waiting", NULL, SOURCE_MIC | SOURCE_CAMERA, false, 5),
          "{\"type\":\"seat\",\"seat\":\"waiting\",\"reason\":null,\"may_send\":[\"mic\",\"camera\"],\"until\":null}");
    w = fresh();
    reads(&w, notice_seat(&w, "stepped_out", "segment_over", 0, true, 1790000000),
          "{\"type\":\"seat\",\"seat\":\"stepped_out\",\"reason\":\"segment_over\",\"may_send\":[],\"until\":"
          "1790000000}");
}

static void a_roster_leaves_out_what_the_reader_may_not_know(void **state)
{
    (void)state;
    struct notice_person people[] = {
        { .participant = &alex,
          .role = ROLE_CLIENT,
          .name = "Alex",
          .seat = "present",
          .connected = true,
          .sending = SOURCE_MIC },
        { .participant = &sam,
          .role = ROLE_LOVED_ONE,
          .name = "Sam",
          .seat = "admitted",
          .connected = false,
          .sending = SOURCE_ALL,
          .muted = SOURCE_SCREEN,
          .agreed = true,
          .has_until = true,
          .until = 12,
          .may_admit = "client_has_not_agreed",
          .mode = "full",
          .has_grant_until = true,
          .grant_until = 1790009000 },
    };
    struct writer w = fresh();
    reads(
        &w, notice_roster(&w, people, 2),
        "{\"type\":\"roster\",\"people\":[{\"participant\":\"p-91c0\",\"role\":\"client\",\"name\":\"Alex\",\"seat\":"
        "\"present\",\"connected\":true,\"sending\":[\"mic\"],\"muted\":[],\"agreed\":false,\"until\":null},"
        "{\"participant\":\"p-7f3a\",\"role\":\"loved_one\",\"name\":\"Sam\",\"seat\":\"admitted\",\"connected\":false,"
        "\"sending\":[\"mic\",\"camera\",\"screen\"],\"muted\":[\"screen\"],\"agreed\":true,\"until\":12,"
        "\"may_admit\":\"client_has_not_agreed\",\"mode\":\"full\",\"grant_until\":1790009000}]}");
    w = fresh();
    reads(&w, notice_roster(&w, NULL, 0), "{\"type\":\"roster\",\"people\":[]}");
}

static void an_empty_slot_has_no_source(void **state)
{
    (void)state;
    struct notice_slot slots[] = { { "3", &alex, SOURCE_MIC }, { "7", NULL, SOURCE_CAMERA } };
    struct writer w = fresh();
    reads(&w, notice_slots(&w, slots, 2),
          "{\"type\":\"slots\",\"slots\":[{\"mid\":\"3\",\"participant\":\"p-91c0\",\"source\":\"mic\"},"
          "{\"mid\":\"7\",\"participant\":null}]}");
}

static void a_broken_name_does_not_break_the_roster(void **state)
{
    (void)state;
    struct notice_person person = { .participant = &sam, .role = ROLE_LOVED_ONE, .name = "S\xc3", .seat = "waiting" };
    struct writer w = fresh();
    assert_int_equal(notice_roster(&w, &person, 1), OK);
    json_t *roster = json_loadb((char *)w.at, w.len, 0, NULL);
    const char *name = NULL;
    assert_int_equal(json_unpack(roster, "{s:[{s:s}]}", "people", "name", &name), 0);
    assert_string_equal(name, "?");
    json_decref(roster);
}

static void what_does_not_fit_leaves_the_writer_as_it_was(void **state)
{
    (void)state;
    const size_t whole = strlen("{\"type\":\"done\",\"id\":7}");
    for (size_t cap = 0; cap < whole; cap++) {
        struct writer w = writer_over(buffer, cap);
        assert_int_equal(notice_done(&w, 7), ERR_FULL);
        assert_int_equal(w.len, 0);
    }
    struct writer w = writer_over(buffer, whole);
    assert_int_equal(notice_done(&w, 7), OK);
    assert_int_equal(notice_done(&w, 7), ERR_FULL);
    assert_int_equal(w.len, whole);
}

static bool out_of_memory;
static int allocations_left;

static void *scarce(size_t size)
{
    if (out_of_memory && allocations_left-- <= 0)
        return NULL;
    return malloc(size);
}

/* Each allocation in turn fails: the message is refused whole, and nothing is leaked (the sanitizer watches). */
static void running_out_of_memory_leaks_nothing(void **state)
{
    (void)state;
    struct notice_person person = { .participant = &sam,
                                    .role = ROLE_LOVED_ONE,
                                    .name = "Sam",
                                    .seat = "waiting",
                                    .sending = SOURCE_ALL,
                                    .muted = SOURCE_ALL,
                                    .mode = "full",
                                    .has_grant_until = true };
    struct notice_person people[2] = { person, person };
    json_set_alloc_funcs(scarce, free);
    out_of_memory = true;
    bool done = false;
    for (int allowed = 0; !done; allowed++) {
        struct writer w = fresh();
        allocations_left = allowed;
        enum status status = notice_roster(&w, people, 2);
        done = status == OK && allocations_left >= 0;
        assert_true(status == OK || w.len == 0);
    }
    out_of_memory = false;
    json_set_alloc_funcs(malloc, free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_welcome_reads_as_the_protocol_says),
        cmocka_unit_test(replies_carry_the_requests_id),
        cmocka_unit_test(replies_to_requests_without_an_id_have_none),
        cmocka_unit_test(room_and_seat_say_null_for_what_is_absent),
        cmocka_unit_test(a_roster_leaves_out_what_the_reader_may_not_know),
        cmocka_unit_test(an_empty_slot_has_no_source),
        cmocka_unit_test(a_broken_name_does_not_break_the_roster),
        cmocka_unit_test(what_does_not_fit_leaves_the_writer_as_it_was),
        cmocka_unit_test(running_out_of_memory_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
