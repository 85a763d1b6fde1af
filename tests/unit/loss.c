#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>

#include "media/loss.h"

/* Reports each 100 ms on ten packets. */
struct path {
    struct loss loss;
    usec_t at_us;
    int lowered, own;
};

static void run(struct path *path, int reports, unsigned lost, bool queueing)
{
    path->lowered = path->own = 0;
    for (int i = 0; i < reports; i++, path->at_us += 100 * USEC_PER_MSEC) {
        enum loss_verdict verdict = loss_report(&path->loss, path->at_us, lost, 10 - lost, queueing);
        path->own += verdict == LOSS_OWN;
        if (verdict != LOSS_LOWER)
            continue;
        path->lowered++;
        loss_lowered(&path->loss, path->at_us, 100 * USEC_PER_MSEC);
    }
}

static void a_burst_says_nothing(void **state)
{
    (void)state;
    struct path path = { .at_us = USEC_PER_SEC };
    run(&path, 50, 0, false);
    run(&path, 3, 10, false);
    assert_int_equal(path.lowered, 0);
    run(&path, 50, 0, false);
    assert_int_equal(path.lowered, 0);
}

static void loss_that_lasts_is_tried_once_and_then_known_for_the_paths_own(void **state)
{
    (void)state;
    struct path path = { .at_us = USEC_PER_SEC };
    run(&path, 600, 2, false);
    assert_int_equal(path.lowered, 1);
    assert_int_equal(path.own, 1);
    /* More than its own counts again. */
    run(&path, 20, 4, false);
    assert_int_equal(path.lowered, 1);
}

static void loss_that_lowering_mended_counts_each_time(void **state)
{
    (void)state;
    struct path path = { .at_us = USEC_PER_SEC };
    for (int i = 0; i < 4; i++) {
        for (int reports = 0; path.lowered == 0; reports++) {
            assert_true(reports < 20);
            run(&path, 1, 3, false);
        }
        run(&path, 1, 3, false); /* it takes a round trip */
        run(&path, 30, 0, false);
        assert_int_equal(path.own, 0);
    }
}

static void with_a_queue_less_is_enough(void **state)
{
    (void)state;
    struct path path = { .at_us = USEC_PER_SEC };
    run(&path, 60, 1, false);
    assert_int_equal(path.lowered, 0);
    run(&path, 12, 1, true);
    assert_int_equal(path.lowered, 1);
}

/* Each second report finds what the one before had missed: it was overtaken, not lost. */
static void what_comes_after_all_was_not_lost(void **state)
{
    (void)state;
    struct loss loss = { 0 };
    for (usec_t i = 0; i < 100; i++) {
        usec_t at_us = USEC_PER_SEC + i * 100 * USEC_PER_MSEC;
        bool finds = i % 2;
        assert_int_equal(loss_report(&loss, at_us, finds ? -6 : 6, finds ? 16 : 4, true), LOSS_FINE);
    }
    assert_int_equal(loss_report(&loss, 20 * USEC_PER_SEC, -1000, 30, true), LOSS_FINE);
    assert_true(loss.ratio <= 1);
}

static void few_packets_tell_nothing(void **state)
{
    (void)state;
    struct loss loss = { 0 };
    for (usec_t t = 1; t < 15; t++)
        assert_int_equal(loss_report(&loss, t * USEC_PER_SEC, 1, 0, true), LOSS_FINE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_says_nothing),
        cmocka_unit_test(loss_that_lasts_is_tried_once_and_then_known_for_the_paths_own),
        cmocka_unit_test(loss_that_lowering_mended_counts_each_time),
        cmocka_unit_test(with_a_queue_less_is_enough),
        cmocka_unit_test(what_comes_after_all_was_not_lost),
        cmocka_unit_test(few_packets_tell_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
