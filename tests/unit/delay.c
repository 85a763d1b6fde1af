#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/delay.h"
#include "sim/chance.h"

/* Packets each 10 ms, reports each 100 ms; the path is 40 ms long, with what `extra` adds. */
struct path {
    struct delay delay;
    struct chance chance;
    int64_t at_us, queue_us, jitter_us;
    enum delay_signal signal;
    int overs, unders;
};

static void run(struct path *path, int ms, int64_t growth_us)
{
    path->overs = path->unders = 0;
    for (int t = 0; t < ms; t += 10, path->at_us += 10000) {
        path->queue_us += growth_us;
        if (path->queue_us < 0)
            path->queue_us = 0;
        int64_t jitter_us = path->jitter_us ? (int64_t)chance_below(&path->chance, (uint64_t)path->jitter_us) : 0;
        delay_packet(&path->delay, path->at_us, path->at_us + 40000 + path->queue_us + jitter_us - 777777777);
        if (path->at_us % 100000 != 0)
            continue;
        path->signal = delay_report(&path->delay);
        path->overs += path->signal == DELAY_OVER;
        path->unders += path->signal == DELAY_UNDER;
    }
}

static struct path fresh(void)
{
    struct path path = { .chance = { 1 }, .at_us = 5000000 };
    delay_init(&path.delay);
    run(&path, 3000, 0);
    return path;
}

static void an_even_path_says_nothing(void **state)
{
    (void)state;
    struct path path = fresh();
    assert_int_equal(path.overs + path.unders, 0);
    assert_int_equal(delay_queue_us(&path.delay), 0);
}

static void a_growing_queue_is_seen_soon_and_so_is_its_end(void **state)
{
    (void)state;
    struct path path = fresh();
    run(&path, 500, 3000); /* twice of 10 ms takes 13 */
    assert_true(path.overs >= 2);
    assert_true(delay_queue_us(&path.delay) > 80000);
    run(&path, 500, -4000);
    assert_true(path.unders >= 1);
    run(&path, 2000, 0);
    assert_int_equal(path.signal, DELAY_NORMAL);
    assert_int_equal(delay_queue_us(&path.delay), 0);
}

static void jitter_is_no_queue(void **state)
{
    (void)state;
    struct path path = fresh();
    path.jitter_us = 30000;
    run(&path, 60000, 0);
    assert_true(path.overs <= 6); /* of 600 */
    /* And a queue is found in spite of it. */
    run(&path, 1000, 3000);
    assert_true(path.overs >= 2);
}

static void a_full_queue_is_over_though_it_grows_no_more(void **state)
{
    (void)state;
    struct path path = fresh();
    run(&path, 1000, 3000);
    run(&path, 2000, 0);
    assert_int_equal(path.signal, DELAY_OVER);
    delay_rebase(&path.delay);
    run(&path, 2000, 0);
    assert_int_equal(path.signal, DELAY_NORMAL);
    assert_int_equal(delay_queue_us(&path.delay), 0);
}

static void a_path_that_became_longer_is_known_in_time(void **state)
{
    (void)state;
    struct path path = fresh();
    path.queue_us = 60000;
    run(&path, 1000, 0);
    assert_int_equal(delay_queue_us(&path.delay), 60000);
    run(&path, 25000, 0);
    assert_int_equal(delay_queue_us(&path.delay), 0);
}

static void a_clock_that_jumps_is_no_trend(void **state)
{
    (void)state;
    struct path path = fresh();
    path.queue_us = 60000000;
    delay_rebase(&path.delay);
    run(&path, 3000, 0);
    assert_int_equal(path.overs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_even_path_says_nothing),
        cmocka_unit_test(a_growing_queue_is_seen_soon_and_so_is_its_end),
        cmocka_unit_test(jitter_is_no_queue),
        cmocka_unit_test(a_full_queue_is_over_though_it_grows_no_more),
        cmocka_unit_test(a_path_that_became_longer_is_known_in_time),
        cmocka_unit_test(a_clock_that_jumps_is_no_trend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
