#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/keyframe.h"

static usec_t ms(uint64_t n)
{
    return n * USEC_PER_MSEC;
}

/* How many requests go out when `due` is asked each millisecond. */
static int asked_between(struct keyframe *keyframe, usec_t from, usec_t until)
{
    int count = 0;
    for (usec_t now = from; now < until; now += ms(1))
        count += keyframe_due(keyframe, now);
    return count;
}

static void nothing_is_asked_when_nobody_wants(void **state)
{
    (void)state;
    struct keyframe keyframe = { 0 };
    assert_true(keyframe_deadline(&keyframe) == NEVER);
    assert_int_equal(asked_between(&keyframe, 0, ms(1000)), 0);
}

static void a_hundred_receivers_make_one_request(void **state)
{
    (void)state;
    struct keyframe keyframe = { 0 };
    int count = 0;
    for (int i = 0; i < 100; i++) {
        keyframe_want(&keyframe);
        count += keyframe_due(&keyframe, ms(1000));
    }
    assert_int_equal(count, 1);
    keyframe_arrived(&keyframe);
    assert_int_equal(asked_between(&keyframe, ms(1001), ms(3000)), 0);
    assert_true(keyframe_deadline(&keyframe) == NEVER);
}

static void it_is_asked_again_until_a_keyframe_comes(void **state)
{
    (void)state;
    struct keyframe keyframe = { 0 };
    keyframe_want(&keyframe);
    assert_int_equal(asked_between(&keyframe, ms(5), ms(5) + 3 * KEYFRAME_RETRY_US + ms(1)), 4);
    keyframe_arrived(&keyframe);
    assert_int_equal(asked_between(&keyframe, ms(2000), ms(4000)), 0);
}

static void keyframes_that_come_at_once_do_not_raise_the_pace(void **state)
{
    (void)state;
    struct keyframe keyframe = { 0 };
    int count = 0;
    for (usec_t now = 0; now < ms(3000); now += ms(1)) {
        keyframe_want(&keyframe);
        if (keyframe_due(&keyframe, now)) {
            count++;
            keyframe_arrived(&keyframe);
        }
    }
    assert_int_equal(count, 10);
}

static void someone_just_let_in_does_not_wait_for_the_pace(void **state)
{
    (void)state;
    struct keyframe keyframe = { 0 };
    keyframe_want(&keyframe);
    assert_true(keyframe_due(&keyframe, ms(1000)));
    keyframe_arrived(&keyframe);
    keyframe_want_now(&keyframe);
    assert_false(keyframe_due(&keyframe, ms(1049)));
    assert_true(keyframe_deadline(&keyframe) == ms(1050));
    assert_true(keyframe_due(&keyframe, ms(1050)));
    /* From then on it is as patient as the others. */
    assert_int_equal(asked_between(&keyframe, ms(1050), ms(1350)), 0);
    assert_true(keyframe_due(&keyframe, ms(1350)));
}

static void many_let_in_together_make_few_requests(void **state)
{
    (void)state;
    struct keyframe keyframe = { 0 };
    int count = 0;
    for (usec_t now = 0; now < ms(1000); now += ms(1)) {
        keyframe_want_now(&keyframe);
        count += keyframe_due(&keyframe, now);
    }
    assert_int_equal(count, 20);
}

static void the_deadline_is_when_it_turns_due(void **state)
{
    (void)state;
    struct keyframe keyframe = { 0 };
    keyframe_want(&keyframe);
    assert_true(keyframe_deadline(&keyframe) == 0);
    assert_true(keyframe_due(&keyframe, ms(10)));
    usec_t deadline = keyframe_deadline(&keyframe);
    assert_true(deadline == ms(10) + KEYFRAME_RETRY_US);
    assert_false(keyframe_due(&keyframe, deadline - 1));
    assert_true(keyframe_due(&keyframe, deadline));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_asked_when_nobody_wants),
        cmocka_unit_test(a_hundred_receivers_make_one_request),
        cmocka_unit_test(it_is_asked_again_until_a_keyframe_comes),
        cmocka_unit_test(keyframes_that_come_at_once_do_not_raise_the_pace),
        cmocka_unit_test(someone_just_let_in_does_not_wait_for_the_pace),
        cmocka_unit_test(many_let_in_together_make_few_requests),
        cmocka_unit_test(the_deadline_is_when_it_turns_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
