#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/video.h"

#define BYTES(...) ((struct bytes){ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })
static const struct bytes nothing = { 0 };

static struct video_structure structure;
static struct video_packet packet;

static int forget(void **state)
{
    (void)state;
    structure = (struct video_structure){ 0 };
    return 0;
}

static void read_vp8(uint8_t tid, bool sync, bool inter)
{
    uint8_t layer = (uint8_t)(tid << 6 | (sync ? 0x20 : 0));
    assert_int_equal(video_read(CODEC_VP8, BYTES(0x90, 0x20, layer, inter), nothing, &structure, &packet), OK);
    assert_int_equal(packet.temporal, tid);
}

static void read_vp9(uint8_t tid, bool up, bool inter)
{
    uint8_t head = inter ? 0x68 : 0x28, layers = (uint8_t)(tid << 5 | (up ? 0x10 : 0));
    assert_int_equal(video_read(CODEC_VP9, BYTES(head, layers, 0, 0x55), nothing, &structure, &packet), OK);
    assert_int_equal(packet.temporal, tid);
}

static void vp8s_layer_may_be_joined_where_it_says_so_itself(void **state)
{
    (void)state;
    read_vp8(0, false, true);
    read_vp8(2, false, true);
    assert_false(packet.switch_up);
    read_vp8(1, true, true);
    assert_true(packet.switch_up);
    read_vp8(2, false, true);
    assert_false(packet.switch_up);
    read_vp8(2, true, true);
    assert_true(packet.switch_up);
    read_vp8(2, false, true); /* once: the next one depends on that one */
    assert_false(packet.switch_up);
}

static void a_keyframe_opens_every_layer(void **state)
{
    (void)state;
    read_vp8(0, false, false);
    assert_true(packet.keyframe_starts && packet.switch_up);
    read_vp8(1, false, true);
    assert_true(packet.switch_up);
    read_vp8(1, false, true);
    assert_false(packet.switch_up);
    read_vp8(2, false, true);
    assert_true(packet.switch_up);
}

static void vp9s_layer_may_be_joined_after_a_lower_one_says_so(void **state)
{
    (void)state;
    read_vp9(0, false, true);
    read_vp9(2, false, true);
    assert_false(packet.switch_up);
    read_vp9(0, true, true);
    read_vp9(2, true, true);
    assert_true(packet.switch_up);
    read_vp9(1, true, true);
    assert_true(packet.switch_up);
    read_vp9(1, false, true);
    assert_false(packet.switch_up);
    read_vp9(2, false, true); /* U of the first of the two */
    assert_true(packet.switch_up);
    read_vp9(2, false, true);
    assert_false(packet.switch_up);
}

/* Two temporal layers: templates T0 (keyframe), T0, T1; a decode target for each; no differences, chains, resolutions.
 *   start 1, end 1, number 6 | frame 16 | flags 5: 10000 | first 6: 0 | targets 5: 1 |
 *   layers 00 01 11 | SS SS -D | 0 0 0 | ns(3) 0: 0 | 0 */
static const uint8_t l1t2[] = { 0xc0, 0x00, 0x01, 0x80, 0x01, 0x1e, 0xa8, 0x40 };
static const uint8_t t0[] = { 0xc1, 0x00, 0x02 }, t1[] = { 0xc2, 0x00, 0x03 }, t1_goes_on[] = { 0x42, 0x00, 0x03 };
#define DD(name) ((struct bytes){ name, sizeof name })

static void a_descriptor_names_the_layers_of_what_has_no_names(void **state)
{
    (void)state;
    static const struct {
        enum codec codec;
        uint8_t key[4], inter[2];
    } codecs[] = { { CODEC_AV1, { 0x28, 0x0a }, { 0x10, 0x32 } }, { CODEC_H264, { 0x67, 0x42 }, { 0x41, 0x9a } } };
    for (size_t i = 0; i < 2; i++) {
        enum codec codec = codecs[i].codec;
        struct bytes key = { codecs[i].key, 2 }, inter = { codecs[i].inter, 2 };
        structure = (struct video_structure){ 0 };
        assert_int_equal(video_read(codec, inter, DD(t1), &structure, &packet), OK);
        assert_false(packet.has_temporal); /* the structure is not known yet */
        assert_int_equal(video_read(codec, key, DD(l1t2), &structure, &packet), OK);
        assert_true(packet.keyframe_starts && packet.has_temporal && packet.switch_up);
        assert_int_equal(packet.temporal, 0);
        assert_int_equal(video_read(codec, inter, DD(t1), &structure, &packet), OK);
        assert_true(packet.frame_starts && packet.switch_up);
        assert_int_equal(packet.temporal, 1);
        assert_int_equal(video_read(codec, inter, DD(t1), &structure, &packet), OK);
        assert_false(packet.switch_up);
        assert_int_equal(video_read(codec, inter, DD(t0), &structure, &packet), OK);
        assert_int_equal(video_read(codec, inter, DD(t1_goes_on), &structure, &packet), OK);
        assert_int_equal(packet.temporal, 1);
        assert_false(packet.frame_starts || packet.switch_up);
        assert_int_equal(video_read(codec, inter, DD(t1), &structure, &packet), OK);
        assert_true(packet.switch_up); /* the T0 before it was a switch point */
        assert_int_equal(video_read(codec, inter, BYTES(0xff, 0xff), &structure, &packet), OK);
        assert_false(packet.has_temporal); /* a broken one is none */
        assert_int_equal(video_read(codec, inter, DD(t1), NULL, &packet), OK);
        assert_false(packet.has_temporal);
    }
}

static void what_a_payload_says_of_its_layers_wins(void **state)
{
    (void)state;
    read_vp8(2, true, true);
    assert_int_equal(video_read(CODEC_VP8, BYTES(0x90, 0x20, 0x80, 1), DD(l1t2), &structure, &packet), OK);
    assert_int_equal(packet.temporal, 2);
    assert_int_equal(structure.dependency.template_count, 0);
}

static void no_other_codec_is_read(void **state)
{
    (void)state;
    packet.picture_id = 77;
    assert_int_equal(video_read(CODEC_OPUS, BYTES(0x10, 0x00), nothing, &structure, &packet), ERR_MALFORMED);
    assert_int_equal(video_read(CODEC_NONE, BYTES(0x10, 0x00), nothing, &structure, &packet), ERR_MALFORMED);
    assert_int_equal(video_read(CODEC_AV1, nothing, nothing, &structure, &packet), ERR_MALFORMED);
    assert_int_equal(packet.picture_id, 77);
}

static void vp9s_counters_are_rewritten_where_they_are(void **state)
{
    (void)state;
    uint8_t payload[] = { 0xe8, 0x92, 0x34, 0x43, 0x99, 0x55 };
    assert_int_equal(video_read(CODEC_VP9, (struct bytes){ payload, sizeof payload }, nothing, NULL, &packet), OK);
    video_rewrite(payload, &packet, 0x7abc, 0x12);
    assert_memory_equal(payload, ((uint8_t[]){ 0xe8, 0xfa, 0xbc, 0x43, 0x12, 0x55 }), sizeof payload);
    uint8_t plain[] = { 0x41, 0x9a, 0x01 };
    assert_int_equal(video_read(CODEC_H264, (struct bytes){ plain, sizeof plain }, nothing, NULL, &packet), OK);
    video_rewrite(plain, &packet, 1, 2);
    assert_memory_equal(plain, ((uint8_t[]){ 0x41, 0x9a, 0x01 }), sizeof plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(vp8s_layer_may_be_joined_where_it_says_so_itself, forget),
        cmocka_unit_test_setup(a_keyframe_opens_every_layer, forget),
        cmocka_unit_test_setup(vp9s_layer_may_be_joined_after_a_lower_one_says_so, forget),
        cmocka_unit_test_setup(a_descriptor_names_the_layers_of_what_has_no_names, forget),
        cmocka_unit_test_setup(what_a_payload_says_of_its_layers_wins, forget),
        cmocka_unit_test_setup(no_other_codec_is_read, forget),
        cmocka_unit_test_setup(vp9s_counters_are_rewritten_where_they_are, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
