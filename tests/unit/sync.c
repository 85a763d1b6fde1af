#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/rtcp.h"
#include "media/sync.h"

static struct now at_ms(int64_t ms)
{
    return (struct now){ .mono_us = (usec_t)ms * 1000, .unix_us = ms * 1000 };
}

static void an_unknown_clock_is_taken_as_it_is(void **state)
{
    (void)state;
    struct sync sync = { 0 };
    assert_true(sync_ntp(&sync, 12345) == 12345);
}

static void a_slow_publishers_times_become_ours(void **state)
{
    (void)state;
    struct sync sync = { 0 };
    sync_sender_report(&sync, at_ms(1700000000000), rtcp_ntp(1699999000000000));
    assert_true(sync_ntp(&sync, rtcp_ntp(1699999000000000)) == rtcp_ntp(1700000000000000));
    assert_true(sync_ntp(&sync, rtcp_ntp(1699999002000000)) == rtcp_ntp(1700000002000000));
}

static void delay_of_later_reports_does_not_move_the_offset(void **state)
{
    (void)state;
    struct sync sync = { 0 };
    sync_sender_report(&sync, at_ms(100000), rtcp_ntp(100000000));
    uint64_t offset = sync.offset;
    sync_sender_report(&sync, at_ms(101400), rtcp_ntp(101000000));
    assert_true(sync.offset == offset);
    sync_sender_report(&sync, at_ms(101600), rtcp_ntp(102000000));
    assert_true(sync.offset == offset);
}

static void a_clock_set_anew_moves_the_offset(void **state)
{
    (void)state;
    struct sync sync = { 0 };
    sync_sender_report(&sync, at_ms(100000), rtcp_ntp(100000000));
    sync_sender_report(&sync, at_ms(101000), rtcp_ntp(4000000000));
    assert_true(sync_ntp(&sync, rtcp_ntp(4000000000)) == rtcp_ntp(101000000));
    sync_sender_report(&sync, at_ms(102000), rtcp_ntp(50000000));
    assert_true(sync_ntp(&sync, rtcp_ntp(50000000)) == rtcp_ntp(102000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_clock_is_taken_as_it_is),
        cmocka_unit_test(a_slow_publishers_times_become_ours),
        cmocka_unit_test(delay_of_later_reports_does_not_move_the_offset),
        cmocka_unit_test(a_clock_set_anew_moves_the_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
