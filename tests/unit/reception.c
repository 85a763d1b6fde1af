#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/reception.h"

enum { RATE = 90000, FRAME_US = 20000, FRAME_TICKS = 1800 };

static struct reception fresh(void)
{
    struct reception reception;
    reception_init(&reception, RATE);
    return reception;
}

/* Packet n of a stream that starts at `first`, sent every 20 ms and arriving at once. */
static uint64_t receive(struct reception *reception, uint16_t first, uint32_t n)
{
    return reception_packet(reception, (usec_t)n * FRAME_US, (uint16_t)(first + n), n * FRAME_TICKS);
}

static struct rtcp_report report_of(struct reception *reception)
{
    struct rtcp_report report;
    assert_true(reception_report(reception, 0, 77, &report));
    assert_int_equal(report.ssrc, 77);
    return report;
}

static void nothing_received_is_nothing_to_report(void **state)
{
    (void)state;
    struct reception reception = fresh();
    struct rtcp_report report;
    assert_false(reception_report(&reception, 0, 1, &report));
}

static void a_whole_stream_has_no_loss_and_no_jitter(void **state)
{
    (void)state;
    struct reception reception = fresh();
    for (uint32_t n = 0; n < 1000; n++)
        receive(&reception, 65000, n);
    struct rtcp_report report = report_of(&reception);
    assert_int_equal(report.lost, 0);
    assert_int_equal(report.fraction_lost, 0);
    assert_int_equal(report.jitter, 0);
    assert_int_equal(report.highest_seq, 65000 + 999); /* one cycle in the upper half */
    assert_int_equal(report.last_sr, 0);
    assert_int_equal(report.delay, 0);
}

static void one_of_four_lost_is_64_of_256(void **state)
{
    (void)state;
    struct reception reception = fresh();
    for (uint32_t n = 0; n < 400; n++)
        if (n % 4 != 2)
            receive(&reception, 65500, n);
    struct rtcp_report report = report_of(&reception);
    assert_int_equal(report.fraction_lost, 64);
    assert_int_equal(report.lost, 100);
}

static void the_fraction_covers_the_interval_and_the_sum_covers_all(void **state)
{
    (void)state;
    struct reception reception = fresh();
    receive(&reception, 0, 0);
    receive(&reception, 0, 3);
    assert_int_equal(report_of(&reception).fraction_lost, 128);
    for (uint32_t n = 4; n < 10; n++)
        receive(&reception, 0, n);
    struct rtcp_report report = report_of(&reception);
    assert_int_equal(report.fraction_lost, 0);
    assert_int_equal(report.lost, 2);
    /* Nothing at all in an interval is no division by zero. */
    report = report_of(&reception);
    assert_int_equal(report.fraction_lost, 0);
    assert_int_equal(report.lost, 2);
    /* Half of the next twenty. */
    for (uint32_t n = 11; n < 30; n += 2)
        receive(&reception, 0, n);
    report = report_of(&reception);
    assert_int_equal(report.fraction_lost, 128);
    assert_int_equal(report.lost, 12);
}

static void late_packets_are_not_lost(void **state)
{
    (void)state;
    struct reception reception = fresh();
    const uint32_t order[] = { 2, 0, 1, 5, 3, 4 };
    /* Packet 2 has the number 0 and comes first: 65536 extended. */
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(receive(&reception, 65534, order[i]), 65536 - 2 + order[i]);
    struct rtcp_report report = report_of(&reception);
    assert_int_equal(report.lost, 0);
    assert_int_equal(report.fraction_lost, 0);
}

static void a_late_packet_of_the_last_interval_makes_up_for_it(void **state)
{
    (void)state;
    struct reception reception = fresh();
    receive(&reception, 0, 0);
    receive(&reception, 0, 2);
    assert_int_equal(report_of(&reception).lost, 1);
    receive(&reception, 0, 1);
    struct rtcp_report report = report_of(&reception);
    assert_int_equal(report.lost, 0);
    assert_int_equal(report.fraction_lost, 0);
}

static void loss_in_all_is_clamped_to_24_bits(void **state)
{
    (void)state;
    struct reception reception = fresh();
    for (uint32_t i = 0; i < 600; i++)
        reception_packet(&reception, 0, (uint16_t)(i * 30000), 0);
    struct rtcp_report report = report_of(&reception);
    assert_int_equal(report.lost, 0x7fffff);
    assert_int_equal(report.fraction_lost, 255);
}

/* RFC 3550 A.8, worked by hand: a delay of 16 ms for one packet and none for the next moves the estimate twice. */
static void jitter_follows_the_formula(void **state)
{
    (void)state;
    struct reception reception = fresh();
    receive(&reception, 0, 0);
    reception_packet(&reception, FRAME_US + 16000, 1, FRAME_TICKS);
    /* D = 1440 ticks: J = 1440 / 16 */
    assert_int_equal(report_of(&reception).jitter, 90);
    receive(&reception, 0, 2);
    /* J += (1440 - 90) / 16 = 84.4 */
    assert_int_equal(report_of(&reception).jitter, 174);
}

static void jitter_settles_at_a_steady_swing(void **state)
{
    (void)state;
    struct reception reception = fresh();
    for (uint32_t n = 0; n < 1000; n++)
        reception_packet(&reception, (usec_t)n * FRAME_US + n % 2 * 10000, (uint16_t)n, n * FRAME_TICKS);
    assert_in_range(report_of(&reception).jitter, 895, 900); /* |D| is 10 ms each time */
}

static void jitter_survives_wrapping_and_wild_timestamps(void **state)
{
    (void)state;
    struct reception reception = fresh();
    for (uint32_t n = 0; n < 100; n++)
        reception_packet(&reception, (usec_t)n * FRAME_US, (uint16_t)n,
                         UINT32_MAX - 50 * FRAME_TICKS + n * FRAME_TICKS);
    assert_int_equal(report_of(&reception).jitter, 0);
    for (uint32_t n = 100; n < 10000; n++)
        reception_packet(&reception, 0, (uint16_t)n, n % 2 * 0x80000000u);
    assert_true(report_of(&reception).jitter <= 0x80000000u);
}

static void the_last_sender_report_is_echoed_with_its_delay(void **state)
{
    (void)state;
    struct reception reception = fresh();
    receive(&reception, 0, 0);
    struct rtcp_sender sender = { .ntp = 0x1111222233334444, .rtp_time = 5 };
    reception_sender_report(&reception, 10 * USEC_PER_SEC, &sender);
    struct rtcp_report report;
    assert_true(reception_report(&reception, 10 * USEC_PER_SEC + 1500 * USEC_PER_MSEC, 1, &report));
    assert_int_equal(report.last_sr, 0x22223333);
    assert_int_equal(report.delay, 0x18000); /* 1.5 s */
    assert_true(reception_report(&reception, 1000000 * USEC_PER_SEC, 1, &report));
    assert_int_equal(report.delay, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_received_is_nothing_to_report),
        cmocka_unit_test(a_whole_stream_has_no_loss_and_no_jitter),
        cmocka_unit_test(one_of_four_lost_is_64_of_256),
        cmocka_unit_test(the_fraction_covers_the_interval_and_the_sum_covers_all),
        cmocka_unit_test(late_packets_are_not_lost),
        cmocka_unit_test(a_late_packet_of_the_last_interval_makes_up_for_it),
        cmocka_unit_test(loss_in_all_is_clamped_to_24_bits),
        cmocka_unit_test(jitter_follows_the_formula),
        cmocka_unit_test(jitter_settles_at_a_steady_swing),
        cmocka_unit_test(jitter_survives_wrapping_and_wild_timestamps),
        cmocka_unit_test(the_last_sender_report_is_echoed_with_its_delay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
