/* What the media plane must withstand, a test for each: the whole core, by way of broker_datagram, with a therapist and
 * two clients who have real ICE, DTLS and SRTP; and whoever else can send a datagram. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "media/rtcp.h"
#include "room/repair.h"
#include "support/hall.h"
#include "transport/stun.h"

#define SECOND USEC_PER_SEC
#define MS USEC_PER_MSEC
enum { T = HALL_THERAPIST, A = 1, B = 2, PEOPLE = 3 };

static struct address elsewhere(uint8_t last)
{
    return (struct address){ .family = ADDRESS_IPV4, .port = 7777, .ip = { 203, 0, 113, last } };
}

static struct hall *talking(void)
{
    struct hall *h = hall_open(KIND_GROUP, PEOPLE);
    for (int i = 0; i < PEOPLE; i++)
        h->people[i].picture = true;
    hall_all_come(h);
    hall_run(h, SECOND);
    hall_forget(h);
    return h;
}

/* Two are in, and the third has an answer in hand; what their browser sends goes nowhere. */
static struct hall *with_one_to_come(void)
{
    struct hall *h = hall_open(KIND_GROUP, PEOPLE);
    hall_come(h, T);
    hall_come(h, A);
    hall_run(h, SECOND);
    h->held = true;
    hall_come(h, B);
    h->held = false;
    return h;
}

static struct bytes last_of(const struct hall *h, int person, enum packet_kind kind)
{
    const struct hall_datagram *d = &h->people[person].last[kind];
    assert_true(d->len > 0);
    return (struct bytes){ d->data, d->len };
}

/* A check of theirs, as it should be; `spoil` has a say. Of a buffer of the caller's. */
static struct bytes check_of(const struct hall *h, int person, bool nominate, enum stun_class class_,
                             const char *password, uint8_t buffer[static 512])
{
    static uint32_t number;
    char username[200];
    const struct hall_person *p = &h->people[person];
    struct writer w = writer_over((uint8_t *)username, sizeof username - 1);
    write_format(&w, "%s:%s", p->ufrag, peer_ufrag(p->peer));
    struct stun_message m = { .class_ = class_,
                              .method = STUN_BINDING,
                              .username = { (const uint8_t *)username, w.len },
                              .has_priority = true,
                              .priority = 1,
                              .controlling = true,
                              .use_candidate = nominate };
    for (size_t i = 0; i < sizeof m.transaction; i++)
        m.transaction[i] = (uint8_t)((number = number * 1664525u + 1013904223u) >> 24);
    size_t len;
    assert_int_equal(stun_write(&m, bytes_of(password), buffer, 512, &len), OK);
    return (struct bytes){ buffer, len };
}

static struct bytes good_check(const struct hall *h, int person, bool nominate, uint8_t buffer[static 512])
{
    return check_of(h, person, nominate, STUN_REQUEST, h->people[person].pwd, buffer);
}

static struct bytes client_hello(struct hall *h, int person)
{
    h->held = true;
    peer_start_handshake(h->people[person].peer);
    h->held = false;
    return last_of(h, person, PACKET_DTLS);
}

static void assert_heard(struct hall *h, int listener, int speaker)
{
    hall_forget(h);
    hall_run(h, SECOND);
    assert_in_range(h->people[listener].heard[speaker], 45, 55);
}

static void assert_all_is_well(struct hall *h)
{
    for (int i = 0; i < PEOPLE; i++)
        for (int j = 0; j < PEOPLE; j++)
            if (i != j)
                assert_heard(h, i, j);
}

/* Sound of B and a wish of B for a picture of A, as they would be if nobody sealed anything. Packets that get through
 * are opened where they are, so each is made anew. */
static void send_unprotected(struct hall *h, const struct address *from, uint32_t slot)
{
    for (uint8_t i = 0; i < 100; i++) {
        uint8_t rtp[] = { 0x90, HALL_OPUS,        0x10, i, 0, 0,    0,   i, 0, 0, 0x0b, 0xb8, 0xbe, 0xde, 0,
                          1,    HALL_MID_ID << 4, '0',  0, 0, 0x78, 'K', B };
        uint8_t rtcp[20] = { 0x80, 201, 0, 1, 0, 0, 0x0b, 0xb8, 0x81, 206, 0, 2, 0, 0, 0, 1 };
        store_be32(rtcp + 16, slot);
        assert_int_equal(hall_datagram(h, from, (struct bytes){ rtp, sizeof rtp }), 0);
        assert_int_equal(hall_datagram(h, from, (struct bytes){ rtcp, sizeof rtcp }), 0);
    }
    assert_int_equal(h->people[A].heard[B] + h->people[T].heard[B] + h->people[A].plis, 0);
}

/* ---- Before there are keys ---- */

static void a_client_hello_from_elsewhere_begins_no_handshake(void **state)
{
    (void)state;
    struct hall *h = with_one_to_come();
    struct address thief = elsewhere(1);
    struct hall_datagram hello;
    struct bytes mine = client_hello(h, B);
    memcpy(hello.data, mine.at, hello.len = mine.len);
    struct bytes copy = { hello.data, hello.len };
    assert_int_equal(hall_datagram(h, &thief, copy), 0);
    assert_int_equal(hall_datagram(h, &h->people[B].address, copy), 0); /* nor from there, before any check */
    hall_run(h, 3 * SECOND);                                            /* they are checked, and nominated */
    assert_int_equal(hall_datagram(h, &thief, copy), 0);
    hall_datagram(h, &h->people[B].address, copy);
    assert_true(peer_is_ready(h->people[B].peer)); /* theirs goes through */
    assert_heard(h, A, B);
    hall_close(h);
}

static void a_client_hello_that_overtakes_the_nomination_is_answered_with_it(void **state)
{
    (void)state;
    struct hall *h = with_one_to_come();
    uint8_t first[512], second[512];
    struct bytes hello = client_hello(h, B), probe = good_check(h, B, false, first),
                 nomination = good_check(h, B, true, second);
    const struct address *from = &h->people[B].address;
    assert_in_range(hall_datagram(h, from, probe), 1, probe.len);
    assert_int_equal(hall_datagram(h, from, hello), 0);
    assert_true(hall_datagram(h, from, nomination) > 500); /* the reply, and the server's flight */
    hall_run(h, 3 * SECOND);
    assert_heard(h, A, B);
    hall_close(h);
}

static void media_before_dtls_is_dropped(void **state)
{
    (void)state;
    struct hall *h = with_one_to_come();
    uint8_t buffer[512];
    const struct address *from = &h->people[B].address;
    hall_datagram(h, from, good_check(h, B, true, buffer));
    hall_forget(h);
    uint64_t refused = broker_counts(h->broker).packets_refused;
    send_unprotected(h, from, 1);
    assert_int_equal(broker_counts(h->broker).packets_refused, refused + 200);
    hall_close(h);
}

static void unprotected_media_after_dtls_is_dropped(void **state)
{
    (void)state;
    struct hall *h = talking();
    hall_run(h, SECOND);
    hall_forget(h);
    send_unprotected(h, &h->people[B].address, h->people[B].seen_on[A]);
    assert_all_is_well(h);
    hall_close(h);
}

/* ---- Whose it is ---- */

static void nobody_speaks_under_the_ssrc_of_somebody_else(void **state)
{
    (void)state;
    struct hall *h = talking();
    hall_run(h, 100 * MS);
    uint32_t slot_of_a = h->people[T].heard_on[A], slot_of_b = h->people[T].heard_on[B];
    hall_forget(h);
    for (int i = 0; i < 10; i++) {
        hall_packet_as(h, B, false, h->people[A].ssrc[0], ""); /* the microphone of A */
        hall_packet_as(h, B, true, h->people[A].ssrc[1], "");
        hall_packet_as(h, B, false, h->people[B].heard_on[A], ""); /* the slot on which B hears A */
        hall_packet_as(h, B, false, slot_of_a, "");                /* the one on which T does */
    }
    assert_int_equal(h->people[T].heard[B] + h->people[A].heard[B] + h->people[T].seen[B], 0);
    for (int i = 0; i < 10; i++)
        hall_packet_as(h, B, false, h->people[A].ssrc[0], "0"); /* as their own microphone, they may call it that */
    assert_int_equal(h->people[T].heard[B], 10);
    assert_int_equal(h->people[T].heard_on[B], slot_of_b);
    assert_all_is_well(h);
    assert_int_equal(h->people[T].heard_on[A], slot_of_a);
    hall_close(h);
}

static void nobody_speaks_by_the_mid_of_a_slot_or_of_nothing(void **state)
{
    (void)state;
    struct hall *h = talking();
    for (char mid = '2'; mid <= '9'; mid++)
        for (uint32_t i = 0; i < 4; i++) {
            char text[2] = { mid, '\0' };
            hall_packet_as(h, B, i % 2, 90000 + i, text);
        }
    hall_packet_as(h, B, true, 90010, "0"); /* a picture as the microphone, and sound as the camera */
    hall_packet_as(h, B, false, 90011, "1");
    assert_int_equal(h->people[T].heard[B] + h->people[T].seen[B] + h->people[A].heard[B] + h->people[A].seen[B], 0);
    assert_all_is_well(h);
    hall_close(h);
}

static void nobody_is_seen_by_a_layer_that_they_did_not_offer(void **state)
{
    (void)state;
    struct hall *h = hall_open(KIND_GROUP, PEOPLE);
    h->layered = true;
    for (int i = 0; i < PEOPLE; i++)
        h->people[i].picture = true;
    hall_all_come(h);
    hall_run(h, SECOND);
    uint32_t slot_of_a = h->people[T].seen_on[A], slot_of_b = h->people[T].seen_on[B];
    assert_in_range(h->people[T].seen[B], 10, 26);
    hall_forget(h);
    for (uint32_t i = 0; i < 10; i++) {
        h->people[B].keyframe_wanted = true; /* with which any layer might begin */
        hall_layer_as(h, B, 93000 + i, "1", "x");
        hall_layer_as(h, B, 93100 + i, "1", "");
        hall_layer_as(h, B, 93200 + i, "0", "l"); /* a layer of the microphone */
        hall_layer_as(h, B, 93300 + i, "", "l");  /* of nothing */
        hall_layer_as(h, B, 93400 + i, "2", "h"); /* of a slot */
        hall_layer_as(h, B, h->people[A].ssrc[1], "", "l");
        hall_layer_as(h, B, slot_of_a, "", "h");
    }
    assert_int_equal(h->people[T].seen[B] + h->people[A].seen[B], 0);
    assert_int_equal(h->people[T].heard[B] + h->people[A].heard[B], 0);
    hall_layer_as(h, B, h->people[B].ssrc[1], "1", "h"); /* known as the lower one, and stays it */
    assert_int_equal(h->people[T].seen[B], 1);
    assert_int_equal(h->people[T].seen_on[B], slot_of_b);
    hall_run(h, SECOND);
    assert_in_range(h->people[T].seen[A], 20, 26);
    assert_in_range(h->people[T].seen[B], 20, 27);
    assert_int_equal(h->people[T].seen_on[A], slot_of_a);
    assert_all_is_well(h);
    hall_close(h);
}

static void reports_and_goodbyes_in_the_name_of_others_change_nothing(void **state)
{
    (void)state;
    struct hall *h = talking();
    uint8_t bye[] = { 0x80, 201, 0, 1, 0, 0, 0x07, 0xd0, 0x81, 203, 0, 1, 0, 0, 0x07, 0xd0 };
    uint8_t report[60] = { 0x80, 200, 0, 6, 0, 0, 0x07, 0xd0, 0xff, 0xff, 0xff, 0xff };
    for (int i = 0; i < 20; i++) {
        hall_say_rtcp(h, B, (struct bytes){ bye, sizeof bye }); /* 0x07d0: the microphone of A */
        hall_say_rtcp(h, B, (struct bytes){ report, 28 });
    }
    hall_run(h, 2 * SECOND); /* A sends no sender reports, so nobody gets one about A */
    assert_int_equal(h->people[T].reports, 0);
    assert_all_is_well(h);
    hall_close(h);
}

static void a_track_that_changes_its_ssrc_all_the_time_costs_no_storm(void **state)
{
    (void)state;
    struct hall *h = talking();
    h->people[B].picture = false;
    for (int i = 0; i < 2000; i++) { /* two at first known, then new ones each time */
        uint32_t ssrc = i < 1000 ? 91000 + (uint32_t)(i % 2) : 92000 + (uint32_t)i;
        h->people[B].keyframe_wanted = i % 3 == 0;
        hall_packet_as(h, B, true, ssrc, "1");
        if (i % 10 == 0)
            hall_run(h, 5 * MS);
    }
    assert_in_range(h->people[B].plis, 0, 5); /* in a second, whatever they do */
    assert_int_equal(h->people[A].plis + h->people[T].plis, 0);
    h->people[B].picture = true;
    hall_run(h, SECOND);
    hall_forget(h);
    hall_run(h, SECOND);
    assert_in_range(h->people[A].seen[B], 20, 30);
    assert_all_is_well(h);
    hall_close(h);
}

/* ---- Packets that lie ---- */

static void padding_that_lies_reaches_nobody(void **state)
{
    (void)state;
    struct hall *h = talking();
    static const uint8_t lies[] = { 0, 4, 5, 128, 255 }; /* of a payload of three */
    for (size_t i = 0; i < sizeof lies; i++) {
        uint16_t seq = h->people[B].seq[0]++;
        uint8_t rtp[] = { 0xa0, HALL_OPUS, (uint8_t)(seq >> 8), (uint8_t)seq, 0, 0, 0, 1, 0, 0, 0x0b, 0xb8, 0x78,
                          B,    lies[i] };
        hall_say(h, B, (struct bytes){ rtp, sizeof rtp });
    }
    assert_int_equal(h->people[T].heard[B], 0);
    assert_int_equal(h->out_bytes, 0);
    assert_all_is_well(h);
    hall_close(h);
}

static void the_same_srtp_packet_again_is_dropped(void **state)
{
    (void)state;
    struct hall *h = talking();
    hall_run(h, SECOND);
    struct hall_datagram rtp = h->people[B].last[PACKET_RTP];
    struct address thief = elsewhere(2);
    hall_forget(h);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(hall_datagram(h, &h->people[B].address, (struct bytes){ rtp.data, rtp.len }), 0);
        assert_int_equal(hall_datagram(h, &thief, (struct bytes){ rtp.data, rtp.len }), 0);
        assert_int_equal(hall_datagram(h, &h->people[A].address, (struct bytes){ rtp.data, rtp.len }), 0);
    }
    assert_int_equal(h->people[T].heard[B] + h->people[T].seen[B], 0);
    hall_close(h);
}

static struct bytes storm(const struct hall *h, int asker, uint32_t about, bool fir, uint8_t buffer[static 1200])
{
    struct writer w = writer_over(buffer, 1200);
    rtcp_write_rr(&w, 1, NULL, 0);
    (void)h, (void)asker;
    for (uint8_t i = 0; i < 50 && !fir; i++)
        rtcp_write_pli(&w, 1, about);
    for (uint8_t i = 0; i < 50 && fir; i++) { /* RFC 5104 4.3.1.1 */
        write_be32(&w, 0x84ce0004);
        write_be32(&w, 1);
        write_be32(&w, 0);
        write_be32(&w, about);
        write_be32(&w, (uint32_t)i << 24);
    }
    assert_false(w.bad);
    return writer_bytes(&w);
}

static void the_same_srtcp_packet_again_asks_for_nothing(void **state)
{
    (void)state;
    struct hall *h = talking();
    uint8_t buffer[1200];
    hall_run(h, SECOND);
    hall_forget(h);
    hall_say_rtcp(h, B, storm(h, B, h->people[B].seen_on[A], false, buffer));
    assert_int_equal(h->people[A].plis, 1);
    struct hall_datagram rtcp = h->people[B].last[PACKET_RTCP];
    for (int i = 0; i < 10; i++) {
        hall_run(h, 400 * MS);
        hall_datagram(h, &h->people[B].address, (struct bytes){ rtcp.data, rtcp.len });
    }
    assert_int_equal(h->people[A].plis, 1);
    hall_close(h);
}

/* ---- Little in, much out ---- */

static void a_storm_of_keyframe_requests_is_a_few_a_second(void **state)
{
    (void)state;
    for (int fir = 0; fir < 2; fir++) {
        struct hall *h = talking();
        uint8_t buffer[1200];
        hall_run(h, SECOND);
        hall_forget(h);
        for (int i = 0; i < 200; i++) {
            hall_say_rtcp(h, B, storm(h, B, h->people[B].seen_on[A], fir, buffer));
            hall_say_rtcp(h, T, storm(h, T, h->people[T].seen_on[A], fir, buffer));
            hall_run(h, 5 * MS);
        }
        assert_in_range(h->people[A].plis, 1, 5); /* of 20000 in a second */
        hall_close(h);
    }
}

static void keyframe_requests_about_what_one_does_not_get_ask_nobody(void **state)
{
    (void)state;
    struct hall *h = talking();
    uint8_t buffer[1200];
    hall_run(h, SECOND);
    hall_forget(h);
    hall_say_rtcp(h, B, storm(h, B, h->people[T].seen_on[A], false, buffer)); /* the slot of somebody else */
    hall_say_rtcp(h, B, storm(h, B, h->people[A].ssrc[1], false, buffer));    /* the camera itself */
    hall_say_rtcp(h, B, storm(h, B, 4711, false, buffer));
    assert_int_equal(h->people[A].plis + h->people[T].plis, 0);
    hall_close(h);
}

static void what_is_asked_for_again_is_bounded_in_bytes(void **state)
{
    (void)state;
    struct hall *h = talking();
    hall_run(h, SECOND);
    hall_forget(h);
    uint64_t again = 0;
    for (int i = 0; i < 1000; i++) {
        uint8_t buffer[1200];
        uint16_t seqs[100], first = (uint16_t)(h->people[B].seen_seq - 20);
        struct writer w = writer_over(buffer, sizeof buffer);
        rtcp_write_rr(&w, 1, NULL, 0);
        for (int j = 0; j < 20; j++) {
            for (uint16_t k = 0; k < 20; k++)
                seqs[k] = (uint16_t)(first + k);
            rtcp_write_nack(&w, 1, h->people[B].seen_on[j % 2 ? A : T], seqs, 20);
        }
        uint64_t before = h->out_bytes;
        hall_say_rtcp(h, B, writer_bytes(&w));
        again += h->out_bytes - before;
        if (i % 5 == 0)
            hall_run(h, 5 * MS);
    }
    assert_true(h->people[B].repairs > 100); /* it does serve */
    assert_in_range(again, 1, REPAIR_BURST_BYTES + REPAIR_BYTES_PER_S);
    assert_int_equal(h->people[A].repairs, 0);
    hall_close(h);
}

static void arrivals_that_lie_are_passed_over(void **state)
{
    (void)state;
    struct hall *h = talking();
    for (uint32_t i = 0; i < 200; i++) { /* draft-holmer 3.1: a base, a count, a time, and chunks that do not hold it */
        uint8_t report[] = {
            0x80, 201,  0,    1,    0,          0, 0,    1, /* */
            0x8f, 205,  0,    6,    0,          0, 0,    1,    0,    0,          0,    2, (uint8_t)i, (uint8_t)(i * 37),
            0xff, 0xff, 0xff, 0xff, (uint8_t)i, 3, 0x3f, 0xff, 0xff, (uint8_t)i, 0xc0, 0, 0xff,       0xff
        };
        hall_say_rtcp(h, B, (struct bytes){ report, sizeof report });
    }
    assert_int_equal(h->out_bytes, 0);
    assert_all_is_well(h);
    hall_close(h);
}

static void transport_wide_numbers_at_random_cost_ten_reports_a_second(void **state)
{
    (void)state;
    struct hall *h = talking();
    for (int i = 0; i < PEOPLE; i++)
        h->people[i].sound = h->people[i].picture = false;
    hall_run(h, SECOND);
    hall_forget(h);
    for (uint32_t i = 0; i < 2000; i++) { /* padding alone, of the microphone, which is passed on to nobody */
        uint32_t number = i * 2654435761u >> 16;
        uint8_t rtp[] = { 0xb0,
                          HALL_OPUS,
                          0x40,
                          (uint8_t)i,
                          0,
                          0,
                          0,
                          1,
                          0,
                          0,
                          0x0b,
                          0xb8,
                          0xbe,
                          0xde,
                          0,
                          1,
                          HALL_TWCC_ID << 4 | 1,
                          (uint8_t)(number >> 8),
                          (uint8_t)number,
                          0,
                          0,
                          0,
                          0,
                          4 };
        rtp[2] |= (uint8_t)(i >> 8);
        hall_say(h, B, (struct bytes){ rtp, sizeof rtp });
        if (i % 10 == 0)
            hall_run(h, 5 * MS);
    }
    assert_in_range(h->people[B].compounds, 5, 13); /* with the receiver reports */
    hall_close(h);
}

static void a_huge_description_goes_to_nobody(void **state)
{
    (void)state;
    struct hall *h = talking();
    uint8_t buffer[1300];
    struct writer w = writer_over(buffer, sizeof buffer);
    rtcp_write_rr(&w, h->people[B].ssrc[0], NULL, 0);
    write_be16(&w, 0x9fca); /* 31 chunks are promised, RFC 3550 6.5 */
    write_be16(&w, 299);
    for (int i = 0; i < 299; i++)
        write_be32(&w, 0x01fe7878);
    hall_say_rtcp(h, B, writer_bytes(&w));
    assert_int_equal(h->out_bytes, 0);
    assert_all_is_well(h);
    hall_close(h);
}

static void strangers_never_get_more_than_they_sent(void **state)
{
    (void)state;
    struct hall *h = with_one_to_come();
    struct hall_datagram hello;
    struct bytes mine = client_hello(h, B);
    memcpy(hello.data, mine.at, hello.len = mine.len);
    uint8_t buffer[512];
    struct address stranger = elsewhere(3);
    static const char *const passwords[] = { "", "x", "a-password-of-twenty-two" };
    for (size_t i = 0; i < sizeof passwords / sizeof *passwords; i++)
        for (int class_ = STUN_REQUEST; class_ <= STUN_ERROR; class_++) {
            struct bytes check = check_of(h, B, true, (enum stun_class)class_, passwords[i], buffer);
            assert_in_range(hall_datagram(h, &stranger, check), 0, class_ == STUN_REQUEST ? check.len : 0);
        }
    assert_int_equal(hall_datagram(h, &stranger, (struct bytes){ hello.data, hello.len }), 0);
    for (unsigned lead = 0; lead < 256; lead++) {
        uint8_t any[100] = { (uint8_t)lead, 200 };
        assert_int_equal(hall_datagram(h, &stranger, (struct bytes){ any, sizeof any }), 0);
    }
    hall_forget(h);
    hall_run(h, 10 * SECOND); /* and nothing is sent to them later */
    assert_int_equal(h->stranger_bytes, 0);
    hall_close(h);
}

/* ---- Checks that are not what they were ---- */

static void a_check_that_went_by_brings_nobody_the_media(void **state)
{
    (void)state;
    struct hall *h = talking();
    struct hall_datagram check = h->people[B].last[PACKET_STUN];
    struct address thief = elsewhere(4);
    assert_int_equal(hall_datagram(h, &thief, (struct bytes){ check.data, check.len }), 0);
    hall_run(h, SECOND);
    assert_int_equal(h->stranger_bytes, 0);
    hall_run(h, 60 * SECOND);
    assert_int_equal(hall_datagram(h, &thief, (struct bytes){ check.data, check.len }), 0);
    assert_all_is_well(h);
    assert_int_equal(h->stranger_bytes, 0);
    hall_close(h);
}

static void our_own_answers_sent_back_are_no_checks(void **state)
{
    (void)state;
    struct hall *h = talking();
    uint8_t buffer[512];
    struct address thief = elsewhere(5), ourselves = { .family = ADDRESS_IPV4, .port = 40000, .ip = { 10, 0, 0, 200 } };
    const char *pwd = h->people[B].pwd;
    for (int class_ = STUN_INDICATION; class_ <= STUN_ERROR; class_++) {
        struct bytes echo = check_of(h, B, true, (enum stun_class)class_, pwd, buffer);
        assert_int_equal(hall_datagram(h, &thief, echo), 0);
        assert_int_equal(hall_datagram(h, &h->people[B].address, echo), 0);
    }
    /* A good one whose source says that it is us: answered, it would go round. */
    assert_int_equal(hall_datagram(h, &ourselves, good_check(h, B, true, buffer)), 0);
    hall_forget(h);
    assert_all_is_well(h);
    assert_int_equal(h->stranger_bytes, 0);
    hall_close(h);
}

/* Who has credentials of their own forges the source of somebody else. */
static void the_address_of_somebody_else_stays_theirs(void **state)
{
    (void)state;
    struct hall *h = talking();
    uint8_t buffer[512];
    for (int i = 0; i < 20; i++)
        hall_datagram(h, &h->people[A].address, good_check(h, B, false, buffer));
    assert_all_is_well(h);
    hall_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_hello_from_elsewhere_begins_no_handshake),
        cmocka_unit_test(a_client_hello_that_overtakes_the_nomination_is_answered_with_it),
        cmocka_unit_test(media_before_dtls_is_dropped),
        cmocka_unit_test(unprotected_media_after_dtls_is_dropped),
        cmocka_unit_test(nobody_speaks_under_the_ssrc_of_somebody_else),
        cmocka_unit_test(nobody_speaks_by_the_mid_of_a_slot_or_of_nothing),
        cmocka_unit_test(nobody_is_seen_by_a_layer_that_they_did_not_offer),
        cmocka_unit_test(reports_and_goodbyes_in_the_name_of_others_change_nothing),
        cmocka_unit_test(a_track_that_changes_its_ssrc_all_the_time_costs_no_storm),
        cmocka_unit_test(padding_that_lies_reaches_nobody),
        cmocka_unit_test(the_same_srtp_packet_again_is_dropped),
        cmocka_unit_test(the_same_srtcp_packet_again_asks_for_nothing),
        cmocka_unit_test(a_storm_of_keyframe_requests_is_a_few_a_second),
        cmocka_unit_test(keyframe_requests_about_what_one_does_not_get_ask_nobody),
        cmocka_unit_test(what_is_asked_for_again_is_bounded_in_bytes),
        cmocka_unit_test(arrivals_that_lie_are_passed_over),
        cmocka_unit_test(transport_wide_numbers_at_random_cost_ten_reports_a_second),
        cmocka_unit_test(a_huge_description_goes_to_nobody),
        cmocka_unit_test(strangers_never_get_more_than_they_sent),
        cmocka_unit_test(a_check_that_went_by_brings_nobody_the_media),
        cmocka_unit_test(our_own_answers_sent_back_are_no_checks),
        cmocka_unit_test(the_address_of_somebody_else_stays_theirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
