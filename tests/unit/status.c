#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/status.h"

static void each_status_has_its_own_name(void **state)
{
    (void)state;
    for (int a = OK; a <= ERR_SYSTEM; a++) {
        assert_string_not_equal(status_name((enum status)a), "?");
        for (int b = OK; b < a; b++)
            assert_string_not_equal(status_name((enum status)a), status_name((enum status)b));
    }
    assert_string_equal(status_name((enum status)999), "?");
}

static enum status pass_on(enum status inner, int *after)
{
    TRY(inner);
    (*after)++;
    return OK;
}

static void try_returns_failures_and_falls_through_ok(void **state)
{
    (void)state;
    int after = 0;
    assert_int_equal(pass_on(ERR_FULL, &after), ERR_FULL);
    assert_int_equal(after, 0);
    assert_int_equal(pass_on(OK, &after), OK);
    assert_int_equal(after, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status_has_its_own_name),
        cmocka_unit_test(try_returns_failures_and_falls_through_ok),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
