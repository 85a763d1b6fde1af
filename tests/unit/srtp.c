/* Our sealer against the RFCs' vectors and against libsrtp2, which must open every packet that we seal. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/packets.h"
#include "transport/gcm.h"
#include "transport/sealer.h"
#include "transport/transport.h"

#include <stdlib.h>
#include <string.h>

static const enum srtp_profile both_profiles[] = { SRTP_AES128_CM_SHA1_80_PROFILE, SRTP_AEAD_AES_128_GCM_PROFILE };

/* --- Helpers ------------------------------------------------------------------------------------------------------ */

static struct srtp *srtp_of(struct srtp_keys keys)
{
    struct srtp *srtp = NULL;
    assert_int_equal(srtp_session_create(&srtp, &keys), OK);
    return srtp;
}

static enum status seal(struct srtp *srtp, struct packet *packet)
{
    return srtp_seal_rtp(srtp, packet->at, &packet->len, sizeof packet->at);
}

static enum status open(struct srtp *srtp, struct packet *packet)
{
    return srtp_open_rtp(srtp, packet->at, &packet->len);
}

/* --- Vectors ------------------------------------------------------------------------------------------------------ */

static void derivation_gives_the_keys_of_rfc_3711_b_3(void **state)
{
    (void)state;
    uint8_t key[16], salt[14], out[94];
    from_hex(key, "E1F97A0D3E018BE0D64FA32C06DE4139");
    from_hex(salt, "0EC675AD498AFEEBB6960B3AABE6");
    assert_int_equal(aead_derive(key, salt, AEAD_RTP_KEY, out, 16), OK);
    assert_hex(out, 16, "C61E7A93744F39EE10734AFE3FF7A087");
    assert_int_equal(aead_derive(key, salt, AEAD_RTP_SALT, out, 14), OK);
    assert_hex(out, 14, "30CBBC08863D8C85D49DB34A9AE1");
    assert_int_equal(aead_derive(key, salt, AEAD_RTP_AUTHENTICATION, out, 94), OK);
    assert_hex(out, 94,
               "CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE E049646C43D9327AD175578EF7227098"
               "6371C10C9A369AC2F94A8C5FBCDDDC25 6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2");
}

/* Label 0 leaves the salt as it is, so the derivation is then the plain key stream. */
static void derivation_runs_the_key_stream_of_rfc_3711_b_2(void **state)
{
    (void)state;
    uint8_t key[16], salt[14], out[48];
    from_hex(key, "2B7E151628AED2A6ABF7158809CF4F3C");
    from_hex(salt, "F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
    assert_int_equal(aead_derive(key, salt, AEAD_RTP_KEY, out, sizeof out), OK);
    assert_hex(out, sizeof out,
               "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0");
}

static void sealer_writes_the_packet_of_rfc_7714_16_1(void **state)
{
    (void)state;
    uint8_t packet[128];
    struct aead_keys keys = { 0 };
    from_hex(keys.rtp_key, "000102030405060708090a0b0c0d0e0f");
    from_hex(keys.rtp_salt, "517569642070726f2071756f");
    size_t len = from_hex(packet, "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976"
                                  "69736120 696e2070 61727465 73207472 6573");
    struct sealer *sealer;
    assert_int_equal(sealer_create(&sealer, &keys), OK);
    assert_int_equal(sealer_seal(sealer, packet, &len, sizeof packet), OK);
    assert_hex(packet, len,
               "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a"
               "51c7d19b 36de3adf 8833 899d7f27 beb16a91 52cf765e e4390cce");
    sealer_destroy(sealer);
}

struct vector {
    enum srtp_profile profile;
    const char *key, *salt, *rtp, *srtp, *rtcp, *srtcp;
};

/* libsrtp2's own reference packets (test/srtp_driver.c), from master keys, so that all of ours is between: RFC
 * 7714 17.1 starts at session keys, which libsrtp2 does not take. */
static const struct vector vectors[] = {
    { SRTP_AES128_CM_SHA1_80_PROFILE, "e1f97a0d3e018be0d64fa32c06de4139", "0ec675ad498afeebb6960b3aabe6",
      "800f1234 decafbad cafebabe abababab abababab abababab abababab",
      "800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402 b78d6acc 99ea179b 8dbb",
      "81c8000b cafebabe abababab abababab abababab abababab",
      "81c8000b cafebabe 7128035b e487b9bd bef89041 f977a5a8 80000001 993e08cd 54d6c1230798" },
    { SRTP_AEAD_AES_128_GCM_PROFILE, "000102030405060708090a0b0c0d0e0f", "a0a1a2a3a4a5a6a7a8a9aaab0000",
      "800f1234 decafbad cafebabe abababab abababab abababab abababab",
      "800f1234 decafbad cafebabe c5002ede 04cfdd2e b91159e0 880aa06e d2976826 f796b201 df3131a1 27e8a392",
      "81c8000b cafebabe abababab abababab abababab abababab",
      "81c8000b cafebabe c98b8b5d f0392a55 852b6c21 ac8e7025 c52c6fbe a2b3b446 ea31123b a88ce61e 80000001" },
};

static void both_profiles_match_the_reference_packets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct vector *v = &vectors[i];
        struct srtp_keys keys = { .profile = v->profile };
        from_hex(keys.local_key, v->key);
        from_hex(keys.local_salt, v->salt);
        struct srtp *ours = srtp_of(keys), *theirs = srtp_of(swapped(keys));
        struct packet packet;

        packet.len = from_hex(packet.at, v->rtp);
        assert_int_equal(seal(ours, &packet), OK);
        assert_hex(packet.at, packet.len, v->srtp);
        assert_int_equal(open(theirs, &packet), OK);
        assert_hex(packet.at, packet.len, v->rtp);

        packet.len = from_hex(packet.at, v->rtcp);
        assert_int_equal(srtp_seal_rtcp(ours, packet.at, &packet.len, sizeof packet.at), OK);
        assert_hex(packet.at, packet.len, v->srtcp);
        assert_int_equal(srtp_open_rtcp(theirs, packet.at, &packet.len), OK);
        assert_hex(packet.at, packet.len, v->rtcp);
        srtp_destroy(ours);
        srtp_destroy(theirs);
    }
}

/* --- Against the oracle ------------------------------------------------------------------------------------------- */

/* One source's packets in the order in which they are sealed: some are kept back a while, and there are gaps. */
struct lane {
    uint32_t ssrc;
    uint16_t next;
    size_t kept_count;
    struct packet kept[4];
};

static struct packet lane_make(struct lane *lane)
{
    if (lane->kept_count == 0 && dice(8) == 0)
        lane->next = (uint16_t)(lane->next + dice(3000));
    return rtp_packet(lane->ssrc, lane->next++, dice(4), (int)dice(4) - 1, dice(1201));
}

static struct packet lane_take(struct lane *lane)
{
    uint32_t way = dice(4);
    if (way == 0 && lane->kept_count > 0)
        return lane->kept[--lane->kept_count];
    if (way == 1 && lane->kept_count < 4) {
        struct packet kept = lane_make(lane);
        lane->kept[lane->kept_count++] = kept;
    }
    return lane_make(lane);
}

static void every_sealed_packet_opens_with_libsrtp(void **state)
{
    (void)state;
    enum { LANES = 5, ROUNDS = 5000 }; /* with the gaps, each lane wraps about three times */
    for (size_t p = 0; p < 2; p++) {
        packets_seed = 0x9e3779b97f4a7c15 + p;
        struct srtp_keys keys = random_keys(both_profiles[p]);
        struct srtp *ours = srtp_of(keys);
        srtp_t oracle = oracle_of(both_profiles[p], ssrc_any_inbound, keys.local_key, keys.local_salt);
        struct lane lanes[LANES];
        for (uint32_t i = 0; i < LANES; i++)
            lanes[i] = (struct lane){ .ssrc = 77 + i, .next = (uint16_t)(65000 + dice(500)) };
        for (size_t round = 0; round < ROUNDS; round++) {
            struct packet plain = lane_take(&lanes[dice(LANES)]), sealed = plain, again = plain;
            assert_int_equal(seal(ours, &sealed), OK);
            assert_int_equal(seal(ours, &again), OK); /* a retransmission */
            assert_same(&again, &sealed);
            int len = (int)sealed.len;
            assert_int_equal(srtp_unprotect(oracle, sealed.at, &len), srtp_err_status_ok);
            sealed.len = (size_t)len;
            assert_same(&sealed, &plain);
        }
        srtp_destroy(ours);
        srtp_dealloc(oracle);
    }
}

static void what_libsrtp_seals_opens_here(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        packets_seed = 0xabcdef + p;
        struct srtp_keys keys = random_keys(both_profiles[p]);
        struct srtp *ours = srtp_of(keys);
        srtp_t oracle = oracle_of(both_profiles[p], ssrc_any_outbound, keys.remote_key, keys.remote_salt);
        for (uint16_t i = 0; i < 2000; i++) {
            struct packet plain = rtp_packet(9, (uint16_t)(65000 + i), 0, 2, dice(1201)), packet = plain;
            oracle_seal(oracle, &packet);
            assert_int_equal(open(ours, &packet), OK);
            assert_same(&packet, &plain);

            plain = packet = plain_rtcp(9);
            oracle_seal_rtcp(oracle, &packet);
            assert_int_equal(srtp_open_rtcp(ours, packet.at, &packet.len), OK);
            assert_same(&packet, &plain);
        }
        srtp_destroy(ours);
        srtp_dealloc(oracle);
    }
}

/* Reports of several SSRCs, whose indices come from one counter. */
static void every_sealed_report_opens_with_libsrtp(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct srtp_keys keys = random_keys(both_profiles[p]);
        struct srtp *ours = srtp_of(keys);
        srtp_t oracle = oracle_of(both_profiles[p], ssrc_any_inbound, keys.local_key, keys.local_salt);
        for (size_t round = 0; round < 2000; round++) {
            struct packet plain = plain_rtcp(1 + dice(7)), sealed = plain;
            assert_int_equal(srtp_seal_rtcp(ours, sealed.at, &sealed.len, sizeof sealed.at), OK);
            int len = (int)sealed.len;
            assert_int_equal(srtp_unprotect_rtcp(oracle, sealed.at, &len), srtp_err_status_ok);
            sealed.len = (size_t)len;
            assert_same(&sealed, &plain);
        }
        srtp_destroy(ours);
        srtp_dealloc(oracle);
    }
}

static void a_retransmission_from_before_the_wrap_is_the_same_packet(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct srtp_keys keys = random_keys(both_profiles[p]);
        struct srtp *ours = srtp_of(keys);
        struct packet plain = plain_rtp(1, 65530), first = plain, again = plain;
        assert_int_equal(seal(ours, &first), OK);
        for (uint16_t seq = 65531; seq != 40; seq++) {
            struct packet other = plain_rtp(1, seq);
            assert_int_equal(seal(ours, &other), OK);
        }
        assert_int_equal(seal(ours, &again), OK);
        assert_same(&first, &again);
        srtp_destroy(ours);
    }
}

/* --- Refusals ----------------------------------------------------------------------------------------------------- */

/* In the bytes that a header is parsed from (version, CSRC count, extension bit), a change may also make it malformed.
 */
static void a_changed_byte_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct srtp_keys keys = random_keys(both_profiles[p]);
        struct srtp *ours = srtp_of(keys), *theirs = srtp_of(swapped(keys));
        struct packet sealed = plain_rtp(1, 1000);
        assert_int_equal(seal(ours, &sealed), OK);
        for (size_t i = 0; i < sealed.len; i++) {
            struct packet tampered = sealed;
            tampered.at[i] ^= (uint8_t)(1 << dice(8));
            enum status status = open(theirs, &tampered);
            assert_true(status == ERR_AUTH || (i == 0 && status == ERR_MALFORMED));
            assert_int_equal(tampered.len, sealed.len);
        }
        struct packet rtcp = plain_rtcp(1);
        assert_int_equal(srtp_seal_rtcp(ours, rtcp.at, &rtcp.len, sizeof rtcp.at), OK);
        for (size_t i = 0; i < rtcp.len; i++) {
            struct packet tampered = rtcp;
            tampered.at[i] ^= (uint8_t)(1 << dice(7)); /* bit 7 may be E, "encrypted": malformed when it is off */
            assert_int_equal(srtp_open_rtcp(theirs, tampered.at, &tampered.len), ERR_AUTH);
        }
        assert_int_equal(open(theirs, &sealed), OK); /* none of it spoilt the real one */
        assert_int_equal(srtp_open_rtcp(theirs, rtcp.at, &rtcp.len), OK);
        srtp_destroy(ours);
        srtp_destroy(theirs);
    }
}

static void a_replayed_packet_is_refused(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct srtp_keys keys = random_keys(both_profiles[p]);
        struct srtp *ours = srtp_of(keys), *theirs = srtp_of(swapped(keys));
        struct packet sealed = plain_rtp(1, 1000), rtcp = plain_rtcp(1);
        assert_int_equal(seal(ours, &sealed), OK);
        assert_int_equal(srtp_seal_rtcp(ours, rtcp.at, &rtcp.len, sizeof rtcp.at), OK);
        struct packet again = sealed, rtcp_again = rtcp;
        assert_int_equal(open(theirs, &sealed), OK);
        assert_int_equal(open(theirs, &again), ERR_EXPIRED);
        assert_int_equal(srtp_open_rtcp(theirs, rtcp.at, &rtcp.len), OK);
        assert_int_equal(srtp_open_rtcp(theirs, rtcp_again.at, &rtcp_again.len), ERR_EXPIRED);
        srtp_destroy(ours);
        srtp_destroy(theirs);
    }
}

/* From the heap and to its exact length, so that the sanitizer sees a read past the end. */
static void a_truncated_packet_is_refused(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct srtp_keys keys = random_keys(both_profiles[p]);
        struct srtp *ours = srtp_of(keys), *theirs = srtp_of(swapped(keys));
        struct packet sealed = rtp_packet(1, 5, 3, 2, 30), rtcp = plain_rtcp(1);
        assert_int_equal(seal(ours, &sealed), OK);
        assert_int_equal(srtp_seal_rtcp(ours, rtcp.at, &rtcp.len, sizeof rtcp.at), OK);
        for (size_t len = 0; len < sealed.len; len++) {
            uint8_t *cut = malloc(len + 1);
            memcpy(cut, sealed.at, len);
            size_t cut_len = len;
            assert_int_not_equal(srtp_open_rtp(theirs, cut, &cut_len), OK);
            assert_int_equal(cut_len, len);
            free(cut);
        }
        for (size_t len = 0; len < rtcp.len; len++) {
            uint8_t *cut = malloc(len + 1);
            memcpy(cut, rtcp.at, len);
            size_t cut_len = len;
            assert_int_not_equal(srtp_open_rtcp(theirs, cut, &cut_len), OK);
            free(cut);
        }
        srtp_destroy(ours);
        srtp_destroy(theirs);
    }
}

static void a_short_buffer_is_refused_and_nothing_changes(void **state)
{
    (void)state;
    const size_t rtp_trailer[] = { 10, 16 }, rtcp_trailer[] = { 14, 20 };
    for (size_t p = 0; p < 2; p++) {
        struct srtp_keys keys = random_keys(both_profiles[p]);
        struct srtp *ours = srtp_of(keys);
        struct packet plain = plain_rtp(1, 1), packet = plain;
        for (size_t room = 0; room < rtp_trailer[p]; room++) {
            assert_int_equal(srtp_seal_rtp(ours, packet.at, &packet.len, plain.len + room), ERR_FULL);
            assert_same(&packet, &plain);
        }
        assert_int_equal(srtp_seal_rtp(ours, packet.at, &packet.len, plain.len + rtp_trailer[p]), OK);
        assert_true(packet.len - plain.len <= TRANSPORT_SEAL_OVERHEAD);

        plain = packet = plain_rtcp(1);
        for (size_t room = 0; room < rtcp_trailer[p]; room++) {
            assert_int_equal(srtp_seal_rtcp(ours, packet.at, &packet.len, plain.len + room), ERR_FULL);
            assert_same(&packet, &plain);
        }
        assert_int_equal(srtp_seal_rtcp(ours, packet.at, &packet.len, plain.len + rtcp_trailer[p]), OK);
        assert_true(packet.len - plain.len <= TRANSPORT_SEAL_OVERHEAD);
        srtp_destroy(ours);
    }
}

static void a_packet_that_is_not_rtp_is_not_sealed(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct srtp_keys keys = random_keys(both_profiles[p]);
        struct srtp *ours = srtp_of(keys);
        struct packet whole = rtp_packet(1, 1, 2, 3, 0);
        for (size_t len = 0; len < whole.len; len++) {
            struct packet cut = whole;
            cut.len = len;
            assert_int_equal(seal(ours, &cut), ERR_MALFORMED);
            assert_memory_equal(cut.at, whole.at, whole.len);
        }
        assert_int_equal(seal(ours, &whole), OK);
        struct packet short_rtcp = plain_rtcp(1);
        short_rtcp.len = 7;
        assert_int_equal(srtp_seal_rtcp(ours, short_rtcp.at, &short_rtcp.len, sizeof short_rtcp.at), ERR_MALFORMED);
        srtp_destroy(ours);
    }
}

static void sealing_far_behind_the_newest_is_refused(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct srtp_keys keys = random_keys(both_profiles[p]);
        struct srtp *ours = srtp_of(keys);
        struct packet newest = plain_rtp(1, 20000), inside = plain_rtp(1, 20000 - SEALER_WINDOW + 1);
        struct packet outside = plain_rtp(1, 20000 - SEALER_WINDOW), before = outside;
        assert_int_equal(seal(ours, &newest), OK);
        assert_int_equal(seal(ours, &outside), ERR_EXPIRED);
        assert_same(&outside, &before);
        assert_int_equal(seal(ours, &inside), OK);
        assert_int_equal(seal(ours, &outside), ERR_EXPIRED); /* a late one did not move the window back */
        srtp_destroy(ours);
    }
}

static void sources_are_bounded_both_ways(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct srtp_keys keys = random_keys(both_profiles[p]);
        struct srtp *ours = srtp_of(keys), *theirs = srtp_of(swapped(keys));
        srtp_t oracle = oracle_of(both_profiles[p], ssrc_any_outbound, keys.local_key, keys.local_salt);
        for (uint32_t ssrc = 1; ssrc <= SRTP_SOURCES_MAX; ssrc++) {
            struct packet packet = plain_rtp(ssrc, 1), forged = plain_rtp(1000 + ssrc, 1);
            assert_int_equal(open(theirs, &forged), ERR_AUTH); /* takes no place */
            assert_int_equal(seal(ours, &packet), OK);
            assert_int_equal(open(theirs, &packet), OK);
        }
        struct packet one_more = plain_rtp(5000, 1), before = one_more;
        assert_int_equal(seal(ours, &one_more), ERR_FULL);
        assert_same(&one_more, &before);
        oracle_seal(oracle, &one_more);
        assert_int_equal(open(theirs, &one_more), ERR_FULL);
        struct packet known = plain_rtp(1, 2);
        assert_int_equal(seal(ours, &known), OK);
        assert_int_equal(open(theirs, &known), OK);
        srtp_dealloc(oracle);
        srtp_destroy(ours);
        srtp_destroy(theirs);
    }
}

static void starting_again_is_harmless(void **state)
{
    (void)state;
    assert_int_equal(srtp_start(), OK);
    struct srtp_keys keys = random_keys(SRTP_AEAD_AES_128_GCM_PROFILE);
    struct srtp *srtp = srtp_of(keys);
    assert_int_equal(srtp_start(), OK);
    struct packet packet = plain_rtp(1, 1);
    assert_int_equal(seal(srtp, &packet), OK);
    srtp_destroy(srtp);
}

static void an_unknown_profile_is_refused(void **state)
{
    (void)state;
    struct srtp_keys keys = { 0 };
    struct srtp *srtp = NULL;
    assert_int_equal(srtp_session_create(&srtp, &keys), ERR_UNSUPPORTED);
    assert_null(srtp);
}

static int start(void **state)
{
    (void)state;
    packets_seed = 0x2545f4914f6cdd1d;
    return srtp_start() == OK && gcm_use(GCM_EVP) == OK ? 0 : -1;
}

static int start_ipsec(void **state)
{
    return start(state) == 0 && gcm_use(GCM_IPSEC) == OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derivation_gives_the_keys_of_rfc_3711_b_3),
        cmocka_unit_test(derivation_runs_the_key_stream_of_rfc_3711_b_2),
        cmocka_unit_test(sealer_writes_the_packet_of_rfc_7714_16_1),
        cmocka_unit_test(both_profiles_match_the_reference_packets),
        cmocka_unit_test(every_sealed_packet_opens_with_libsrtp),
        cmocka_unit_test(every_sealed_report_opens_with_libsrtp),
        cmocka_unit_test(what_libsrtp_seals_opens_here),
        cmocka_unit_test(a_retransmission_from_before_the_wrap_is_the_same_packet),
        cmocka_unit_test(a_changed_byte_anywhere_is_refused),
        cmocka_unit_test(a_replayed_packet_is_refused),
        cmocka_unit_test(a_truncated_packet_is_refused),
        cmocka_unit_test(a_short_buffer_is_refused_and_nothing_changes),
        cmocka_unit_test(a_packet_that_is_not_rtp_is_not_sealed),
        cmocka_unit_test(sealing_far_behind_the_newest_is_refused),
        cmocka_unit_test(sources_are_bounded_both_ways),
        cmocka_unit_test(starting_again_is_harmless),
        cmocka_unit_test(an_unknown_profile_is_refused),
    };
    int failed = cmocka_run_group_tests_name("with OpenSSL", tests, start, NULL);
    if (gcm_use(GCM_IPSEC) == OK)
        failed += cmocka_run_group_tests_name("with libipsec-mb", tests, start_ipsec, NULL);
    return failed;
}
