#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "shell/key_life.h"

static void keys_live_as_long_as_their_header_says_within_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        long life_s;
    } cases[] = {
        { "", 300 },
        { "no-store", 300 },
        { "max-age=120", 120 },
        { "public, Max-Age=7200, must-revalidate", 7200 },
        { "public,max-age=\"7200\"", 7200 },
        { "x-max-age=7200", 300 },
        { "x-max-age=7200, max-age=120", 120 },
        { "max-age=0", 60 },
        { "max-age=59", 60 },
        { "max-age=86401", 86400 },
        { "max-age=99999999999999999999999", 86400 },
        { "max-age=-5", 300 },
        { "max-age=", 300 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (key_life_s(cases[i].header) != cases[i].life_s)
            fail_msg("'%s' is %ld s", cases[i].header, key_life_s(cases[i].header));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_live_as_long_as_their_header_says_within_bounds),
    };
    return cmocka_run_group_tests_name("key_life", tests, NULL, NULL);
}
