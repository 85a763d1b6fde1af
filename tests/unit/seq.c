#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/seq.h"

static void a_number_after_the_wrap_comes_after_one_before_it(void **state)
{
    (void)state;
    assert_true(seq_after(0, 65535));
    assert_false(seq_after(65535, 0));
    assert_true(seq_after(5, 65530));
    assert_true(time_after(0, UINT32_MAX));
    assert_false(time_after(UINT32_MAX, 0));
}

static void a_number_does_not_come_after_itself(void **state)
{
    (void)state;
    assert_false(seq_after(7, 7));
    assert_false(time_after(7, 7));
}

static void half_the_circle_divides_before_from_after(void **state)
{
    (void)state;
    assert_true(seq_after(0x7fff, 0));
    assert_false(seq_after(0x8001, 0));
    assert_true(time_after(0x7fffffff, 0));
    assert_false(time_after(0x80000001, 0));
}

static void extension_follows_the_wrap_in_both_directions(void **state)
{
    (void)state;
    assert_int_equal(seq_extend(0x1ffff, 0), 0x20000);
    assert_int_equal(seq_extend(0x20000, 0xffff), 0x1ffff);
    assert_int_equal(seq_extend(0x20005, 5), 0x20005);
}

static void extension_counts_every_cycle(void **state)
{
    (void)state;
    uint64_t highest = 0x10000;
    for (uint64_t n = highest; n < 0x10000 + 300000; n += 997)
        assert_int_equal(highest = seq_extend(highest, (uint16_t)n), n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_after_the_wrap_comes_after_one_before_it),
        cmocka_unit_test(a_number_does_not_come_after_itself),
        cmocka_unit_test(half_the_circle_divides_before_from_after),
        cmocka_unit_test(extension_follows_the_wrap_in_both_directions),
        cmocka_unit_test(extension_counts_every_cycle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
