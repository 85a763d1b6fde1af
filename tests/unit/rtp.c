#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/rtp.h"

#define BYTES(...) ((struct bytes){ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })
#define HEADER(first, second) first, second, 0x12, 0x34, 1, 2, 3, 4, 0xa, 0xb, 0xc, 0xd

static void a_plain_header_gives_its_fields(void **state)
{
    (void)state;
    struct rtp rtp;
    assert_int_equal(rtp_parse(BYTES(HEADER(0x80, 0x80 | 111), 0xde, 0xad), &rtp), OK);
    assert_true(rtp.marker);
    assert_int_equal(rtp.payload_type, 111);
    assert_int_equal(rtp.seq, 0x1234);
    assert_int_equal(rtp.time, 0x01020304);
    assert_int_equal(rtp.ssrc, 0x0a0b0c0d);
    assert_int_equal(rtp.extension_profile, 0);
    assert_true(bytes_equal(rtp.payload, BYTES(0xde, 0xad)));
}

static void contributing_sources_are_stepped_over(void **state)
{
    (void)state;
    struct rtp rtp;
    assert_int_equal(rtp_parse(BYTES(HEADER(0x82, 0), 1, 1, 1, 1, 2, 2, 2, 2, 0x55), &rtp), OK);
    assert_true(bytes_equal(rtp.payload, BYTES(0x55)));
    assert_int_equal(rtp_parse(BYTES(HEADER(0x82, 0), 1, 1, 1, 1, 2, 2, 2), &rtp), ERR_MALFORMED);
}

static void padding_is_taken_off(void **state)
{
    (void)state;
    struct rtp rtp;
    assert_int_equal(rtp_parse(BYTES(HEADER(0xa0, 0), 0x55, 0, 0, 3), &rtp), OK);
    assert_true(bytes_equal(rtp.payload, BYTES(0x55)));
    assert_int_equal(rtp_parse(BYTES(HEADER(0xa0, 0), 0, 2), &rtp), OK);
    assert_int_equal(rtp.payload.len, 0);
}

static void padding_that_lies_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct rtp rtp = { .seq = 7 };
    assert_int_equal(rtp_parse(BYTES(HEADER(0xa0, 0), 0x55, 0), &rtp), ERR_MALFORMED);
    assert_int_equal(rtp_parse(BYTES(HEADER(0xa0, 0), 0x55, 3), &rtp), ERR_MALFORMED);
    assert_int_equal(rtp_parse(BYTES(HEADER(0xa0, 0)), &rtp), ERR_MALFORMED);
    assert_int_equal(rtp.seq, 7);
}

static void other_versions_and_short_packets_are_refused(void **state)
{
    (void)state;
    struct rtp rtp;
    struct bytes whole = BYTES(HEADER(0x80, 0));
    for (size_t len = 0; len < RTP_HEADER_LEN; len++)
        assert_int_equal(rtp_parse((struct bytes){ whole.at, len }, &rtp), ERR_MALFORMED);
    assert_int_equal(rtp_parse(whole, &rtp), OK);
    assert_int_equal(rtp_parse(BYTES(HEADER(0x40, 0)), &rtp), ERR_MALFORMED);
    assert_int_equal(rtp_parse(BYTES(HEADER(0xc0, 0)), &rtp), ERR_MALFORMED);
}

static void an_extension_that_runs_over_is_refused(void **state)
{
    (void)state;
    struct rtp rtp;
    assert_int_equal(rtp_parse(BYTES(HEADER(0x90, 0), 0xbe, 0xde, 0, 2, 1, 2, 3, 4), &rtp), ERR_MALFORMED);
    assert_int_equal(rtp_parse(BYTES(HEADER(0x90, 0), 0xbe, 0xde, 0), &rtp), ERR_MALFORMED);
    assert_int_equal(rtp_parse(BYTES(HEADER(0x90, 0), 0xbe, 0xde, 0xff, 0xff), &rtp), ERR_MALFORMED);
}

static void one_byte_elements_are_found(void **state)
{
    (void)state;
    struct rtp rtp;
    assert_int_equal(rtp_parse(BYTES(HEADER(0x90, 0), 0xbe, 0xde, 0, 2, 0x10, 0xaa, 0, 0x42, 1, 2, 3, 0, 0x55), &rtp),
                     OK);
    assert_true(bytes_equal(rtp_extension_find(&rtp, 1), BYTES(0xaa)));
    assert_true(bytes_equal(rtp_extension_find(&rtp, 4), BYTES(1, 2, 3)));
    assert_int_equal(rtp_extension_find(&rtp, 3).len, 0);
    assert_int_equal(rtp_extension_find(&rtp, 0).len, 0);
    assert_true(bytes_equal(rtp.payload, BYTES(0x55)));
}

static void id_fifteen_ends_the_one_byte_form(void **state)
{
    (void)state;
    struct rtp rtp;
    assert_int_equal(rtp_parse(BYTES(HEADER(0x90, 0), 0xbe, 0xde, 0, 2, 0x10, 7, 0xf0, 1, 0x20, 8, 0, 0), &rtp), OK);
    assert_int_equal(rtp_extension_find(&rtp, 1).len, 1);
    assert_int_equal(rtp_extension_find(&rtp, 2).len, 0);
    assert_int_equal(rtp_extension_find(&rtp, 15).len, 0);
}

static void two_byte_elements_are_found(void **state)
{
    (void)state;
    struct rtp rtp;
    assert_int_equal(rtp_parse(BYTES(HEADER(0x90, 0), 0x10, 0x05, 0, 3, 1, 0, 0, 9, 2, 5, 6, 200, 3, 7, 8, 9), &rtp),
                     OK);
    assert_int_equal(rtp_extension_find(&rtp, 1).len, 0);
    assert_true(bytes_equal(rtp_extension_find(&rtp, 9), BYTES(5, 6)));
    assert_true(bytes_equal(rtp_extension_find(&rtp, 200), BYTES(7, 8, 9)));
}

static void a_broken_element_is_not_found(void **state)
{
    (void)state;
    struct rtp rtp;
    assert_int_equal(rtp_parse(BYTES(HEADER(0x90, 0), 0xbe, 0xde, 0, 1, 0x10, 7, 0x2f, 1), &rtp), OK);
    assert_int_equal(rtp_extension_find(&rtp, 1).len, 1);
    assert_int_equal(rtp_extension_find(&rtp, 2).len, 0);
    assert_int_equal(rtp_extension_find(&rtp, 3).len, 0);
    assert_int_equal(rtp_parse(BYTES(HEADER(0x90, 0), 0x10, 0, 0, 1, 9, 200, 1, 1), &rtp), OK);
    assert_int_equal(rtp_extension_find(&rtp, 9).len, 0);
    assert_int_equal(rtp_extension_find(&rtp, 1).len, 0);
}

static void an_unknown_profile_has_no_elements(void **state)
{
    (void)state;
    struct rtp rtp;
    assert_int_equal(rtp_parse(BYTES(HEADER(0x90, 0), 0xab, 0xcd, 0, 1, 0x10, 7, 0, 0), &rtp), OK);
    assert_int_equal(rtp_extension_find(&rtp, 1).len, 0);
}

static void what_is_written_parses_back(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 1000; round++) {
        uint8_t raw[16], buffer[64];
        for (size_t i = 0; i < sizeof raw; i++)
            raw[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
        struct rtp in = { .marker = raw[0] & 1,
                          .payload_type = raw[1] & 0x7f,
                          .seq = load_be16(raw + 2),
                          .time = load_be32(raw + 4),
                          .ssrc = load_be32(raw + 8),
                          .payload = { raw, raw[12] % sizeof raw } };
        struct writer w = writer_over(buffer, sizeof buffer);
        rtp_write(&w, &in);
        assert_false(w.bad);
        struct rtp out;
        assert_int_equal(rtp_parse(writer_bytes(&w), &out), OK);
        assert_int_equal(out.marker, in.marker);
        assert_int_equal(out.payload_type, in.payload_type);
        assert_int_equal(out.seq, in.seq);
        assert_int_equal(out.time, in.time);
        assert_int_equal(out.ssrc, in.ssrc);
        assert_true(bytes_equal(out.payload, in.payload));
    }
}

static void a_packet_that_does_not_fit_is_noticed(void **state)
{
    (void)state;
    uint8_t buffer[13];
    struct writer w = writer_over(buffer, sizeof buffer);
    struct rtp rtp = { .payload = BYTES(1, 2) };
    rtp_write(&w, &rtp);
    assert_true(w.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_header_gives_its_fields),
        cmocka_unit_test(contributing_sources_are_stepped_over),
        cmocka_unit_test(padding_is_taken_off),
        cmocka_unit_test(padding_that_lies_is_refused_and_changes_nothing),
        cmocka_unit_test(other_versions_and_short_packets_are_refused),
        cmocka_unit_test(an_extension_that_runs_over_is_refused),
        cmocka_unit_test(one_byte_elements_are_found),
        cmocka_unit_test(id_fifteen_ends_the_one_byte_form),
        cmocka_unit_test(two_byte_elements_are_found),
        cmocka_unit_test(a_broken_element_is_not_found),
        cmocka_unit_test(an_unknown_profile_has_no_elements),
        cmocka_unit_test(what_is_written_parses_back),
        cmocka_unit_test(a_packet_that_does_not_fit_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
