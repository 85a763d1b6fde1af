#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "shell/ration.h"

static void a_second_has_so_many_lines_and_the_next_says_how_many_were_kept(void **state)
{
    (void)state;
    struct ration r = { 0 };
    const usec_t at = 3 * USEC_PER_SEC + 1;
    uint32_t kept = 99, said = 0;
    for (int i = 0; i < 1000; i++)
        said += ration_take(&r, at + (usec_t)i, &kept);
    assert_int_equal(said, RATION_PER_S);
    assert_int_equal(kept, 0);
    assert_true(ration_take(&r, at + USEC_PER_SEC, &kept));
    assert_int_equal(kept, 1000 - RATION_PER_S);
    assert_true(ration_take(&r, at + USEC_PER_SEC, &kept));
    assert_int_equal(kept, 0);
}

static void slow_lines_are_all_said(void **state)
{
    (void)state;
    struct ration r = { 0 };
    for (usec_t at = 0; at < 1000 * USEC_PER_SEC; at += USEC_PER_SEC / RATION_PER_S) {
        uint32_t kept;
        assert_true(ration_take(&r, at, &kept));
        assert_int_equal(kept, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_has_so_many_lines_and_the_next_says_how_many_were_kept),
        cmocka_unit_test(slow_lines_are_all_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
