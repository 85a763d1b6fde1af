#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "load/crypt.h"
#include "media/rtcp.h"
#include "media/rtp.h"
#include "transport/srtp.h"

/* The far end is libsrtp2, through transport's srtp. */
struct pair {
    struct crypt *ours;
    struct srtp *theirs;
};

static struct pair pair_of(void)
{
    struct pair pair;
    uint8_t material[CRYPT_MATERIAL_LEN];
    struct srtp_keys keys = { .profile = SRTP_AEAD_AES_128_GCM_PROFILE };
    for (size_t i = 0; i < sizeof material; i++)
        material[i] = (uint8_t)(17 * i + 3);
    memcpy(keys.remote_key, material, 16);
    memcpy(keys.local_key, material + 16, 16);
    memcpy(keys.remote_salt, material + 32, 12);
    memcpy(keys.local_salt, material + 44, 12);
    assert_int_equal(srtp_start(), OK);
    assert_int_equal(srtp_session_create(&pair.theirs, &keys), OK);
    assert_int_equal(crypt_create(&pair.ours, material), OK);
    return pair;
}

static void pair_end(struct pair *pair)
{
    crypt_destroy(pair->ours);
    srtp_destroy(pair->theirs);
}

static size_t write_packet(uint8_t *at, size_t cap, uint16_t seq)
{
    struct rtp rtp = { .payload_type = 96, .seq = seq, .ssrc = 7, .payload = bytes_of("what is said") };
    struct writer w = writer_over(at, cap);
    rtp_write(&w, &rtp);
    return w.len;
}

static void libsrtp_opens_what_was_sealed(void **state)
{
    (void)state;
    struct pair pair = pair_of();
    uint8_t packet[200], plain[200];
    for (uint32_t i = 0; i < 3; i++) {
        size_t len = write_packet(plain, sizeof plain, (uint16_t)(65534 + i)), sealed = len;
        memcpy(packet, plain, len);
        assert_int_equal(crypt_seal_rtp(pair.ours, packet, &sealed, sizeof packet), OK);
        assert_int_equal(srtp_open_rtp(pair.theirs, packet, &sealed), OK);
        assert_int_equal(sealed, len);
        assert_memory_equal(packet, plain, len);
    }
    pair_end(&pair);
}

static void what_libsrtp_sealed_is_opened_with_its_index_alone(void **state)
{
    (void)state;
    struct pair pair = pair_of();
    uint8_t packet[200], plain[200];
    for (uint32_t i = 0; i < 3; i++) {
        size_t len = write_packet(plain, sizeof plain, (uint16_t)(65534 + i)), sealed = len;
        memcpy(packet, plain, len);
        assert_int_equal(srtp_seal_rtp(pair.theirs, packet, &sealed, sizeof packet), OK);
        uint8_t again[200];
        size_t again_len = sealed;
        memcpy(again, packet, sealed);
        assert_int_equal(crypt_open_rtp(pair.ours, 65534 + i + 65536, again, &again_len), ERR_AUTH);
        assert_int_equal(crypt_open_rtp(pair.ours, 65534 + i, packet, &sealed), OK);
        assert_int_equal(sealed, len);
        assert_memory_equal(packet, plain, len);
    }
    pair_end(&pair);
}

static size_t write_report(uint8_t *at, size_t cap)
{
    struct writer w = writer_over(at, cap);
    rtcp_write_rr(&w, 9, NULL, 0);
    rtcp_write_pli(&w, 9, 7);
    return w.len;
}

static void reports_pass_both_ways(void **state)
{
    (void)state;
    struct pair pair = pair_of();
    uint8_t packet[200], plain[200];
    for (int i = 0; i < 3; i++) {
        size_t len = write_report(plain, sizeof plain), sealed = len;
        memcpy(packet, plain, len);
        assert_int_equal(crypt_seal_rtcp(pair.ours, packet, &sealed, sizeof packet), OK);
        assert_int_equal(srtp_open_rtcp(pair.theirs, packet, &sealed), OK);
        assert_int_equal(sealed, len);
        assert_memory_equal(packet, plain, len);
        assert_int_equal(srtp_seal_rtcp(pair.theirs, packet, &sealed, sizeof packet), OK);
        assert_int_equal(crypt_open_rtcp(pair.ours, packet, &sealed), OK);
        assert_int_equal(sealed, len);
        assert_memory_equal(packet, plain, len);
    }
    pair_end(&pair);
}

static void a_changed_packet_does_not_open(void **state)
{
    (void)state;
    struct pair pair = pair_of();
    uint8_t packet[200];
    size_t len = write_packet(packet, sizeof packet, 1);
    assert_int_equal(srtp_seal_rtp(pair.theirs, packet, &len, sizeof packet), OK);
    packet[len - 1] ^= 1;
    assert_int_equal(crypt_open_rtp(pair.ours, 1, packet, &len), ERR_AUTH);
    len = write_report(packet, sizeof packet);
    assert_int_equal(srtp_seal_rtcp(pair.theirs, packet, &len, sizeof packet), OK);
    packet[10] ^= 1;
    assert_int_equal(crypt_open_rtcp(pair.ours, packet, &len), ERR_AUTH);
    pair_end(&pair);
}

static void what_is_cut_short_is_malformed(void **state)
{
    (void)state;
    struct pair pair = pair_of();
    uint8_t packet[64] = { 0x90, 96 };
    for (size_t len = 0; len < 40; len++) {
        size_t left = len;
        assert_int_not_equal(crypt_open_rtp(pair.ours, 1, packet, &left), OK);
        left = len;
        assert_int_not_equal(crypt_open_rtcp(pair.ours, packet, &left), OK);
    }
    pair_end(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libsrtp_opens_what_was_sealed),
        cmocka_unit_test(what_libsrtp_sealed_is_opened_with_its_index_alone),
        cmocka_unit_test(reports_pass_both_ways),
        cmocka_unit_test(a_changed_packet_does_not_open),
        cmocka_unit_test(what_is_cut_short_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
