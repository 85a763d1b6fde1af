#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/meter.h"

static int64_t ms(int64_t n)
{
    return n * 1000;
}

static void a_steady_stream_is_measured(void **state)
{
    (void)state;
    struct meter meter = { 0 };
    for (int64_t t = 1000; t < 2000; t += 10)
        meter_add(&meter, ms(t), 1250); /* 1 Mbit/s */
    assert_int_equal(meter_bps(&meter, 500 * USEC_PER_MSEC), 1000000);
    assert_int_equal(meter_bps(&meter, 100 * USEC_PER_MSEC), 1000000);
    for (int64_t t = 2000; t < 2200; t += 10)
        meter_add(&meter, ms(t), 125);
    assert_int_equal(meter_bps(&meter, 100 * USEC_PER_MSEC), 100000);
    assert_true(meter_bps(&meter, 500 * USEC_PER_MSEC) > 500000);
}

static void a_young_one_knows_nothing_and_an_idle_one_begins_anew(void **state)
{
    (void)state;
    struct meter meter = { 0 };
    assert_int_equal(meter_bps(&meter, 500 * USEC_PER_MSEC), 0);
    meter_add(&meter, ms(1000), 1000);
    meter_add(&meter, ms(1050), 1000);
    assert_int_equal(meter_bps(&meter, 500 * USEC_PER_MSEC), 0);
    for (int64_t t = 60000; t < 60200; t += 10)
        meter_add(&meter, ms(t), 1250);
    assert_int_equal(meter_bps(&meter, 500 * USEC_PER_MSEC), 1000000);
}

static void disorder_counts_where_it_belongs(void **state)
{
    (void)state;
    struct meter meter = { 0 };
    for (int64_t t = 1000; t < 2000; t += 20) {
        meter_add(&meter, ms(t + 40), 1250);
        meter_add(&meter, ms(t), 1250);
    }
    assert_int_equal(meter_bps(&meter, 300 * USEC_PER_MSEC) / 100000, 9); /* the last two slots wait for their half */
    /* From long ago, and then a clock that fell back for good. */
    meter_add(&meter, ms(500), 1000000);
    assert_true(meter_bps(&meter, 300 * USEC_PER_MSEC) < 1000000);
    for (int64_t t = -90000; t < -89000; t += 10)
        meter_add(&meter, ms(t), 1250);
    assert_int_equal(meter_bps(&meter, 300 * USEC_PER_MSEC), 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_stream_is_measured),
        cmocka_unit_test(a_young_one_knows_nothing_and_an_idle_one_begins_anew),
        cmocka_unit_test(disorder_counts_where_it_belongs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
