#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "signaling/notice.h"

#include <jansson.h>
#include <stdio.h>
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
    static const char *const therapists[] = { "Dr. \"R\"", "\xff" };
    struct notice_welcome welcome = {
        &sam, ROLE_LOVED_ONE, "Sam \"S\" \xc3\xa9", &session, KIND_INDIVIDUAL, 4, 4, "2026-1", "2026-2",
        true, NULL,           therapists,           2
    };
    reads(&w, notice_welcome(&w, &welcome),
          "{\"type\":\"welcome\",\"participant\":\"p-7f3a\",\"role\":\"loved_one\",\"name\":\"Sam \\\"S\\\" \xc3\xa9\","
          "\"session\":\"s-1\",\"kind\":\"individual\",\"slots\":{\"audio\":4,\"video\":4},\"guidance\":\"2026-1\","
          "\"notice\":\"2026-2\",\"resumed\":true,\"ice\":[],\"therapists\":[\"Dr. \\\"R\\\"\",\"?\"]}");
}

static void a_welcome_says_how_to_use_turn(void **state)
{
    (void)state;
    static const char *const urls[] = { "turn:turn.example.org?transport=udp", "turns:turn.example.org:443" };
    struct writer w = fresh();
    struct notice_turn ice = { urls, 2, "1700000000:0102030405060708", "c2VjcmV0" };
    struct notice_welcome welcome = { .participant = &sam,
                                      .role = ROLE_CLIENT,
                                      .name = "Sam",
                                      .session = &session,
                                      .kind = KIND_CHECK_IN,
                                      .guidance = "1",
                                      .notice = "2",
                                      .ice = &ice };
    reads(&w, notice_welcome(&w, &welcome),
          "{\"type\":\"welcome\",\"participant\":\"p-7f3a\",\"role\":\"client\",\"name\":\"Sam\",\"session\":\"s-1\","
          "\"kind\":\"check_in\",\"slots\":{\"audio\":0,\"video\":0},\"guidance\":\"1\",\"notice\":\"2\",\"resumed\":"
          "false,"
          "\"ice\":[{"
          "\"urls\":[\"turn:turn.example.org?transport=udp\",\"turns:turn.example.org:443\"],"
          "\"username\":\"1700000000:0102030405060708\",\"credential\":\"c2VjcmV0\"}],\"therapists\":[]}");
}

static void replies_carry_the_requests_id(void **state)
{
    (void)state;
    struct writer w = fresh();
    const struct id link = { "l-1" };
    reads(&w, notice_answer(&w, 2, "v=0\r\n", &link),
          "{\"type\":\"answer\",\"id\":2,\"sdp\":\"v=0\\r\\n\",\"link\":\"l-1\"}");
    w = fresh();
    reads(&w, notice_ice(&w, 3, "u+", "p/"), "{\"type\":\"ice\",\"id\":3,\"ufrag\":\"u+\",\"pwd\":\"p/\"}");
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
    const struct id link = { "l-1" };
    reads(&w, notice_answer(&w, 0, "v=0", &link), "{\"type\":\"answer\",\"sdp\":\"v=0\",\"link\":\"l-1\"}");
    w = fresh();
    reads(&w, notice_ice(&w, 0, "u+", "p/"), "{\"type\":\"ice\",\"ufrag\":\"u+\",\"pwd\":\"p/\"}");
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
    struct notice_seat waiting = { .seat = "waiting", .may_send = SOURCE_MIC | SOURCE_CAMERA, .until = 5 };
    reads(&w, notice_seat(&w, &waiting),
          "{\"type\":\"seat\",\"seat\":\"waiting\",\"reason\":null,\"may_send\":[\"mic\",\"camera\"],\"until\":null,"
          "\"modes\":[],\"mode\":null}");
    w = fresh();
    struct notice_seat out = { "stepped_out", "segment_over", 0, true, 1790000000, 0, 0 };
    reads(&w, notice_seat(&w, &out),
          "{\"type\":\"seat\",\"seat\":\"stepped_out\",\"reason\":\"segment_over\",\"may_send\":[],\"until\":"
          "1790000000,\"modes\":[],\"mode\":null}");
}

static void a_seat_names_the_modes_of_the_grant_and_the_one_that_holds(void **state)
{
    (void)state;
    struct writer w = fresh();
    struct notice_seat some = { .seat = "admitted",
                                .modes = term_bit(MODE_FULL) | term_bit(MODE_AUDIO),
                                .mode = MODE_FULL };
    reads(&w, notice_seat(&w, &some),
          "{\"type\":\"seat\",\"seat\":\"admitted\",\"reason\":null,\"may_send\":[],\"until\":null,"
          "\"modes\":[\"audio\",\"full\"],\"mode\":\"full\"}");
    w = fresh();
    struct notice_seat all = { .seat = "admitted", .may_send = SOURCE_ALL, .modes = ~(term_set)0, .mode = MODE_LISTEN };
    reads(&w, notice_seat(&w, &all),
          "{\"type\":\"seat\",\"seat\":\"admitted\",\"reason\":null,\"may_send\":[\"mic\",\"camera\",\"screen\"],"
          "\"until\":null,\"modes\":[\"listen\",\"watch\",\"audio\",\"full\"],\"mode\":\"listen\"}");
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
          .grant_until = 1790009000,
          .hand = true,
          .enabled = ENABLE_MIC | ENABLE_CHAT,
          .client = &alex,
          .code = "passed" },
    };
    struct writer w = fresh();
    reads(
        &w, notice_roster(&w, people, 2),
        "{\"type\":\"roster\",\"people\":[{\"participant\":\"p-91c0\",\"role\":\"client\",\"name\":\"Alex\",\"seat\":"
        "\"present\",\"connected\":true,\"sending\":[\"mic\"],\"muted\":[],\"agreed\":false,\"until\":null,\"hand\":"
        "false,"
        "\"enabled\":[],\"client\":null},"
        "{\"participant\":\"p-7f3a\",\"role\":\"loved_one\",\"name\":\"Sam\",\"seat\":\"admitted\",\"connected\":false,"
        "\"sending\":[\"mic\",\"camera\",\"screen\"],\"muted\":[\"screen\"],\"agreed\":true,\"until\":12,"
        "\"hand\":true,\"enabled\":[\"mic\",\"chat\"],\"client\":\"p-91c0\","
        "\"may_admit\":\"client_has_not_agreed\",\"mode\":\"full\",\"grant_until\":1790009000,\"code\":\"passed\"}]}");
    w = fresh();
    reads(&w, notice_roster(&w, NULL, 0), "{\"type\":\"roster\",\"people\":[]}");
}

/* The client as a therapist reads them. */
static void located(const char *address, const char *phone, const char *tail)
{
    struct notice_person person = { .participant = &alex,
                                    .role = ROLE_CLIENT,
                                    .name = "Alex",
                                    .seat = "present",
                                    .enabled = ENABLE_ALL,
                                    .has_location = true,
                                    .address = address,
                                    .phone = phone };
    char expected[512];
    snprintf(
        expected, sizeof expected,
        "{\"type\":\"roster\",\"people\":[{\"participant\":\"p-91c0\",\"role\":\"client\",\"name\":\"Alex\",\"seat\":"
        "\"present\",\"connected\":false,\"sending\":[],\"muted\":[],\"agreed\":false,\"until\":null,\"hand\":false,"
        "\"enabled\":[\"mic\",\"camera\",\"screen\",\"chat\",\"others\"],\"client\":null,%s}]}",
        tail);
    struct writer w = fresh();
    reads(&w, notice_roster(&w, &person, 1), expected);
}

static void a_therapist_reads_where_the_client_is_or_that_nobody_knows(void **state)
{
    (void)state;
    located("12 Elm St", "+1 555 0100", "\"address\":\"12 Elm St\",\"phone\":\"+1 555 0100\"");
    located(NULL, NULL, "\"address\":null,\"phone\":null");
}

static void chat_says_who_and_to_whom(void **state)
{
    (void)state;
    struct writer w = fresh();
    struct notice_chat chat = { &sam, "Sam", false, "one \"two\"\n\tthree </b>" };
    reads(&w, notice_chat(&w, &chat),
          "{\"type\":\"chat\",\"from\":\"p-7f3a\",\"name\":\"Sam\",\"to\":\"everyone\",\"text\":\"one "
          "\\\"two\\\"\\n\\tthree </b>\"}");
    w = fresh();
    chat = (struct notice_chat){ &sam, "S\xc3", true, "\xff" };
    reads(&w, notice_chat(&w, &chat),
          "{\"type\":\"chat\",\"from\":\"p-7f3a\",\"name\":\"?\",\"to\":\"therapist\",\"text\":\"?\"}");
}

static void a_warning_says_how_long_is_left(void **state)
{
    (void)state;
    struct writer w = fresh();
    reads(&w, notice_warning(&w, 300), "{\"type\":\"warning\",\"seconds_left\":300}");
}

static void an_agenda_says_where_it_is_only_while_it_runs(void **state)
{
    (void)state;
    const struct notice_step steps[] = { { "Progress", 5 }, { "Plan", 10 } };
    struct writer w = fresh();
    struct notice_agenda agenda = { steps, 2, true, 1, 1790000300, 0 };
    reads(&w, notice_agenda(&w, &agenda),
          "{\"type\":\"agenda\",\"steps\":[{\"title\":\"Progress\",\"minutes\":5},{\"title\":\"Plan\",\"minutes\":10}],"
          "\"current\":1,\"step_ends\":1790000300,\"ended_at\":null}");
    agenda.running = false;
    agenda.count = 1;
    w = fresh();
    reads(&w, notice_agenda(&w, &agenda),
          "{\"type\":\"agenda\",\"steps\":[{\"title\":\"Progress\",\"minutes\":5}],\"current\":null,\"step_ends\":null,"
          "\"ended_at\":null}");
    w = fresh();
    agenda = (struct notice_agenda){ 0 };
    reads(&w, notice_agenda(&w, &agenda),
          "{\"type\":\"agenda\",\"steps\":[],\"current\":null,\"step_ends\":null,\"ended_at\":null}");
}

static void a_missing_client_says_where_to_look_until_they_are_back(void **state)
{
    (void)state;
    static const char *const reached[] = { "null", "false", "true" };
    for (int i = 0; i < 3; i++) {
        char expected[256];
        snprintf(
            expected, sizeof expected,
            "{\"type\":\"missing_client\",\"participant\":\"p-91c0\",\"address\":\"12 Elm St\",\"phone\":\"555 0100\","
            "\"since\":1790000240,\"alarm_at\":1790000300,\"reached\":%s,\"alarm\":%s}",
            reached[i], i == 0 ? "true" : "false");
        struct notice_missing missing = { &alex, "12 Elm St", "555 0100", 1790000240, 1790000300, i - 1, i == 0 };
        struct writer w = fresh();
        reads(&w, notice_missing_client(&w, &missing), expected);
    }
    struct writer w = fresh();
    struct notice_missing unknown = { &alex, NULL, NULL, 1, 2, -1, false };
    reads(&w, notice_missing_client(&w, &unknown),
          "{\"type\":\"missing_client\",\"participant\":\"p-91c0\",\"address\":null,\"phone\":null,\"since\":1,\"alarm_"
          "at\":2,"
          "\"reached\":null,\"alarm\":false}");
    w = fresh();
    struct notice_missing back = { NULL, "12 Elm St", "555 0100", 1790000240, 1790000300, 1, true };
    reads(&w, notice_missing_client(&w, &back), "{\"type\":\"missing_client\",\"participant\":null}");
}

static void a_question_to_be_longer_says_when_it_lapses_and_when_it_is_over(void **state)
{
    (void)state;
    struct writer w = fresh();
    struct notice_extension asked = { .minutes = 10, .by = &alex, .until = 1790000030 };
    reads(&w, notice_extension(&w, &asked),
          "{\"type\":\"extension\",\"minutes\":10,\"by\":\"p-91c0\",\"until\":1790000030}");
    const struct id *const waits_for[] = { &alex, &sam };
    asked.waits_for = waits_for;
    asked.waits_for_count = 2;
    w = fresh();
    reads(&w, notice_extension(&w, &asked),
          "{\"type\":\"extension\",\"minutes\":10,\"by\":\"p-91c0\",\"until\":1790000030,"
          "\"waits_for\":[\"p-91c0\",\"p-7f3a\"]}");
    w = fresh();
    struct notice_extension over = { 0 };
    reads(&w, notice_extension(&w, &over), "{\"type\":\"extension\",\"minutes\":null}");
}

static void an_alert_names_who_pressed(void **state)
{
    (void)state;
    struct writer w = fresh();
    struct notice_alert alert = { &sam, "Sam", 1790000100 };
    reads(&w, notice_alerts(&w, &alert, 1),
          "{\"type\":\"alerts\",\"people\":[{\"participant\":\"p-7f3a\",\"name\":\"Sam\",\"since\":1790000100}]}");
    w = fresh();
    reads(&w, notice_alerts(&w, NULL, 0), "{\"type\":\"alerts\",\"people\":[]}");
    w = fresh();
    reads(&w, notice_alert_seen(&w), "{\"type\":\"alert_seen\"}");
}

static void link_trouble_names_whose_link_it_is(void **state)
{
    (void)state;
    struct writer w = fresh();
    reads(&w, notice_link_trouble(&w, &sam, "Sam"),
          "{\"type\":\"link_trouble\",\"participant\":\"p-7f3a\",\"name\":\"Sam\"}");
}

static void an_empty_slot_has_no_source(void **state)
{
    (void)state;
    struct notice_slot slots[] = { { .mid = "3", .participant = &alex, .source = SOURCE_MIC },
                                   { .mid = "6", .participant = &alex, .source = SOURCE_CAMERA, .paused = true },
                                   { .mid = "7", .source = SOURCE_CAMERA, .paused = true } };
    struct writer w = fresh();
    reads(&w, notice_slots(&w, slots, 3),
          "{\"type\":\"slots\",\"slots\":[{\"mid\":\"3\",\"participant\":\"p-91c0\",\"source\":\"mic\"},"
          "{\"mid\":\"6\",\"participant\":\"p-91c0\",\"source\":\"camera\",\"paused\":true},"
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

static const struct notice_standing standing = {
    .since = 1790000100,
    .link = "ready",
    .guest = true,
    .sends = SOURCE_MIC,
    .receives = SOURCE_ALL,
    .chat = true,
    .limit = MODE_AUDIO,
    .has_grant = true,
    .grant = { .modes = 1u << MODE_LISTEN | 1u << MODE_FULL,
               .topics = { "general_progress", "aftercare" },
               .topic_count = 2,
               .purpose = "FAMRQT",
               .granted_by = "patient",
               .from = 1789000000 },
    .reads = true,
    .guidance = "2026-1",
    .notice = "2026-2",
    .prepared_at = 1790000050,
};

static void a_therapist_reads_what_holds_for_those_who_are_let_in(void **state)
{
    (void)state;
    struct notice_person person = { .participant = &sam,
                                    .role = ROLE_LOVED_ONE,
                                    .name = "Sam",
                                    .seat = "waiting",
                                    .code = "passed",
                                    .has_standing = true,
                                    .standing = standing };
#define SAM                                                                                                            \
    "{\"type\":\"roster\",\"people\":[{\"participant\":\"p-7f3a\",\"role\":\"loved_one\",\"name\":\"Sam\",\"seat\":"   \
    "\"waiting\",\"connected\":false,\"sending\":[],\"muted\":[],\"agreed\":false,\"until\":null,\"hand\":false,"      \
    "\"enabled\":[],\"client\":null,\"code\":\"passed\",\"since\":1790000100,\"code_at\":null,\"link\":\"ready\""
    struct writer w = fresh();
    reads(&w, notice_roster(&w, &person, 1),
          SAM ",\"may\":[\"hear\",\"see\",\"speak\",\"chat\"],\"limit\":\"audio\",\"grant\":{\"modes\":[\"listen\","
              "\"full\"],\"topics\":[\"general_progress\",\"aftercare\"],\"purpose\":\"FAMRQT\",\"granted_by\":"
              "\"patient\",\"from\":1789000000,\"client_absent_ok\":false},\"prepared\":{\"guidance\":\"2026-1\","
              "\"notice\":\"2026-2\",\"at\":1790000050}}]}");
    person.standing = (struct notice_standing){ .since = 1790000100, .link = "ready", .guest = true, .reads = true };
    w = fresh();
    reads(&w, notice_roster(&w, &person, 1), SAM ",\"may\":[],\"limit\":null,\"grant\":null,\"prepared\":null}]}");
    person.standing.guest = person.standing.reads = false;
    w = fresh();
    reads(&w, notice_roster(&w, &person, 1), SAM "}]}");
}

static void a_preview_names_each_source_that_somebody_gets(void **state)
{
    (void)state;
    const struct notice_got gets[] = { { &alex, SOURCE_MIC, false }, { &alex, SOURCE_CAMERA, true } };
    struct writer w = fresh();
    reads(&w, notice_preview(&w, &sam, gets, 2),
          "{\"type\":\"preview\",\"participant\":\"p-7f3a\",\"gets\":[{\"participant\":\"p-91c0\",\"source\":\"mic\"},"
          "{\"participant\":\"p-91c0\",\"source\":\"camera\",\"paused\":true}]}");
    w = fresh();
    reads(&w, notice_preview(&w, &sam, NULL, 0), "{\"type\":\"preview\",\"participant\":\"p-7f3a\",\"gets\":[]}");
}

static enum status write_roster(struct writer *w)
{
    struct notice_person person = { .participant = &sam,
                                    .role = ROLE_LOVED_ONE,
                                    .name = "Sam",
                                    .seat = "waiting",
                                    .sending = SOURCE_ALL,
                                    .muted = SOURCE_ALL,
                                    .mode = "full",
                                    .has_grant_until = true,
                                    .enabled = ENABLE_ALL,
                                    .client = &alex,
                                    .code = "failed",
                                    .has_location = true,
                                    .phone = "555 0100",
                                    .has_standing = true,
                                    .standing = standing };
    struct notice_person people[2] = { person, person };
    return notice_roster(w, people, 2);
}

static enum status write_seat(struct writer *w)
{
    struct notice_seat seat = { .seat = "admitted", .may_send = SOURCE_ALL, .modes = ~(term_set)0, .mode = MODE_FULL };
    return notice_seat(w, &seat);
}

static enum status write_chat(struct writer *w)
{
    struct notice_chat chat = { &sam, "Sam", true, "hello" };
    return notice_chat(w, &chat);
}

static enum status write_agenda(struct writer *w)
{
    const struct notice_step steps[] = { { "Progress", 5 }, { "Plan", 10 } };
    struct notice_agenda agenda = { steps, 2, true, 1, 1790000300, 0 };
    return notice_agenda(w, &agenda);
}

static enum status write_missing(struct writer *w)
{
    struct notice_missing missing = { &alex, "12 Elm St", NULL, 1790000240, 1790000300, 1, false };
    return notice_missing_client(w, &missing);
}

/* Each allocation in turn fails: the message is refused whole, and nothing is leaked (the sanitizer watches). */
static void running_out_of_memory_leaks_nothing(void **state)
{
    (void)state;
    static enum status (*const writes[])(struct writer *) = { write_roster, write_seat, write_chat, write_agenda,
                                                              write_missing };
    json_set_alloc_funcs(scarce, free);
    out_of_memory = true;
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        bool done = false;
        for (int allowed = 0; !done; allowed++) {
            struct writer w = fresh();
            allocations_left = allowed;
            enum status status = writes[i](&w);
            done = status == OK && allocations_left >= 0;
            assert_true(status == OK || w.len == 0);
        }
    }
    out_of_memory = false;
    json_set_alloc_funcs(malloc, free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_welcome_reads_as_the_protocol_says),
        cmocka_unit_test(a_welcome_says_how_to_use_turn),
        cmocka_unit_test(replies_carry_the_requests_id),
        cmocka_unit_test(replies_to_requests_without_an_id_have_none),
        cmocka_unit_test(room_and_seat_say_null_for_what_is_absent),
        cmocka_unit_test(a_seat_names_the_modes_of_the_grant_and_the_one_that_holds),
        cmocka_unit_test(a_roster_leaves_out_what_the_reader_may_not_know),
        cmocka_unit_test(a_therapist_reads_where_the_client_is_or_that_nobody_knows),
        cmocka_unit_test(chat_says_who_and_to_whom),
        cmocka_unit_test(a_warning_says_how_long_is_left),
        cmocka_unit_test(an_agenda_says_where_it_is_only_while_it_runs),
        cmocka_unit_test(a_missing_client_says_where_to_look_until_they_are_back),
        cmocka_unit_test(a_question_to_be_longer_says_when_it_lapses_and_when_it_is_over),
        cmocka_unit_test(an_alert_names_who_pressed),
        cmocka_unit_test(link_trouble_names_whose_link_it_is),
        cmocka_unit_test(an_empty_slot_has_no_source),
        cmocka_unit_test(a_therapist_reads_what_holds_for_those_who_are_let_in),
        cmocka_unit_test(a_preview_names_each_source_that_somebody_gets),
        cmocka_unit_test(a_broken_name_does_not_break_the_roster),
        cmocka_unit_test(what_does_not_fit_leaves_the_writer_as_it_was),
        cmocka_unit_test(running_out_of_memory_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
