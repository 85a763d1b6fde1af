#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "media/renumber.h"

enum { VIDEO = 90000, FRAME_US = 33333, FRAME_TICKS = 3000 };

static struct renumber fresh(void)
{
    struct renumber renumber;
    renumber_init(&renumber, VIDEO, 100, 5000, 40);
    return renumber;
}

/* The outgoing number of an incoming one, or -1 when it must not be sent. */
static int number(struct renumber *renumber, uint16_t seq)
{
    struct rtp rtp = { .seq = seq };
    return renumber_packet(renumber, 0, &rtp, NULL) ? rtp.seq : -1;
}

static uint32_t time_of(struct renumber *renumber, usec_t now_us, uint16_t seq, uint32_t time)
{
    struct rtp rtp = { .seq = seq, .time = time };
    assert_true(renumber_packet(renumber, now_us, &rtp, NULL));
    return rtp.time;
}

static uint16_t picture_of(struct renumber *renumber, uint16_t seq, unsigned bits, uint16_t picture)
{
    struct rtp rtp = { .seq = seq };
    struct video_packet video = { .picture_bits = (uint8_t)bits, .picture_id = picture };
    assert_true(renumber_packet(renumber, 0, &rtp, &video));
    return video.picture_id;
}

static uint8_t tl0_of(struct renumber *renumber, uint16_t seq, uint8_t tl0)
{
    struct rtp rtp = { .seq = seq };
    struct video_packet video = { .has_tl0 = true, .tl0_picture_index = tl0 };
    assert_true(renumber_packet(renumber, 0, &rtp, &video));
    return video.tl0_picture_index;
}

static void the_first_packet_has_the_starting_numbers(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    struct rtp rtp = { .seq = 9999, .time = 123456 };
    struct video_packet video = { .picture_bits = 15, .picture_id = 700, .has_tl0 = true, .tl0_picture_index = 9 };
    assert_true(renumber_packet(&renumber, 0, &rtp, &video));
    assert_int_equal(rtp.seq, 100);
    assert_int_equal(rtp.time, 5000);
    assert_int_equal(video.picture_id, 40);
    assert_int_equal(video.tl0_picture_index, 40);
}

static void loss_stays_a_gap_and_late_packets_fill_it(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(number(&renumber, 65534), 100);
    assert_int_equal(number(&renumber, 1), 103);
    assert_int_equal(number(&renumber, 65535), 101);
    assert_int_equal(number(&renumber, 0), 102);
    assert_int_equal(number(&renumber, 2), 104);
}

static void a_switch_goes_on_with_the_next_number(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(number(&renumber, 10), 100);
    assert_int_equal(number(&renumber, 12), 102);
    renumber_switch(&renumber);
    assert_int_equal(number(&renumber, 50000), 103);
    assert_int_equal(number(&renumber, 50001), 104);
    renumber_switch(&renumber);
    renumber_switch(&renumber); /* a source that never sent leaves no trace */
    assert_int_equal(number(&renumber, 3), 105);
}

static void the_highest_number_counts_at_a_switch_not_the_last_one(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(number(&renumber, 10), 100);
    assert_int_equal(number(&renumber, 13), 103);
    assert_int_equal(number(&renumber, 11), 101);
    renumber_switch(&renumber);
    assert_int_equal(number(&renumber, 7), 104);
}

static void packets_from_before_the_switch_are_dropped(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(number(&renumber, 10), 100);
    renumber_switch(&renumber);
    assert_int_equal(number(&renumber, 1), 101);
    assert_int_equal(number(&renumber, 0), -1);
    assert_int_equal(number(&renumber, 65535), -1);
    assert_int_equal(number(&renumber, 2), 102);
}

static void no_number_is_given_twice(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(number(&renumber, 10), 100);
    assert_int_equal(number(&renumber, 10), -1);
    assert_int_equal(number(&renumber, 15), 105);
    assert_int_equal(number(&renumber, 12), 102);
    assert_int_equal(number(&renumber, 12), -1);
    assert_int_equal(number(&renumber, 15), -1);
}

static void a_packet_too_late_to_remember_is_dropped(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(number(&renumber, 0), 100);
    assert_int_equal(number(&renumber, 1000), 1100);
    assert_int_equal(number(&renumber, 1000 - RENUMBER_WINDOW + 1), 1100 - RENUMBER_WINDOW + 1);
    assert_int_equal(number(&renumber, 1000 - RENUMBER_WINDOW), -1);
    assert_int_equal(number(&renumber, 1100), 1200);
    assert_int_equal(number(&renumber, 1000), -1);
    assert_int_equal(number(&renumber, 1099), 1199);
}

static void what_is_skipped_leaves_no_gap(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(number(&renumber, 65533), 100);
    renumber_skip(&renumber, 65534, NULL);
    renumber_skip(&renumber, 65535, NULL);
    assert_int_equal(number(&renumber, 0), 101);
    renumber_skip(&renumber, 1, NULL);
    assert_int_equal(number(&renumber, 2), 102);
    assert_int_equal(number(&renumber, 65534), -1);
    assert_int_equal(number(&renumber, 65535), -1);
    assert_int_equal(number(&renumber, 1), -1);
    renumber_deinit(&renumber);
}

static void a_skipped_number_does_not_take_the_next_ones_place(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(number(&renumber, 10), 100);
    renumber_skip(&renumber, 11, NULL);
    assert_int_equal(number(&renumber, 11), -1);
    assert_int_equal(number(&renumber, 12), 101);
    renumber_deinit(&renumber);
}

static void a_late_packet_from_before_a_skip_keeps_its_place(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(number(&renumber, 10), 100);
    renumber_skip(&renumber, 12, NULL);
    assert_int_equal(number(&renumber, 13), 102);
    renumber_skip(&renumber, 14, NULL);
    assert_int_equal(number(&renumber, 15), 103);
    assert_int_equal(number(&renumber, 11), 101);
    renumber_deinit(&renumber);
}

static void a_late_skip_leaves_a_gap_that_can_be_filled(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(number(&renumber, 10), 100);
    assert_false(renumber_skip(&renumber, 11, NULL));
    assert_int_equal(number(&renumber, 13), 102); /* 12 is missing */
    assert_true(renumber_skip(&renumber, 12, NULL));
    assert_false(renumber_skip(&renumber, 13, NULL)); /* went out */
    assert_false(renumber_skip(&renumber, 11, NULL)); /* left none */
    assert_false(renumber_skip(&renumber, 9, NULL));  /* from before the switch */
    assert_int_equal(number(&renumber, 12), 101);
    assert_false(renumber_skip(&renumber, 12, NULL));
    assert_int_equal(number(&renumber, 14), 103);
    renumber_deinit(&renumber);
}

static void a_leap_that_would_seem_to_go_back_is_dropped(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(number(&renumber, 0), 100);
    renumber_skip(&renumber, 30000, NULL);
    renumber_skip(&renumber, 60000, NULL);
    assert_int_equal(number(&renumber, 60001), -1);
    renumber_switch(&renumber);
    assert_int_equal(number(&renumber, 60002), 101);
    renumber_deinit(&renumber);
}

static void more_skips_than_spans_drop_only_what_is_very_late(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(number(&renumber, 0), 100);
    for (uint16_t n = 0; n < 50; n++) { /* of three: one lost, one skipped, one sent */
        renumber_skip(&renumber, (uint16_t)(2 + 3 * n), NULL);
        assert_int_equal(number(&renumber, (uint16_t)(3 + 3 * n)), 102 + 2 * n);
    }
    assert_int_equal(number(&renumber, 148), 199);
    assert_int_equal(number(&renumber, 1), -1);
    renumber_deinit(&renumber);
}

static void time_goes_on_by_what_has_passed(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(time_of(&renumber, 0, 1, 1000), 5000);
    assert_int_equal(time_of(&renumber, FRAME_US, 2, 1000 + FRAME_TICKS), 5000 + FRAME_TICKS);
    renumber_switch(&renumber);
    assert_int_equal(time_of(&renumber, FRAME_US + 2 * USEC_PER_SEC, 1, 0xfffffff0), 5000 + FRAME_TICKS + 2 * VIDEO);
    assert_int_equal(time_of(&renumber, 3 * USEC_PER_SEC, 2, 0xfffffff0 + FRAME_TICKS),
                     5000 + 2 * FRAME_TICKS + 2 * VIDEO);
}

static void a_switch_at_the_same_moment_still_moves_the_time(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    time_of(&renumber, 0, 1, 1000);
    renumber_switch(&renumber);
    assert_int_equal(time_of(&renumber, 0, 1, 1000), 5000 + VIDEO / 50);
}

static void a_night_between_two_sources_does_not_turn_time_back(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    time_of(&renumber, 0, 1, 1000);
    renumber_switch(&renumber);
    assert_true(time_of(&renumber, 10 * 3600 * USEC_PER_SEC, 1, 1000) - 5000 < 0x80000000u);
}

static void late_packets_do_not_move_the_time_anchor(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    time_of(&renumber, 0, 1, 0);
    time_of(&renumber, 3 * FRAME_US, 4, 3 * FRAME_TICKS);
    assert_int_equal(time_of(&renumber, 4 * FRAME_US, 2, FRAME_TICKS), 5000 + FRAME_TICKS);
    renumber_switch(&renumber);
    assert_in_range(time_of(&renumber, 5 * FRAME_US, 1, 0), 5000 + 5 * FRAME_TICKS - 1, 5000 + 5 * FRAME_TICKS);
}

static void a_report_time_maps_like_a_packets(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    time_of(&renumber, 0, 1, 1000);
    assert_int_equal(renumber_time(&renumber, 1000), 5000);
    assert_int_equal(renumber_time(&renumber, 4000), 8000);
}

static void pictures_go_on_across_switches(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(picture_of(&renumber, 1, 15, 0x7ffe), 40);
    assert_int_equal(picture_of(&renumber, 2, 15, 0x7ffe), 40); /* another packet of the frame */
    assert_int_equal(picture_of(&renumber, 4, 15, 1), 43);      /* over the wrap */
    assert_int_equal(picture_of(&renumber, 3, 15, 0), 42);      /* late */
    renumber_switch(&renumber);
    assert_int_equal(picture_of(&renumber, 1, 15, 20000), 44);
    assert_int_equal(picture_of(&renumber, 2, 15, 20001), 45);
}

static void short_picture_ids_follow_long_ones(void **state)
{
    (void)state;
    struct renumber renumber;
    renumber_init(&renumber, VIDEO, 0, 0, 126);
    assert_int_equal(picture_of(&renumber, 1, 15, 3), 126);
    renumber_switch(&renumber);
    assert_int_equal(picture_of(&renumber, 1, 7, 126), 127);
    assert_int_equal(picture_of(&renumber, 2, 7, 127), 0); /* 128, in seven bits */
    assert_int_equal(picture_of(&renumber, 3, 7, 0), 1);
    renumber_switch(&renumber);
    assert_int_equal(picture_of(&renumber, 1, 15, 9), 130);
}

static void temporal_indices_go_on_across_switches(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(tl0_of(&renumber, 1, 255), 40);
    assert_int_equal(tl0_of(&renumber, 2, 0), 41);
    renumber_switch(&renumber);
    assert_int_equal(tl0_of(&renumber, 1, 77), 42);
    assert_int_equal(tl0_of(&renumber, 2, 77), 42);
}

static void skip_picture(struct renumber *renumber, uint16_t seq, uint16_t picture)
{
    struct video_packet video = { .picture_bits = 15, .picture_id = picture, .temporal = 1 };
    renumber_skip(renumber, seq, &video);
}

static void pictures_that_are_left_out_leave_no_gap(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(picture_of(&renumber, 1, 15, 0x7ffe), 40);
    skip_picture(&renumber, 2, 0x7fff); /* of two packets */
    skip_picture(&renumber, 3, 0x7fff);
    assert_int_equal(picture_of(&renumber, 4, 15, 0), 41);
    skip_picture(&renumber, 6, 1); /* its first packet, 5, is lost */
    skip_picture(&renumber, 7, 2);
    assert_int_equal(picture_of(&renumber, 8, 15, 3), 42);
    assert_int_equal(picture_of(&renumber, 9, 15, 5), 44); /* one lost is still missed */
    skip_picture(&renumber, 10, 6);
    assert_int_equal(picture_of(&renumber, 11, 15, 7), 45);
    renumber_deinit(&renumber);
}

/* Asked for again, or late, between others that were left out. */
static void a_late_picture_keeps_its_place_among_those_left_out(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(picture_of(&renumber, 1, 15, 10), 40);
    for (uint16_t n = 0; n < 20; n++) { /* every second picture is left out; those that are not have two packets */
        skip_picture(&renumber, (uint16_t)(2 + 3 * n), (uint16_t)(11 + 2 * n));
        assert_int_equal(picture_of(&renumber, (uint16_t)(3 + 3 * n), 15, (uint16_t)(12 + 2 * n)), 41 + n);
    }
    for (uint16_t n = 0; n < 20; n++) {
        uint16_t seq_in = (uint16_t)(4 + 3 * n);
        struct rtp rtp = { .seq = seq_in };
        struct video_packet video = { .picture_bits = 15, .picture_id = (uint16_t)(12 + 2 * n) }, again = video;
        assert_true(renumber_packet(&renumber, 0, &rtp, &video));
        assert_int_equal(video.picture_id, 41 + n);
        struct rtp repaired = { .seq = seq_in };
        renumber_again(&renumber, rtp.seq, &repaired, &again);
        assert_int_equal(again.picture_id, 41 + n);
        assert_int_equal(repaired.seq, rtp.seq);
    }
    renumber_deinit(&renumber);
}

static void a_source_without_pictures_does_not_break_the_count(void **state)
{
    (void)state;
    struct renumber renumber = fresh();
    assert_int_equal(picture_of(&renumber, 1, 15, 5), 40);
    renumber_switch(&renumber);
    assert_int_equal(number(&renumber, 1), 101);
    renumber_switch(&renumber);
    assert_int_equal(picture_of(&renumber, 1, 15, 5), 41);
}

/* A random life of a slot: sources that lose, skip, reorder and repeat, switches between them. */

struct dice {
    uint64_t state;
};

static uint32_t roll(struct dice *dice, uint32_t sides)
{
    dice->state = dice->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice->state >> 33) % sides;
}

enum { RUN = 400, MOST_LATE = 20, FRAME_PACKETS = 3 };

struct life {
    struct dice dice;
    struct renumber renumber;
    usec_t now_us;
    uint16_t first_of_run;  /* expected next sequence number */
    uint16_t first_picture; /* likewise */
    uint32_t last_time;     /* highest sent */
    uint64_t sent[1 << 16]; /* when (in packets) a number was last sent */
    uint64_t count;
};

/* One source: packet n has number seq+n, frame n/3. Order: each delayed by up to MOST_LATE places. */
static void live_one_run(struct life *life, uint64_t seed)
{
    struct dice *dice = &life->dice;
    uint16_t seq = (uint16_t)roll(dice, 65536), picture = (uint16_t)roll(dice, 32768);
    uint32_t time = roll(dice, UINT32_MAX);
    bool skipped[RUN] = { false }, arrived[RUN] = { false };
    uint16_t out_of[RUN];
    int first = -1;
    uint16_t highest = 0, highest_picture = 0;
    renumber_switch(&life->renumber);
    int floor = 0;
    for (int step = 0; step < RUN; step++) {
        int n = floor + (int)roll(dice, roll(dice, 10) ? 2 : MOST_LATE);
        if (n >= RUN)
            break;
        floor += roll(dice, 3) > 0;
        if (skipped[n] || (arrived[n] && roll(dice, 4)))
            continue; /* most repeats are stopped by SRTP */
        life->now_us += roll(dice, 20000);
        if (!arrived[n] && first >= 0 && roll(dice, 12) == 0) {
            arrived[n] = skipped[n] = true;
            renumber_skip(&life->renumber, (uint16_t)(seq + n), NULL);
            continue;
        }
        struct rtp rtp = { .seq = (uint16_t)(seq + n), .time = time + (uint32_t)(n / FRAME_PACKETS * FRAME_TICKS) };
        struct video_packet video = { .picture_bits = 15, .picture_id = (picture + n / FRAME_PACKETS) & 0x7fff };
        bool sent = renumber_packet(&life->renumber, life->now_us, &rtp, &video);
        if (sent && (arrived[n] || (first >= 0 && n < first)))
            fail_msg("seed %llu: sent a repeat or a packet from before the switch", (unsigned long long)seed);
        arrived[n] = true;
        if (!sent)
            continue;
        life->count++;
        if (life->sent[rtp.seq] && life->count - life->sent[rtp.seq] < 30000)
            fail_msg("seed %llu: number %u twice", (unsigned long long)seed, rtp.seq);
        life->sent[rtp.seq] = life->count;
        out_of[n] = rtp.seq;
        if (first < 0) {
            first = n;
            assert_int_equal(rtp.seq, life->first_of_run);
            assert_int_equal(video.picture_id, life->first_picture);
            if (life->count > 1)
                assert_in_range(rtp.time - life->last_time, VIDEO / 50, INT32_MAX);
            highest = rtp.seq;
            highest_picture = video.picture_id;
            life->last_time = rtp.time;
        }
        /* Distances within the source hold, and a higher number comes after a lower one. */
        assert_int_equal(video.picture_id, (life->first_picture + n / FRAME_PACKETS - first / FRAME_PACKETS) & 0x7fff);
        for (int m = first; m < RUN && m < n + MOST_LATE; m++)
            if (m != n && arrived[m] && !skipped[m] && life->sent[out_of[m]])
                assert_true((int16_t)(rtp.seq - out_of[m]) * (n - m) > 0);
        if ((int16_t)(rtp.seq - highest) > 0)
            highest = rtp.seq;
        if ((int16_t)((uint16_t)(video.picture_id - highest_picture) << 1) > 0)
            highest_picture = video.picture_id;
        if ((int32_t)(rtp.time - life->last_time) > 0)
            life->last_time = rtp.time;
    }
    if (first >= 0) {
        life->first_of_run = (uint16_t)(highest + 1);
        life->first_picture = (highest_picture + 1) & 0x7fff;
    }
}

static void random_lives_never_repeat_and_never_restart(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct life *life = calloc(1, sizeof *life);
        life->dice.state = seed;
        life->first_of_run = (uint16_t)roll(&life->dice, 65536);
        life->first_picture = (uint16_t)roll(&life->dice, 32768);
        renumber_init(&life->renumber, VIDEO, life->first_of_run, roll(&life->dice, UINT32_MAX), life->first_picture);
        for (int run = 0; run < 40; run++)
            live_one_run(life, seed);
        assert_true(life->count > 1000);
        renumber_deinit(&life->renumber);
        free(life);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_packet_has_the_starting_numbers),
        cmocka_unit_test(loss_stays_a_gap_and_late_packets_fill_it),
        cmocka_unit_test(a_switch_goes_on_with_the_next_number),
        cmocka_unit_test(the_highest_number_counts_at_a_switch_not_the_last_one),
        cmocka_unit_test(packets_from_before_the_switch_are_dropped),
        cmocka_unit_test(no_number_is_given_twice),
        cmocka_unit_test(a_packet_too_late_to_remember_is_dropped),
        cmocka_unit_test(what_is_skipped_leaves_no_gap),
        cmocka_unit_test(a_skipped_number_does_not_take_the_next_ones_place),
        cmocka_unit_test(a_late_packet_from_before_a_skip_keeps_its_place),
        cmocka_unit_test(a_late_skip_leaves_a_gap_that_can_be_filled),
        cmocka_unit_test(a_leap_that_would_seem_to_go_back_is_dropped),
        cmocka_unit_test(more_skips_than_spans_drop_only_what_is_very_late),
        cmocka_unit_test(time_goes_on_by_what_has_passed),
        cmocka_unit_test(a_switch_at_the_same_moment_still_moves_the_time),
        cmocka_unit_test(a_night_between_two_sources_does_not_turn_time_back),
        cmocka_unit_test(late_packets_do_not_move_the_time_anchor),
        cmocka_unit_test(a_report_time_maps_like_a_packets),
        cmocka_unit_test(pictures_go_on_across_switches),
        cmocka_unit_test(short_picture_ids_follow_long_ones),
        cmocka_unit_test(temporal_indices_go_on_across_switches),
        cmocka_unit_test(pictures_that_are_left_out_leave_no_gap),
        cmocka_unit_test(a_late_picture_keeps_its_place_among_those_left_out),
        cmocka_unit_test(a_source_without_pictures_does_not_break_the_count),
        cmocka_unit_test(random_lives_never_repeat_and_never_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
