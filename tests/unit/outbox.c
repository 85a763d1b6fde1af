#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/outbox.h"

enum { BYTES = 100, ITEMS = 4 };

static int setup(void **state)
{
    struct outbox *o;
    if (outbox_create(&o, BYTES, ITEMS) != OK)
        return -1;
    *state = o;
    return 0;
}

static int teardown(void **state)
{
    outbox_destroy(*state);
    return 0;
}

static const struct address peer = { .family = ADDRESS_IPV4, .port = 4000, .ip = { 192, 0, 2, 1 } };

static void items_come_out_as_they_went_in(void **state)
{
    struct outbox *o = *state;
    assert_int_equal(outbox_text(o, 7, bytes_of("one")), OK);
    assert_int_equal(outbox_datagram(o, &peer, bytes_of("packet")), OK);
    assert_int_equal(outbox_close(o, 8, "removed"), OK);
    assert_int_equal(outbox_datagram_count(o), 1);
    assert_int_equal(outbox_message_count(o), 2);
    struct datagram d = outbox_datagram_at(o, 0);
    assert_true(address_equal(&d.peer, &peer));
    assert_true(bytes_equal(d.data, bytes_of("packet")));
    struct message first = outbox_message_at(o, 0), second = outbox_message_at(o, 1);
    assert_int_equal(first.client, 7);
    assert_int_equal(first.kind, MESSAGE_TEXT);
    assert_true(bytes_equal(first.text, bytes_of("one")));
    assert_int_equal(second.client, 8);
    assert_int_equal(second.kind, MESSAGE_CLOSE);
    assert_true(bytes_equal(second.text, bytes_of("removed")));
}

static void an_uncommitted_reservation_costs_nothing(void **state)
{
    struct outbox *o = *state;
    assert_non_null(outbox_reserve(o, BYTES));
    uint8_t *again = outbox_reserve(o, BYTES);
    assert_non_null(again);
    memcpy(again, "abc", 3);
    outbox_commit(o, &peer, 3);
    assert_non_null(outbox_reserve(o, BYTES - 3));
    assert_int_equal(outbox_datagram_count(o), 1);
    assert_int_equal(outbox_dropped(o), 0);
}

static void full_of_bytes_drops_media_and_counts_it(void **state)
{
    struct outbox *o = *state;
    assert_null(outbox_reserve(o, BYTES + 1));
    assert_null(outbox_reserve(o, SIZE_MAX));
    assert_int_equal(outbox_dropped(o), 2);
    assert_non_null(outbox_reserve(o, BYTES));
    outbox_commit(o, &peer, BYTES);
    assert_int_equal(outbox_datagram(o, &peer, bytes_of("x")), ERR_FULL);
    assert_int_equal(outbox_dropped(o), 3);
    assert_int_equal(outbox_datagram_count(o), 1);
    assert_int_equal(outbox_overflowed(o), 0); /* media owes nobody a closing */
}

static void full_of_items_drops_too(void **state)
{
    struct outbox *o = *state;
    for (int i = 0; i < ITEMS; i++)
        assert_int_equal(outbox_datagram(o, &peer, (struct bytes){ 0 }), OK);
    assert_null(outbox_reserve(o, 1));
    assert_int_equal(outbox_text(o, 1, bytes_of("messages have their own items")), OK);
}

static void every_client_owed_a_message_is_named_once(void **state)
{
    struct outbox *o = *state;
    for (int i = 0; i < ITEMS; i++)
        assert_int_equal(outbox_text(o, 1, bytes_of("m")), OK);
    assert_int_equal(outbox_overflowed_count(o), 0);
    assert_int_equal(outbox_text(o, 2, bytes_of("m")), ERR_FULL);
    assert_int_equal(outbox_close(o, 3, "m"), ERR_FULL);
    assert_int_equal(outbox_text(o, 2, bytes_of("m")), ERR_FULL);
    assert_int_equal(outbox_message_count(o), ITEMS);
    assert_int_equal(outbox_overflowed(o), 2);
    assert_int_equal(outbox_overflowed_count(o), 2);
    assert_int_equal(outbox_overflowed_at(o, 0), 2);
    assert_int_equal(outbox_overflowed_at(o, 1), 3);
    for (client_id client = 10; client < 20; client++) /* more than it remembers: no harm */
        assert_int_equal(outbox_text(o, client, bytes_of("m")), ERR_FULL);
    assert_int_equal(outbox_overflowed_count(o), ITEMS);
}

static void a_message_too_long_names_its_client_and_later_ones_still_fit(void **state)
{
    struct outbox *o = *state;
    uint8_t big[BYTES + 1] = { 0 };
    assert_int_equal(outbox_text(o, 9, (struct bytes){ big, sizeof big }), ERR_FULL);
    assert_int_equal(outbox_overflowed(o), 9);
    assert_int_equal(outbox_text(o, 1, bytes_of("short")), OK);
    assert_int_equal(outbox_message_at(o, 0).client, 1);
}

static void clearing_empties_all_but_the_count_of_drops(void **state)
{
    struct outbox *o = *state;
    assert_null(outbox_reserve(o, BYTES + 1));
    assert_int_equal(outbox_datagram(o, &peer, bytes_of("x")), OK);
    for (int i = 0; i <= ITEMS; i++)
        outbox_text(o, 5, bytes_of("m"));
    outbox_clear(o);
    assert_int_equal(outbox_datagram_count(o), 0);
    assert_int_equal(outbox_message_count(o), 0);
    assert_int_equal(outbox_overflowed(o), 0);
    assert_int_equal(outbox_overflowed_count(o), 0);
    assert_int_equal(outbox_dropped(o), 1);
    assert_non_null(outbox_reserve(o, BYTES));
}

#define OUTBOX_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OUTBOX_TEST(items_come_out_as_they_went_in),
        OUTBOX_TEST(an_uncommitted_reservation_costs_nothing),
        OUTBOX_TEST(full_of_bytes_drops_media_and_counts_it),
        OUTBOX_TEST(full_of_items_drops_too),
        OUTBOX_TEST(every_client_owed_a_message_is_named_once),
        OUTBOX_TEST(a_message_too_long_names_its_client_and_later_ones_still_fit),
        OUTBOX_TEST(clearing_empties_all_but_the_count_of_drops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
