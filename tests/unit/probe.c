#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/probe.h"

enum { K = 1000, PACKET = 250 };

static const usec_t START = 10 * USEC_PER_SEC;

/* Sends a whole probe in steps of 1 ms over a path of such a rate, and ends it. */
struct run {
    size_t bytes;
    usec_t took_us;
    bool found;
    struct probe_find find;
};

static struct run send_probe(struct probe *probe, usec_t *now_us, uint64_t path_bps)
{
    struct run run = { 0 };
    uint64_t seq = probe->first_seq;
    usec_t began_us = *now_us, free_at = 0;
    for (; probe->state == PROBE_SENDING; *now_us += USEC_PER_MSEC) {
        for (size_t left = probe_due(probe, *now_us, seq); left > 0; left -= left < PACKET ? left : PACKET) {
            size_t bytes = left < PACKET ? left : PACKET;
            probe_sent(probe, *now_us, seq++, bytes);
            free_at = (free_at > *now_us ? free_at : *now_us) + bytes * 8 * USEC_PER_SEC / path_bps;
            probe_arrived(probe, (int64_t)*now_us, (int64_t)free_at, bytes);
            run.bytes += bytes;
        }
        assert_true(probe_deadline(probe) <= probe->ends_at + USEC_PER_SEC);
    }
    run.took_us = *now_us - began_us;
    assert_false(probe_finish(probe, *now_us, seq - 1, 0, &run.find));
    run.found = probe_finish(probe, *now_us, seq, 0, &run.find);
    return run;
}

static struct probe started(usec_t now_us, uint64_t estimate_bps, uint64_t want_bps)
{
    struct probe probe;
    probe_init(&probe, now_us);
    probe_start(&probe, now_us, estimate_bps, want_bps, 0, 100);
    return probe;
}

static void a_wide_path_takes_all_of_it(void **state)
{
    (void)state;
    usec_t now_us = START;
    struct probe probe = started(now_us, 1000 * K, 9000 * K);
    assert_int_equal(probe.bps, 2000 * K);
    struct run run = send_probe(&probe, &now_us, 50000 * K);
    assert_true(run.bytes * 8 * USEC_PER_SEC / run.took_us > 1800 * K);
    assert_true(run.found && !run.find.full);
    assert_true(run.find.bps > 1700 * K && run.find.bps < 2300 * K);
    /* It was the first: the next may follow at once. */
    probe_judge(&probe, now_us, true, false);
    assert_int_equal(probe_deadline(&probe), now_us);
}

static void a_narrow_one_shows_what_it_takes(void **state)
{
    (void)state;
    usec_t now_us = START;
    struct probe probe = started(now_us, 1000 * K, 9000 * K);
    struct run run = send_probe(&probe, &now_us, 1200 * K);
    assert_true(run.found && run.find.full);
    assert_in_range(run.find.bps, 1190 * K, 1210 * K);
}

static void there_is_none_beyond_what_is_wanted(void **state)
{
    (void)state;
    struct probe probe = started(START, 1000 * K, 1000 * K);
    assert_int_equal(probe.state, PROBE_WAITING);
    probe = started(START, 1000 * K, 1100 * K);
    assert_int_equal(probe.bps, 1210 * K);
    probe = started(START, 30 * K, 9000 * K); /* and the least of them tells something */
    usec_t now_us = START;
    assert_true(send_probe(&probe, &now_us, 50000 * K).bytes >= 1000);
}

static void media_counts_too(void **state)
{
    (void)state;
    struct probe probe = started(START, 1000 * K, 9000 * K);
    probe_sent(&probe, START, 100, 5000);
    assert_int_equal(probe_due(&probe, START + 10 * USEC_PER_MSEC, 101), 0);
    assert_true(probe_due(&probe, START + 30 * USEC_PER_MSEC, 101) > 0);
    probe_sent(&probe, START, 99, 5000); /* from before it began */
    assert_true(probe_due(&probe, START + 30 * USEC_PER_MSEC, 101) > 0);
}

static void in_vain_it_waits_longer_and_longer_up_to_a_bound(void **state)
{
    (void)state;
    usec_t now_us = START, waited_us = 0;
    struct probe probe = started(now_us, 1000 * K, 9000 * K);
    for (int i = 0; i < 6; i++) {
        send_probe(&probe, &now_us, 900 * K);
        probe_judge(&probe, now_us, false, true);
        usec_t wait_us = probe_deadline(&probe) - now_us;
        assert_true(wait_us >= waited_us && wait_us >= USEC_PER_SEC && wait_us <= 4 * USEC_PER_SEC);
        waited_us = wait_us;
        probe_start(&probe, now_us + wait_us - 1, 1000 * K, 9000 * K, 0, 100);
        assert_int_equal(probe.state, PROBE_WAITING);
        now_us += wait_us;
        probe_start(&probe, now_us, 1000 * K, 9000 * K, 0, 100);
        assert_int_equal(probe.state, PROBE_SENDING);
        assert_int_equal(probe.bps, 1500 * K); /* no longer twice */
    }
    assert_int_equal(waited_us, 4 * USEC_PER_SEC);
}

static void what_proved_too_much_is_not_soon_tried_again(void **state)
{
    (void)state;
    usec_t now_us = START;
    struct probe probe = started(now_us, 1000 * K, 9000 * K);
    send_probe(&probe, &now_us, 50000 * K);
    probe_judge(&probe, now_us, true, false);
    probe_regret(&probe, now_us + USEC_PER_SEC);
    assert_int_equal(probe_deadline(&probe), now_us + 11 * USEC_PER_SEC);
    probe_forgive(&probe, now_us + 2 * USEC_PER_SEC);
    assert_int_equal(probe_deadline(&probe), now_us + 2 * USEC_PER_SEC);
    /* A fall long after is none of its doing. */
    probe_regret(&probe, now_us + 60 * USEC_PER_SEC);
    assert_int_equal(probe_deadline(&probe), now_us + 62 * USEC_PER_SEC);
}

/* Eight packets of ten arrive, evenly: a bottleneck that drops, or a path that always does. */
static void what_the_path_always_loses_is_not_held_against_it(void **state)
{
    (void)state;
    for (int own = 0; own <= 1; own++) {
        struct probe probe = started(START, 1000 * K, 9000 * K);
        struct probe_find find;
        for (usec_t t = 0; t < 40; t++) {
            probe_sent(&probe, START + t * USEC_PER_MSEC, 100 + t, PACKET);
            if (t % 5 != 2)
                probe_arrived(&probe, (int64_t)(t * USEC_PER_MSEC), (int64_t)(t * USEC_PER_MSEC), PACKET);
        }
        probe_due(&probe, START + USEC_PER_SEC, 140);
        assert_true(probe_finish(&probe, START + USEC_PER_SEC, 140, own ? 0.2 : 0, &find));
        assert_int_equal(find.full, !own);
        assert_in_range(find.bps, own ? 1900 * K : 1500 * K, own ? 2100 * K : 1650 * K);
    }
}

static void a_probe_without_its_padding_tells_of_no_limit(void **state)
{
    (void)state;
    struct probe probe = started(START, 1000 * K, 9000 * K);
    struct probe_find find;
    for (usec_t t = 0; t < 40; t += 5) { /* 400 kbit/s, which jitter stretches */
        probe_sent(&probe, START + t * USEC_PER_MSEC, 100 + t / 5, PACKET);
        probe_arrived(&probe, (int64_t)(t * USEC_PER_MSEC), (int64_t)(2 * t * USEC_PER_MSEC), PACKET);
    }
    probe_due(&probe, START + USEC_PER_SEC, 108);
    assert_true(probe_finish(&probe, START + USEC_PER_SEC, 108, 0, &find));
    assert_false(find.full);
}

static void without_news_it_ends(void **state)
{
    (void)state;
    struct probe probe = started(START, 1000 * K, 9000 * K);
    struct probe_find find;
    probe_due(&probe, START + USEC_PER_SEC, 101);
    assert_int_equal(probe.state, PROBE_LISTENING);
    assert_false(probe_finish(&probe, START + USEC_PER_SEC, 0, 0, &find));
    assert_int_equal(probe.state, PROBE_LISTENING);
    assert_false(probe_finish(&probe, probe_deadline(&probe), 0, 0, &find));
    assert_int_equal(probe.state, PROBE_WAITING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wide_path_takes_all_of_it),
        cmocka_unit_test(a_narrow_one_shows_what_it_takes),
        cmocka_unit_test(there_is_none_beyond_what_is_wanted),
        cmocka_unit_test(media_counts_too),
        cmocka_unit_test(in_vain_it_waits_longer_and_longer_up_to_a_bound),
        cmocka_unit_test(what_proved_too_much_is_not_soon_tried_again),
        cmocka_unit_test(what_the_path_always_loses_is_not_held_against_it),
        cmocka_unit_test(a_probe_without_its_padding_tells_of_no_limit),
        cmocka_unit_test(without_news_it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
