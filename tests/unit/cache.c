#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/cache.h"

static uint8_t payload[CACHE_BYTES + 1];

static void put(struct cache *cache, uint64_t seq, size_t len)
{
    memset(payload, (int)(seq & 0xff), len);
    struct rtp rtp = { .marker = seq % 2, .time = (uint32_t)seq * 10, .payload = { payload, len } };
    cache_put(cache, seq, &rtp, &(struct video_packet){ .picture_id = (uint16_t)seq });
}

/* The whole of it, as it was put. */
static bool has(const struct cache *cache, uint64_t seq, size_t len)
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
        /* The newest that fit are there: no more than a packet's length is lost where the ring ends. */
        size_t bytes = 0;
        for (uint64_t n = seq; n >= 65536 && bytes + len_of(n) <= CACHE_BYTES - 1400; n--) {
            if (seq - n >= CACHE_PACKETS)
                break;
            bytes += len_of(n);
            assert_true(has(cache, n, len_of(n)));
        }
    }
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
    put(cache, 65540, 500);
    cache_clear(cache);
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
    put(cache, 65543, CACHE_BYTES);
    assert_true(has(cache, 65543, CACHE_BYTES));
    assert_false(has(cache, 65540, 500));
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
