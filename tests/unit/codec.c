#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/codec.h"

static void every_codec_has_a_name_and_is_found_by_it(void **state)
{
    (void)state;
    for (int codec = CODEC_OPUS; codec <= CODEC_AV1; codec++)
        assert_int_equal(codec_parse(bytes_of(codec_name((enum codec)codec))), codec);
    assert_string_equal(codec_name(CODEC_H264), "h264");
    assert_string_equal(codec_name(CODEC_NONE), "?");
    assert_string_equal(codec_name((enum codec)(CODEC_AV1 + 1)), "?");
    assert_int_equal(codec_parse(bytes_of("VP8")), CODEC_NONE);
    assert_int_equal(codec_parse(bytes_of("")), CODEC_NONE);
}

static void all_but_opus_is_video(void **state)
{
    (void)state;
    assert_false(codec_is_video(CODEC_NONE));
    assert_false(codec_is_video(CODEC_OPUS));
    size_t count = 0;
    for (int codec = CODEC_VP8; codec <= CODEC_AV1; codec++)
        count += codec_is_video((enum codec)codec);
    assert_int_equal(count, CODEC_VIDEO_COUNT);
}

static void a_choice_has_what_is_in_it(void **state)
{
    (void)state;
    struct codec_choice choice = { .at = { CODEC_AV1, CODEC_VP8, CODEC_H264 }, .count = 2 };
    assert_true(codec_choice_has(&choice, CODEC_AV1));
    assert_true(codec_choice_has(&choice, CODEC_VP8));
    assert_false(codec_choice_has(&choice, CODEC_H264));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codec_has_a_name_and_is_found_by_it),
        cmocka_unit_test(all_but_opus_is_video),
        cmocka_unit_test(a_choice_has_what_is_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
