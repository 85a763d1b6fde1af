#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "shell/recovery.h"

enum { ROWS_MAX = 64 };

/* A store in memory: only what recovery asks of it. */
struct fake {
    struct store store; /* first */
    struct ledger_row rows[ROWS_MAX];
    size_t count;
    int64_t heartbeat_unix_us;
    enum status append_status;
    struct chain chain; /* of whoever wrote the rows */
};

static enum status fake_append(struct store *store, const struct ledger_row *rows, size_t count)
{
    struct fake *f = (struct fake *)store;
    if (f->append_status != OK)
        return f->append_status;
    memcpy(f->rows + f->count, rows, count * sizeof *rows);
    f->count += count;
    return OK;
}

static enum status fake_each(struct store *store, uint64_t first, struct store_rows rows)
{
    struct fake *f = (struct fake *)store;
    enum status status = OK;
    for (size_t i = first - 1; i < f->count && status == OK; i++)
        status = rows.row(rows.context, &f->rows[i]);
    return status;
}

static enum status fake_last(struct store *store, struct ledger_row *last)
{
    struct fake *f = (struct fake *)store;
    *last = (struct ledger_row){ .number = f->chain.number };
    memcpy(last->hash, f->chain.hash, sizeof last->hash);
    return OK;
}

static enum status fake_heartbeat(struct store *store, int64_t *unix_us)
{
    *unix_us = ((struct fake *)store)->heartbeat_unix_us;
    return OK;
}

static const struct store_ops fake_ops = {
    .ledger_append = fake_append, .ledger_each = fake_each, .ledger_last = fake_last, .heartbeat_get = fake_heartbeat
};

static struct id id_of(const char *text)
{
    struct id id;
    assert_true(id_parse(bytes_of(text), &id));
    return id;
}

static void write_record(struct fake *f, enum record_kind kind, const char *who, const char *interval, int64_t unix_us)
{
    uint8_t text[RECORD_TEXT_MAX + 1];
    struct writer w = writer_over(text, sizeof text);
    struct record record = { .kind = kind, .unix_us = unix_us, .session = id_of("s-1"), .participation = id_of(who) };
    if (interval)
        record.interval = id_of(interval);
    assert_int_equal(record_write(&w, &record), OK);
    assert_int_equal(chain_append(&f->chain, writer_bytes(&w), &f->rows[f->count]), OK);
    f->count++;
}

static int set_up(void **state)
{
    struct fake *f = calloc(1, sizeof *f);
    struct id clinic = id_of("north");
    f->store.ops = &fake_ops;
    chain_init(&f->chain, &clinic);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static enum status recover(struct fake *f, struct recovery *r)
{
    struct id clinic = id_of("north");
    enum status status = recovery_run(r, &f->store, &clinic, NULL);
    if (status == OK)
        f->chain = r->chain;
    return status;
}

static void check_recovered(const struct fake *f, size_t index, const char *interval, int64_t unix_us)
{
    struct record record;
    assert_int_equal(record_parse(bytes_of(f->rows[index].text), &record), OK);
    assert_int_equal(record.kind, RECORD_CLOSE);
    assert_true(record.recovered);
    assert_string_equal(record.interval.text, interval);
    assert_int_equal(record.unix_us, unix_us);
}

static void what_a_crash_left_open_is_closed_once(void **state)
{
    struct fake *f = *state;
    struct recovery r;
    write_record(f, RECORD_OPEN, "p-1", "i-1", 100);
    write_record(f, RECORD_OPEN, "p-2", "i-2", 200);
    write_record(f, RECORD_CLOSE, "p-1", "i-1", 300);
    f->heartbeat_unix_us = 350;
    assert_int_equal(recover(f, &r), OK);
    assert_int_equal(r.closed, 1);
    assert_int_equal(f->count, 4);
    check_recovered(f, 3, "i-2", 350);
    recovery_deinit(&r);
    assert_int_equal(recover(f, &r), OK); /* the chain is whole, and nothing is open any more */
    assert_int_equal(r.closed, 0);
    assert_int_equal(r.chain.number, 4);
    recovery_deinit(&r);
}

static void an_interval_never_ends_before_it_began(void **state)
{
    struct fake *f = *state;
    struct recovery r;
    write_record(f, RECORD_OPEN, "p-1", "i-1", 500);
    f->heartbeat_unix_us = 350;
    assert_int_equal(recover(f, &r), OK);
    check_recovered(f, 1, "i-1", 500);
    recovery_deinit(&r);
}

static void an_empty_ledger_is_a_good_one(void **state)
{
    struct recovery r;
    assert_int_equal(recover(*state, &r), OK);
    assert_int_equal(r.chain.number, 0);
    recovery_deinit(&r);
}

static void a_broken_chain_stops_the_start_and_nothing_is_written(void **state)
{
    struct fake *f = *state;
    struct recovery r;
    write_record(f, RECORD_OPEN, "p-1", "i-1", 100);
    write_record(f, RECORD_REMOVED, "p-2", NULL, 200);
    f->rows[0].hash[7] ^= 1;
    assert_int_equal(recover(f, &r), ERR_AUTH);
    f->rows[0].hash[7] ^= 1;
    f->count = 1; /* the end is cut off */
    assert_int_equal(recover(f, &r), ERR_AUTH);
    assert_int_equal(f->count, 1);
}

static void a_store_that_cannot_take_the_closings_stops_the_start(void **state)
{
    struct fake *f = *state;
    struct recovery r;
    write_record(f, RECORD_OPEN, "p-1", "i-1", 100);
    f->append_status = ERR_FULL;
    assert_int_equal(recover(f, &r), ERR_FULL);
    assert_int_equal(f->count, 1);
}

static void what_was_decided_for_good_is_known_from_the_start(void **state)
{
    struct fake *f = *state;
    struct recovery r;
    const struct id session = id_of("s-1"), none = { 0 };
    struct id removed = id_of("p-2");
    write_record(f, RECORD_REMOVED, "p-2", NULL, 200);
    assert_int_equal(recover(f, &r), OK);
    assert_true(standing_denied(&r.standing, &session, &removed, &none));
    recovery_deinit(&r);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_a_crash_left_open_is_closed_once),
        TEST(an_interval_never_ends_before_it_began),
        TEST(an_empty_ledger_is_a_good_one),
        TEST(a_broken_chain_stops_the_start_and_nothing_is_written),
        TEST(a_store_that_cannot_take_the_closings_stops_the_start),
        TEST(what_was_decided_for_good_is_known_from_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
