#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "shell/backoff.h"

static void a_pause_doubles_up_to_its_limit(void **state)
{
    (void)state;
    static const uint32_t wholes_s[] = { 1, 1, 2, 4, 8, 16, 32, 60, 60, 60 }; /* by the number of failures */
    for (uint32_t failures = 0; failures < 10; failures++) {
        usec_t whole = wholes_s[failures] * USEC_PER_SEC;
        assert_int_equal(backoff_us(failures, 60 * USEC_PER_SEC, 0), whole / 2);
        assert_int_equal(backoff_us(failures, 60 * USEC_PER_SEC, UINT32_MAX), whole);
    }
    assert_int_equal(backoff_us(UINT32_MAX, 300 * USEC_PER_SEC, UINT32_MAX), 300 * USEC_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pause_doubles_up_to_its_limit),
    };
    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
