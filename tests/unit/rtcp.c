#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/rtcp.h"

#define BYTES(...) ((struct bytes){ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })
#define RR_EMPTY 0x80, 201, 0, 1, 0, 0, 0, 9

static void next_is(struct reader *r, struct rtcp_packet *packet, enum rtcp_kind kind)
{
    assert_true(rtcp_next(r, packet));
    assert_int_equal(packet->kind, kind);
}

static void a_report_compound_round_trips(void **state)
{
    (void)state;
    uint8_t buffer[256];
    struct writer w = writer_over(buffer, sizeof buffer);
    struct rtcp_sender sender = { .ntp = 0x0102030405060708, .rtp_time = 9, .packets = 10, .octets = 11 };
    struct rtcp_report report = {
        .ssrc = 21, .fraction_lost = 22, .lost = -3, .highest_seq = 0x10004, .jitter = 5, .last_sr = 6, .delay = 7
    };
    rtcp_write_sr(&w, 1, &sender, &report, 1);
    rtcp_write_sdes(&w, 1, "kinroom");
    rtcp_write_rr(&w, 2, &report, 1);
    rtcp_write_pli(&w, 3, 4);
    assert_false(w.bad);
    assert_int_equal(rtcp_check(writer_bytes(&w)), OK);

    struct reader r = reader_over(writer_bytes(&w));
    struct rtcp_packet packet;
    next_is(&r, &packet, RTCP_SR);
    assert_int_equal(packet.ssrc, 1);
    assert_true(packet.sender.ntp == sender.ntp);
    assert_int_equal(packet.sender.rtp_time, 9);
    assert_int_equal(packet.sender.packets, 10);
    assert_int_equal(packet.sender.octets, 11);
    assert_int_equal(packet.report_count, 1);
    assert_int_equal(packet.reports[0].ssrc, 21);
    assert_int_equal(packet.reports[0].fraction_lost, 22);
    assert_int_equal(packet.reports[0].lost, -3);
    assert_int_equal(packet.reports[0].highest_seq, 0x10004);
    assert_int_equal(packet.reports[0].jitter, 5);
    assert_int_equal(packet.reports[0].last_sr, 6);
    assert_int_equal(packet.reports[0].delay, 7);
    next_is(&r, &packet, RTCP_OTHER);
    assert_int_equal(packet.type, 202);
    assert_int_equal(packet.ssrc, 1);
    next_is(&r, &packet, RTCP_RR);
    assert_int_equal(packet.ssrc, 2);
    assert_int_equal(packet.reports[0].lost, -3);
    next_is(&r, &packet, RTCP_PLI);
    assert_int_equal(packet.ssrc, 3);
    assert_int_equal(packet.media_ssrc, 4);
    assert_false(rtcp_next(&r, &packet));
    assert_false(r.bad);
}

static void thirty_one_reports_fit(void **state)
{
    (void)state;
    uint8_t buffer[1024];
    struct writer w = writer_over(buffer, sizeof buffer);
    struct rtcp_report reports[RTCP_REPORTS_MAX];
    for (uint32_t i = 0; i < RTCP_REPORTS_MAX; i++)
        reports[i] = (struct rtcp_report){ .ssrc = i, .lost = (int32_t)i - 15 };
    rtcp_write_rr(&w, 1, reports, RTCP_REPORTS_MAX);
    struct reader r = reader_over(writer_bytes(&w));
    struct rtcp_packet packet;
    next_is(&r, &packet, RTCP_RR);
    assert_int_equal(packet.report_count, RTCP_REPORTS_MAX);
    for (uint32_t i = 0; i < RTCP_REPORTS_MAX; i++) {
        assert_int_equal(packet.reports[i].ssrc, i);
        assert_int_equal(packet.reports[i].lost, (int32_t)i - 15);
    }
}

static void loss_beyond_24_bits_is_clamped(void **state)
{
    (void)state;
    const int32_t cases[][2] = {
        { INT32_MAX, 0x7fffff }, { INT32_MIN, -0x800000 }, { -1, -1 }, { 0x7fffff, 0x7fffff }
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t buffer[64];
        struct writer w = writer_over(buffer, sizeof buffer);
        struct rtcp_report report = { .fraction_lost = 0xff, .lost = cases[i][0] };
        rtcp_write_rr(&w, 1, &report, 1);
        struct reader r = reader_over(writer_bytes(&w));
        struct rtcp_packet packet;
        next_is(&r, &packet, RTCP_RR);
        assert_int_equal(packet.reports[0].lost, cases[i][1]);
        assert_int_equal(packet.reports[0].fraction_lost, 0xff);
    }
}

static void a_cname_of_any_length_ends_on_a_word(void **state)
{
    (void)state;
    for (size_t len = 0; len < 9; len++) {
        uint8_t buffer[64];
        char cname[16] = "abcdefghijklmno";
        cname[len] = '\0';
        struct writer w = writer_over(buffer, sizeof buffer);
        rtcp_write_rr(&w, 1, NULL, 0);
        size_t start = w.len;
        rtcp_write_sdes(&w, 1, cname);
        assert_int_equal(rtcp_check(writer_bytes(&w)), OK);
        assert_int_equal(w.len % 4, 0);
        assert_int_equal(buffer[start + 9], len);
        assert_int_equal(buffer[w.len - 1], 0); /* RFC 3550 6.5: at least one zero ends the list */
        assert_true(w.len - start <= 4 + 4 + 2 + len + 4);
    }
}

static void a_fir_names_its_first_entry(void **state)
{
    (void)state;
    struct bytes fir = BYTES(RR_EMPTY, 0x84, 206, 0, 4, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 42, 1, 0, 0, 0);
    assert_int_equal(rtcp_check(fir), OK);
    struct reader r = reader_over(fir);
    struct rtcp_packet packet;
    next_is(&r, &packet, RTCP_RR);
    next_is(&r, &packet, RTCP_FIR);
    assert_int_equal(packet.media_ssrc, 42);
    assert_int_equal(rtcp_check(BYTES(RR_EMPTY, 0x84, 206, 0, 2, 0, 0, 0, 9, 0, 0, 0, 0)), ERR_MALFORMED);
}

static void goodbyes_and_strangers_are_told_apart(void **state)
{
    (void)state;
    struct bytes compound = BYTES(RR_EMPTY, 0x81, 203, 0, 2, 0, 0, 0, 5, 3, 'b', 'y', 'e', /* BYE with a reason */
                                  0x80, 203, 0, 0,                                         /* BYE of nobody */
                                  0x8f, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 9, 9, 9, 9,     /* transport-wide feedback */
                                  0x80, 207, 0, 1, 0, 0, 0, 1,                             /* XR */
                                  0x80, 250, 0, 0);
    assert_int_equal(rtcp_check(compound), OK);
    struct reader r = reader_over(compound);
    struct rtcp_packet packet;
    next_is(&r, &packet, RTCP_RR);
    next_is(&r, &packet, RTCP_BYE);
    assert_int_equal(packet.ssrc, 5);
    next_is(&r, &packet, RTCP_BYE);
    assert_int_equal(packet.ssrc, 0);
    next_is(&r, &packet, RTCP_TWCC);
    assert_int_equal(packet.media_ssrc, 2);
    assert_true(bytes_equal(packet.fci, BYTES(9, 9, 9, 9)));
    for (int i = 0; i < 2; i++)
        next_is(&r, &packet, RTCP_OTHER);
    assert_false(rtcp_next(&r, &packet));
}

/* Browsers fill it up to a word, and count the filling as padding: 1 to 3 bytes of it, in any packet of the compound.
 */
static void odd_padding_is_transport_wide_feedbacks_alone(void **state)
{
    (void)state;
    struct bytes compound = BYTES(0xaf, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 9, 9, 0, 2, RR_EMPTY);
    assert_int_equal(rtcp_check(compound), OK);
    struct reader r = reader_over(compound);
    struct rtcp_packet packet;
    next_is(&r, &packet, RTCP_TWCC);
    assert_true(bytes_equal(packet.fci, BYTES(9, 9)));
    assert_int_equal(rtcp_check(BYTES(0xaf, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 9, 9, 0, 0)), ERR_MALFORMED);
    assert_int_equal(rtcp_check(BYTES(0xaf, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 9, 9, 0, 13)), ERR_MALFORMED);
    assert_int_equal(rtcp_check(BYTES(0xa1, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 9, 9, 0, 2)), ERR_MALFORMED);
}

static void feedback_alone_is_understood(void **state)
{
    (void)state;
    assert_int_equal(rtcp_check(BYTES(0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2)), OK);
    assert_int_equal(rtcp_check(BYTES(0x80, 199, 0, 1, 0, 0, 0, 1)), ERR_MALFORMED);
    assert_int_equal(rtcp_check(BYTES(0x80, 208, 0, 1, 0, 0, 0, 1)), ERR_MALFORMED);
}

static void a_compound_that_does_not_hold_together_is_refused(void **state)
{
    (void)state;
    assert_int_equal(rtcp_check((struct bytes){ 0 }), ERR_MALFORMED);
    assert_int_equal(rtcp_check(BYTES(0x40, 201, 0, 1, 0, 0, 0, 9)), ERR_MALFORMED); /* version */
    assert_int_equal(rtcp_check(BYTES(0x80, 201, 0, 2, 0, 0, 0, 9)), ERR_MALFORMED); /* runs over */
    assert_int_equal(rtcp_check(BYTES(0x81, 201, 0, 1, 0, 0, 0, 9)), ERR_MALFORMED); /* count lies */
    assert_int_equal(rtcp_check(BYTES(0x82, 203, 0, 1, 0, 0, 0, 9)), ERR_MALFORMED); /* count lies */
    assert_int_equal(rtcp_check(BYTES(RR_EMPTY, 0x80)), ERR_MALFORMED);              /* rest too short */
    assert_int_equal(rtcp_check(BYTES(RR_EMPTY, 0x00, 201, 0, 1, 0, 0, 0, 9)),
                     ERR_MALFORMED);                                                 /* version of the second */
    assert_int_equal(rtcp_check(BYTES(0x80, 200, 0, 1, 0, 0, 0, 9)), ERR_MALFORMED); /* SR without its middle */
    assert_int_equal(rtcp_check(BYTES(RR_EMPTY, 0x81, 206, 0, 1, 0, 0, 0, 9)), ERR_MALFORMED); /* PLI cut */
}

static void every_cut_of_a_good_compound_is_refused_or_whole_packets(void **state)
{
    (void)state;
    struct bytes whole = BYTES(RR_EMPTY, 0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2);
    for (size_t len = 0; len <= whole.len; len++)
        assert_int_equal(rtcp_check((struct bytes){ whole.at, len }),
                         len == 8 || len == whole.len ? OK : ERR_MALFORMED);
}

static void padding_is_for_the_last_packet_only(void **state)
{
    (void)state;
    assert_int_equal(rtcp_check(BYTES(RR_EMPTY, 0xa0, 201, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4)), OK);
    assert_int_equal(rtcp_check(BYTES(0xa0, 201, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4, RR_EMPTY)), ERR_MALFORMED);
    assert_int_equal(rtcp_check(BYTES(RR_EMPTY, 0xa0, 201, 0, 2, 0, 0, 0, 9, 0, 0, 0, 0)), ERR_MALFORMED);
    assert_int_equal(rtcp_check(BYTES(RR_EMPTY, 0xa0, 201, 0, 2, 0, 0, 0, 9, 0, 0, 0, 3)), ERR_MALFORMED);
    assert_int_equal(rtcp_check(BYTES(RR_EMPTY, 0xa0, 201, 0, 2, 0, 0, 0, 9, 0, 0, 0, 12)), ERR_MALFORMED);
    assert_int_equal(rtcp_check(BYTES(RR_EMPTY, 0xa0, 201, 0, 2, 0, 0, 0, 9, 0, 0, 0, 8)), ERR_MALFORMED);
    assert_int_equal(rtcp_check(BYTES(RR_EMPTY, 0xa0, 203, 0, 0)), ERR_MALFORMED);
}

static void a_broken_packet_ends_the_reading(void **state)
{
    (void)state;
    struct reader r = reader_over(BYTES(RR_EMPTY, 0x81, 206, 0, 9, 0, 0, 0, 1, RR_EMPTY));
    struct rtcp_packet packet;
    assert_true(rtcp_next(&r, &packet));
    assert_false(rtcp_next(&r, &packet));
    assert_true(r.bad);
    assert_int_equal(packet.kind, RTCP_RR);
    assert_false(rtcp_next(&r, &packet));
}

static void wall_clock_times_become_ntp(void **state)
{
    (void)state;
    assert_true(rtcp_ntp(0) == (uint64_t)2208988800 << 32);
    assert_true(rtcp_ntp(500000) == ((uint64_t)2208988800 << 32 | 0x80000000));
    assert_true(rtcp_ntp(-500000) == ((uint64_t)2208988799 << 32 | 0x80000000));
    assert_true(rtcp_ntp(2085978496LL * 1000000) == 0); /* 2036-02-07 06:28:16 */
}

static void a_nack_names_what_is_missing(void **state)
{
    (void)state;
    const uint16_t seqs[] = { 65530, 65531, 65535, 2, 10, 11, 40, 57 };
    uint8_t buffer[64];
    struct writer w = writer_over(buffer, sizeof buffer);
    rtcp_write_rr(&w, 9, NULL, 0);
    rtcp_write_nack(&w, 9, 77, seqs, sizeof seqs / sizeof *seqs);
    assert_false(w.bad);
    assert_int_equal(w.len, 8 + 12 + 4 * 4); /* 65530 to 10, 11, 40, 57 */
    assert_int_equal(rtcp_check(writer_bytes(&w)), OK);
    struct reader r = reader_over(writer_bytes(&w));
    struct rtcp_packet packet;
    next_is(&r, &packet, RTCP_RR);
    next_is(&r, &packet, RTCP_NACK);
    assert_int_equal(packet.ssrc, 9);
    assert_int_equal(packet.media_ssrc, 77);
    struct reader lost = reader_over(packet.lost);
    uint16_t some[RTCP_NACK_MAX];
    size_t total = 0, count;
    while ((count = rtcp_nack_next(&lost, some)) > 0)
        for (size_t i = 0; i < count; i++)
            assert_int_equal(some[i], seqs[total++]);
    assert_int_equal(total, sizeof seqs / sizeof *seqs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_compound_round_trips),
        cmocka_unit_test(thirty_one_reports_fit),
        cmocka_unit_test(loss_beyond_24_bits_is_clamped),
        cmocka_unit_test(a_cname_of_any_length_ends_on_a_word),
        cmocka_unit_test(a_fir_names_its_first_entry),
        cmocka_unit_test(goodbyes_and_strangers_are_told_apart),
        cmocka_unit_test(odd_padding_is_transport_wide_feedbacks_alone),
        cmocka_unit_test(feedback_alone_is_understood),
        cmocka_unit_test(a_compound_that_does_not_hold_together_is_refused),
        cmocka_unit_test(every_cut_of_a_good_compound_is_refused_or_whole_packets),
        cmocka_unit_test(padding_is_for_the_last_packet_only),
        cmocka_unit_test(a_broken_packet_ends_the_reading),
        cmocka_unit_test(wall_clock_times_become_ntp),
        cmocka_unit_test(a_nack_names_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
