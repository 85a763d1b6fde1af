#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/vp8.h"

#define BYTES(...) ((struct bytes){ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })

static uint8_t opens;

static enum status read_vp8(struct bytes payload, struct video_packet *packet)
{
    return vp8_read(payload, packet, &opens);
}

static void chromes_descriptor_gives_its_fields(void **state)
{
    (void)state;
    struct video_packet vp8;
    /* X S | I L T | M 15 bits | TL0PICIDX | TID | keyframe */
    assert_int_equal(read_vp8(BYTES(0x90, 0xe0, 0x92, 0x34, 0x56, 0x00, 0x10, 0x02), &vp8), OK);
    assert_true(vp8.frame_starts);
    assert_true(vp8.keyframe_starts);
    assert_int_equal(vp8.picture_bits, 15);
    assert_int_equal(vp8.picture_id, 0x1234);
    assert_int_equal(vp8.picture_at, 2);
    assert_true(vp8.has_tl0);
    assert_int_equal(vp8.tl0_picture_index, 0x56);
    assert_int_equal(vp8.tl0_at, 4);
}

static void a_short_picture_id_has_seven_bits(void **state)
{
    (void)state;
    struct video_packet vp8;
    assert_int_equal(read_vp8(BYTES(0x90, 0x80, 0x7f, 0x01), &vp8), OK);
    assert_int_equal(vp8.picture_bits, 7);
    assert_int_equal(vp8.picture_id, 0x7f);
    assert_false(vp8.has_tl0);
    assert_false(vp8.keyframe_starts);
    assert_true(vp8.frame_starts);
}

static void the_least_descriptor_has_no_numbers(void **state)
{
    (void)state;
    struct video_packet vp8;
    assert_int_equal(read_vp8(BYTES(0x10, 0x00), &vp8), OK);
    assert_true(vp8.keyframe_starts);
    assert_int_equal(vp8.picture_bits, 0);
    assert_false(vp8.has_tl0);
}

static void only_the_first_packet_of_partition_zero_starts_a_keyframe(void **state)
{
    (void)state;
    struct video_packet vp8;
    assert_int_equal(read_vp8(BYTES(0x00, 0x00), &vp8), OK); /* a later packet */
    assert_false(vp8.keyframe_starts);
    assert_false(vp8.frame_starts);
    assert_int_equal(read_vp8(BYTES(0x11, 0x00), &vp8), OK); /* partition 1 */
    assert_false(vp8.keyframe_starts);
    assert_false(vp8.frame_starts);
    assert_int_equal(read_vp8(BYTES(0x10, 0x01), &vp8), OK); /* inter frame */
    assert_false(vp8.keyframe_starts);
}

static void the_layer_is_that_of_the_picture(void **state)
{
    (void)state;
    struct video_packet vp8;
    /* X S | T | TID 2, no Y */
    assert_int_equal(read_vp8(BYTES(0x90, 0x20, 0x80, 0x01), &vp8), OK);
    assert_true(vp8.has_temporal);
    assert_int_equal(vp8.temporal, 2);
    assert_int_equal(opens, 0);
    assert_int_equal(read_vp8(BYTES(0x90, 0x20, 0xa0, 0x01), &vp8), OK); /* with Y */
    assert_int_equal(opens, 1 << 2);
    assert_int_equal(read_vp8(BYTES(0x90, 0x10, 0x85, 0x01), &vp8), OK); /* K alone: the same octet holds no TID */
    assert_false(vp8.has_temporal);
    assert_int_equal(vp8.temporal, 0);
}

static void a_cut_descriptor_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct bytes whole = BYTES(0x90, 0xf0, 0x92, 0x34, 0x56, 0x00, 0x10);
    struct video_packet vp8 = { .picture_id = 77 };
    for (size_t len = 0; len < whole.len; len++)
        assert_int_equal(read_vp8((struct bytes){ whole.at, len }, &vp8), ERR_MALFORMED);
    assert_int_equal(vp8.picture_id, 77);
    assert_int_equal(read_vp8(whole, &vp8), OK);
}

static void rewriting_keeps_widths_and_everything_else(void **state)
{
    (void)state;
    uint8_t payload[] = { 0x90, 0xf0, 0x92, 0x34, 0x56, 0x21, 0x10, 0x99 };
    struct video_packet vp8, again;
    assert_int_equal(read_vp8((struct bytes){ payload, sizeof payload }, &vp8), OK);
    video_rewrite(payload, &vp8, 0xffff, 0xab);
    assert_memory_equal(payload, ((uint8_t[]){ 0x90, 0xf0, 0xff, 0xff, 0xab, 0x21, 0x10, 0x99 }), sizeof payload);
    video_rewrite(payload, &vp8, 3, 4);
    assert_int_equal(read_vp8((struct bytes){ payload, sizeof payload }, &again), OK);
    assert_int_equal(again.picture_bits, 15);
    assert_int_equal(again.picture_id, 3);

    uint8_t narrow[] = { 0x90, 0x80, 0x01, 0x00 };
    assert_int_equal(read_vp8((struct bytes){ narrow, sizeof narrow }, &vp8), OK);
    video_rewrite(narrow, &vp8, 0x1ff, 9);
    assert_memory_equal(narrow, ((uint8_t[]){ 0x90, 0x80, 0x7f, 0x00 }), sizeof narrow);

    uint8_t bare[] = { 0x10, 0x00 };
    assert_int_equal(read_vp8((struct bytes){ bare, sizeof bare }, &vp8), OK);
    video_rewrite(bare, &vp8, 5, 6);
    assert_memory_equal(bare, ((uint8_t[]){ 0x10, 0x00 }), sizeof bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chromes_descriptor_gives_its_fields),
        cmocka_unit_test(a_short_picture_id_has_seven_bits),
        cmocka_unit_test(the_least_descriptor_has_no_numbers),
        cmocka_unit_test(only_the_first_packet_of_partition_zero_starts_a_keyframe),
        cmocka_unit_test(the_layer_is_that_of_the_picture),
        cmocka_unit_test(a_cut_descriptor_is_refused_and_changes_nothing),
        cmocka_unit_test(rewriting_keeps_widths_and_everything_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
