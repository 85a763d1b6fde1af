#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "auth/token.h"
#include "support/jws.h"

enum { NBF = 1000000, EXP = 1003600, DURING = 1001000 };
static const char issuer[] = "https://clinic.example";

struct world {
    json_t *key;
    struct keyring *ring;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char *text;
    assert_int_equal(keyring_generate(&text), OK);
    assert_int_equal(keyring_create(&w->ring, bytes_of(text)), OK);
    w->key = json_loads(text, 0, NULL);
    free(text);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    keyring_destroy(w->ring);
    json_decref(w->key);
    free(w);
    return 0;
}

static const char *kid_of(const struct world *w)
{
    return json_string_value(json_object_get(w->key, "kid"));
}

static json_t *good_payload(void)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:s}", "iss", issuer, "aud", "kinroom", "sub", "part-1",
                     "room", "room-1", "role", "loved_one", "nbf", NBF, "exp", EXP, "jti", "token-1");
}

static json_t *good_header(const struct world *w)
{
    return json_pack("{s:s, s:s}", "alg", "ES256", "kid", kid_of(w));
}

/* Signs these very bytes, as a clinic with our key but wrong ideas would. Takes header. */
static char *signed_token(const struct world *w, json_t *header, const char *payload)
{
    return jws_sign(w->key, header, payload);
}

static enum status verify(const struct world *w, const char *token)
{
    struct claims untouched, claims;
    memset(&untouched, 0x5a, sizeof untouched);
    claims = untouched;
    enum status status = token_verify(w->ring, issuer, bytes_of(token), DURING, &claims);
    if (status != OK)
        assert_memory_equal(&claims, &untouched, sizeof claims);
    return status;
}

/* Takes header. */
static enum status verify_signed(const struct world *w, json_t *header, const char *payload)
{
    char *token = signed_token(w, header, payload);
    enum status status = verify(w, token);
    free(token);
    return status;
}

/* A good token but for one claim; takes value, and NULL removes the claim. */
static enum status verify_with(const struct world *w, const char *claim, json_t *value)
{
    json_t *payload = good_payload();
    if (value)
        json_object_set_new(payload, claim, value);
    else
        json_object_del(payload, claim);
    char *text = json_dumps(payload, 0);
    enum status status = verify_signed(w, good_header(w), text);
    free(text);
    json_decref(payload);
    return status;
}

/* Takes value; the header of a well signed token with one member more or other. */
static enum status verify_header(const struct world *w, const char *member, json_t *value)
{
    json_t *header = good_header(w), *payload = good_payload();
    json_object_set_new(header, member, value);
    char *text = json_dumps(payload, 0);
    enum status status = verify_signed(w, header, text);
    free(text);
    json_decref(payload);
    return status;
}

static const struct claims sample = {
    .participation = { "part-1" },
    .session = { "room-1" },
    .token = { "token-1" },
    .role = ROLE_LOVED_ONE,
    .not_before = NBF,
    .expires = EXP,
};

static char *issue(const struct world *w)
{
    char *token;
    assert_int_equal(token_issue(w->ring, issuer, &sample, &token), OK);
    return token;
}

static const char thumbprint[] = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

static void a_token_for_one_device_names_it(void **state)
{
    struct world *w = *state;
    struct claims in = sample, out;
    char *bound, *bearer = issue(w);
    strcpy(in.device.text, thumbprint);
    assert_int_equal(token_issue(w->ring, issuer, &in, &bound), OK);
    assert_int_equal(token_verify(w->ring, issuer, bytes_of(bound), DURING, &out), OK);
    assert_string_equal(out.device.text, thumbprint);
    assert_int_equal(token_verify(w->ring, issuer, bytes_of(bearer), DURING, &out), OK);
    assert_string_equal(out.device.text, "");
    free(bound);
    free(bearer);
}

/* RFC 9449 6.1. What binds and can't be read must not turn into a token for everybody. */
static void a_binding_that_cannot_be_read_is_malformed(void **state)
{
    json_t *wrong[] = {
        json_null(),
        json_string(thumbprint),
        json_pack("[s]", thumbprint),
        json_object(),
        json_pack("{s:s}", "jkt", ""),
        json_pack("{s:n}", "jkt"),
        json_pack("{s:i}", "jkt", 1),
        json_pack("{s:[s]}", "jkt", thumbprint),
        json_pack("{s:s}", "jkt", "not base64url!"),
        json_pack("{s:s}", "jkt", "01234567890123456789012345678901234567890123456789012345678901234"),
        json_pack("{s:s}", "kid", thumbprint),
        json_pack("{s:s}", "x5t#S256", thumbprint),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(verify_with(*state, "cnf", wrong[i]), ERR_MALFORMED);
    assert_int_equal(verify_with(*state, "cnf", json_pack("{s:s}", "jkt", thumbprint)), OK);
    assert_int_equal(verify_with(*state, "cnf", json_pack("{s:s, s:s}", "jkt", thumbprint, "kid", "k")), OK);
}

static void an_issued_token_brings_its_claims_back(void **state)
{
    struct world *w = *state;
    for (int role = ROLE_CLIENT; role <= ROLE_ADMIN; role++) {
        struct claims in = sample, out;
        in.role = (enum role)role;
        char *token;
        assert_int_equal(token_issue(w->ring, issuer, &in, &token), OK);
        assert_true(strlen(token) <= TOKEN_MAX);
        assert_int_equal(token_verify(w->ring, issuer, bytes_of(token), DURING, &out), OK);
        assert_true(id_equal(&in.participation, &out.participation) && id_equal(&in.session, &out.session) &&
                    id_equal(&in.token, &out.token));
        assert_int_equal(in.role, out.role);
        assert_int_equal(in.not_before, out.not_before);
        assert_int_equal(in.expires, out.expires);
        free(token);
    }
}

static void times_hold_to_the_second_with_the_leeway(void **state)
{
    struct world *w = *state;
    static const struct {
        int64_t at;
        enum status status;
    } cases[] = {
        { NBF - TOKEN_LEEWAY_S - 1, ERR_EXPIRED },
        { NBF - TOKEN_LEEWAY_S, OK },
        { NBF, OK },
        { EXP + TOKEN_LEEWAY_S - 1, OK },
        { EXP + TOKEN_LEEWAY_S, ERR_EXPIRED },
        { 0, ERR_EXPIRED },
        { INT64_MAX, ERR_EXPIRED },
        { INT64_MIN, ERR_EXPIRED },
    };
    char *token = issue(w);
    struct claims claims;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(token_verify(w->ring, issuer, bytes_of(token), cases[i].at, &claims), cases[i].status);
    free(token);
}

static void every_claim_is_required(void **state)
{
    static const char *const names[] = { "iss", "aud", "sub", "room", "role", "nbf", "exp", "jti" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(verify_with(*state, names[i], NULL), ERR_MALFORMED);
}

static void every_claim_has_one_type(void **state)
{
    static const char *const names[] = { "iss", "aud", "sub", "room", "role", "nbf", "exp", "jti" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(verify_with(*state, names[i], json_true()), ERR_MALFORMED);
        assert_int_equal(verify_with(*state, names[i], json_null()), ERR_MALFORMED);
        assert_int_equal(verify_with(*state, names[i], json_object()), ERR_MALFORMED);
        assert_int_equal(verify_with(*state, names[i], json_real(1.5)), ERR_MALFORMED);
    }
    assert_int_equal(verify_with(*state, "exp", json_string("1003600")), ERR_MALFORMED);
    assert_int_equal(verify_with(*state, "sub", json_integer(7)), ERR_MALFORMED);
}

static void values_out_of_bounds_are_malformed(void **state)
{
    assert_int_equal(verify_with(*state, "sub", json_string("")), ERR_MALFORMED);
    assert_int_equal(verify_with(*state, "sub", json_string("a b")), ERR_MALFORMED);
    assert_int_equal(
        verify_with(*state, "jti", json_string("01234567890123456789012345678901234567890123456789012345678901234")),
        ERR_MALFORMED);
    assert_int_equal(verify_with(*state, "role", json_string("owner")), ERR_MALFORMED);
    assert_int_equal(verify_with(*state, "nbf", json_integer(-1)), ERR_MALFORMED);
    assert_int_equal(verify_with(*state, "nbf", json_integer(INT64_MIN)), ERR_MALFORMED);
    assert_int_equal(verify_with(*state, "exp", json_integer(INT64_MAX)), ERR_MALFORMED);
    assert_int_equal(verify_with(*state, "exp", json_integer(NBF)), ERR_MALFORMED);
}

static void the_issuer_must_be_ours(void **state)
{
    assert_int_equal(verify_with(*state, "iss", json_string("https://clinic.example/")), ERR_AUTH);
    assert_int_equal(verify_with(*state, "iss", json_string("")), ERR_AUTH);
}

static void the_audience_must_name_us(void **state)
{
    assert_int_equal(verify_with(*state, "aud", json_string("other")), ERR_AUTH);
    assert_int_equal(verify_with(*state, "aud", json_string("kinroom2")), ERR_AUTH);
    assert_int_equal(verify_with(*state, "aud", json_array()), ERR_AUTH);
    assert_int_equal(verify_with(*state, "aud", json_pack("[s]", "other")), ERR_AUTH);
    assert_int_equal(verify_with(*state, "aud", json_pack("[s,i]", "kinroom", 3)), ERR_AUTH);
    assert_int_equal(verify_with(*state, "aud", json_pack("[s]", "kinroom")), OK);
    assert_int_equal(verify_with(*state, "aud", json_pack("[s,s]", "other", "kinroom")), OK);
}

static void further_claims_and_headers_are_ignored(void **state)
{
    assert_int_equal(verify_with(*state, "iat", json_integer(NBF)), OK);
    assert_int_equal(verify_header(*state, "typ", json_string("at+jwt")), OK);
    assert_int_equal(verify_header(*state, "jku", json_string("https://evil.example/jwks")), OK);
}

static void a_critical_extension_is_refused(void **state)
{
    assert_int_equal(verify_header(*state, "crit", json_pack("[s]", "b64")), ERR_AUTH);
    assert_int_equal(verify_header(*state, "crit", json_null()), ERR_AUTH);
}

static enum status verify_unsigned(const struct world *w, const char *header, const char *payload,
                                   const char *signature)
{
    char *token = jws_forge(header, payload, signature);
    enum status status = verify(w, token);
    free(token);
    return status;
}

static void no_other_algorithm_is_believed(void **state)
{
    struct world *w = *state;
    static const char *const algorithms[] = {
        "none", "None", "HS256", "ES384", "ES512", "RS256", "es256", "", "ES256 "
    };
    json_t *payload = good_payload();
    char *text = json_dumps(payload, 0), header[256];
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"%s\"}", algorithms[i], kid_of(w));
        assert_int_equal(verify_unsigned(w, header, text, ""), ERR_AUTH);
        assert_int_equal(verify_unsigned(w, header, text, "AAAA"), ERR_AUTH);
    }
    snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid_of(w));
    assert_int_equal(verify_unsigned(w, header, text, ""), ERR_AUTH);
    char zeros[87] = { 0 }; /* r = s = 0, which careless verifiers have accepted (CVE-2022-21449) */
    memset(zeros, 'A', 86);
    assert_int_equal(verify_unsigned(w, header, text, zeros), ERR_AUTH);
    free(text);
    json_decref(payload);
}

/* A key that doesn't name its algorithm would let libjose take the header's word for the hash. */
static void the_header_does_not_choose_the_hash(void **state)
{
    struct world *w = *state;
    struct world plain = { .key = json_deep_copy(w->key) };
    json_object_del(plain.key, "alg");
    char *text = json_dumps(plain.key, 0);
    assert_int_equal(keyring_create(&plain.ring, bytes_of(text)), OK);
    free(text);
    json_t *payload = good_payload();
    text = json_dumps(payload, 0);
    assert_int_equal(verify_signed(&plain, json_pack("{s:s, s:s}", "alg", "ES256", "kid", kid_of(w)), text), OK);
    assert_int_equal(verify_signed(&plain, json_pack("{s:s, s:s}", "alg", "ES384", "kid", kid_of(w)), text), ERR_AUTH);
    free(text);
    json_decref(payload);
    json_decref(plain.key);
    keyring_destroy(plain.ring);
}

static void a_key_inside_the_token_is_not_used(void **state)
{
    struct world *w = *state;
    char *text, *payload;
    assert_int_equal(keyring_generate(&text), OK);
    struct world forger = { .key = json_loads(text, 0, NULL) };
    json_t *claims = good_payload();
    payload = json_dumps(claims, 0);
    /* Signed by their own key, which the header carries, under a kid of theirs and under ours. */
    json_t *header = json_pack("{s:s, s:s, s:O}", "alg", "ES256", "kid", kid_of(&forger), "jwk", forger.key);
    char *token = signed_token(&forger, header, payload);
    assert_int_equal(verify(w, token), ERR_AUTH);
    free(token);
    header = json_pack("{s:s, s:s, s:O}", "alg", "ES256", "kid", kid_of(w), "jwk", forger.key);
    token = signed_token(&forger, header, payload);
    assert_int_equal(verify(w, token), ERR_AUTH);
    free(token);
    json_decref(forger.key);
    json_decref(claims);
    free(text);
    free(payload);
}

static void a_header_without_typed_alg_and_kid_is_malformed(void **state)
{
    static const char *const headers[] = { "{}",
                                           "[]",
                                           "3",
                                           "{\"alg\":\"ES256\"}",
                                           "{\"kid\":\"k\"}",
                                           "{\"alg\":1,\"kid\":\"k\"}",
                                           "{\"alg\":\"ES256\",\"kid\":7}",
                                           "{\"alg\":\"ES256\",\"kid\":\"k\"",
                                           "\xff" };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        assert_int_equal(verify_unsigned(*state, headers[i], "{}", "AAAA"), ERR_MALFORMED);
}

static void members_named_twice_are_malformed(void **state)
{
    struct world *w = *state;
    char text[512];
    snprintf(text, sizeof text, "{\"alg\":\"none\",\"alg\":\"ES256\",\"kid\":\"%s\"}", kid_of(w));
    assert_int_equal(verify_unsigned(w, text, "{}", "AAAA"), ERR_MALFORMED);
    snprintf(text, sizeof text,
             "{\"iss\":\"%s\",\"aud\":\"kinroom\",\"sub\":\"p\",\"room\":\"r\",\"role\":\"loved_one\",\"role\":"
             "\"therapist\","
             "\"nbf\":%d,\"exp\":%d,\"jti\":\"j\"}",
             issuer, NBF, EXP);
    assert_int_equal(verify_signed(w, good_header(w), text), ERR_MALFORMED);
}

static void a_signed_payload_that_is_no_object_is_malformed(void **state)
{
    struct world *w = *state;
    static const char *const payloads[] = { "[]", "\"x\"", "{", "{}x", "null" };
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++)
        assert_int_equal(verify_signed(w, good_header(w), payloads[i]), ERR_MALFORMED);
}

static void text_that_is_no_compact_jws_is_malformed(void **state)
{
    static const char *const tokens[] = { "",       ".",      "..",      "a",       "a.b",
                                          ".a.b",   "a..b",   "a.b.c.d", "a.b.c.",  "a b.c.d",
                                          "a=.b.c", "a+.b.c", "a/.b.c",  "a.b.c\n", "\xc3\xa9.b.c" };
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        assert_int_equal(verify(*state, tokens[i]), ERR_MALFORMED);
}

static void a_token_cut_anywhere_is_refused(void **state)
{
    struct world *w = *state;
    char *token = issue(w);
    struct claims claims;
    for (size_t len = 0; len < strlen(token); len++)
        assert_int_not_equal(token_verify(w->ring, issuer, (struct bytes){ (uint8_t *)token, len }, DURING, &claims),
                             OK);
    free(token);
}

static void a_token_over_the_limit_is_not_looked_at(void **state)
{
    struct world *w = *state;
    json_t *payload = good_payload();
    char filler[TOKEN_MAX * 3 / 4] = { 0 }; /* the payload alone would fit, in base64url and beside a header no more */
    memset(filler, 'x', sizeof filler - 300);
    json_object_set_new(payload, "filler", json_string(filler));
    char *text = json_dumps(payload, 0);
    assert_int_equal(verify_signed(w, good_header(w), text), ERR_MALFORMED);
    free(text);
    json_decref(payload);
}

static void an_unknown_kid_and_a_bad_signature_read_alike(void **state)
{
    struct world *w = *state;
    char *text;
    assert_int_equal(keyring_generate(&text), OK);
    struct keyring *other;
    assert_int_equal(keyring_create(&other, bytes_of(text)), OK);
    char *token = issue(w);
    struct claims claims;
    assert_int_equal(token_verify(other, issuer, bytes_of(token), DURING, &claims), ERR_AUTH);
    strrchr(token, '.')[5] ^= 3; /* of the alphabet's letters, another or none */
    assert_int_not_equal(verify(w, token), OK);
    free(token);
    free(text);
    keyring_destroy(other);
}

#define TOKEN_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOKEN_TEST(an_issued_token_brings_its_claims_back),
        TOKEN_TEST(a_token_for_one_device_names_it),
        TOKEN_TEST(a_binding_that_cannot_be_read_is_malformed),
        TOKEN_TEST(times_hold_to_the_second_with_the_leeway),
        TOKEN_TEST(every_claim_is_required),
        TOKEN_TEST(every_claim_has_one_type),
        TOKEN_TEST(values_out_of_bounds_are_malformed),
        TOKEN_TEST(the_issuer_must_be_ours),
        TOKEN_TEST(the_audience_must_name_us),
        TOKEN_TEST(further_claims_and_headers_are_ignored),
        TOKEN_TEST(a_critical_extension_is_refused),
        TOKEN_TEST(no_other_algorithm_is_believed),
        TOKEN_TEST(the_header_does_not_choose_the_hash),
        TOKEN_TEST(a_key_inside_the_token_is_not_used),
        TOKEN_TEST(a_header_without_typed_alg_and_kid_is_malformed),
        TOKEN_TEST(members_named_twice_are_malformed),
        TOKEN_TEST(a_signed_payload_that_is_no_object_is_malformed),
        TOKEN_TEST(text_that_is_no_compact_jws_is_malformed),
        TOKEN_TEST(a_token_cut_anywhere_is_refused),
        TOKEN_TEST(a_token_over_the_limit_is_not_looked_at),
        TOKEN_TEST(an_unknown_kid_and_a_bad_signature_read_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
