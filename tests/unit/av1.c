#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/av1.h"

#define BYTES(...) ((struct bytes){ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })

static void the_aggregation_header_says_what_starts(void **state)
{
    (void)state;
    struct video_packet packet;
    assert_int_equal(av1_read(BYTES(0x28, 0x0a, 0x0b), &packet), OK); /* W 2, N */
    assert_true(packet.frame_starts);
    assert_true(packet.keyframe_starts);
    assert_int_equal(av1_read(BYTES(0x10, 0x32), &packet), OK); /* W 1 */
    assert_true(packet.frame_starts);
    assert_false(packet.keyframe_starts);
    assert_int_equal(av1_read(BYTES(0x90, 0x32), &packet), OK); /* Z: goes on */
    assert_false(packet.frame_starts);
    assert_int_equal(av1_read(BYTES(0x50, 0x32), &packet), OK); /* Y: will go on */
    assert_true(packet.frame_starts);
    assert_false(packet.has_temporal);
}

static void what_cannot_be_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct video_packet packet = { .temporal = 5 };
    assert_int_equal(av1_read((struct bytes){ 0 }, &packet), ERR_MALFORMED);
    assert_int_equal(av1_read(BYTES(0x10), &packet), ERR_MALFORMED);
    assert_int_equal(av1_read(BYTES(0x98, 0x32), &packet), ERR_MALFORMED); /* Z and N: section 4.4 forbids it */
    assert_int_equal(packet.temporal, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_aggregation_header_says_what_starts),
        cmocka_unit_test(what_cannot_be_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
