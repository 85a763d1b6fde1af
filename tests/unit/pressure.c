/* A shard's load: when it lets datagrams gather, and when pictures go and come back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "shell/pressure.h"

static struct pressure pressure;
static usec_t now_us, cpu_us;

static int set_up(void **state)
{
    (void)state;
    pressure_init(&pressure);
    now_us = 1000 * USEC_PER_SEC;
    cpu_us = 77;
    pressure_look(&pressure, now_us, cpu_us);
    return 0;
}

/* One time between two looks, of which so much was spent on so many datagrams. */
static void pass(unsigned percent, size_t datagrams)
{
    assert_int_equal(pressure.due_at, now_us + PRESSURE_LOOK_US);
    pressure_add(&pressure, datagrams);
    now_us += PRESSURE_LOOK_US;
    cpu_us += PRESSURE_LOOK_US * percent / 100;
    pressure_look(&pressure, now_us, cpu_us);
}

static void many_datagrams_gather_and_few_do_not(void **state)
{
    (void)state;
    size_t enough = PRESSURE_BUSY_PER_MS * PRESSURE_LOOK_US / USEC_PER_MSEC;
    assert_false(pressure_is_busy(&pressure));
    pass(10, enough - 1);
    assert_false(pressure_is_busy(&pressure));
    pass(10, enough);
    assert_true(pressure_is_busy(&pressure));
    pass(10, 0);
    assert_false(pressure_is_busy(&pressure));
}

static void pictures_go_when_there_is_no_time_and_come_back_slowly(void **state)
{
    (void)state;
    pass(PRESSURE_FULL_PERCENT - 1, 1);
    assert_int_equal(pressure.picture_percent, 100);
    pass(PRESSURE_FULL_PERCENT, 1);
    assert_int_equal(pressure.picture_percent, 75);
    pass(100, 1);
    assert_int_equal(pressure.picture_percent, 56);
    pass(PRESSURE_EASY_PERCENT, 1); /* neither too much nor little enough */
    assert_int_equal(pressure.picture_percent, 56);
    for (int i = 0; i < 22; i++)
        pass(10, 1);
    assert_int_equal(pressure.picture_percent, 100);
    pass(10, 1);
    assert_int_equal(pressure.picture_percent, 100);
}

static void all_pictures_go_if_need_be(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++)
        pass(100, 1);
    assert_int_equal(pressure.picture_percent, 0);
    for (int i = 0; i < 50; i++)
        pass(10, 1);
    assert_int_equal(pressure.picture_percent, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(many_datagrams_gather_and_few_do_not, set_up),
        cmocka_unit_test_setup(pictures_go_when_there_is_no_time_and_come_back_slowly, set_up),
        cmocka_unit_test_setup(all_pictures_go_if_need_be, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
