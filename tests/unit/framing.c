#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "transport/framing.h"

static const uint8_t three[] = { 0, 3, 'o', 'n', 'e', 0, 0, 0, 1, '2' }; /* "one", "", "2" */

/* Feeds the stream in pieces that end at `first` and `second`, as sockets do; the datagrams, each with a '|' behind it.
 */
static const char *read_in_pieces(size_t first, size_t second)
{
    static char text[64];
    struct framing_rest rest = { .len = 0 };
    size_t ends[] = { first, second, sizeof three }, at = 0, len = 0;
    for (size_t i = 0; i < 3; i++) {
        uint8_t buffer[FRAMING_MAX + sizeof three];
        size_t begun = framing_resume(&rest, buffer);
        memcpy(buffer + begun, three + at, ends[i] - at);
        struct framing_part stream = { buffer, begun + ends[i] - at }, datagram;
        at = ends[i];
        enum status status;
        while ((status = framing_take(&stream, &datagram)) == OK) {
            memcpy(text + len, datagram.at, datagram.len);
            len += datagram.len;
            text[len++] = '|';
        }
        assert_int_equal(status, ERR_STATE);
        framing_keep(&rest, stream);
    }
    assert_int_equal(rest.len, 0);
    text[len] = 0;
    return text;
}

static void frames_are_the_same_wherever_the_stream_is_cut(void **state)
{
    (void)state;
    for (size_t first = 0; first <= sizeof three; first++)
        for (size_t second = first; second <= sizeof three; second++)
            assert_string_equal(read_in_pieces(first, second), "one||2|");
}

static void what_is_not_whole_changes_nothing(void **state)
{
    (void)state;
    uint8_t bytes[] = { 0, 5, 1, 2, 3, 4 };
    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct framing_part stream = { bytes, len }, datagram = { bytes, 99 };
        assert_int_equal(framing_take(&stream, &datagram), ERR_STATE);
        assert_ptr_equal(stream.at, bytes);
        assert_int_equal(stream.len, len);
        assert_int_equal(datagram.len, 99);
    }
}

static void the_longest_frame_passes_and_a_longer_one_ends_the_stream(void **state)
{
    (void)state;
    static uint8_t bytes[FRAMING_MAX + 1];
    struct framing_part stream = { bytes, FRAMING_MAX }, datagram;
    store_be16(bytes, FRAMING_DATA_MAX);
    assert_int_equal(framing_take(&stream, &datagram), OK);
    assert_int_equal(datagram.len, FRAMING_DATA_MAX);
    assert_int_equal(stream.len, 0);
    /* It is known from the length alone, before any of it is kept. */
    for (uint32_t len = FRAMING_DATA_MAX + 1; len <= UINT16_MAX; len++) {
        store_be16(bytes, (uint16_t)len);
        stream = (struct framing_part){ bytes, FRAMING_HEAD };
        assert_int_equal(framing_take(&stream, &datagram), ERR_MALFORMED);
        assert_int_equal(stream.len, FRAMING_HEAD);
    }
}

static void a_datagram_may_be_written_over_without_touching_its_neighbours(void **state)
{
    (void)state;
    uint8_t bytes[sizeof three];
    memcpy(bytes, three, sizeof bytes);
    struct framing_part stream = { bytes, sizeof bytes }, datagram;
    assert_int_equal(framing_take(&stream, &datagram), OK);
    memset(datagram.at, 0xff, datagram.len);
    assert_int_equal(framing_take(&stream, &datagram), OK);
    assert_int_equal(datagram.len, 0);
    assert_int_equal(framing_take(&stream, &datagram), OK);
    assert_int_equal(datagram.len, 1);
    assert_int_equal(datagram.at[0], '2');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_the_same_wherever_the_stream_is_cut),
        cmocka_unit_test(what_is_not_whole_changes_nothing),
        cmocka_unit_test(the_longest_frame_passes_and_a_longer_one_ends_the_stream),
        cmocka_unit_test(a_datagram_may_be_written_over_without_touching_its_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
