#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/packets.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER = 12 };

uint64_t packets_seed = 1;

uint32_t dice(uint32_t sides)
{
    packets_seed ^= packets_seed << 13, packets_seed ^= packets_seed >> 7, packets_seed ^= packets_seed << 17;
    return (uint32_t)(packets_seed >> 16) % sides;
}

size_t from_hex(uint8_t *to, const char *hex)
{
    size_t len = 0;
    while (*hex) {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        char pair[3] = { hex[0], hex[1], 0 };
        to[len++] = (uint8_t)strtoul(pair, NULL, 16);
        hex += 2;
    }
    return len;
}

void assert_hex(const uint8_t *found, size_t len, const char *hex)
{
    uint8_t expected[256];
    assert_int_equal(len, from_hex(expected, hex));
    assert_memory_equal(found, expected, len);
}

void assert_same(const struct packet *a, const struct packet *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->at, b->at, a->len);
}

struct packet rtp_packet(uint32_t ssrc, uint16_t seq, unsigned csrcs, int extension, size_t payload_len)
{
    struct packet packet = { .len = HEADER };
    packet.at[0] = (uint8_t)(0x80 | csrcs | (extension >= 0 ? 0x10 : 0));
    packet.at[1] = 96;
    store_be16(packet.at + 2, seq);
    store_be32(packet.at + 4, dice(UINT32_MAX));
    store_be32(packet.at + 8, ssrc);
    for (unsigned i = 0; i < csrcs; i++, packet.len += 4)
        store_be32(packet.at + packet.len, dice(UINT32_MAX));
    if (extension >= 0) {
        store_be16(packet.at + packet.len, 0xbede);
        store_be16(packet.at + packet.len + 2, (uint16_t)extension);
        packet.len += 4;
        for (int i = 0; i < extension; i++, packet.len += 4)
            store_be32(packet.at + packet.len, 0x10aa0000); /* one element and padding (RFC 8285 4.2) */
    }
    for (size_t i = 0; i < payload_len; i++)
        packet.at[packet.len++] = (uint8_t)dice(256);
    return packet;
}

struct packet plain_rtp(uint32_t ssrc, uint16_t seq)
{
    return rtp_packet(ssrc, seq, 0, -1, 100);
}

struct packet plain_rtcp(uint32_t ssrc)
{
    struct packet packet = { .len = 28 };
    packet.at[0] = 0x80, packet.at[1] = 200, packet.at[3] = 6; /* a sender report without blocks */
    store_be32(packet.at + 4, ssrc);
    for (size_t i = 8; i < packet.len; i++)
        packet.at[i] = (uint8_t)dice(256);
    return packet;
}

struct srtp_keys random_keys(enum srtp_profile profile)
{
    struct srtp_keys keys = { .profile = profile };
    for (size_t i = 0; i < SRTP_KEY_LEN; i++)
        keys.local_key[i] = (uint8_t)dice(256), keys.remote_key[i] = (uint8_t)dice(256);
    for (size_t i = 0; i < SRTP_SALT_MAX; i++)
        keys.local_salt[i] = (uint8_t)dice(256), keys.remote_salt[i] = (uint8_t)dice(256);
    return keys;
}

struct srtp_keys swapped(struct srtp_keys keys)
{
    struct srtp_keys other = { .profile = keys.profile };
    memcpy(other.local_key, keys.remote_key, SRTP_KEY_LEN);
    memcpy(other.remote_key, keys.local_key, SRTP_KEY_LEN);
    memcpy(other.local_salt, keys.remote_salt, SRTP_SALT_MAX);
    memcpy(other.remote_salt, keys.local_salt, SRTP_SALT_MAX);
    return other;
}

srtp_t oracle_of(enum srtp_profile profile, srtp_ssrc_type_t direction, const uint8_t *key, const uint8_t *salt)
{
    uint8_t joined[SRTP_KEY_LEN + SRTP_SALT_MAX];
    memcpy(joined, key, SRTP_KEY_LEN);
    memcpy(joined + SRTP_KEY_LEN, salt, SRTP_SALT_MAX);
    srtp_policy_t policy = { .ssrc.type = direction, .key = joined, .window_size = 1024, .allow_repeat_tx = 1 };
    if (profile == SRTP_AEAD_AES_128_GCM_PROFILE) {
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
    } else {
        srtp_crypto_policy_set_rtp_default(&policy.rtp);
        srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    }
    srtp_t session;
    assert_int_equal(srtp_create(&session, &policy), srtp_err_status_ok);
    return session;
}

void oracle_seal(srtp_t oracle, struct packet *packet)
{
    int len = (int)packet->len;
    assert_int_equal(srtp_protect(oracle, packet->at, &len), srtp_err_status_ok);
    packet->len = (size_t)len;
}

void oracle_seal_rtcp(srtp_t oracle, struct packet *packet)
{
    int len = (int)packet->len;
    assert_int_equal(srtp_protect_rtcp(oracle, packet->at, &len), srtp_err_status_ok);
    packet->len = (size_t)len;
}
