#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/courier.h"
#include "shell/feed.h"

enum { ROWS_MAX = 3 * COURIER_EVENTS };

/* A store in memory: the ledger and the webhook's place in it. */
struct bench {
    struct store store; /* first */
    struct ledger_row rows[ROWS_MAX];
    size_t count;
    struct chain chain;
    uint64_t place;
    bool has_place, failing;
    size_t puts;
    struct queue *courier;
    uint64_t heard; /* row of the last event */
    struct feed feed;
};

static enum status fake_each(struct store *store, uint64_t first, struct store_rows rows)
{
    struct bench *b = (struct bench *)store;
    enum status status = b->failing ? ERR_SYSTEM : OK;
    for (size_t i = first - 1; i < b->count && status == OK; i++)
        status = rows.row(rows.context, &b->rows[i]);
    return status;
}

static enum status fake_last(struct store *store, struct ledger_row *last)
{
    const struct bench *b = (struct bench *)store;
    *last = (struct ledger_row){ .number = b->count };
    return OK;
}

static enum status fake_put(struct store *store, uint64_t row)
{
    struct bench *b = (struct bench *)store;
    if (b->failing)
        return ERR_FULL;
    b->place = row;
    b->has_place = true;
    b->puts++;
    return OK;
}

static enum status fake_get(struct store *store, uint64_t *row)
{
    const struct bench *b = (struct bench *)store;
    if (!b->has_place)
        return ERR_UNKNOWN;
    *row = b->place;
    return OK;
}

static const struct store_ops fake_ops = {
    .ledger_each = fake_each, .ledger_last = fake_last, .feed_put = fake_put, .feed_get = fake_get
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    struct id clinic = { "north" };
    b->store.ops = &fake_ops;
    chain_init(&b->chain, &clinic);
    assert_int_equal(queue_create(&b->courier, COURIER_EVENTS, 1 << 20, (struct waker){ 0 }), OK);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    queue_destroy(b->courier);
    free(b);
    return 0;
}

static void write_rows(struct bench *b, size_t count)
{
    while (count-- > 0) {
        uint8_t text[RECORD_TEXT_MAX + 1];
        struct writer w = writer_over(text, sizeof text);
        struct record record = { .kind = RECORD_SESSION, .unix_us = 1, .session = { "s-1" }, .reason = "opened" };
        assert_true(b->count < ROWS_MAX);
        assert_int_equal(record_write(&w, &record), OK);
        assert_int_equal(chain_append(&b->chain, writer_bytes(&w), &b->rows[b->count]), OK);
        b->count++;
    }
}

static void start(struct bench *b)
{
    struct feed_config config = { .store = &b->store, .clinic = "north", .courier = b->courier };
    assert_int_equal(feed_init(&b->feed, &config), OK);
    b->heard = b->feed.taken;
}

/* Rows that come while it runs. */
static void add_rows(struct bench *b, size_t count)
{
    write_rows(b, count);
    feed_stored(&b->feed, b->count);
    feed_turn(&b->feed);
}

/* What the courier finds, which must go on where it was. */
static size_t hear(struct bench *b)
{
    struct letter letter;
    size_t count = 0;
    while (queue_pop(b->courier, &letter)) {
        char id[40];
        assert_int_equal(letter.kind, LETTER_EVENT);
        assert_int_equal(letter.number, b->heard + 1);
        int len = snprintf(id, sizeof id, "{\"id\":\"north-%llu\",", (unsigned long long)letter.number);
        assert_memory_equal(letter_text(&letter).at, id, (size_t)len);
        b->heard = letter.number;
        letter_wipe(&letter);
        count++;
    }
    return count;
}

static void the_first_start_begins_at_the_end_and_the_next_where_it_was(void **state)
{
    struct bench *b = *state;
    write_rows(b, 5);
    start(b);
    assert_false(feed_has_work(&b->feed));
    assert_int_equal(b->place, 5);
    add_rows(b, 2);
    assert_int_equal(hear(b), 2);
    start(b); /* nothing was taken */
    assert_int_equal(b->feed.taken, 5);
    assert_true(feed_has_work(&b->feed));
    feed_turn(&b->feed);
    assert_int_equal(hear(b), 2);
    feed_taken(&b->feed, 6);
    start(b);
    feed_turn(&b->feed);
    assert_int_equal(hear(b), 1);
}

static void no_more_is_sent_than_the_courier_has_room_for(void **state)
{
    struct bench *b = *state;
    start(b);
    add_rows(b, 2 * COURIER_EVENTS + 10);
    assert_int_equal(hear(b), COURIER_EVENTS);
    assert_false(feed_has_work(&b->feed));
    feed_turn(&b->feed);
    assert_int_equal(hear(b), 0);
    feed_taken(&b->feed, 10);
    feed_turn(&b->feed);
    assert_int_equal(hear(b), 10);
    feed_taken(&b->feed, b->heard);
    feed_turn(&b->feed);
    assert_int_equal(hear(b), COURIER_EVENTS);
    assert_int_equal(b->heard, b->count);
}

static void a_store_that_fails_loses_nothing(void **state)
{
    struct bench *b = *state;
    start(b);
    b->failing = true;
    add_rows(b, 3);
    assert_int_equal(hear(b), 0);
    assert_false(feed_has_work(&b->feed)); /* or it would spin */
    b->failing = false;
    add_rows(b, 1);
    assert_int_equal(hear(b), 4);
    b->failing = true;
    feed_taken(&b->feed, 2);
    assert_int_equal(b->place, 0);
    b->failing = false;
    feed_taken(&b->feed, 4);
    assert_int_equal(b->place, 4);
}

static void a_ledger_with_a_gap_stops_it(void **state)
{
    struct bench *b = *state;
    start(b);
    write_rows(b, 3);
    b->rows[1] = b->rows[2];
    feed_stored(&b->feed, 3);
    feed_turn(&b->feed);
    assert_int_equal(hear(b), 1);
    feed_stored(&b->feed, 3);
    assert_false(feed_has_work(&b->feed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_start_begins_at_the_end_and_the_next_where_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_more_is_sent_than_the_courier_has_room_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_store_that_fails_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_ledger_with_a_gap_stops_it, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("feed", tests, NULL, NULL);
}
