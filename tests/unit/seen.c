/* The memory of transaction ids: what was there is never new again, what is new is seldom mistaken, and little is
 * taken. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "support/packets.h"
#include "transport/seen.h"

struct id {
    uint8_t at[SEEN_ID_LEN];
};

static struct id random_id(void)
{
    struct id id;
    for (size_t i = 0; i < sizeof id.at; i++)
        id.at[i] = (uint8_t)dice(256);
    return id;
}

static void nothing_is_forgotten(void **state)
{
    (void)state;
    enum { COUNT = 20000 }; /* more than it was made for */
    static struct id ids[COUNT];
    struct seen seen = { 0 };
    for (size_t i = 0; i < COUNT; i++) {
        ids[i] = random_id();
        seen_note(&seen, ids[i].at);
        assert_false(seen_note(&seen, ids[dice((uint32_t)i + 1)].at));
    }
    for (size_t i = 0; i < COUNT; i++)
        assert_false(seen_note(&seen, ids[i].at));
    assert_int_equal(seen.filter_count, SEEN_FILTERS_MAX);
    seen_clear(&seen);
}

static void few_of_four_thousand_are_mistaken(void **state)
{
    (void)state;
    unsigned mistaken = 0;
    for (int run = 0; run < 10; run++) {
        struct seen seen = { 0 };
        for (int i = 0; i < 4000; i++) {
            struct id id = random_id();
            mistaken += !seen_note(&seen, id.at);
        }
        seen_clear(&seen);
    }
    assert_in_range(mistaken, 0, 40000 / 200);
}

static void the_first_filters_are_small(void **state)
{
    (void)state;
    struct seen seen = { 0 };
    for (int i = 0; i < 120; i++) {
        struct id id = random_id();
        seen_note(&seen, id.at);
    }
    assert_int_equal(seen.filter_count, 1);
    for (int i = 120; i < 1440; i++) { /* an hour of a check each 2.5 s */
        struct id id = random_id();
        seen_note(&seen, id.at);
    }
    assert_int_equal(seen.filter_count, 4); /* 256 + 512 + 1,024 + 2,048 bytes */
    seen_clear(&seen);
    assert_int_equal(seen.filter_count, 0);
}

static void after_a_clear_everything_is_new(void **state)
{
    (void)state;
    struct seen seen = { 0 };
    struct id id = random_id();
    assert_true(seen_note(&seen, id.at));
    seen_clear(&seen);
    assert_true(seen_note(&seen, id.at));
    seen_clear(&seen);
}

static int start(void **state)
{
    (void)state;
    packets_seed = 0x2545f4914f6cdd1d;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_forgotten),
        cmocka_unit_test(few_of_four_thousand_are_mistaken),
        cmocka_unit_test(the_first_filters_are_small),
        cmocka_unit_test(after_a_clear_everything_is_new),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
