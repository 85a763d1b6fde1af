#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "load/tally.h"

static void take(struct tally *t, uint32_t ssrc, uint16_t seq)
{
    int64_t index;
    assert_int_equal(tally_packet(t, ssrc, seq, MEDIUM_SOUND, 100, &index), OK);
}

static struct tally_sums sums_of(const struct tally *t)
{
    struct tally_total total = { 0 };
    tally_add(&total, t);
    return total.sums;
}

static uint64_t lost_of(const struct tally *t)
{
    struct tally_sums sums = sums_of(t);
    return tally_sums_lost(&sums);
}

static uint64_t media_of(const struct tally *t)
{
    struct tally_sums sums = sums_of(t);
    return tally_sums_media(&sums);
}

static void what_comes_in_order_lacks_nothing(void **state)
{
    (void)state;
    struct tally t = { 0 };
    for (uint32_t i = 0; i < 5000; i++)
        take(&t, i % 3, (uint16_t)(65000 + i / 3));
    struct tally_sums sums = sums_of(&t);
    assert_int_equal(sums.packets, 5000);
    assert_int_equal(tally_sums_media(&sums), 5000);
    assert_int_equal(sums.octets, 500000);
    assert_int_equal(sums.streams, 3);
    assert_int_equal(tally_sums_lost(&sums) + sums.reordered + sums.doubled, 0);
    tally_deinit(&t);
}

static void a_gap_is_lost_until_it_is_filled(void **state)
{
    (void)state;
    struct tally t = { 0 };
    take(&t, 1, 65534);
    take(&t, 1, 2);
    assert_int_equal(lost_of(&t), 3);
    take(&t, 1, 0);
    assert_int_equal(lost_of(&t), 2);
    assert_int_equal(sums_of(&t).reordered, 1);
    tally_deinit(&t);
}

static void doubles_count_once(void **state)
{
    (void)state;
    struct tally t = { 0 };
    take(&t, 1, 10);
    take(&t, 1, 12);
    take(&t, 1, 10);
    take(&t, 1, 12);
    assert_int_equal(sums_of(&t).doubled, 2);
    assert_int_equal(media_of(&t), 2);
    assert_int_equal(lost_of(&t), 1);
    tally_deinit(&t);
}

/* Places in the window are used again and again. */
static void a_window_forgets_what_fell_out_of_it(void **state)
{
    (void)state;
    struct tally t = { 0 };
    for (uint32_t i = 0; i <= TALLY_WINDOW; i++)
        take(&t, 1, (uint16_t)i);
    take(&t, 1, TALLY_WINDOW + 2);
    take(&t, 1, TALLY_WINDOW + 1);
    assert_int_equal(sums_of(&t).reordered, 1);
    take(&t, 1, 3 * TALLY_WINDOW);
    take(&t, 1, 3 * TALLY_WINDOW - 5);
    assert_int_equal(sums_of(&t).reordered, 2);
    assert_int_equal(sums_of(&t).doubled, 0);
    assert_int_equal(lost_of(&t), 2 * TALLY_WINDOW - 2 - 2);
    tally_deinit(&t);
}

static void the_index_counts_through_wraps(void **state)
{
    (void)state;
    struct tally t = { 0 };
    int64_t index;
    assert_int_equal(tally_packet(&t, 1, 65535, MEDIUM_SOUND, 1, &index), OK);
    assert_int_equal(index, 65535);
    assert_int_equal(tally_packet(&t, 1, 1, MEDIUM_SOUND, 1, &index), OK);
    assert_int_equal(index, 65537);
    assert_int_equal(tally_packet(&t, 1, 65534, MEDIUM_SOUND, 1, &index), OK);
    assert_int_equal(index, 65534);
    tally_deinit(&t);
}

static void each_medium_is_counted_by_itself(void **state)
{
    (void)state;
    struct tally t = { 0 };
    int64_t index;
    for (uint16_t seq = 10; seq < 20; seq++) {
        assert_int_equal(tally_packet(&t, 1, seq, MEDIUM_SOUND, 1, &index), OK);
        if (seq != 15)
            assert_int_equal(tally_packet(&t, 2, seq, MEDIUM_PICTURE, 1, &index), OK);
    }
    struct tally_sums sums = sums_of(&t);
    assert_int_equal(sums.media[MEDIUM_SOUND], 10);
    assert_int_equal(sums.media[MEDIUM_PICTURE], 9);
    assert_int_equal(sums.lost[MEDIUM_SOUND], 0);
    assert_int_equal(sums.lost[MEDIUM_PICTURE], 1);
    tally_deinit(&t);
}

static void retransmissions_are_no_media(void **state)
{
    (void)state;
    struct tally t = { 0 };
    int64_t index;
    take(&t, 1, 1);
    assert_int_equal(tally_packet(&t, 2, 1, MEDIUM_REPAIR, 1, &index), OK);
    assert_int_equal(sums_of(&t).packets, 2);
    assert_int_equal(media_of(&t), 1);
    tally_deinit(&t);
}

static void a_reset_counts_from_the_next_packet(void **state)
{
    (void)state;
    struct tally t = { 0 };
    take(&t, 1, 1);
    take(&t, 1, 5);
    tally_sample(&t, false, NEVER);
    tally_reset(&t);
    assert_int_equal(lost_of(&t) + sums_of(&t).bad + sums_of(&t).streams, 0);
    take(&t, 1, 3); /* from before */
    take(&t, 1, 6);
    take(&t, 1, 8);
    assert_int_equal(lost_of(&t), 1);
    assert_int_equal(media_of(&t), 2);
    tally_deinit(&t);
}

static void streams_are_bounded(void **state)
{
    (void)state;
    struct tally t = { 0 };
    int64_t index = 42;
    for (uint32_t i = 0; i < TALLY_STREAMS_MAX; i++)
        take(&t, i, 1);
    assert_int_equal(tally_packet(&t, TALLY_STREAMS_MAX, 1, MEDIUM_SOUND, 1, &index), ERR_FULL);
    assert_int_equal(index, 42);
    tally_deinit(&t);
}

static void quantiles_are_within_an_eighth(void **state)
{
    (void)state;
    struct histogram h = { 0 };
    assert_int_equal(histogram_quantile(&h, 0.99), 0);
    for (usec_t i = 1; i <= 10000; i++)
        histogram_put(&h, i);
    assert_in_range(histogram_quantile(&h, 0.5), 5000, 5000 + 5000 / 8);
    assert_in_range(histogram_quantile(&h, 0.99), 9900, 10000);
    assert_int_equal(histogram_quantile(&h, 1), 10000);
    assert_int_equal(h.most, 10000);
}

static void quantiles_of_few_are_those_few(void **state)
{
    (void)state;
    struct histogram h = { 0 };
    histogram_put(&h, 5);
    assert_int_equal(histogram_quantile(&h, 0.5), 5);
    histogram_put(&h, (usec_t)1 << 62); /* beyond the last bucket */
    assert_int_equal(histogram_quantile(&h, 0.5), 5);
    assert_true(histogram_quantile(&h, 0.99) == (usec_t)1 << 62);
    struct histogram sum = { 0 };
    histogram_add(&sum, &h);
    histogram_add(&sum, &h);
    assert_int_equal(sum.count, 4);
    assert_int_equal(histogram_quantile(&sum, 0.5), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_in_order_lacks_nothing),
        cmocka_unit_test(a_gap_is_lost_until_it_is_filled),
        cmocka_unit_test(doubles_count_once),
        cmocka_unit_test(a_window_forgets_what_fell_out_of_it),
        cmocka_unit_test(the_index_counts_through_wraps),
        cmocka_unit_test(each_medium_is_counted_by_itself),
        cmocka_unit_test(retransmissions_are_no_media),
        cmocka_unit_test(a_reset_counts_from_the_next_packet),
        cmocka_unit_test(streams_are_bounded),
        cmocka_unit_test(quantiles_are_within_an_eighth),
        cmocka_unit_test(quantiles_of_few_are_those_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
