#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "load/traffic.h"
#include "media/rtp.h"
#include "media/vp8.h"

enum { STRIDE = TRAFFIC_PACKET_MAX + 16 };

static uint8_t packets[TRAFFIC_BURST_MAX][STRIDE];
static size_t lens[TRAFFIC_BURST_MAX];

static struct rtp parsed(size_t i)
{
    struct rtp rtp;
    assert_int_equal(rtp_parse((struct bytes){ packets[i], lens[i] }, &rtp), OK);
    return rtp;
}

static struct traffic_mark mark_of(bool video, struct bytes payload)
{
    struct traffic_mark mark;
    assert_int_equal(traffic_read(video, payload, &mark), OK);
    return mark;
}

static struct traffic picture_of(unsigned fps, unsigned bps)
{
    struct traffic t = traffic_picture(5, 77);
    traffic_pace(&t, fps, bps);
    traffic_start(&t, 0, 0);
    return t;
}

static size_t next(struct traffic *t, usec_t now_us)
{
    uint16_t twcc_seq = 0;
    return traffic_next(t, now_us, now_us * 1000, &twcc_seq, packets[0], STRIDE, lens);
}

static void sound_comes_fifty_times_a_second(void **state)
{
    (void)state;
    struct traffic t = traffic_sound(5, 77);
    size_t count = 0;
    assert_int_equal(next(&t, 0), 0); /* not begun */
    traffic_start(&t, 0, 0);
    for (usec_t now_us = 0; now_us < USEC_PER_SEC; now_us += 1000)
        while (next(&t, now_us)) {
            struct rtp rtp = parsed(0);
            assert_int_equal(rtp.seq, count);
            assert_int_equal(rtp.time, 960 * count);
            assert_int_equal(mark_of(false, rtp.payload).counter, count);
            count++;
        }
    assert_int_equal(count, 50);
}

static void a_picture_is_a_burst_of_nearly_equal_packets(void **state)
{
    (void)state;
    struct traffic t = picture_of(30, 1000000);
    size_t larger = 0, octets = 0;
    for (unsigned frame = 0; frame < 40; frame++) {
        size_t count = next(&t, t.next_us);
        assert_in_range(count, 4, 5);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(parsed(i).marker, i + 1 == count);
            octets += parsed(i).payload.len;
            assert_true(i == 0 || lens[i] - lens[0] <= (i + 1 == count));
        }
        larger += lens[count - 1] > lens[0];
    }
    assert_int_equal(larger, 30);
    assert_in_range(octets * 8 * 30 / 40, 990000, 1010000);
}

static void a_frame_begins_as_vp8_does(void **state)
{
    (void)state;
    struct traffic t = picture_of(30, 1000000);
    for (unsigned frame = 0; frame < 3; frame++) {
        size_t count = next(&t, t.next_us);
        for (size_t i = 0; i < count; i++) {
            struct video_packet vp8;
            uint8_t opens;
            assert_int_equal(vp8_read(parsed(i).payload, &vp8, &opens), OK);
            assert_int_equal(vp8.keyframe_starts, frame == 0 && i == 0);
        }
    }
    t.keyframe_wanted = true;
    next(&t, t.next_us);
    assert_true(mark_of(true, parsed(0).payload).keyframe);
    next(&t, t.next_us);
    assert_false(mark_of(true, parsed(0).payload).keyframe);
}

static void a_payload_says_whose_it_is_and_when_it_left(void **state)
{
    (void)state;
    struct traffic t = picture_of(30, 1000000);
    next(&t, 123);
    struct traffic_mark mark = mark_of(true, parsed(1).payload);
    assert_int_equal(mark.origin, 5);
    assert_int_equal(mark.counter, 1);
    assert_int_equal(mark.sent_ns, 123000);
}

static void any_changed_byte_of_the_content_is_seen(void **state)
{
    (void)state;
    struct traffic t = traffic_sound(5, 77);
    struct traffic_mark mark;
    traffic_start(&t, 0, 0);
    next(&t, 0);
    for (size_t i = RTP_HEADER_LEN; i < lens[0]; i++) {
        bool is_time = i >= RTP_HEADER_LEN + 13 && i < RTP_HEADER_LEN + 21; /* nothing says what time it should be */
        packets[0][i] ^= 0x40;
        enum status status = traffic_read(false, parsed(0).payload, &mark);
        assert_true(is_time ? status == OK : status == ERR_MALFORMED || mark.origin != 5 || mark.counter != 0);
        packets[0][i] ^= 0x40;
    }
    for (size_t len = 0; len < 21; len++)
        assert_int_equal(traffic_read(false, (struct bytes){ packets[0] + RTP_HEADER_LEN, len }, &mark), ERR_MALFORMED);
}

static void a_number_counts_through_where_it_is_wanted(void **state)
{
    (void)state;
    struct traffic t = picture_of(30, 1000000);
    uint16_t twcc_seq = 65535;
    t.twcc_extension = 3;
    assert_int_equal(traffic_next(&t, 0, 0, &twcc_seq, packets[0], STRIDE, lens), 4);
    for (size_t i = 0; i < 4; i++) {
        struct rtp rtp = parsed(i);
        struct bytes number = rtp_extension_find(&rtp, 3);
        assert_int_equal(number.len, 2);
        assert_int_equal(load_be16(number.at), (uint16_t)(65535 + i));
    }
    assert_int_equal(twcc_seq, 3);
}

static void who_is_far_too_late_leaves_frames_out(void **state)
{
    (void)state;
    struct traffic t = picture_of(50, 1000000);
    next(&t, 0);
    size_t count = 0;
    while (next(&t, USEC_PER_SEC))
        count++;
    assert_int_equal(count, 1);
    assert_int_equal(t.skipped, 49);
}

static void phases_spread_over_the_time_of_a_frame(void **state)
{
    (void)state;
    struct traffic t = traffic_sound(5, 77);
    traffic_start(&t, 1000, 45000);
    assert_int_equal(t.next_us, 1000 + 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_comes_fifty_times_a_second),
        cmocka_unit_test(a_picture_is_a_burst_of_nearly_equal_packets),
        cmocka_unit_test(a_frame_begins_as_vp8_does),
        cmocka_unit_test(a_payload_says_whose_it_is_and_when_it_left),
        cmocka_unit_test(any_changed_byte_of_the_content_is_seen),
        cmocka_unit_test(a_number_counts_through_where_it_is_wanted),
        cmocka_unit_test(who_is_far_too_late_leaves_frames_out),
        cmocka_unit_test(phases_spread_over_the_time_of_a_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
