#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/bandwidth.h"
#include "media/rate.h"

enum { K = 1000 };

static const usec_t START = 10 * USEC_PER_SEC;

static struct rate_news news(enum delay_signal signal, uint64_t acked_bps, usec_t queue_us)
{
    return (struct rate_news){ .signal = signal,
                               .acked_bps = acked_bps,
                               .sent_bps = acked_bps,
                               .queue_us = queue_us,
                               .rtt_us = 100 * USEC_PER_MSEC };
}

static struct rate fresh(uint64_t bps)
{
    struct rate rate;
    rate_init(&rate, START, bps);
    return rate;
}

static void a_queue_makes_it_fall_below_what_arrives(void **state)
{
    (void)state;
    struct rate rate = fresh(2000 * K);
    struct rate_news over = news(DELAY_OVER, 1600 * K, 40000);
    assert_true(rate_report(&rate, START + USEC_PER_SEC, &over));
    assert_int_equal(rate_bps(&rate), 1360 * K);
    /* And not again before that can have shown. */
    assert_false(rate_report(&rate, START + USEC_PER_SEC + 100 * USEC_PER_MSEC, &over));
    assert_int_equal(rate_bps(&rate), 1360 * K);
    /* Unless less than half of it arrives. */
    over = news(DELAY_OVER, 500 * K, 40000);
    assert_true(rate_report(&rate, START + USEC_PER_SEC + 150 * USEC_PER_MSEC, &over));
    assert_true(rate_bps(&rate) < 1360 * K);
}

static void a_long_queue_is_drained_first(void **state)
{
    (void)state;
    struct rate rate = fresh(600 * K);
    struct rate_news over = news(DELAY_OVER, 500 * K, 350000);
    assert_true(rate_report(&rate, START + USEC_PER_SEC, &over));
    assert_int_equal(rate_bps(&rate), 250 * K);
    struct rate_news under = news(DELAY_UNDER, 500 * K, 20000);
    rate_report(&rate, START + 2 * USEC_PER_SEC, &under);
    assert_int_equal(rate_bps(&rate), 425 * K);
}

static void a_queue_that_does_not_drain_is_the_paths_length(void **state)
{
    (void)state;
    struct rate rate = fresh(600 * K);
    struct rate_news over = news(DELAY_OVER, 500 * K, 350000);
    rate_report(&rate, START + USEC_PER_SEC, &over);
    assert_false(rate_take_stuck(&rate, START + 2 * USEC_PER_SEC, 350000));
    assert_true(rate_take_stuck(&rate, START + 6 * USEC_PER_SEC, 350000));
    assert_false(rate_take_stuck(&rate, START + 6 * USEC_PER_SEC, 350000));
    assert_int_equal(rate_bps(&rate), 425 * K);
}

static void who_sends_little_does_not_fall_to_it(void **state)
{
    (void)state;
    struct rate rate = fresh(2000 * K);
    struct rate_news over = news(DELAY_OVER, 50 * K, 40000);
    rate_report(&rate, START + USEC_PER_SEC, &over);
    assert_int_equal(rate_bps(&rate), 1700 * K);
    /* Nor does it rise by it. */
    struct rate_news normal = news(DELAY_NORMAL, 50 * K, 0);
    for (usec_t t = 2; t < 60; t++)
        rate_report(&rate, START + t * USEC_PER_SEC, &normal);
    assert_int_equal(rate_bps(&rate), 1700 * K);
}

static void it_rises_by_a_part_of_itself_and_near_its_limit_by_packets(void **state)
{
    (void)state;
    struct rate rate = fresh(1000 * K);
    struct rate_news normal = news(DELAY_NORMAL, 1000 * K, 0);
    rate_report(&rate, START + USEC_PER_SEC, &normal);
    assert_int_equal(rate_bps(&rate), 1080 * K);
    struct rate_news over = news(DELAY_OVER, 1000 * K, 40000);
    rate_report(&rate, START + 2 * USEC_PER_SEC, &over);
    assert_int_equal(rate_bps(&rate), 850 * K);
    normal = news(DELAY_NORMAL, 850 * K, 0);
    rate_report(&rate, START + 3 * USEC_PER_SEC, &normal);
    assert_int_equal(rate_bps(&rate), 850 * K + 9600 * 1000 / 200); /* a packet each 200 ms */
}

static void it_never_rises_far_above_what_arrives(void **state)
{
    (void)state;
    struct rate rate = fresh(1000 * K);
    struct rate_news normal = news(DELAY_NORMAL, 600 * K, 0);
    normal.sent_bps = 1000 * K;
    for (usec_t t = 1; t < 60; t++)
        rate_report(&rate, START + t * USEC_PER_SEC, &normal);
    assert_int_equal(rate_bps(&rate), 1000 * K);
}

static void loss_that_was_not_ours_is_undone(void **state)
{
    (void)state;
    struct rate rate = fresh(1000 * K);
    struct rate_news losing = news(DELAY_NORMAL, 800 * K, 0);
    losing.losing = true;
    assert_true(rate_report(&rate, START + USEC_PER_SEC, &losing));
    assert_int_equal(rate_bps(&rate), 800 * K);
    rate_undo_loss(&rate, START + 2 * USEC_PER_SEC);
    assert_int_equal(rate_bps(&rate), 1000 * K);
    /* A queue since then is another matter. */
    rate_report(&rate, START + 3 * USEC_PER_SEC, &losing);
    struct rate_news over = news(DELAY_OVER, 800 * K, 40000);
    rate_report(&rate, START + 4 * USEC_PER_SEC, &over);
    rate_undo_loss(&rate, START + 5 * USEC_PER_SEC);
    assert_int_equal(rate_bps(&rate), 680 * K);
}

static void it_stays_within_its_bounds(void **state)
{
    (void)state;
    struct rate rate = fresh(1);
    assert_int_equal(rate_bps(&rate), BANDWIDTH_FLOOR_BPS);
    rate_found(&rate, START, UINT64_MAX / 16, false);
    assert_int_equal(rate_bps(&rate), BANDWIDTH_CAP_BPS);
    for (usec_t t = 1; t < 200; t++) {
        struct rate_news over = news(DELAY_OVER, 1, 1000000);
        rate_report(&rate, START + t * USEC_PER_SEC, &over);
        assert_true(rate_bps(&rate) >= BANDWIDTH_FLOOR_BPS);
    }
    rate_limit(&rate, START, 0);
    assert_int_equal(rate_bps(&rate), BANDWIDTH_FLOOR_BPS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_makes_it_fall_below_what_arrives),
        cmocka_unit_test(a_long_queue_is_drained_first),
        cmocka_unit_test(a_queue_that_does_not_drain_is_the_paths_length),
        cmocka_unit_test(who_sends_little_does_not_fall_to_it),
        cmocka_unit_test(it_rises_by_a_part_of_itself_and_near_its_limit_by_packets),
        cmocka_unit_test(it_never_rises_far_above_what_arrives),
        cmocka_unit_test(loss_that_was_not_ours_is_undone),
        cmocka_unit_test(it_stays_within_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
