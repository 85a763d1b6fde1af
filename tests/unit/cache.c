#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/cache.h"

static uint8_t payload[CACHE_PAYLOAD_MAX + 1];

static void put_at(struct cache *cache, usec_t now_us, uint64_t seq, size_t len)
{
    memset(payload, (int)(seq & 0xff), len);
    struct rtp rtp = { .marker = seq % 2, .time = (uint32_t)seq * 10, .payload = { payload, len } };
    cache_put(cache, now_us, seq, &rtp, &(struct video_packet){ .picture_id = (uint16_t)seq });
}

/* All at one time. */
static void put(struct cache *cache, uint64_t seq, size_t len)
{
    put_at(cache, USEC_PER_SEC, seq, len);
}

/* The whole of it, as it was put. */
static bool has(struct cache *cache, uint64_t seq, size_t len)
{
    struct rtp rtp;
    struct video_packet video;
    if (!cache_find(cache, seq, &rtp, &video))
        return false;
    assert_int_equal(video.picture_id, (uint16_t)seq);
    assert_int_equal(rtp.seq, (uint16_t)seq);
    assert_int_equal(rtp.time, (uint32_t)seq * 10);
    assert_int_equal(rtp.marker, seq % 2);
    assert_int_equal(rtp.payload.len, len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(rtp.payload.at[i], seq & 0xff);
    return true;
}

static struct cache *fresh(void)
{
    struct cache *cache;
    assert_int_equal(cache_create(&cache), OK);
    return cache;
}

static void what_was_put_is_found(void **state)
{
    (void)state;
    struct cache *cache = fresh();
    assert_false(has(cache, 65536, 100));
    put(cache, 65536, 100);
    put(cache, 65538, 1200);
    put(cache, 65537, 1); /* late ones too */
    assert_true(has(cache, 65536, 100));
    assert_true(has(cache, 65537, 1));
    assert_true(has(cache, 65538, 1200));
    assert_false(has(cache, 65539, 1));
    assert_false(has(cache, 0, 1));
    cache_destroy(cache);
}

static void the_oldest_give_way_to_more_packets(void **state)
{
    (void)state;
    struct cache *cache = fresh();
    for (uint64_t seq = 70000; seq < 70000 + 3 * CACHE_PACKETS; seq++)
        put(cache, seq, 20);
    for (uint64_t seq = 70000; seq < 70000 + 3 * CACHE_PACKETS; seq++)
        assert_int_equal(has(cache, seq, 20), seq >= 70000 + 2 * CACHE_PACKETS);
    cache_destroy(cache);
}

static size_t len_of(uint64_t seq)
{
    return 1 + seq * 7919 % 1400;
}

static void the_oldest_give_way_to_more_bytes(void **state)
{
    (void)state;
    struct cache *cache = fresh();
    for (uint64_t seq = 65536; seq < 65536 + 5000; seq++) {
        put(cache, seq, len_of(seq));
        /* A second of 1 Mbit/s is there. */
        size_t bytes = 0;
        for (uint64_t n = seq; n >= 65536 && bytes + len_of(n) <= 1000000 / 8; n--) {
            bytes += len_of(n);
            assert_true(has(cache, n, len_of(n)));
        }
    }
    assert_true(cache_size(cache) < CACHE_BYTES + (2 << 10));
    cache_destroy(cache);
}

static void a_jump_confuses_nothing(void **state)
{
    (void)state;
    struct cache *cache = fresh();
    for (uint64_t seq = 65536; seq < 65546; seq++)
        put(cache, seq, 30);
    put(cache, 65536 + 10 * CACHE_PACKETS, 40);
    assert_true(has(cache, 65536 + 10 * CACHE_PACKETS, 40));
    assert_true(has(cache, 65540, 30));
    assert_false(has(cache, 65540 + 2 * CACHE_PACKETS, 30));
    cache_destroy(cache);
}

static void nothing_is_left_after_clearing(void **state)
{
    (void)state;
    struct cache *cache = fresh();
    const size_t empty = cache_size(cache);
    put(cache, 65540, 500);
    cache_clear(cache);
    assert_int_equal(cache_size(cache), empty);
    assert_false(has(cache, 65540, 500));
    put(cache, 65541, 500);
    assert_true(has(cache, 65541, 500));
    cache_destroy(cache);
}

static void what_can_never_fit_is_left_out(void **state)
{
    (void)state;
    struct cache *cache = fresh();
    put(cache, 65540, 500);
    put(cache, 65541, sizeof payload);
    put(cache, 65542, 0);
    assert_true(has(cache, 65540, 500));
    assert_false(has(cache, 65541, sizeof payload));
    assert_false(has(cache, 65542, 0));
    put(cache, 65543, CACHE_PAYLOAD_MAX);
    assert_true(has(cache, 65543, CACHE_PAYLOAD_MAX));
    cache_destroy(cache);
}

enum { PACKET_US = 10000 };

/* A stream of a packet each 10 ms, from a number on; yields the one after the last. */
static uint64_t stream(struct cache *cache, uint64_t seq, size_t len, usec_t lasts_us)
{
    for (usec_t us = 0; us < lasts_us; us += PACKET_US, seq++)
        put_at(cache, seq * PACKET_US, seq, len);
    return seq;
}

static size_t size_of_a_stream(size_t len)
{
    struct cache *cache = fresh();
    stream(cache, 65536, len, 10 * USEC_PER_SEC);
    size_t size = cache_size(cache);
    cache_destroy(cache);
    return size;
}

/* What came within the time that is kept, whole chunks of it, and no more; whatever came before. */
static void its_size_follows_the_bit_rate(void **state)
{
    (void)state;
    const size_t few = 50, many = 1200, packets = CACHE_KEEP_US / PACKET_US;
    assert_in_range(size_of_a_stream(few), packets * few, packets * few + (20 << 10));
    assert_in_range(size_of_a_stream(many), packets * many, packets * many * 5 / 4 + (20 << 10));
    struct cache *cache = fresh();
    uint64_t next = stream(cache, 65536, many, 2 * USEC_PER_SEC);
    stream(cache, next, few, 10 * USEC_PER_SEC);
    assert_int_equal(cache_size(cache), size_of_a_stream(few));
    cache_destroy(cache);
}

static void what_came_lately_is_kept(void **state)
{
    (void)state;
    struct cache *cache = fresh();
    for (uint64_t next = 65536; next < 66536;) {
        next = stream(cache, next, 1200, PACKET_US);
        for (usec_t us = 0; us < CACHE_KEEP_US && next - us / PACKET_US > 65536; us += PACKET_US)
            assert_true(has(cache, next - 1 - us / PACKET_US, 1200));
    }
    cache_destroy(cache);
}

static void who_asks_late_has_it_kept_longer(void **state)
{
    (void)state;
    const uint64_t late = 8 * CACHE_KEEP_LONG_US / PACKET_US / 10, held = CACHE_KEEP_LONG_US / PACKET_US;
    struct cache *cache = fresh();
    uint64_t next = stream(cache, 65536, 1200, 2 * USEC_PER_SEC);
    assert_false(has(cache, next + 1, 1200)); /* what never came teaches nothing */
    size_t before = cache_size(cache);
    next = stream(cache, next, 1200, 2 * USEC_PER_SEC);
    assert_int_equal(cache_size(cache), before);
    assert_false(has(cache, next - late, 1200));
    next = stream(cache, next, 1200, 2 * USEC_PER_SEC);
    assert_true(has(cache, next - late, 1200));
    assert_true(has(cache, next - held, 1200));
    cache_destroy(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_found),
        cmocka_unit_test(the_oldest_give_way_to_more_packets),
        cmocka_unit_test(the_oldest_give_way_to_more_bytes),
        cmocka_unit_test(a_jump_confuses_nothing),
        cmocka_unit_test(nothing_is_left_after_clearing),
        cmocka_unit_test(what_can_never_fit_is_left_out),
        cmocka_unit_test(its_size_follows_the_bit_rate),
        cmocka_unit_test(what_came_lately_is_kept),
        cmocka_unit_test(who_asks_late_has_it_kept_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
