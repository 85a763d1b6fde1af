#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>
#include <string.h>

#include "shell/host.h"
#include "shell/shard.h"

enum { WAIT_S = 10 };

static struct id id_of(const char *text)
{
    struct id id;
    assert_true(id_parse(bytes_of(text), &id));
    return id;
}

/* A shard with one planned session, and the queue that the front would read. */
struct bench {
    struct queue *to_front;
    struct shard *shard;
};

static struct bench bench_of(size_t front_letters)
{
    struct bench bench;
    struct address any_port = { 0 };
    int64_t unix_s = now_unix_s(host_now());
    struct plan plan = {
        .session = id_of("s-1"),
        .kind = KIND_INDIVIDUAL,
        .opens_at = unix_s - 60,
        .closes_at = unix_s + 3000,
        .client = id_of("alex"),
        .people = { { .participation = id_of("p-1"),
                      .person = id_of("terry"),
                      .role = ROLE_THERAPIST,
                      .name = "Terry" } },
        .people_count = 1,
    };
    assert_true(address_parse_ip("127.0.0.1", &any_port));
    assert_int_equal(queue_create(&bench.to_front, front_letters, 1 << 20, (struct waker){ 0 }), OK);
    struct shard_config config = {
        .bind = &any_port,
        .bind_count = 1,
        .advertise = &any_port,
        .advertise_count = 1,
        .rooms_max = 4,
        .clients_max = 4,
        .to_front = bench.to_front,
    };
    assert_int_equal(shard_create(&bench.shard, &config), OK);
    assert_int_equal(shard_plan(bench.shard, &plan), OK);
    assert_int_equal(shard_start(bench.shard), OK);
    return bench;
}

static void bench_end(struct bench *bench)
{
    shard_stop(bench->shard);
    shard_destroy(bench->shard);
    queue_destroy(bench->to_front);
}

static void send_join_as(struct bench *bench, client_id client, bool move)
{
    int64_t unix_s = now_unix_s(host_now());
    struct letter letter = {
        .kind = LETTER_JOIN,
        .client = client,
        .request = 1,
        .move = move,
        .claims = { id_of("p-1"), id_of("s-1"), id_of("t-1"), ROLE_THERAPIST, unix_s, unix_s + 3000 },
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
    send_join(&bench, 7);
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
        cmocka_unit_test(a_stopped_shard_leaves_nothing_behind),
        cmocka_unit_test(a_session_always_has_the_same_shard_and_sessions_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
