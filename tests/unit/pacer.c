#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/pacer.h"

enum { LEN = 1000 };
#define START_US (100 * USEC_PER_SEC)

static struct pacer at_pace(uint64_t bps)
{
    struct pacer pacer = { 0 };
    pacer_set_pace(&pacer, bps);
    return pacer;
}

static struct pacer_item item(uint8_t slot, uint64_t seq)
{
    return (struct pacer_item){ .slot = slot, .seq = seq };
}

static void without_a_pace_nothing_waits(void **state)
{
    (void)state;
    struct pacer pacer = { 0 };
    for (int i = 0; i < 1000; i++) {
        assert_true(pacer_is_free(&pacer, START_US));
        pacer_pay(&pacer, START_US, LEN);
    }
    assert_int_equal(pacer_deadline(&pacer), NEVER);
}

/* What goes out in a second is the pace and the burst, whatever is asked for. */
static void the_pace_holds(void **state)
{
    (void)state;
    struct pacer pacer = at_pace(800000); /* 100 packets a second */
    int sent = 0;
    for (usec_t at = START_US; at < START_US + USEC_PER_SEC; at += 500)
        while (pacer_is_free(&pacer, at)) {
            pacer_pay(&pacer, at, LEN);
            sent++;
        }
    assert_in_range(sent, 100, 103);
}

/* A quiet second is not saved up for a burst of a second. */
static void a_pause_earns_no_more_than_the_burst(void **state)
{
    (void)state;
    struct pacer pacer = at_pace(800000);
    pacer_pay(&pacer, START_US, LEN);
    int sent = 0;
    for (; pacer_is_free(&pacer, START_US + 10 * USEC_PER_SEC); sent++)
        pacer_pay(&pacer, START_US + 10 * USEC_PER_SEC, LEN);
    assert_in_range(sent, 1, 3);
}

static void what_waits_goes_in_its_order_when_its_time_comes(void **state)
{
    (void)state;
    struct pacer pacer = at_pace(800000);
    struct pacer_item next;
    while (pacer_is_free(&pacer, START_US))
        pacer_pay(&pacer, START_US, LEN);
    for (uint64_t seq = 0; seq < 5; seq++)
        assert_true(pacer_wait(&pacer, START_US, item(1, seq)));
    assert_false(pacer_next(&pacer, START_US, &next));
    for (uint64_t seq = 0; seq < 5; seq++) {
        usec_t at = pacer_deadline(&pacer);
        assert_in_range(at, START_US, START_US + 60 * USEC_PER_MSEC);
        assert_false(pacer_is_free(&pacer, at)); /* nobody overtakes */
        assert_true(pacer_next(&pacer, at, &next));
        assert_int_equal(next.seq, seq);
        assert_int_equal(next.since, START_US);
        pacer_pay(&pacer, at, LEN);
        assert_false(pacer_next(&pacer, at, &next));
    }
    assert_int_equal(pacer_deadline(&pacer), NEVER);
    pacer_deinit(&pacer);
}

static void a_slot_that_is_shut_leaves_nothing_behind(void **state)
{
    (void)state;
    struct pacer pacer = at_pace(1000);
    struct pacer_item next;
    for (uint64_t seq = 0; seq < 100; seq++)
        assert_true(pacer_wait(&pacer, START_US, item(seq % 3, seq)));
    pacer_forget(&pacer, 1);
    uint64_t seq = 0;
    pacer_set_pace(&pacer, 0);
    for (; pacer_next(&pacer, START_US, &next); seq++) {
        seq += seq % 3 == 1;
        assert_int_equal(next.seq, seq);
    }
    assert_int_equal(seq, 100);
    pacer_deinit(&pacer);
}

static void it_holds_so_much_and_says_when_it_is_full(void **state)
{
    (void)state;
    struct pacer pacer = at_pace(1000);
    struct pacer_item next;
    for (uint64_t round = 0; round < 3; round++) { /* anywhere in the ring */
        for (uint64_t seq = 0; seq < PACER_ITEMS_MAX; seq++)
            assert_true(pacer_wait(&pacer, START_US, item(1, seq)));
        assert_false(pacer_wait(&pacer, START_US, item(1, 0)));
        pacer_set_pace(&pacer, 0);
        for (uint64_t seq = 0; seq < PACER_ITEMS_MAX; seq++) {
            assert_true(pacer_next(&pacer, START_US, &next));
            assert_int_equal(next.seq, seq);
        }
        assert_true(pacer_wait(&pacer, START_US, item(1, 0)));
        assert_true(pacer_next(&pacer, START_US, &next));
    }
    pacer_deinit(&pacer);
}

static void their_order_stays_while_it_grows(void **state)
{
    (void)state;
    struct pacer pacer = at_pace(0);
    struct pacer_item next;
    uint64_t came = 0, went = 0;
    for (; came < PACER_ITEMS_MAX; came++) { /* three come, one goes: it is full from anywhere in the ring */
        assert_true(pacer_wait(&pacer, START_US, item(1, came)));
        if (came % 3 == 0) {
            assert_true(pacer_next(&pacer, START_US, &next));
            assert_int_equal(next.seq, went++);
        }
    }
    for (; went < came; went++) {
        assert_true(pacer_next(&pacer, START_US, &next));
        assert_int_equal(next.seq, went);
    }
    assert_null(pacer.items); /* given back */
    pacer_deinit(&pacer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_pace_nothing_waits),
        cmocka_unit_test(the_pace_holds),
        cmocka_unit_test(a_pause_earns_no_more_than_the_burst),
        cmocka_unit_test(what_waits_goes_in_its_order_when_its_time_comes),
        cmocka_unit_test(a_slot_that_is_shut_leaves_nothing_behind),
        cmocka_unit_test(it_holds_so_much_and_says_when_it_is_full),
        cmocka_unit_test(their_order_stays_while_it_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
