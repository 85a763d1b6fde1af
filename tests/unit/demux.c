#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "transport/demux.h"

static enum packet_kind kind_of(uint8_t first, uint8_t second, size_t len)
{
    uint8_t raw[64] = { first, second };
    return demux((struct bytes){ raw, len });
}

/* RFC 7983 7, each first byte. */
static void the_first_byte_decides(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        enum packet_kind expected = first <= 3                    ? PACKET_STUN
                                    : first >= 20 && first <= 63  ? PACKET_DTLS
                                    : first >= 128 && first < 192 ? PACKET_RTP
                                                                  : PACKET_UNKNOWN;
        assert_int_equal(kind_of((uint8_t)first, 96, 64), expected);
    }
}

/* RFC 5761 4, each second byte. */
static void the_second_byte_tells_rtcp_from_rtp(void **state)
{
    (void)state;
    for (unsigned second = 0; second < 256; second++) {
        bool rtcp = second >= 192 && second <= 223;
        assert_int_equal(kind_of(0x80, (uint8_t)second, 64), rtcp ? PACKET_RTCP : PACKET_RTP);
    }
}

static void what_is_shorter_than_its_header_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(demux((struct bytes){ 0 }), PACKET_UNKNOWN);
    assert_int_equal(kind_of(0, 1, 19), PACKET_UNKNOWN);
    assert_int_equal(kind_of(0, 1, 20), PACKET_STUN);
    assert_int_equal(kind_of(22, 254, 12), PACKET_UNKNOWN);
    assert_int_equal(kind_of(22, 254, 13), PACKET_DTLS);
    assert_int_equal(kind_of(0x80, 96, 11), PACKET_UNKNOWN);
    assert_int_equal(kind_of(0x80, 96, 12), PACKET_RTP);
    assert_int_equal(kind_of(0x80, 200, 7), PACKET_UNKNOWN);
    assert_int_equal(kind_of(0x80, 200, 8), PACKET_RTCP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_byte_decides),
        cmocka_unit_test(the_second_byte_tells_rtcp_from_rtp),
        cmocka_unit_test(what_is_shorter_than_its_header_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
