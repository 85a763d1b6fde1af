#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/bytes.h"

static void numbers_are_read_big_endian(void **state)
{
    (void)state;
    const uint8_t raw[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
    struct reader r = reader_over((struct bytes){ raw, sizeof raw });
    assert_int_equal(read_u8(&r), 0x01);
    assert_int_equal(read_be16(&r), 0x0203);
    assert_int_equal(read_be24(&r), 0x040506);
    assert_int_equal(read_be32(&r), 0x0708090a);
    assert_false(r.bad);
    assert_int_equal(r.left, 0);
}

static void a_wide_number_keeps_all_its_bytes(void **state)
{
    (void)state;
    const uint8_t raw[] = { 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 };
    struct reader r = reader_over((struct bytes){ raw, sizeof raw });
    assert_true(read_be64(&r) == 0xfedcba9876543210u);
}

static void a_read_past_the_end_yields_zero_and_stays_bad(void **state)
{
    (void)state;
    const uint8_t raw[] = { 1, 2, 3 };
    struct reader r = reader_over((struct bytes){ raw, sizeof raw });
    assert_int_equal(read_be32(&r), 0);
    assert_true(r.bad);
    assert_int_equal(read_u8(&r), 0); /* it was there, but after a failure nothing is trusted */
    struct bytes none = read_bytes(&r, 0);
    assert_int_equal(none.len, 0);
    assert_true(r.bad);
}

static void a_huge_length_does_not_wrap(void **state)
{
    (void)state;
    const uint8_t raw[] = { 1 };
    uint8_t out[4];
    struct reader r = reader_over((struct bytes){ raw, sizeof raw });
    assert_int_equal(read_bytes(&r, SIZE_MAX).len, 0);
    assert_true(r.bad);
    struct writer w = writer_over(out, sizeof out);
    write_u8(&w, 1);
    write_bytes(&w, (struct bytes){ raw, SIZE_MAX });
    assert_true(w.bad);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    uint8_t out[32];
    struct writer w = writer_over(out, sizeof out);
    write_u8(&w, 0xab);
    write_be16(&w, 0xcdef);
    write_be24(&w, 0x123456);
    write_be32(&w, 0x89abcdef);
    write_be64(&w, 0x1122334455667788);
    write_text(&w, "hi");
    write_format(&w, "%d-%s", 42, "x");
    assert_false(w.bad);
    struct reader r = reader_over(writer_bytes(&w));
    assert_int_equal(read_u8(&r), 0xab);
    assert_int_equal(read_be16(&r), 0xcdef);
    assert_int_equal(read_be24(&r), 0x123456);
    assert_int_equal(read_be32(&r), 0x89abcdef);
    assert_true(read_be64(&r) == 0x1122334455667788);
    assert_true(bytes_equal(read_bytes(&r, 6), bytes_of("hi42-x")));
    assert_int_equal(r.left, 0);
    assert_false(r.bad);
}

static void a_writer_drops_what_does_not_fit_and_touches_nothing_beyond(void **state)
{
    (void)state;
    uint8_t out[8];
    memset(out, 0x55, sizeof out);
    struct writer w = writer_over(out, 4);
    write_be16(&w, 0x0102);
    write_be32(&w, 0x03040506);
    assert_true(w.bad);
    assert_int_equal(w.len, 2);
    write_u8(&w, 9); /* would fit, but failure is sticky */
    write_format(&w, "9");
    assert_int_equal(w.len, 2);
    for (size_t i = 4; i < sizeof out; i++)
        assert_int_equal(out[i], 0x55);
}

static void a_format_too_long_is_bad_and_stays_inside(void **state)
{
    (void)state;
    uint8_t out[8];
    memset(out, 0x55, sizeof out);
    struct writer w = writer_over(out, 4);
    write_format(&w, "%s", "0123456789");
    assert_true(w.bad);
    assert_int_equal(w.len, 0);
    assert_int_equal(out[4], 0x55);
}

static void equality_looks_at_every_byte_and_the_length(void **state)
{
    (void)state;
    bool (*const equals[])(struct bytes, struct bytes) = { bytes_equal, bytes_equal_secret };
    for (size_t i = 0; i < 2; i++) {
        assert_true(equals[i](bytes_of("secret"), bytes_of("secret")));
        assert_false(equals[i](bytes_of("secret"), bytes_of("Secret")));
        assert_false(equals[i](bytes_of("secret"), bytes_of("secreT")));
        assert_false(equals[i](bytes_of("secret"), bytes_of("secre")));
        assert_true(equals[i]((struct bytes){ 0 }, (struct bytes){ 0 }));
        assert_true(equals[i]((struct bytes){ 0 }, bytes_of("")));
    }
}

static void wiping_leaves_zeros_and_stops_at_the_length(void **state)
{
    (void)state;
    uint8_t secret[4] = { 1, 2, 3, 4 };
    bytes_wipe(secret, 3);
    assert_memory_equal(secret, ((uint8_t[]){ 0, 0, 0, 4 }), 4);
}

static void loads_and_stores_are_inverse(void **state)
{
    (void)state;
    uint8_t raw[4];
    store_be32(raw, 0xf1e2d3c4);
    assert_memory_equal(raw, ((uint8_t[]){ 0xf1, 0xe2, 0xd3, 0xc4 }), 4);
    assert_int_equal(load_be32(raw), 0xf1e2d3c4);
    assert_int_equal(load_be16(raw), 0xf1e2);
    store_be16(raw, 0x0a0b);
    assert_int_equal(load_be16(raw), 0x0a0b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_big_endian),
        cmocka_unit_test(a_wide_number_keeps_all_its_bytes),
        cmocka_unit_test(a_read_past_the_end_yields_zero_and_stays_bad),
        cmocka_unit_test(a_huge_length_does_not_wrap),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_writer_drops_what_does_not_fit_and_touches_nothing_beyond),
        cmocka_unit_test(a_format_too_long_is_bad_and_stays_inside),
        cmocka_unit_test(equality_looks_at_every_byte_and_the_length),
        cmocka_unit_test(wiping_leaves_zeros_and_stops_at_the_length),
        cmocka_unit_test(loads_and_stores_are_inverse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
