#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/vp9.h"

#define BYTES(...) ((struct bytes){ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })

static struct video_packet packet;
static uint8_t opens;

static void good(struct bytes payload)
{
    assert_int_equal(vp9_read(payload, &packet, &opens), OK);
}

static void a_flexible_keyframe_gives_its_fields(void **state)
{
    (void)state;
    /* I L F B V | M 15 bits | TID 0 U SID 0 | structure: one resolution */
    good(BYTES(0xba, 0x92, 0x34, 0x10, 0x10, 0x02, 0x80, 0x01, 0x68, 0x55));
    assert_true(packet.frame_starts);
    assert_true(packet.keyframe_starts);
    assert_int_equal(packet.picture_bits, 15);
    assert_int_equal(packet.picture_id, 0x1234);
    assert_int_equal(packet.picture_at, 1);
    assert_true(packet.has_temporal);
    assert_int_equal(packet.temporal, 0);
    assert_false(packet.has_tl0);
    assert_int_equal(opens, 0xfe);
}

static void without_the_flexible_mode_there_is_a_tl0_index(void **state)
{
    (void)state;
    /* I P L B | 7 bits | TID 2 SID 1 D | TL0PICIDX */
    good(BYTES(0xe8, 0x7f, 0x43, 0x99, 0x55));
    assert_false(packet.keyframe_starts);
    assert_int_equal(packet.picture_bits, 7);
    assert_int_equal(packet.picture_id, 0x7f);
    assert_int_equal(packet.temporal, 2);
    assert_int_equal(packet.spatial, 1);
    assert_true(packet.has_tl0);
    assert_int_equal(packet.tl0_picture_index, 0x99);
    assert_int_equal(packet.tl0_at, 3);
    assert_int_equal(opens, 0);
    good(BYTES(0xe8, 0x7f, 0x30, 0x99, 0x55)); /* TID 1, U */
    assert_int_equal(opens, 0xfc);
    good(BYTES(0xe8, 0x7f, 0xf0, 0x99, 0x55)); /* TID 7: nothing is above */
    assert_int_equal(opens, 0);
}

static void only_the_lowest_spatial_layers_beginning_starts_a_picture(void **state)
{
    (void)state;
    good(BYTES(0x80, 0x01, 0x55)); /* not B */
    assert_false(packet.frame_starts);
    good(BYTES(0xa8, 0x01, 0x00, 0x00, 0x55)); /* SID 0 */
    assert_true(packet.keyframe_starts);
    good(BYTES(0xa8, 0x01, 0x02, 0x00, 0x55)); /* SID 1 */
    assert_false(packet.frame_starts);
    assert_false(packet.keyframe_starts);
    good(BYTES(0xc8, 0x01, 0x55)); /* P */
    assert_true(packet.frame_starts);
    assert_false(packet.keyframe_starts);
}

static void references_and_a_structure_are_stepped_over(void **state)
{
    (void)state;
    good(BYTES(0xd8, 0x01, 0x03, 0x05, 0x02, 0x55)); /* three P_DIFFs */
    assert_int_equal(vp9_read(BYTES(0xd8, 0x01, 0x03, 0x05, 0x03, 0x02, 0x55), &packet, &opens), ERR_MALFORMED);
    /* V | N_S 1, Y, G | two resolutions | N_G 2: one without references, one with two */
    struct bytes whole = BYTES(0x8a, 0x01, 0x38, 1, 2, 3, 4, 5, 6, 7, 8, 2, 0x00, 0x28, 1, 2, 0x55);
    good(whole);
    for (size_t len = 0; len < whole.len; len++)
        assert_int_equal(vp9_read((struct bytes){ whole.at, len }, &packet, &opens), ERR_MALFORMED);
}

static void a_cut_descriptor_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct bytes whole = BYTES(0xf8, 0x92, 0x34, 0x10, 0x03, 0x02, 0x55);
    good(whole);
    packet.picture_id = 77;
    for (size_t len = 0; len < whole.len; len++)
        assert_int_equal(vp9_read((struct bytes){ whole.at, len }, &packet, &opens), ERR_MALFORMED);
    assert_int_equal(packet.picture_id, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flexible_keyframe_gives_its_fields),
        cmocka_unit_test(without_the_flexible_mode_there_is_a_tl0_index),
        cmocka_unit_test(only_the_lowest_spatial_layers_beginning_starts_a_picture),
        cmocka_unit_test(references_and_a_structure_are_stepped_over),
        cmocka_unit_test(a_cut_descriptor_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
