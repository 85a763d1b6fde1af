#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "auth/keyring.h"

static json_t *fresh_key(void)
{
    char *text;
    assert_int_equal(keyring_generate(&text), OK);
    json_t *key = json_loads(text, 0, NULL);
    assert_non_null(key);
    free(text);
    return key;
}

static json_t *public_of(json_t *key)
{
    json_t *copy = json_deep_copy(key);
    json_object_del(copy, "d");
    json_object_del(copy, "key_ops");
    return copy;
}

/* Takes json. */
static enum status create_from(json_t *json, struct keyring **ring)
{
    char *text = json_dumps(json, 0);
    enum status status = keyring_create(ring, bytes_of(text));
    free(text);
    json_decref(json);
    return status;
}

static struct keyring *ring_of(json_t *json)
{
    struct keyring *ring;
    assert_int_equal(create_from(json, &ring), OK);
    return ring;
}

static void assert_refused(json_t *json, enum status expected)
{
    struct keyring *untouched = (struct keyring *)1, *ring = untouched;
    assert_int_equal(create_from(json, &ring), expected);
    assert_ptr_equal(ring, untouched);
}

static struct jws split(char *compact)
{
    char *payload = strchr(compact, '.') + 1, *signature = strchr(payload, '.') + 1;
    return (struct jws){
        { (uint8_t *)compact, (size_t)(payload - compact - 1) },
        { (uint8_t *)payload, (size_t)(signature - payload - 1) },
        bytes_of(signature),
    };
}

static struct bytes kid_of(const json_t *key)
{
    return bytes_of(json_string_value(json_object_get(key, "kid")));
}

static void what_a_key_signs_its_public_half_verifies(void **state)
{
    (void)state;
    json_t *key = fresh_key();
    struct keyring *private = ring_of(json_incref(key)), *public = ring_of(public_of(key));
    char *compact;
    assert_int_equal(keyring_sign(private, bytes_of("{\"a\":1}"), &compact), OK);
    assert_int_equal(keyring_verify(public, kid_of(key), split(compact)), OK);
    assert_int_equal(keyring_verify(private, kid_of(key), split(compact)), OK);
    free(compact);
    keyring_destroy(private);
    keyring_destroy(public);
    json_decref(key);
}

static void another_keys_signature_does_not_fit(void **state)
{
    (void)state;
    json_t *ours = fresh_key(), *theirs = fresh_key();
    struct keyring *ring = ring_of(public_of(ours)), *forger = ring_of(json_incref(theirs));
    char *compact;
    assert_int_equal(keyring_sign(forger, bytes_of("{}"), &compact), OK);
    assert_int_equal(keyring_verify(ring, kid_of(ours), split(compact)), ERR_AUTH);
    assert_int_equal(keyring_verify(ring, kid_of(theirs), split(compact)), ERR_AUTH);
    assert_int_equal(keyring_verify(ring, (struct bytes){ 0 }, split(compact)), ERR_AUTH);
    free(compact);
    keyring_destroy(ring);
    keyring_destroy(forger);
    json_decref(ours);
    json_decref(theirs);
}

static void every_changed_character_breaks_the_signature(void **state)
{
    (void)state;
    json_t *key = fresh_key();
    struct keyring *ring = ring_of(json_incref(key));
    char *compact;
    assert_int_equal(keyring_sign(ring, bytes_of("{\"a\":1}"), &compact), OK);
    size_t len = strlen(compact);
    for (size_t i = 0; i < len - 1; i++) { /* the last character of 64 octets holds bits that mean nothing */
        char was = compact[i];
        if (was == '.')
            continue;
        compact[i] = was == 'A' ? 'B' : 'A';
        assert_int_equal(keyring_verify(ring, kid_of(key), split(compact)), ERR_AUTH);
        compact[i] = was;
    }
    assert_int_equal(keyring_verify(ring, kid_of(key), split(compact)), OK);
    free(compact);
    keyring_destroy(ring);
    json_decref(key);
}

static void a_ring_rotates_with_both_keys_live(void **state)
{
    (void)state;
    json_t *old = fresh_key(), *new = fresh_key();
    struct keyring *clinic_old = ring_of(json_incref(old)), *clinic_new = ring_of(json_incref(new));
    struct keyring *ring = ring_of(json_pack("{s:[o,o]}", "keys", public_of(old), public_of(new)));
    char *from_old, *from_new;
    assert_int_equal(keyring_sign(clinic_old, bytes_of("{}"), &from_old), OK);
    assert_int_equal(keyring_sign(clinic_new, bytes_of("{}"), &from_new), OK);
    assert_int_equal(keyring_verify(ring, kid_of(old), split(from_old)), OK);
    assert_int_equal(keyring_verify(ring, kid_of(new), split(from_new)), OK);
    assert_int_equal(keyring_verify(ring, kid_of(old), split(from_new)), ERR_AUTH);
    free(from_old);
    free(from_new);
    keyring_destroy(clinic_old);
    keyring_destroy(clinic_new);
    keyring_destroy(ring);
    json_decref(old);
    json_decref(new);
}

static void a_public_ring_cannot_sign(void **state)
{
    (void)state;
    json_t *key = fresh_key();
    struct keyring *ring = ring_of(public_of(key));
    char *compact = NULL;
    assert_int_equal(keyring_sign(ring, bytes_of("{}"), &compact), ERR_UNKNOWN);
    assert_null(compact);
    keyring_destroy(ring);
    json_decref(key);
}

static void generated_keys_differ_and_say_what_they_are_for(void **state)
{
    (void)state;
    json_t *a = fresh_key(), *b = fresh_key();
    assert_false(bytes_equal(kid_of(a), kid_of(b)));
    assert_string_equal(json_string_value(json_object_get(a, "alg")), "ES256");
    assert_string_equal(json_string_value(json_object_get(a, "crv")), "P-256");
    assert_int_equal(kid_of(a).len, 43); /* RFC 7638: base64url of SHA-256 */
    json_decref(a);
    json_decref(b);
}

/* Takes value; NULL removes the member. */
static json_t *key_with(const char *member, json_t *value)
{
    json_t *key = fresh_key();
    if (value)
        json_object_set_new(key, member, value);
    else
        json_object_del(key, member);
    return key;
}

static void keys_of_another_make_are_refused(void **state)
{
    (void)state;
    assert_refused(key_with("kid", NULL), ERR_UNSUPPORTED);
    assert_refused(key_with("kid", json_string("")), ERR_UNSUPPORTED);
    assert_refused(key_with("kid", json_integer(1)), ERR_UNSUPPORTED);
    assert_refused(key_with("kty", json_string("RSA")), ERR_UNSUPPORTED);
    assert_refused(key_with("crv", json_string("P-384")), ERR_UNSUPPORTED);
    assert_refused(key_with("alg", json_string("ES384")), ERR_UNSUPPORTED);
    assert_refused(key_with("use", json_string("enc")), ERR_UNSUPPORTED);
    assert_refused(key_with("x", NULL), ERR_UNSUPPORTED);
    assert_refused(key_with("y", json_string("not base64!")), ERR_UNSUPPORTED);
    assert_refused(key_with("d", json_integer(4)), ERR_UNSUPPORTED);
    assert_refused(json_pack("{s:s, s:s, s:s}", "kty", "oct", "kid", "k", "k", "c2VjcmV0"), ERR_UNSUPPORTED);
}

static void a_point_off_the_curve_is_refused(void **state)
{
    (void)state;
    assert_refused(key_with("x", json_string("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE")), ERR_UNSUPPORTED);
}

static void a_private_part_of_another_point_is_refused(void **state)
{
    (void)state;
    json_t *other = fresh_key();
    assert_refused(key_with("d", json_incref(json_object_get(other, "d"))), ERR_UNSUPPORTED);
    json_decref(other);
}

static void one_bad_key_refuses_the_set(void **state)
{
    (void)state;
    assert_refused(json_pack("{s:[o,o]}", "keys", fresh_key(), key_with("crv", json_string("P-521"))), ERR_UNSUPPORTED);
    assert_refused(json_pack("{s:[o,i]}", "keys", fresh_key(), 3), ERR_UNSUPPORTED);
}

static void two_keys_of_one_name_are_refused(void **state)
{
    (void)state;
    assert_refused(json_pack("{s:[o,o]}", "keys", key_with("kid", json_string("k")), key_with("kid", json_string("k"))),
                   ERR_MALFORMED);
}

static void too_many_keys_are_refused(void **state)
{
    (void)state;
    json_t *keys = json_array();
    for (int i = 0; i <= KEYRING_MAX_KEYS; i++)
        json_array_append_new(keys, json_object());
    assert_refused(json_pack("{s:o}", "keys", keys), ERR_FULL);
}

static void what_holds_no_key_is_malformed(void **state)
{
    (void)state;
    static const char *const texts[] = { "",
                                         "{",
                                         "3",
                                         "null",
                                         "\"x\"",
                                         "[]",
                                         "[{}]",
                                         "{\"keys\":[]}",
                                         "{\"keys\":{}}",
                                         "{\"keys\":3}",
                                         "{\"kid\":\"a\",\"kid\":\"b\"}",
                                         "{} {}" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct keyring *ring = NULL;
        assert_int_equal(keyring_create(&ring, bytes_of(texts[i])), ERR_MALFORMED);
        assert_null(ring);
    }
    struct keyring *ring = NULL;
    assert_int_equal(keyring_create(&ring, bytes_of("{}")), ERR_UNSUPPORTED);
    assert_null(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_key_signs_its_public_half_verifies),
        cmocka_unit_test(another_keys_signature_does_not_fit),
        cmocka_unit_test(every_changed_character_breaks_the_signature),
        cmocka_unit_test(a_ring_rotates_with_both_keys_live),
        cmocka_unit_test(a_public_ring_cannot_sign),
        cmocka_unit_test(generated_keys_differ_and_say_what_they_are_for),
        cmocka_unit_test(keys_of_another_make_are_refused),
        cmocka_unit_test(a_point_off_the_curve_is_refused),
        cmocka_unit_test(a_private_part_of_another_point_is_refused),
        cmocka_unit_test(one_bad_key_refuses_the_set),
        cmocka_unit_test(two_keys_of_one_name_are_refused),
        cmocka_unit_test(too_many_keys_are_refused),
        cmocka_unit_test(what_holds_no_key_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
