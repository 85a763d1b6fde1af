#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/nack.h"

static usec_t ms(uint64_t n)
{
    return n * USEC_PER_MSEC;
}

/* How often `seq` is asked for when nack_due runs each millisecond; *lost: whether anything was given up. */
static int asked_for(struct nack *nack, uint16_t seq, usec_t from, usec_t until, bool *lost)
{
    int times = 0;
    *lost = false;
    for (usec_t now = from; now < until; now += ms(1)) {
        uint16_t seqs[NACK_MISSING_MAX];
        bool gone;
        size_t count = nack_due(nack, now, seqs, NACK_MISSING_MAX, &gone);
        for (size_t i = 0; i < count; i++)
            times += seqs[i] == seq;
        *lost = *lost || gone;
    }
    return times;
}

static void a_whole_stream_asks_for_nothing(void **state)
{
    (void)state;
    struct nack nack = { 0 };
    for (uint64_t seq = 65536; seq < 66536; seq++)
        assert_false(nack_packet(&nack, ms(seq), seq));
    assert_true(nack_deadline(&nack) == NEVER);
    nack_deinit(&nack);
}

static void disorder_is_given_a_moment(void **state)
{
    (void)state;
    struct nack nack = { 0 };
    bool lost;
    nack_packet(&nack, ms(100), 65536);
    nack_packet(&nack, ms(110), 65538);
    assert_true(nack_deadline(&nack) == ms(110) + NACK_DISORDER_US);
    assert_int_equal(asked_for(&nack, 1, ms(110), ms(110) + NACK_DISORDER_US, &lost), 0);
    nack_packet(&nack, ms(120), 65537);
    assert_true(nack_deadline(&nack) == NEVER);
    assert_int_equal(asked_for(&nack, 1, ms(120), ms(2000), &lost), 0);
    assert_false(lost);
    nack_deinit(&nack);
}

static void what_is_missing_is_asked_for_once_a_round_trip(void **state)
{
    (void)state;
    struct nack nack = { 0 };
    bool lost;
    nack_packet(&nack, 0, 65536);
    nack_packet(&nack, 0, 65539);
    assert_int_equal(asked_for(&nack, 2, 0, NACK_DISORDER_US + ms(1), &lost), 1);
    assert_int_equal(asked_for(&nack, 2, NACK_DISORDER_US + ms(1), NACK_DISORDER_US + NACK_RTT_UNKNOWN_US, &lost), 0);
    assert_int_equal(asked_for(&nack, 2, NACK_DISORDER_US + NACK_RTT_UNKNOWN_US, ms(116), &lost), 1);
    /* 1 comes 40 ms after it was asked for the second time: nothing is learned from it. 5 does after the first. */
    nack_packet(&nack, ms(150), 65537);
    assert_int_equal(nack.rtt_us, 0);
    nack_packet(&nack, ms(150), 65542);
    asked_for(&nack, 5, ms(150), ms(166), &lost);
    nack_packet(&nack, ms(195), 65541);
    assert_int_equal(nack.rtt_us, ms(30));
    assert_false(lost);
    nack_deinit(&nack);
}

static void what_does_not_come_is_given_up(void **state)
{
    (void)state;
    struct nack nack = { 0 };
    bool lost;
    nack_packet(&nack, 0, 65536);
    nack_packet(&nack, 0, 65538);
    int times = asked_for(&nack, 1, 0, NACK_GIVE_UP_US, &lost);
    assert_true(times >= 5 && times <= NACK_TRIES_MAX);
    asked_for(&nack, 1, NACK_GIVE_UP_US, NACK_GIVE_UP_US + ms(200), &lost);
    assert_true(lost);
    assert_true(nack_deadline(&nack) == NEVER);
    nack_deinit(&nack);
}

static void a_long_gap_is_one_loss(void **state)
{
    (void)state;
    struct nack nack = { 0 };
    nack_packet(&nack, 0, 65536);
    assert_false(nack_packet(&nack, 0, 65536 + NACK_MISSING_MAX + 1)); /* as many as there may be */
    assert_true(nack_packet(&nack, 0, 65536 + NACK_MISSING_MAX + 3));
    assert_true(nack_deadline(&nack) == NEVER);
    assert_true(nack_packet(&nack, 0, 65536 + 1000000));
    assert_false(nack_packet(&nack, 0, 65536 + 1000002));
    assert_true(nack_deadline(&nack) != NEVER);
    nack_deinit(&nack);
}

static void a_keyframe_makes_up_for_what_came_before_it(void **state)
{
    (void)state;
    struct nack nack = { 0 };
    bool lost;
    nack_packet(&nack, 0, 65536);
    nack_packet(&nack, 0, 65538);
    nack_packet(&nack, 0, 65541);
    nack_forget_before(&nack, 65540);
    assert_int_equal(asked_for(&nack, 1, 0, ms(20), &lost), 0);
    struct nack again = nack;
    assert_int_equal(asked_for(&again, 4, ms(20), ms(500), &lost), 4);
    assert_int_equal(again.count, 1);
    nack_deinit(&nack);
}

static void no_more_than_fit_are_asked_for_at_once(void **state)
{
    (void)state;
    struct nack nack = { 0 };
    uint16_t seqs[10];
    bool lost;
    nack_packet(&nack, 0, 65536);
    nack_packet(&nack, 0, 65536 + 26);
    assert_int_equal(nack_due(&nack, ms(20), seqs, 10, &lost), 10);
    assert_int_equal(seqs[0], 1);
    assert_true(nack_deadline(&nack) <= ms(20));
    assert_int_equal(nack_due(&nack, ms(20), seqs, 10, &lost), 10);
    assert_int_equal(seqs[0], 11);
    assert_int_equal(nack_due(&nack, ms(20), seqs, 10, &lost), 5);
    assert_int_equal(nack_due(&nack, ms(20), seqs, 10, &lost), 0);
    nack_deinit(&nack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_stream_asks_for_nothing),
        cmocka_unit_test(disorder_is_given_a_moment),
        cmocka_unit_test(what_is_missing_is_asked_for_once_a_round_trip),
        cmocka_unit_test(what_does_not_come_is_given_up),
        cmocka_unit_test(a_long_gap_is_one_loss),
        cmocka_unit_test(a_keyframe_makes_up_for_what_came_before_it),
        cmocka_unit_test(no_more_than_fit_are_asked_for_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
