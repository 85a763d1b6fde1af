/* Both engines against published vectors, against each other, and against forgeries. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "support/packets.h"
#include "transport/aead.h"
#include "transport/gcm.h"

enum { TEXT_MAX = 1500 };

static struct gcm gcm_of(const uint8_t key[static GCM_KEY_LEN])
{
    struct gcm gcm;
    assert_int_equal(gcm_init(&gcm, key), OK);
    return gcm;
}

static void fill(uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)dice(256);
}

/* What one engine is asked for, and what comes of it. */
struct message {
    uint8_t key[GCM_KEY_LEN], iv[GCM_IV_LEN], aad[64], text[TEXT_MAX], tag[GCM_TAG_LEN];
    size_t aad_len, len;
};

static struct message random_message(void)
{
    struct message m = { .aad_len = dice(65), .len = dice(4) ? dice(TEXT_MAX + 1) : dice(40) };
    fill(m.key, sizeof m.key);
    fill(m.iv, sizeof m.iv);
    fill(m.aad, sizeof m.aad);
    fill(m.text, sizeof m.text);
    return m;
}

static void seal(struct message *m)
{
    struct gcm gcm = gcm_of(m->key);
    assert_int_equal(gcm_seal(&gcm, m->iv, (struct bytes){ m->aad, m->aad_len }, m->text, m->len, m->tag), OK);
    gcm_deinit(&gcm);
}

static enum status open(struct message *m)
{
    struct gcm gcm = gcm_of(m->key);
    enum status status = gcm_open(&gcm, m->iv, (struct bytes){ m->aad, m->aad_len }, m->text, m->len, m->tag);
    gcm_deinit(&gcm);
    return status;
}

struct vector {
    const char *key, *iv, *aad, *plain, *sealed, *tag;
};

/* McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B: test cases 1 to 4. */
static const struct vector vectors[] = {
    { "00000000000000000000000000000000", "000000000000000000000000", "", "", "", "58e2fccefa7e3061367f1d57a4e7455a" },
    { "00000000000000000000000000000000", "000000000000000000000000", "", "00000000000000000000000000000000",
      "0388dace60b6a392f328c2b971b2fe78", "ab6e47d42cec13bdf53a67b21257bddf" },
    { "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "",
      "d9313225f88406e5a55909c5aff5269a 86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525 b16aedf5aa0de657ba637b391aafd255",
      "42831ec2217774244b7221b784d0d49c e3aa212f2c02a4e035c17e2329aca12e"
      "21d514b25466931c7d8f6a5aac84aa05 1ba30b396a0aac973d58e091473f5985",
      "4d5c2af327cd64a62cf35abd2ba6fab4" },
    { "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      "d9313225f88406e5a55909c5aff5269a 86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525 b16aedf5aa0de657ba637b39",
      "42831ec2217774244b7221b784d0d49c e3aa212f2c02a4e035c17e2329aca12e"
      "21d514b25466931c7d8f6a5aac84aa05 1ba30b396a0aac973d58e091",
      "5bc94fbc3221a5db94fae95ae7121a47" },
};

static void the_published_vectors_come_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct vector *v = &vectors[i];
        struct message m = { 0 };
        from_hex(m.key, v->key);
        from_hex(m.iv, v->iv);
        m.aad_len = from_hex(m.aad, v->aad);
        m.len = from_hex(m.text, v->plain);
        seal(&m);
        assert_hex(m.text, m.len, v->sealed);
        assert_hex(m.tag, sizeof m.tag, v->tag);
        assert_int_equal(open(&m), OK);
        assert_hex(m.text, m.len, v->plain);
    }
}

/* RFC 7714 17.1, which starts at session keys. */
static void the_report_of_rfc_7714_17_1_comes_out(void **state)
{
    (void)state;
    static const char plain[] = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61"
                                "deadbeef deadbeef deadbeef deadbeef deadbeef";
    static const char sealed[] = "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d"
                                 "c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872"
                                 "45d9eade 800005d4";
    struct aead_keys keys = { 0 };
    from_hex(keys.rtcp_key, "000102030405060708090a0b0c0d0e0f");
    from_hex(keys.rtcp_salt, "517569642070726f2071756f");
    struct aead aead;
    assert_int_equal(aead_init(&aead, &keys), OK);
    uint8_t packet[128];
    uint32_t index;
    size_t len = from_hex(packet, plain);
    assert_int_equal(aead_seal_rtcp(&aead, 0x5d4, packet, len), OK);
    assert_hex(packet, len + AEAD_RTCP_TRAILER, sealed);
    assert_int_equal(aead_rtcp_index(packet, len, &index), OK);
    assert_int_equal(index, 0x5d4);
    assert_int_equal(aead_open_rtcp(&aead, packet, len), OK);
    assert_hex(packet, len, plain);
    aead_deinit(&aead);
}

static void a_changed_bit_anywhere_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct message m = random_message();
        seal(&m);
        struct message forged = m;
        struct bytes regions[] = { { forged.key, sizeof forged.key },
                                   { forged.iv, sizeof forged.iv },
                                   { forged.aad, forged.aad_len },
                                   { forged.text, forged.len },
                                   { forged.tag, sizeof forged.tag } };
        struct bytes region = regions[i % 5];
        if (region.len == 0)
            continue;
        ((uint8_t *)region.at)[dice((uint32_t)region.len)] ^= (uint8_t)(1 << dice(8));
        assert_int_equal(open(&forged), ERR_AUTH);
        assert_int_equal(open(&m), OK);
    }
}

/* As SRTP uses it: one key for many packets, and what is refused in between changes nothing. */
static void a_key_is_good_for_many_calls(void **state)
{
    (void)state;
    struct message first = random_message();
    struct gcm gcm = gcm_of(first.key);
    for (int i = 0; i < 1000; i++) {
        struct message m = random_message(), plain = m;
        struct bytes aad = { m.aad, m.aad_len };
        assert_int_equal(gcm_seal(&gcm, m.iv, aad, m.text, m.len, m.tag), OK);
        struct message forged = m;
        forged.tag[dice(GCM_TAG_LEN)] ^= 1;
        assert_int_equal(gcm_open(&gcm, m.iv, aad, forged.text, forged.len, forged.tag), ERR_AUTH);
        assert_int_equal(gcm_open(&gcm, m.iv, aad, m.text, m.len, m.tag), OK);
        assert_memory_equal(m.text, plain.text, m.len);
    }
    gcm_deinit(&gcm);
    gcm_deinit(&gcm); /* harmless */
}

static void both_engines_write_the_same(void **state)
{
    (void)state;
    if (gcm_use(GCM_IPSEC) != OK)
        skip();
    for (int i = 0; i < 4000; i++) {
        struct message m = random_message();
        if (i <= TEXT_MAX)
            m.len = (size_t)i; /* each length once */
        struct message one = m, other = m;
        gcm_use(GCM_EVP);
        seal(&one);
        gcm_use(GCM_IPSEC);
        seal(&other);
        assert_memory_equal(one.text, other.text, sizeof one.text); /* and nothing behind its end */
        assert_memory_equal(one.tag, other.tag, sizeof one.tag);
        assert_int_equal(open(&one), OK);
        assert_memory_equal(one.text, m.text, sizeof m.text);
        gcm_use(GCM_EVP);
        assert_int_equal(open(&other), OK);
        assert_memory_equal(other.text, m.text, sizeof m.text);
    }
}

static void there_is_no_key_before_the_start(void **state)
{
    (void)state;
    const uint8_t key[GCM_KEY_LEN] = { 0 };
    struct gcm gcm;
    assert_string_equal(gcm_engine_name(), "none");
    assert_int_equal(gcm_init(&gcm, key), ERR_STATE);
    gcm_deinit(&gcm);
}

static void the_start_leaves_a_choice_as_it_is(void **state)
{
    (void)state;
    assert_int_equal(gcm_use(GCM_EVP), OK);
    gcm_start();
    assert_string_equal(gcm_engine_name(), "OpenSSL");
}

static int use_openssl(void **state)
{
    (void)state;
    packets_seed = 0x2545f4914f6cdd1d;
    return gcm_use(GCM_EVP) == OK ? 0 : -1;
}

static int use_ipsec(void **state)
{
    (void)state;
    packets_seed = 0x9e3779b97f4a7c15;
    return gcm_use(GCM_IPSEC) == OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest choice[] = {
        cmocka_unit_test(there_is_no_key_before_the_start),
        cmocka_unit_test(the_start_leaves_a_choice_as_it_is),
        cmocka_unit_test(both_engines_write_the_same),
    };
    const struct CMUnitTest each[] = {
        cmocka_unit_test(the_published_vectors_come_out),
        cmocka_unit_test(the_report_of_rfc_7714_17_1_comes_out),
        cmocka_unit_test(a_changed_bit_anywhere_is_refused),
        cmocka_unit_test(a_key_is_good_for_many_calls),
    };
    int failed = cmocka_run_group_tests_name("the choice", choice, NULL, NULL);
    failed += cmocka_run_group_tests_name("OpenSSL", each, use_openssl, NULL);
    if (gcm_use(GCM_IPSEC) == OK)
        failed += cmocka_run_group_tests_name("libipsec-mb", each, use_ipsec, NULL);
    return failed;
}
