#define _GNU_SOURCE /* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>
#include <string.h>

#include "api/api.h"
#include "shell/host.h"
#include "shell/shard.h"

enum { WAIT_S = 10 };

static struct id id_of(const char *text)
{
    struct id id;
    assert_true(id_parse(bytes_of(text), &id));
    return id;
}

/* A shard with one planned session, and the queues that front and scribe would read. */
struct bench {
    struct queue *to_front, *to_scribe;
    struct shard *shard;
};

static struct bench bench_of(size_t front_letters)
{
    struct bench bench;
    struct address any_port = { 0 };
    int64_t unix_s = now_unix_s(host_now());
    struct plan_person terry = {
        .participation = id_of("p-1"), .person = id_of("terry"), .role = ROLE_THERAPIST, .name = "Terry"
    };
    struct plan plan = {
        .session = id_of("s-1"),
        .kind = KIND_INDIVIDUAL,
        .opens_at = unix_s - 60,
        .closes_at = unix_s + 3000,
        .client = id_of("alex"),
        .people = &terry,
        .people_count = 1,
    };
    struct id roomless;
    assert_true(address_parse_ip("127.0.0.1", &any_port));
    assert_int_equal(queue_create(&bench.to_front, front_letters, 1 << 20, (struct waker){ 0 }), OK);
    assert_int_equal(queue_create(&bench.to_scribe, 100, 1 << 20, (struct waker){ 0 }), OK);
    struct shard_config config = {
        .bind = &any_port,
        .bind_count = 1,
        .advertise = &any_port,
        .advertise_count = 1,
        .video_codecs = { { CODEC_VP8 }, 1 },
        .rooms_max = 4,
        .clients_max = 4,
        .tcp_per_address_max = 4,
        .to_front = bench.to_front,
        .to_scribe = bench.to_scribe,
    };
    assert_int_equal(shard_create(&bench.shard, &config), OK);
    assert_int_equal(shard_plan(bench.shard, &plan, &roomless), OK);
    assert_int_equal(shard_start(bench.shard), OK);
    return bench;
}

static void bench_end(struct bench *bench)
{
    shard_stop(bench->shard);
    shard_destroy(bench->shard);
    queue_destroy(bench->to_front);
    queue_destroy(bench->to_scribe);
}

static void send_join_as(struct bench *bench, client_id client, bool move)
{
    int64_t unix_s = now_unix_s(host_now());
    struct letter letter = {
        .kind = LETTER_JOIN,
        .client = client,
        .joining = { .request = 1,
                     .move = move,
                     .claims = { .participation = id_of("p-1"),
                                 .session = id_of("s-1"),
                                 .token = id_of("t-1"),
                                 .role = ROLE_THERAPIST,
                                 .not_before = unix_s,
                                 .expires = unix_s + 3000 } },
    };
    assert_int_equal(queue_push(shard_inbox(bench->shard), &letter, 0), OK);
}

static void send_join(struct bench *bench, client_id client)
{
    send_join_as(bench, client, false);
}

/* The next letter that holds `words`; others are dropped. */
static void await(struct bench *bench, client_id client, enum letter_kind kind, const char *words)
{
    usec_t end = host_now().mono_us + WAIT_S * USEC_PER_SEC;
    while (host_now().mono_us < end) {
        struct letter letter;
        if (!queue_pop(bench->to_front, &letter)) {
            sched_yield();
            continue;
        }
        char text[4096] = "";
        struct bytes bytes = letter_text(&letter);
        assert_true(bytes.len < sizeof text);
        memcpy(text, bytes.at, bytes.len);
        bool found = letter.client == client && letter.kind == kind && strstr(text, words);
        letter_wipe(&letter);
        if (found)
            return;
    }
    fail_msg("no letter with '%s'", words);
}

static void a_join_is_answered_through_the_queue(void **state)
{
    (void)state;
    struct bench bench = bench_of(100);
    send_join(&bench, 7);
    await(&bench, 7, LETTER_SAY, "\"welcome\"");
    await(&bench, 7, LETTER_SAY, "\"roster\"");
    bench_end(&bench);
}

static void a_client_whose_messages_do_not_fit_is_closed_and_may_join_again(void **state)
{
    (void)state;
    struct bench bench = bench_of(2);
    for (int i = 0; i < 2; i++) {
        struct letter filler = { .kind = LETTER_SAY, .client = 1, .note = note_create(bytes_of("full")) };
        assert_int_equal(queue_push(bench.to_front, &filler, 0), OK);
    }
    send_join(&bench, 7);
    /* Once the letter behind it is taken out, the join was answered: into a full queue, however fast it is read. */
    assert_int_equal(queue_push(shard_inbox(bench.shard), &(struct letter){ .kind = LETTER_GONE, .client = 1 }, 0), OK);
    while (!queue_is_empty(shard_inbox(bench.shard)))
        sched_yield();
    await(&bench, 7, LETTER_CLOSE, "busy");
    /* The core was told too: it would refuse a second connection of a participation that it thinks is here. The answer
     * itself is read at once, so that it fits this time or is closed again; either way it begins with a welcome. */
    send_join(&bench, 8);
    await(&bench, 8, LETTER_SAY, "\"welcome\"");
    bench_end(&bench);
}

static void a_refused_join_leaves_the_connection_to_join_again(void **state)
{
    (void)state;
    struct bench bench = bench_of(100);
    send_join(&bench, 7);
    await(&bench, 7, LETTER_SAY, "\"done\"");
    send_join(&bench, 8);
    await(&bench, 8, LETTER_REFUSED, ""); /* before the words, or an answer to them would find the front unready */
    await(&bench, 8, LETTER_SAY, "already_connected");
    send_join_as(&bench, 8, true);
    await(&bench, 7, LETTER_CLOSE, "moved");
    await(&bench, 8, LETTER_SAY, "\"welcome\"");
    bench_end(&bench);
}

/* ---- The clerk's letters ---- */

static void send_order(struct bench *bench, enum letter_kind kind, struct bytes value, uint64_t number)
{
    struct letter letter = { .kind = kind, .number = number, .note = note_create(value) };
    assert_int_equal(queue_push(shard_answers(bench->shard), &letter, 0), OK);
}

/* The record, or the word that an order is done, that comes next. */
static struct letter await_done(struct bench *bench, enum letter_kind kind, enum record_kind record)
{
    usec_t end = host_now().mono_us + WAIT_S * USEC_PER_SEC;
    struct letter letter;
    while (host_now().mono_us < end) {
        if (!queue_pop(bench->to_scribe, &letter)) {
            sched_yield();
            continue;
        }
        if (letter.kind == kind && letter.record == record)
            return letter;
        letter_wipe(&letter);
    }
    fail_msg("no letter of kind %d", (int)kind);
    return (struct letter){ 0 };
}

#define BYTES_OF(value) ((struct bytes){ (const uint8_t *)&(value), sizeof(value) })

static void an_order_is_done_after_what_it_led_to(void **state)
{
    (void)state;
    struct bench bench = bench_of(100);
    struct moderation end = { .session = id_of("s-1"), .act = MODERATION_END };
    send_join(&bench, 7);
    await(&bench, 7, LETTER_SAY, "\"welcome\"");
    send_order(&bench, LETTER_MODERATION, BYTES_OF(end), 41);
    struct letter record = await_done(&bench, LETTER_RECORD, RECORD_SESSION); /* opened */
    letter_wipe(&record);
    record = await_done(&bench, LETTER_RECORD, RECORD_SESSION);
    assert_non_null(memmem(letter_text(&record).at, letter_text(&record).len, "\"ended\"", 7));
    letter_wipe(&record);
    struct letter done = await_done(&bench, LETTER_DONE, (enum record_kind)0);
    assert_int_equal(done.number, 41);
    assert_int_equal(done.outcome, OK);
    await(&bench, 7, LETTER_CLOSE, "ended");
    send_order(&bench, LETTER_MODERATION, BYTES_OF(end), 42);
    assert_int_equal(await_done(&bench, LETTER_DONE, (enum record_kind)0).outcome, ERR_STATE);
    bench_end(&bench);
}

static void a_question_is_answered_with_who_is_there(void **state)
{
    (void)state;
    struct bench bench = bench_of(100);
    struct attendance attendance;
    struct id session = id_of("s-1"), unknown = id_of("s-9");
    send_join(&bench, 7);
    await(&bench, 7, LETTER_SAY, "\"welcome\"");
    send_order(&bench, LETTER_QUESTION, BYTES_OF(session), 1);
    struct letter done = await_done(&bench, LETTER_DONE, (enum record_kind)0);
    memcpy(&attendance, letter_text(&done).at, letter_text(&done).len);
    assert_int_equal(letter_text(&done).len, attendance_size(&attendance));
    letter_wipe(&done);
    assert_string_equal(attendance.phase, "open");
    assert_true(attendance.people[0].connected);
    send_order(&bench, LETTER_QUESTION, BYTES_OF(unknown), 2);
    done = await_done(&bench, LETTER_DONE, (enum record_kind)0);
    memcpy(&attendance, letter_text(&done).at, letter_text(&done).len);
    letter_wipe(&done);
    assert_string_equal(attendance.phase, "");
    send_order(&bench, LETTER_QUESTION, BYTES_OF(session), 3); /* whose answer nobody fetches */
    bench_end(&bench);
}

static enum status send_plan(struct bench *bench, const char *session, int64_t closes_in_s, uint64_t number,
                             struct id *roomless)
{
    static struct plan_person terry = { .role = ROLE_THERAPIST, .name = "Terry" };
    int64_t unix_s = now_unix_s(host_now());
    struct plan plan = { .session = id_of(session),
                         .kind = KIND_INDIVIDUAL,
                         .opens_at = unix_s - 7200,
                         .closes_at = unix_s + closes_in_s,
                         .client = id_of("alex"),
                         .people = &terry,
                         .people_count = 1 };
    terry.participation = terry.person = id_of("p-1");
    struct bytes packed = plan_pack(&plan);
    send_order(bench, LETTER_PLAN, packed, number);
    free((void *)packed.at);
    struct letter done = await_done(bench, LETTER_DONE, (enum record_kind)0);
    assert_int_equal(done.number, number);
    *roomless = (struct id){ "" };
    if (letter_text(&done).len > 0) {
        assert_int_equal(letter_text(&done).len, sizeof *roomless);
        memcpy(roomless, letter_text(&done).at, sizeof *roomless);
    }
    enum status outcome = done.outcome;
    letter_wipe(&done);
    return outcome;
}

static void a_plan_is_answered_with_whose_room_it_leaves_nowhere(void **state)
{
    (void)state;
    struct bench bench = bench_of(100);
    struct id roomless;
    assert_int_equal(send_plan(&bench, "past", -3600, 1, &roomless), OK);
    assert_int_equal(send_plan(&bench, "s-3", 3000, 2, &roomless), OK);
    assert_int_equal(send_plan(&bench, "s-4", 3000, 3, &roomless), OK);
    assert_string_equal(roomless.text, "");
    assert_int_equal(send_plan(&bench, "s-5", 3000, 4, &roomless), OK);
    assert_string_equal(roomless.text, "past");
    assert_int_equal(send_plan(&bench, "s-6", 3000, 5, &roomless), ERR_FULL);
    assert_string_equal(roomless.text, "s-6");
    assert_int_equal(send_plan(&bench, "s-5", 4000, 6, &roomless), OK);
    assert_string_equal(roomless.text, "");
    bench_end(&bench);
}

static void news_of_codes_and_acknowledgements_are_done_or_need_no_answer(void **state)
{
    (void)state;
    struct bench bench = bench_of(100);
    struct code_news code = { id_of("s-1"), id_of("p-1"), CODE_SENT };
    struct acknowledgement known = { .person = id_of("terry"), .kind = KIND_INDIVIDUAL };
    send_order(&bench, LETTER_ACKNOWLEDGED, BYTES_OF(known), 0);
    send_order(&bench, LETTER_CODE, BYTES_OF(code), 5);
    assert_int_equal(await_done(&bench, LETTER_DONE, (enum record_kind)0).number, 5);
    bench_end(&bench);
}

static void a_stopped_shard_leaves_nothing_behind(void **state)
{
    (void)state;
    struct bench bench = bench_of(100);
    send_join(&bench, 7);
    bench_end(&bench); /* perhaps with letters in either queue: the leak checker watches */
}

static void a_session_always_has_the_same_shard_and_sessions_spread(void **state)
{
    (void)state;
    size_t sessions[4] = { 0 };
    for (int i = 0; i < 1000; i++) {
        struct id id = { { (char)('a' + i % 26), (char)('a' + i / 26 % 26), (char)('a' + i / 676), 0 } };
        assert_int_equal(shard_of(&id, 1), 0);
        sessions[shard_of(&id, 4)]++;
    }
    for (size_t i = 0; i < 4; i++)
        assert_in_range(sessions[i], 150, 350);
    struct id one = id_of("s-1"); /* FNV-1a, folded: the same in every build */
    assert_int_equal(shard_of(&one, 64), 61);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_join_is_answered_through_the_queue),
        cmocka_unit_test(a_client_whose_messages_do_not_fit_is_closed_and_may_join_again),
        cmocka_unit_test(a_refused_join_leaves_the_connection_to_join_again),
        cmocka_unit_test(an_order_is_done_after_what_it_led_to),
        cmocka_unit_test(a_question_is_answered_with_who_is_there),
        cmocka_unit_test(a_plan_is_answered_with_whose_room_it_leaves_nowhere),
        cmocka_unit_test(news_of_codes_and_acknowledgements_are_done_or_need_no_answer),
        cmocka_unit_test(a_stopped_shard_leaves_nothing_behind),
        cmocka_unit_test(a_session_always_has_the_same_shard_and_sessions_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
