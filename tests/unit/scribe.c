#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/host.h"
#include "shell/scribe.h"

enum { ROWS_MAX = 20000, SHARDS = 2, INBOX = 4096, WAIT_S = 20 };

/* A store in memory that fails or waits when told to. What it holds is read once the scribe has stopped. */
struct fake {
    struct store store; /* first */
    atomic_bool failing, holding;
    atomic_int fails_in; /* with a store that fails now and then: one call in so many */
    atomic_size_t commits, heartbeats, tries;
    atomic_llong heartbeat;
    struct ledger_row *rows;
    size_t count;
};

static bool fails(struct fake *f)
{
    size_t tries = atomic_fetch_add(&f->tries, 1) + 1;
    int fails_in = atomic_load(&f->fails_in);
    while (atomic_load(&f->holding))
        sched_yield();
    return atomic_load(&f->failing) || (fails_in && tries % (size_t)fails_in == 0);
}

static enum status fake_append(struct store *store, const struct ledger_row *rows, size_t count)
{
    struct fake *f = (struct fake *)store;
    if (fails(f))
        return ERR_FULL;
    memcpy(f->rows + f->count, rows, count * sizeof *rows);
    f->count += count;
    atomic_fetch_add(&f->commits, 1);
    return OK;
}

static enum status fake_heartbeat(struct store *store, int64_t unix_us)
{
    struct fake *f = (struct fake *)store;
    if (fails(f))
        return ERR_FULL;
    atomic_store(&f->heartbeat, unix_us);
    atomic_fetch_add(&f->heartbeats, 1);
    return OK;
}

static const struct store_ops fake_ops = { .ledger_append = fake_append, .heartbeat_put = fake_heartbeat };

struct bench {
    struct fake fake;
    struct scribe *scribe;
    struct queue *answers[SHARDS];
    uint64_t numbers[SHARDS]; /* the last that each shard sent */
    struct log log;
    atomic_size_t lines;
};

static void count_line(void *context, enum log_level level, const char *line)
{
    (void)level, (void)line;
    atomic_fetch_add(&((struct bench *)context)->lines, 1);
}

static struct id id_of(const char *text)
{
    struct id id;
    assert_true(id_parse(bytes_of(text), &id));
    return id;
}

static struct bench *bench_of(size_t answers)
{
    struct bench *b = calloc(1, sizeof *b);
    struct id clinic = id_of("north");
    b->fake.store.ops = &fake_ops;
    b->fake.rows = calloc(ROWS_MAX, sizeof *b->fake.rows);
    b->log = (struct log){ .write = count_line, .context = b };
    struct scribe_config config = { .store = &b->fake.store, .shards = SHARDS, .inbox_records = INBOX, .log = &b->log };
    chain_init(&config.chain, &clinic);
    assert_int_equal(scribe_create(&b->scribe, &config), OK);
    for (size_t i = 0; i < SHARDS; i++) {
        assert_int_equal(queue_create(&b->answers[i], answers, 0, (struct waker){ 0 }), OK);
        scribe_connect(b->scribe, i, b->answers[i]);
    }
    assert_int_equal(scribe_start(b->scribe), OK);
    return b;
}

/* The rows must form a chain, whatever happened. */
static void bench_end(struct bench *b)
{
    struct id clinic = id_of("north");
    struct chain chain;
    scribe_stop(b->scribe);
    chain_init(&chain, &clinic);
    for (size_t i = 0; i < b->fake.count; i++)
        assert_int_equal(chain_check(&chain, &b->fake.rows[i]), CHAIN_GOOD);
    scribe_destroy(b->scribe);
    for (size_t i = 0; i < SHARDS; i++)
        queue_destroy(b->answers[i]);
    free(b->fake.rows);
    free(b);
}

/* A record of shard `shard` about the interval of that number. */
static enum status send_about(struct bench *b, size_t shard, enum record_kind kind, uint64_t interval, int64_t unix_us)
{
    uint8_t text[RECORD_TEXT_MAX + 1];
    struct writer w = writer_over(text, sizeof text);
    struct letter letter;
    struct record record = {
        .kind = kind, .unix_us = unix_us, .session = id_of("s-1"), .participation = id_of("p-1"), .mode = MODE_FULL
    };
    uint64_t number = b->numbers[shard] + 1;
    snprintf(record.interval.text, sizeof record.interval.text, "i-%zu-%llu", shard, (unsigned long long)interval);
    assert_int_equal(record_write(&w, &record), OK);
    assert_int_equal(scribe_letter((struct ledger_note){ number, writer_bytes(&w) }, &letter), OK);
    enum status status = queue_push(scribe_inbox(b->scribe, shard), &letter, 0);
    letter_wipe(&letter);
    if (status == OK)
        b->numbers[shard] = number;
    return status;
}

/* An interval has the number of its OPEN; a CLOSE follows its OPEN. */
static enum status send(struct bench *b, size_t shard, enum record_kind kind, int64_t unix_us)
{
    return send_about(b, shard, kind, b->numbers[shard] + (kind != RECORD_CLOSE), unix_us);
}

/* The next answer for a shard. */
static struct letter await(struct bench *b, size_t shard)
{
    usec_t end = host_now().mono_us + WAIT_S * USEC_PER_SEC;
    struct letter letter;
    while (!queue_pop(b->answers[shard], &letter)) {
        if (host_now().mono_us > end)
            fail_msg("no answer for shard %zu", shard);
        sched_yield();
    }
    return letter;
}

static void check_answer(struct bench *b, size_t shard, enum letter_kind kind, uint64_t number)
{
    struct letter letter = await(b, shard);
    assert_int_equal(letter.kind, kind);
    assert_int_equal(letter.number, number);
}

static void check_row(const struct bench *b, size_t index, enum record_kind kind, const char *interval)
{
    struct record record;
    assert_true(index < b->fake.count);
    assert_int_equal(record_parse(bytes_of(b->fake.rows[index].text), &record), OK);
    assert_int_equal(record.kind, kind);
    assert_string_equal(record.interval.text, interval);
}

static void until(bool (*done)(struct bench *), struct bench *b)
{
    usec_t end = host_now().mono_us + WAIT_S * USEC_PER_SEC;
    while (!done(b)) {
        assert_true(host_now().mono_us < end);
        sched_yield();
    }
}

static bool has_tried(struct bench *b)
{
    return atomic_load(&b->fake.tries) > 0;
}
static bool has_heartbeat(struct bench *b)
{
    return atomic_load(&b->fake.heartbeats) > 0;
}

static void each_shard_hears_of_its_own_records(void **state)
{
    (void)state;
    struct bench *b = bench_of(INBOX);
    send(b, 0, RECORD_OPEN, 1);
    check_answer(b, 0, LETTER_DURABLE, 1);
    send(b, 1, RECORD_OPEN, 2);
    check_answer(b, 1, LETTER_DURABLE, 1);
    send(b, 0, RECORD_CLOSE, 3);
    check_answer(b, 0, LETTER_DURABLE, 2);
    scribe_stop(b->scribe);
    assert_int_equal(b->fake.count, 3);
    check_row(b, 0, RECORD_OPEN, "i-0-1");
    check_row(b, 1, RECORD_OPEN, "i-1-1");
    check_row(b, 2, RECORD_CLOSE, "i-0-1");
    assert_true(queue_is_empty(b->answers[0]) && queue_is_empty(b->answers[1]));
    bench_end(b);
}

static void what_queues_up_during_a_commit_shares_the_next(void **state)
{
    (void)state;
    struct bench *b = bench_of(INBOX);
    atomic_store(&b->fake.holding, true);
    send(b, 0, RECORD_OPEN, 1);
    until(has_tried, b);
    for (int i = 0; i < 50; i++) {
        send(b, 0, RECORD_OPEN, 2);
        send(b, 1, RECORD_OPEN, 2);
    }
    atomic_store(&b->fake.holding, false);
    check_answer(b, 0, LETTER_DURABLE, 1);
    check_answer(b, 0, LETTER_DURABLE, 51);
    check_answer(b, 1, LETTER_DURABLE, 50);
    assert_int_equal(atomic_load(&b->fake.commits), 2);
    bench_end(b);
}

static void a_store_that_fails_lets_nobody_in_and_loses_no_closing(void **state)
{
    (void)state;
    struct bench *b = bench_of(INBOX);
    send(b, 0, RECORD_OPEN, 1);
    check_answer(b, 0, LETTER_DURABLE, 1);
    atomic_store(&b->fake.failing, true);
    atomic_store(&b->fake.holding, true);
    atomic_store(&b->fake.tries, 0);
    send(b, 0, RECORD_CLOSE, 2);
    until(has_tried, b);
    send(b, 0, RECORD_OPEN, 3);
    send(b, 1, RECORD_REMOVED, 4);
    atomic_store(&b->fake.holding, false);
    check_answer(b, 0, LETTER_UNRECORDED, 3);
    usec_t before = host_now().mono_us;
    send(b, 1, RECORD_OPEN, 5);
    check_answer(b, 1, LETTER_UNRECORDED, 2);
    assert_true(host_now().mono_us - before < 400 * USEC_PER_MSEC); /* not held until the next try */
    atomic_store(&b->fake.failing, false);
    check_answer(b, 0, LETTER_DURABLE, 2);
    check_answer(b, 1, LETTER_DURABLE, 1);
    assert_int_equal(atomic_load(&b->lines), 2); /* that it fails, and that it is well again */
    send(b, 1, RECORD_OPEN, 6);
    check_answer(b, 1, LETTER_DURABLE, 3);
    scribe_stop(b->scribe);
    assert_int_equal(b->fake.count, 4);
    check_row(b, 1, RECORD_CLOSE, "i-0-1");
    check_row(b, 2, RECORD_REMOVED, "i-1-1");
    check_row(b, 3, RECORD_OPEN, "i-1-3");
    bench_end(b);
}

static void a_closing_goes_the_way_of_its_refused_opening(void **state)
{
    (void)state;
    struct bench *b = bench_of(INBOX);
    atomic_store(&b->fake.failing, true);
    atomic_store(&b->fake.holding, true);
    send(b, 0, RECORD_REMOVED, 1);
    until(has_tried, b);
    send(b, 0, RECORD_OPEN, 2); /* number 2: its closing waits beside it */
    send(b, 0, RECORD_CLOSE, 3);
    send(b, 0, RECORD_OPEN, 4); /* number 4: its closing comes after the refusal */
    atomic_store(&b->fake.holding, false);
    check_answer(b, 0, LETTER_UNRECORDED, 2);
    check_answer(b, 0, LETTER_UNRECORDED, 4);
    send(b, 0, RECORD_CLOSE, 5);
    atomic_store(&b->fake.failing, false);
    check_answer(b, 0, LETTER_DURABLE, 1);
    send(b, 0, RECORD_OPEN, 6);
    check_answer(b, 0, LETTER_DURABLE, 6);
    send(b, 0, RECORD_CLOSE, 7);
    check_answer(b, 0, LETTER_DURABLE, 7);
    scribe_stop(b->scribe);
    assert_int_equal(b->fake.count, 3);
    check_row(b, 1, RECORD_OPEN, "i-0-6");
    check_row(b, 2, RECORD_CLOSE, "i-0-6");
    bench_end(b);
}

static void heartbeats_are_merged_and_stay_out_of_the_chain(void **state)
{
    (void)state;
    struct bench *b = bench_of(INBOX);
    usec_t began = host_now().mono_us;
    for (int i = 1; i <= 1000; i++)
        send(b, (size_t)i % SHARDS, RECORD_HEARTBEAT, i);
    until(has_heartbeat, b);
    scribe_stop(b->scribe);
    /* The first, the rest when the scribe stops, and one for each second that a slow machine took. */
    assert_true(atomic_load(&b->fake.heartbeats) <= 2 + (host_now().mono_us - began) / USEC_PER_SEC);
    assert_true(atomic_load(&b->fake.heartbeat) >= 999); /* the order between shards is open */
    assert_int_equal(b->fake.count, 0);
    assert_true(queue_is_empty(b->answers[0]));
    bench_end(b);
}

static void a_heartbeat_waits_for_the_records_before_it(void **state)
{
    (void)state;
    struct bench *b = bench_of(INBOX);
    atomic_store(&b->fake.failing, true);
    send(b, 0, RECORD_REMOVED, 1);
    send(b, 0, RECORD_HEARTBEAT, 2);
    until(has_tried, b);
    assert_int_equal(atomic_load(&b->fake.heartbeat), 0);
    atomic_store(&b->fake.failing, false);
    until(has_heartbeat, b);
    check_answer(b, 0, LETTER_DURABLE, 1);
    bench_end(b);
}

static void stopping_stores_what_is_left(void **state)
{
    (void)state;
    struct bench *b = bench_of(INBOX);
    atomic_store(&b->fake.holding, true);
    for (int i = 0; i < 1000; i++)
        send(b, 0, RECORD_REMOVED, 1);
    atomic_store(&b->fake.holding, false);
    scribe_stop(b->scribe);
    assert_int_equal(b->fake.count, 1000);
    bench_end(b);
}

static void stopping_with_a_dead_store_ends_all_the_same(void **state)
{
    (void)state;
    struct bench *b = bench_of(2);
    atomic_store(&b->fake.failing, true);
    for (int i = 0; i < 100; i++)
        send(b, 0, i % 2 ? RECORD_CLOSE : RECORD_OPEN, 1);
    scribe_stop(b->scribe); /* nobody reads the answers, either */
    assert_int_equal(b->fake.count, 0);
    bench_end(b);
}

static void no_answer_is_lost_when_their_queue_is_short(void **state)
{
    (void)state;
    struct bench *b = bench_of(2);
    atomic_store(&b->fake.failing, true);
    for (int i = 0; i < 200; i++)
        send(b, 0, RECORD_OPEN, 1);
    for (uint64_t i = 1; i <= 200; i++)
        check_answer(b, 0, LETTER_UNRECORDED, i);
    bench_end(b);
}

/* ---- Two shards at once, over a store that fails now and then ---- */

enum { CYCLES = 1000, RECORDS = 3 * CYCLES };
static const enum record_kind cycle[3] = { RECORD_OPEN, RECORD_CLOSE, RECORD_REMOVED };

struct producer {
    struct bench *bench;
    size_t shard;
    bool refused[RECORDS + 1];
    uint64_t stored_to;
};

static void *produce(void *context)
{
    struct producer *p = context;
    struct letter letter;
    /* The last is none that can be refused, so `durable` reaches it. */
    while (p->stored_to < RECORDS) {
        uint64_t sent = p->bench->numbers[p->shard];
        bool pushed = sent < RECORDS && send(p->bench, p->shard, cycle[sent % 3], 1) == OK;
        bool answered = queue_pop(p->bench->answers[p->shard], &letter);
        if (answered && letter.kind == LETTER_UNRECORDED) {
            assert_false(p->refused[letter.number]);
            p->refused[letter.number] = true;
        } else if (answered) {
            assert_true(letter.number > p->stored_to);
            p->stored_to = letter.number;
        }
        if (!pushed && !answered)
            sched_yield();
    }
    return NULL;
}

/* Which records are in the ledger, by number. */
static void read_rows(const struct fake *f, bool seen[SHARDS][RECORDS + 1])
{
    for (size_t i = 0; i < f->count; i++) {
        struct record record;
        size_t shard;
        unsigned long long number;
        assert_int_equal(record_parse(bytes_of(f->rows[i].text), &record), OK);
        assert_int_equal(sscanf(record.interval.text, "i-%zu-%llu", &shard, &number), 2);
        number += record.kind == RECORD_CLOSE;
        assert_int_equal(record.kind, cycle[(number - 1) % 3]);
        assert_false(seen[shard][number]);
        assert_true(number % 3 != 2 || seen[shard][number - 1]); /* closed after it was opened */
        seen[shard][number] = true;
    }
}

static void each_record_is_stored_once_or_refused_once(void **state)
{
    (void)state;
    struct bench *b = bench_of(INBOX);
    static struct producer producers[SHARDS];
    static bool seen[SHARDS][RECORDS + 1];
    pthread_t threads[SHARDS];
    size_t refused = 0;
    atomic_store(&b->fake.fails_in, 7);
    for (size_t i = 0; i < SHARDS; i++) {
        producers[i] = (struct producer){ .bench = b, .shard = i };
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    for (size_t i = 0; i < SHARDS; i++)
        pthread_join(threads[i], NULL);
    scribe_stop(b->scribe);
    read_rows(&b->fake, seen);
    for (size_t shard = 0; shard < SHARDS; shard++)
        for (size_t number = 1; number <= RECORDS; number += 3) {
            bool was_refused = producers[shard].refused[number];
            refused += was_refused;
            assert_int_equal(seen[shard][number], !was_refused);     /* OPEN */
            assert_int_equal(seen[shard][number + 1], !was_refused); /* its CLOSE */
            assert_true(seen[shard][number + 2]);
        }
    assert_true(refused > 0);
    bench_end(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_shard_hears_of_its_own_records),
        cmocka_unit_test(what_queues_up_during_a_commit_shares_the_next),
        cmocka_unit_test(a_store_that_fails_lets_nobody_in_and_loses_no_closing),
        cmocka_unit_test(a_closing_goes_the_way_of_its_refused_opening),
        cmocka_unit_test(heartbeats_are_merged_and_stay_out_of_the_chain),
        cmocka_unit_test(a_heartbeat_waits_for_the_records_before_it),
        cmocka_unit_test(stopping_stores_what_is_left),
        cmocka_unit_test(stopping_with_a_dead_store_ends_all_the_same),
        cmocka_unit_test(no_answer_is_lost_when_their_queue_is_short),
        cmocka_unit_test(each_record_is_stored_once_or_refused_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
