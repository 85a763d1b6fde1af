#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/h264.h"

#define BYTES(...) ((struct bytes){ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })

static struct video_packet packet;

static void check(struct bytes payload, bool frame, bool keyframe)
{
    assert_int_equal(h264_read(payload, &packet), OK);
    assert_int_equal(packet.frame_starts, frame);
    assert_int_equal(packet.keyframe_starts, keyframe);
    assert_false(packet.has_temporal);
    assert_int_equal(packet.picture_bits, 0);
}

static void a_keyframe_starts_with_its_parameters(void **state)
{
    (void)state;
    check(BYTES(0x67, 0x42, 0xe0, 0x1f), true, true);                   /* SPS alone */
    check(BYTES(0x68, 0xce, 0x3c, 0x80), true, false);                  /* PPS */
    check(BYTES(0x78, 0, 2, 0x67, 0x42, 0, 2, 0x68, 0xce), true, true); /* both: what browsers send */
    check(BYTES(0x78, 0, 2, 0x67, 0x42, 0, 2, 0x68, 0xce, 0, 2, 0x65, 0x88), true, true);
    check(BYTES(0x78, 0, 2, 0x09, 0x10, 0, 2, 0x67, 0x42), true, true); /* after a delimiter */
    check(BYTES(0x7c, 0x87, 0x42, 0xe0), true, true);                   /* a fragmented SPS, which nobody sends */
}

static void an_idr_picture_without_parameters_is_no_beginning(void **state)
{
    (void)state;
    check(BYTES(0x65, 0x88, 0x84), true, false);
    check(BYTES(0x7c, 0x85, 0x88, 0x84), true, false);  /* FU-A */
    check(BYTES(0x7c, 0x45, 0x88, 0x84), false, false); /* its end */
}

static void parameters_before_another_picture_are_no_beginning(void **state)
{
    (void)state;
    check(BYTES(0x78, 0, 2, 0x67, 0x42, 0, 2, 0x41, 0x9a), true, false);
}

static void a_picture_starts_with_its_first_slice(void **state)
{
    (void)state;
    check(BYTES(0x41, 0x9a, 0x01), true, false);
    check(BYTES(0x41, 0x46, 0x01), false, false); /* a later macroblock */
    check(BYTES(0x5c, 0x81, 0x9a), true, false);
    check(BYTES(0x5c, 0x81, 0x46), false, false);
    check(BYTES(0x5c, 0x01, 0x9a), false, false); /* neither start nor end of the unit */
    check(BYTES(0x06, 0x05), true, false);        /* SEI */
    check(BYTES(0x0c, 0xff), false, false);       /* filler */
    check(BYTES(0x41), false, false);
}

static void what_is_not_of_mode_1_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    packet.picture_id = 77;
    const struct bytes bad[] = {
        BYTES(0x00),
        BYTES(0x60, 1, 2), /* type 0 */
        BYTES(0x78),       /* an aggregate of nothing */
        BYTES(0x78, 0, 0),
        BYTES(0x78, 0, 3, 0x67, 0x42),
        BYTES(0x78, 0, 2, 0x67, 0x42, 0),
        BYTES(0x79, 0, 1, 0, 2, 0x67, 0x42), /* STAP-B */
        BYTES(0x7a, 1, 2, 3),
        BYTES(0x7b, 1, 2, 3),
        BYTES(0x7c),
        BYTES(0x7c, 0x85),             /* a fragment of nothing */
        BYTES(0x7d, 0x85, 0, 1, 0x88), /* FU-B */
        BYTES(0x7e, 1, 2, 3),
        BYTES(0x7f, 1, 2, 3),
        { 0 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(h264_read(bad[i], &packet), ERR_MALFORMED);
    assert_int_equal(packet.picture_id, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_keyframe_starts_with_its_parameters),
        cmocka_unit_test(an_idr_picture_without_parameters_is_no_beginning),
        cmocka_unit_test(parameters_before_another_picture_are_no_beginning),
        cmocka_unit_test(a_picture_starts_with_its_first_slice),
        cmocka_unit_test(what_is_not_of_mode_1_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
