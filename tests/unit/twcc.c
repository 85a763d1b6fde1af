#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <string.h>

#include "media/rtcp.h"
#include "media/twcc.h"

enum { ROOM = 2000, PACKETS = 3000 };

/* What a publisher reads out of the reports: when each packet came, in steps of 250 us; -1: not known. */
static int64_t told[PACKETS];
static int reports;

static void symbol(struct reader *deltas, uint8_t kind, uint16_t seq, int64_t *at)
{
    assert_true(kind <= 2);
    if (kind == 0)
        return;
    *at += kind == 1 ? read_u8(deltas) : (int16_t)read_be16(deltas);
    assert_true(told[seq] == -1 || llabs(told[seq] - *at) <= 1); /* the same each time, but for rounding */
    told[seq] = *at;
}

/* By the draft, once more from the other side. */
static void read_report(struct bytes compound, uint32_t ssrc, uint32_t media_ssrc)
{
    struct reader r = reader_over(compound);
    assert_int_equal(rtcp_check(compound), OK);
    assert_int_equal(read_u8(&r), 0x80 | 15);
    assert_int_equal(read_u8(&r), 205);
    assert_int_equal((read_be16(&r) + 1) * 4, compound.len);
    assert_int_equal(read_be32(&r), ssrc);
    assert_int_equal(read_be32(&r), media_ssrc);
    uint16_t seq = read_be16(&r), count = read_be16(&r);
    int64_t at = (int64_t)read_be24(&r) * 256;
    assert_int_equal(read_u8(&r), reports++ & 0xff);

    uint8_t kinds[PACKETS];
    for (size_t i = 0; i < count;) {
        uint16_t chunk = read_be16(&r);
        assert_false(r.bad);
        if (chunk >> 15 == 0)
            for (size_t n = chunk & 0x1fff; n > 0 && i < count; n--)
                kinds[i++] = chunk >> 13 & 3;
        else
            for (int shift = 12; shift >= 0 && i < count; shift -= 2)
                kinds[i++] = chunk >> shift & 3;
        assert_true(chunk >> 15 == 0 || chunk >> 14 == 3);
    }
    for (size_t i = 0; i < count; i++)
        symbol(&r, kinds[i], (uint16_t)(seq + i), &at);
    assert_false(r.bad);
    assert_true(r.left < 4);
}

/* What is written reads back as it was: the reader against the one above, which knows the format on its own. */
static void read_by_ours(struct bytes compound)
{
    struct twcc_reader r;
    assert_int_equal(twcc_read((struct bytes){ compound.at + 12, compound.len - 12 }, &r), OK);
    struct twcc_arrival a;
    uint16_t seq = r.seq, left = r.left;
    for (; twcc_next(&r, &a); seq++, left--) {
        assert_int_equal(a.seq, seq);
        assert_int_equal(a.came, told[seq] >= 0);
        if (a.came)
            assert_int_equal(a.at_us, told[seq] * 250);
    }
    assert_int_equal(left, 0);
    assert_false(r.deltas.bad);
}

static int write_and_read(struct twcc *twcc)
{
    int written = 0;
    uint8_t buffer[ROOM];
    struct writer w = writer_over(buffer, sizeof buffer);
    while (twcc_write(twcc, &w, 7, 8)) {
        read_report(writer_bytes(&w), 7, 8);
        read_by_ours(writer_bytes(&w));
        w = writer_over(buffer, sizeof buffer);
        written++;
    }
    assert_int_equal(w.len, 0);
    return written;
}

static void start(void)
{
    memset(told, -1, sizeof told);
    reports = 0;
}

static usec_t ms(uint64_t n)
{
    return n * USEC_PER_MSEC;
}

static void arrivals_are_told_to_a_quarter_of_a_millisecond(void **state)
{
    (void)state;
    struct twcc twcc = { 0 };
    start();
    usec_t at[60];
    for (uint16_t seq = 0; seq < 60; seq++) {
        at[seq] = ms(5000) + seq * (usec_t)4777;
        twcc_packet(&twcc, at[seq], seq);
    }
    assert_int_equal(write_and_read(&twcc), 1);
    for (int seq = 0; seq < 60; seq++)
        assert_true(told[seq] * 250 <= (int64_t)at[seq] && told[seq] * 250 > (int64_t)at[seq] - 251);
    assert_int_equal(write_and_read(&twcc), 0);
}

static void gaps_and_disorder_are_told_too(void **state)
{
    (void)state;
    struct twcc twcc = { 0 };
    start();
    for (uint16_t seq = 0; seq < 200; seq++)
        if (seq % 3 != 1 && (seq < 50 || seq > 90))
            twcc_packet(&twcc, ms(1000 + seq), seq);
    twcc_packet(&twcc, ms(1300), 121); /* late by far: its step back is a long one */
    twcc_packet(&twcc, ms(1301), 200);
    assert_int_equal(write_and_read(&twcc), 1);
    for (int seq = 0; seq < 200; seq++) {
        bool came = (seq % 3 != 1 && (seq < 50 || seq > 90)) || seq == 121;
        assert_int_equal(told[seq] >= 0, came);
        if (came)
            assert_int_equal(told[seq] / 4, seq == 121 ? 1300 : 1000 + seq);
    }
}

static void a_long_report_goes_in_parts(void **state)
{
    (void)state;
    struct twcc twcc = { 0 };
    start();
    for (uint16_t seq = 0; seq < TWCC_WINDOW; seq++)
        twcc_packet(&twcc, ms(100) + seq * (usec_t)100, seq);
    assert_int_equal(write_and_read(&twcc), 2);
    for (int seq = 0; seq < TWCC_WINDOW; seq++)
        assert_true(told[seq] >= 0);
}

static void a_pause_too_long_for_a_step_begins_a_new_report(void **state)
{
    (void)state;
    struct twcc twcc = { 0 };
    start();
    twcc_packet(&twcc, ms(1000), 0);
    twcc_packet(&twcc, ms(20000), 1);
    assert_int_equal(write_and_read(&twcc), 2);
    assert_int_equal(told[0], 4000);
    assert_int_equal(told[1], 80000);
}

/* Overtaken across the border of two reports: the second takes back what the first said. */
static void what_was_told_as_lost_and_came_is_told_anew(void **state)
{
    (void)state;
    struct twcc twcc = { 0 };
    start();
    for (uint16_t seq = 0; seq < 20; seq++)
        if (seq < 8 || seq > 12)
            twcc_packet(&twcc, ms(1000 + seq), seq);
    assert_int_equal(write_and_read(&twcc), 1);
    assert_true(told[8] < 0 && told[12] < 0);
    for (uint16_t seq = 8; seq < 13; seq++)
        twcc_packet(&twcc, ms(1021), seq);
    twcc_packet(&twcc, ms(1022), 20);
    assert_int_equal(write_and_read(&twcc), 1);
    for (int seq = 0; seq < 21; seq++)
        assert_true(told[seq] >= 0);
    assert_int_equal(told[12] / 4, 1021);
    /* Too late for anybody. */
    for (uint16_t seq = 22; seq < 21 + TWCC_LATE + 1; seq++)
        twcc_packet(&twcc, ms(1100) + seq, seq);
    assert_int_equal(write_and_read(&twcc), 1);
    twcc_packet(&twcc, ms(1300), 21);
    assert_int_equal(write_and_read(&twcc), 0);
    assert_true(told[21] < 0);
}

static void a_jump_loses_only_what_lies_before_it(void **state)
{
    (void)state;
    struct twcc twcc = { 0 };
    start();
    twcc_packet(&twcc, ms(1000), 10);
    twcc_packet(&twcc, ms(1010), 10 + TWCC_WINDOW);
    assert_int_equal(write_and_read(&twcc), 1);
    assert_int_equal(told[10 + TWCC_WINDOW] / 4, 1010);
    /* And round the circle. */
    twcc = (struct twcc){ 0 };
    start();
    twcc_packet(&twcc, ms(1000), 65535);
    twcc_packet(&twcc, ms(1001), 0);
    uint8_t buffer[ROOM];
    struct writer w = writer_over(buffer, sizeof buffer);
    assert_true(twcc_write(&twcc, &w, 7, 8));
    assert_int_equal(load_be16(buffer + 12), 65535);
    assert_int_equal(load_be16(buffer + 14), 2);
}

static void without_room_nothing_is_written_or_lost(void **state)
{
    (void)state;
    struct twcc twcc = { 0 };
    start();
    for (uint16_t seq = 0; seq < 30; seq++)
        twcc_packet(&twcc, ms(1000 + seq), seq);
    uint8_t buffer[40];
    struct writer w = writer_over(buffer, sizeof buffer);
    write_u8(&w, 1);
    assert_false(twcc_write(&twcc, &w, 7, 8));
    assert_int_equal(w.len, 1);
    assert_false(w.bad);
    assert_int_equal(write_and_read(&twcc), 1);
    assert_int_equal(told[29] / 4, 1029);
}

#define FCI(...) ((struct bytes){ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })
#define HEAD(first, count) 0, first, (count) >> 8, (count)&0xff, 0, 0, 2, 7

static void each_form_of_chunk_is_read(void **state)
{
    (void)state;
    struct twcc_reader r;
    struct twcc_arrival a;
    /* A run of three, fourteen by one bit, two of seven by two bits; then the filling. */
    assert_int_equal(twcc_read(FCI(HEAD(5, 19), 0x20, 3, 0x90, 1, 0xd8, 0, 4, 4, 4, 8, 8, 4, 0xff, 0xfc, 0), &r), OK);
    static const int64_t at[19] = { 1, 2, 3, -1, 5, [16] = 7, [17] = 8, [18] = 7 };
    for (int i = 0; i < 19; i++) {
        assert_true(twcc_next(&r, &a));
        assert_int_equal(a.seq, 5 + i);
        assert_int_equal(a.came, at[i] > 0);
        if (a.came)
            assert_int_equal(a.at_us, 128000 + 1000 * at[i]);
    }
    assert_false(twcc_next(&r, &a));
}

static void what_does_not_hold_together_is_refused(void **state)
{
    (void)state;
    struct twcc_reader r;
    assert_int_equal(twcc_read(FCI(HEAD(0, 1), 0x20, 1, 9), &r), OK);
    assert_int_equal(twcc_read(FCI(HEAD(0, 1), 0x20, 1), &r), ERR_MALFORMED);          /* no delta */
    assert_int_equal(twcc_read(FCI(HEAD(0, 2), 0x20, 1, 9), &r), ERR_MALFORMED);       /* no second chunk */
    assert_int_equal(twcc_read(FCI(HEAD(0, 1), 0x60, 1, 9, 9, 9), &r), ERR_MALFORMED); /* a reserved symbol */
    assert_int_equal(twcc_read(FCI(HEAD(0, 1), 0x40, 1, 9), &r), ERR_MALFORMED);       /* half a delta */
    assert_int_equal(twcc_read(FCI(HEAD(0, 0), 0, 0), &r), ERR_MALFORMED);             /* about nothing */
    assert_int_equal(twcc_read(FCI(HEAD(0, 1), 0, 0, 0, 0), &r), ERR_MALFORMED);       /* runs of none, to the end */
    assert_int_equal(twcc_read(FCI(HEAD(0, TWCC_READ_MAX + 1), 0x1f, 0xff, 0x1f, 0xff), &r), ERR_MALFORMED);
    assert_int_equal(twcc_read(FCI(HEAD(0, TWCC_READ_MAX), 0x1f, 0xff, 0x1f, 0xff), &r), OK);
    assert_int_equal(twcc_read(FCI(0, 0, 0), &r), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrivals_are_told_to_a_quarter_of_a_millisecond),
        cmocka_unit_test(gaps_and_disorder_are_told_too),
        cmocka_unit_test(a_long_report_goes_in_parts),
        cmocka_unit_test(a_pause_too_long_for_a_step_begins_a_new_report),
        cmocka_unit_test(what_was_told_as_lost_and_came_is_told_anew),
        cmocka_unit_test(a_jump_loses_only_what_lies_before_it),
        cmocka_unit_test(without_room_nothing_is_written_or_lost),
        cmocka_unit_test(each_form_of_chunk_is_read),
        cmocka_unit_test(what_does_not_hold_together_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
