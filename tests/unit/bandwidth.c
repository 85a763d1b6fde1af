#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/bandwidth.h"
#include "media/twcc.h"
#include "sim/chance.h"

enum { K = 1000 };

/* One receiver on a path of 40 ms that takes all, which reports each 100 ms; 1 Mbit/s is sent. */
struct path {
    struct bandwidth *bandwidth;
    struct twcc heard;
    usec_t now_us;
    uint8_t message[2000];
    struct bytes fci; /* the last report's */
    size_t padding;
    uint16_t loses_each; /* of so many packets one; 0: none */
    usec_t queue_us;     /* in which all others wait */
};

static struct path fresh(void)
{
    struct path path = { .now_us = 10 * USEC_PER_SEC };
    assert_int_equal(bandwidth_create(&path.bandwidth, path.now_us), OK);
    return path;
}

static void packet(struct path *path, size_t bytes)
{
    uint16_t seq = bandwidth_send(path->bandwidth, path->now_us, bytes);
    if (path->loses_each == 0 || seq % path->loses_each != 0)
        twcc_packet(&path->heard, path->now_us + 40 * USEC_PER_MSEC + path->queue_us, seq);
}

static void report(struct path *path)
{
    struct writer w = writer_over(path->message, sizeof path->message);
    if (!twcc_write(&path->heard, &w, 1, 2))
        return;
    path->fci = (struct bytes){ path->message + 12, w.len - 12 };
}

/* The report of 100 ms ago arrives when the next one is written. */
static void run(struct path *path, unsigned ms, bool reporting)
{
    for (unsigned t = 0; t < ms; t += 10, path->now_us += 10 * USEC_PER_MSEC) {
        packet(path, 1250);
        if (path->now_us >= bandwidth_deadline(path->bandwidth))
            bandwidth_tick(path->bandwidth, path->now_us);
        for (size_t left = bandwidth_probe(path->bandwidth, path->now_us); left > 0; left -= left < 250 ? left : 250) {
            packet(path, left < 250 ? left : 250);
            path->padding++;
        }
        if (!reporting || path->now_us / (10 * USEC_PER_MSEC) % 10 != 0)
            continue;
        if (path->fci.len > 0)
            assert_int_equal(bandwidth_feedback(path->bandwidth, path->now_us, path->fci), OK);
        report(path);
    }
}

static void numbers_follow_each_other_round_the_circle(void **state)
{
    (void)state;
    struct path path = fresh();
    uint16_t first = bandwidth_send(path.bandwidth, path.now_us, 100);
    for (uint32_t i = 1; i < 70000; i++)
        assert_int_equal(bandwidth_send(path.bandwidth, path.now_us, 100), (uint16_t)(first + i));
    bandwidth_destroy(path.bandwidth);
}

/* So much is on the way that more than at first must be remembered. */
static void news_of_what_was_sent_long_before_counts(void **state)
{
    (void)state;
    struct path path = fresh();
    for (int i = 0; i < 60; i++)
        packet(&path, 1250);
    report(&path);
    path.now_us += 300 * USEC_PER_MSEC;
    for (int i = 0; i < 840; i++)
        packet(&path, 1250);
    assert_int_equal(bandwidth_feedback(path.bandwidth, path.now_us, path.fci), OK);
    assert_int_equal(bandwidth_rtt_us(path.bandwidth), 300 * USEC_PER_MSEC);
    bandwidth_destroy(path.bandwidth);
}

static void it_finds_what_is_wanted_and_no_more(void **state)
{
    (void)state;
    struct path path = fresh();
    assert_int_equal(bandwidth_bps(path.bandwidth), BANDWIDTH_START_BPS);
    assert_int_equal(bandwidth_rtt_us(path.bandwidth), 0);
    run(&path, 1000, true);
    assert_int_equal(path.padding, 0); /* nothing is wanted yet */
    bandwidth_want(path.bandwidth, 4000 * K);
    run(&path, 8000, true);
    assert_in_range(bandwidth_bps(path.bandwidth), 4000 * K, 5000 * K);
    assert_in_range(bandwidth_rtt_us(path.bandwidth), 100 * USEC_PER_MSEC, 200 * USEC_PER_MSEC);
    size_t padding = path.padding;
    assert_true(padding > 0);
    run(&path, 10000, true);
    assert_int_equal(path.padding, padding);
    bandwidth_destroy(path.bandwidth);
}

static void who_says_nothing_gets_a_modest_rate_and_who_stops_falls_to_it(void **state)
{
    (void)state;
    struct path path = fresh();
    bandwidth_want(path.bandwidth, 4000 * K);
    run(&path, 20000, false);
    assert_int_equal(bandwidth_bps(path.bandwidth), BANDWIDTH_SILENT_BPS);
    assert_int_equal(path.padding, 0);
    path.heard = (struct twcc){ 0 };
    run(&path, 8000, true);
    assert_true(bandwidth_bps(path.bandwidth) >= 4000 * K);
    run(&path, 900, false);
    assert_true(bandwidth_bps(path.bandwidth) >= 4000 * K);
    run(&path, 5000, false);
    assert_int_equal(bandwidth_bps(path.bandwidth), BANDWIDTH_SILENT_BPS);
    bandwidth_destroy(path.bandwidth);
}

/* What is lost behind a queue, it dropped: sending that twice would lengthen it. */
static void loss_is_the_paths_own_unless_there_is_a_queue(void **state)
{
    (void)state;
    struct path path = fresh();
    run(&path, 3000, true);
    assert_true(bandwidth_loss(path.bandwidth) < 0.001);
    path.loses_each = 10;
    run(&path, 4000, true);
    assert_true(bandwidth_loss(path.bandwidth) > 0.05 && bandwidth_loss(path.bandwidth) < 0.15);
    path.queue_us = 100 * USEC_PER_MSEC;
    run(&path, 1000, true);
    assert_true(bandwidth_loss(path.bandwidth) < 0.001);
    path.queue_us = 0;
    run(&path, 1000, true);
    assert_true(bandwidth_loss(path.bandwidth) > 0.05);
    path.loses_each = 0;
    run(&path, 4000, true);
    assert_true(bandwidth_loss(path.bandwidth) < 0.001);
    bandwidth_destroy(path.bandwidth);
}

static void nothing_sent_is_no_silence(void **state)
{
    (void)state;
    struct path path = fresh();
    bandwidth_want(path.bandwidth, 2000 * K);
    run(&path, 8000, true);
    uint64_t bps = bandwidth_bps(path.bandwidth);
    report(&path);
    assert_int_equal(bandwidth_feedback(path.bandwidth, path.now_us, path.fci), OK);
    path.now_us += 3600 * USEC_PER_SEC;
    bandwidth_tick(path.bandwidth, path.now_us);
    assert_int_equal(bandwidth_bps(path.bandwidth), bps);
    bandwidth_destroy(path.bandwidth);
}

static void broken_doubled_and_invented_reports_change_nothing(void **state)
{
    (void)state;
    struct path path = fresh();
    run(&path, 3000, true);
    uint64_t bps = bandwidth_bps(path.bandwidth);
    usec_t rtt_us = bandwidth_rtt_us(path.bandwidth);
    assert_int_equal(bandwidth_feedback(path.bandwidth, path.now_us, (struct bytes){ path.message, 9 }), ERR_MALFORMED);
    assert_int_equal(bandwidth_feedback(path.bandwidth, path.now_us, path.fci), OK);
    uint64_t after = bandwidth_bps(path.bandwidth);
    for (int i = 0; i < 100; i++)
        assert_int_equal(bandwidth_feedback(path.bandwidth, path.now_us + USEC_PER_SEC, path.fci), OK);
    assert_int_equal(bandwidth_bps(path.bandwidth), after);
    assert_true(after >= bps && bandwidth_rtt_us(path.bandwidth) < 2 * rtt_us);
    /* About ten packets that were never sent, which came all at once. */
    static const uint8_t invented[] = { 0x70, 0, 0, 10, 0, 0, 1, 0, 0x20, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
    assert_int_equal(bandwidth_feedback(path.bandwidth, path.now_us, (struct bytes){ invented, sizeof invented }), OK);
    assert_int_equal(bandwidth_bps(path.bandwidth), after);
    bandwidth_destroy(path.bandwidth);
}

/* Each delta and each reference anything at all, about packets that were sent. */
static void wild_times_never_lead_out_of_the_bounds(void **state)
{
    (void)state;
    struct chance chance = { 1 };
    struct path path = fresh();
    bandwidth_want(path.bandwidth, UINT64_MAX);
    for (int round = 0; round < 20000; round++) {
        uint16_t seq = 0;
        for (int i = 0; i < 10; i++)
            seq = bandwidth_send(path.bandwidth, path.now_us, chance_below(&chance, 2000));
        uint8_t fci[64];
        struct writer w = writer_over(fci, sizeof fci);
        write_be16(&w, (uint16_t)(seq - chance_below(&chance, 30)));
        write_be16(&w, 10);
        write_be24(&w, (uint32_t)chance_below(&chance, 1 << 24));
        write_u8(&w, 0);
        write_be16(&w, 0x4000 | 10);
        for (int i = 0; i < 10; i++)
            write_be16(&w, (uint16_t)chance_next(&chance));
        assert_int_equal(bandwidth_feedback(path.bandwidth, path.now_us, writer_bytes(&w)), OK);
        path.now_us += chance_below(&chance, 50) * USEC_PER_MSEC;
        bandwidth_tick(path.bandwidth, path.now_us);
        assert_in_range(bandwidth_bps(path.bandwidth), BANDWIDTH_FLOOR_BPS, BANDWIDTH_CAP_BPS);
        assert_true(bandwidth_probe(path.bandwidth, path.now_us) < 1000000);
        assert_true(bandwidth_deadline(path.bandwidth) > path.now_us);
    }
    bandwidth_destroy(path.bandwidth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_follow_each_other_round_the_circle),
        cmocka_unit_test(news_of_what_was_sent_long_before_counts),
        cmocka_unit_test(it_finds_what_is_wanted_and_no_more),
        cmocka_unit_test(who_says_nothing_gets_a_modest_rate_and_who_stops_falls_to_it),
        cmocka_unit_test(loss_is_the_paths_own_unless_there_is_a_queue),
        cmocka_unit_test(nothing_sent_is_no_silence),
        cmocka_unit_test(broken_doubled_and_invented_reports_change_nothing),
        cmocka_unit_test(wild_times_never_lead_out_of_the_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
