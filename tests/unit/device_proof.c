#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jose/jwk.h>

#include "auth/device_proof.h"
#include "support/jws.h"

enum { AT = 1790000000 };
#define URL "https://rooms.example/join/open"
/* RFC 9449 7.1: a token and its ath. */
#define TOKEN "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
#define ATH "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"

static const struct device_claim over_http = { .method = "POST", .url = URL, .token = { (const uint8_t *)TOKEN, 43 } };
static const struct device_claim over_socket = {
    .method = "GET",
    .url = "https://rooms.example/ws",
    .token = { (const uint8_t *)TOKEN, 43 },
    .nonce = "0123456789abcdef0123456789abcdef",
};

/* Without `alg`, so that a test may sign by another than the header says. */
static json_t *key_made(const char *made_as)
{
    json_t *key = json_loads(made_as, 0, NULL);
    assert_true(jose_jwk_gen(NULL, key));
    json_object_del(key, "alg");
    json_object_del(key, "key_ops");
    return key;
}

static json_t *public_of(const json_t *key)
{
    static const char *const names[] = { "kty", "crv", "x", "y", "n", "e" };
    json_t *public = json_object();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_object_get(key, names[i]))
            json_object_set(public, names[i], json_object_get(key, names[i]));
    return public;
}

static int setup(void **state)
{
    *state = key_made("{\"alg\":\"ES256\"}");
    return 0;
}

static int teardown(void **state)
{
    json_decref(*state);
    return 0;
}

static json_t *good_header(const json_t *key)
{
    return json_pack("{s:s, s:s, s:o}", "typ", "dpop+jwt", "alg", "ES256", "jwk", public_of(key));
}

static json_t *good_payload(void)
{
    return json_pack("{s:s, s:s, s:i, s:s, s:s}", "htm", "POST", "htu", URL, "iat", AT, "jti", "j-1", "ath", ATH);
}

static json_t *socket_payload(void)
{
    return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "htm", "GET", "htu", over_socket.url, "iat", AT, "jti", "j-1",
                     "ath", ATH, "nonce", over_socket.nonce);
}

/* Takes value; NULL removes the member. */
static json_t *with(json_t *json, const char *member, json_t *value)
{
    if (value)
        json_object_set_new(json, member, value);
    else
        json_object_del(json, member);
    return json;
}

static enum status verify_text(const char *proof, const struct device_claim *claim)
{
    struct id untouched = { "untouched" }, device = untouched;
    enum status status = device_proof_verify(bytes_of(proof), claim, AT, &device);
    if (status != OK)
        assert_memory_equal(&device, &untouched, sizeof device);
    return status;
}

/* Takes the text. */
static enum status verify_taken(char *proof, const struct device_claim *claim)
{
    enum status status = verify_text(proof, claim);
    free(proof);
    return status;
}

static enum status verify_payload(json_t *key, json_t *payload, const struct device_claim *claim)
{
    return verify_taken(jws_sign_json(key, good_header(key), payload), claim);
}

static enum status verify_header(json_t *key, json_t *header)
{
    return verify_taken(jws_sign_json(key, header, good_payload()), &over_http);
}

/* A well signed proof with this jwk in its header, whose key need not be the signer's. */
static enum status verify_jwk(json_t *key, json_t *jwk)
{
    return verify_header(key, with(good_header(key), "jwk", jwk));
}

/* ---- Who it is ---- */

static void a_proof_names_the_device_by_its_thumbprint(void **state)
{
    json_t *thumbprint = jose_jwk_thp(NULL, *state, "S256");
    char *proof = jws_sign_json(*state, good_header(*state), good_payload());
    struct id device;
    assert_int_equal(device_proof_verify(bytes_of(proof), &over_http, AT, &device), OK);
    assert_string_equal(device.text, json_string_value(thumbprint));
    assert_int_equal(strlen(device.text), 43);
    free(proof);
    json_decref(thumbprint);
}

/* RFC 9449 4.1, example; its key is named in 6.1 by the same thumbprint. */
static void the_example_of_the_rfc_is_good(void **state)
{
    (void)state;
    static const char example[] =
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscE"
        "JoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
        ".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwia"
        "WF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    const struct device_claim claim = { .method = "POST", .url = "https://server.example.com/token" };
    struct id device;
    assert_int_equal(device_proof_verify(bytes_of(example), &claim, 1562262616, &device), OK);
    assert_string_equal(device.text, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

static void another_keys_signature_does_not_fit(void **state)
{
    json_t *other = key_made("{\"alg\":\"ES256\"}");
    assert_int_equal(verify_jwk(*state, public_of(other)), ERR_AUTH);
    assert_int_equal(verify_jwk(other, public_of(other)), OK);
    json_decref(other);
}

static void every_changed_character_is_refused(void **state)
{
    char *proof = jws_sign_json(*state, good_header(*state), good_payload());
    size_t len = strlen(proof);
    for (size_t i = 0; i < len - 1; i++) { /* the last character of 64 octets holds bits that mean nothing */
        char was = proof[i];
        if (was == '.')
            continue;
        proof[i] = was == 'A' ? 'B' : 'A';
        assert_int_not_equal(verify_text(proof, &over_http), OK);
        proof[i] = was;
    }
    assert_int_equal(verify_text(proof, &over_http), OK);
    free(proof);
}

/* ---- The header ---- */

static void the_type_is_that_of_a_proof(void **state)
{
    static const char *const others[] = { "JWT", "dpop+JWT", "at+jwt", "", "application/dpop+jwt" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(verify_header(*state, with(good_header(*state), "typ", json_string(others[i]))),
                         ERR_MALFORMED);
    assert_int_equal(verify_header(*state, with(good_header(*state), "typ", NULL)), ERR_MALFORMED);
    assert_int_equal(verify_header(*state, with(good_header(*state), "typ", json_integer(1))), ERR_MALFORMED);
}

static void no_other_algorithm_is_believed(void **state)
{
    static const char *const others[] = { "none", "None", "HS256", "ES384", "ES512", "RS256", "es256", "" };
    static const char *const signatures[] = { "", "AAAA" };
    json_t *payload = good_payload();
    char *text = json_dumps(payload, 0);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        json_t *json = with(good_header(*state), "alg", json_string(others[i]));
        char *header = json_dumps(json, 0);
        for (size_t n = 0; n < sizeof signatures / sizeof *signatures; n++)
            assert_int_equal(verify_taken(jws_forge(header, text, signatures[n]), &over_http), ERR_MALFORMED);
        free(header);
        json_decref(json);
    }
    free(text);
    json_decref(payload);
    /* Good signatures, by what the header says. */
    json_t *rsa = key_made("{\"alg\":\"RS256\"}"), *p384 = key_made("{\"alg\":\"ES384\"}");
    json_t *secret = key_made("{\"alg\":\"HS256\"}");
    assert_int_equal(verify_header(rsa, with(good_header(rsa), "alg", json_string("RS256"))), ERR_MALFORMED);
    assert_int_equal(verify_header(p384, with(good_header(p384), "alg", json_string("ES384"))), ERR_MALFORMED);
    assert_int_equal(verify_header(*state, with(good_header(*state), "alg", json_string("ES384"))), ERR_MALFORMED);
    assert_int_equal(verify_header(secret, with(with(good_header(secret), "alg", json_string("HS256")), "jwk",
                                                json_deep_copy(secret))),
                     ERR_MALFORMED);
    json_decref(rsa);
    json_decref(p384);
    json_decref(secret);
}

static void without_a_signature_nothing_is_proved(void **state)
{
    json_t *header = good_header(*state), *payload = good_payload();
    char *h = json_dumps(header, 0), *p = json_dumps(payload, 0);
    char zeros[87] = { 0 }; /* r = s = 0, which careless verifiers have accepted (CVE-2022-21449) */
    memset(zeros, 'A', 86);
    assert_int_equal(verify_taken(jws_forge(h, p, ""), &over_http), ERR_AUTH);
    assert_int_equal(verify_taken(jws_forge(h, p, "AAAA"), &over_http), ERR_AUTH);
    assert_int_equal(verify_taken(jws_forge(h, p, zeros), &over_http), ERR_AUTH);
    free(h);
    free(p);
    json_decref(header);
    json_decref(payload);
}

static void the_key_is_there_and_of_our_kind(void **state)
{
    json_t *p384 = key_made("{\"alg\":\"ES384\"}"), *public = public_of(*state);
    const char *const needed[] = { "kty", "crv", "x", "y" };
    assert_int_equal(verify_jwk(*state, NULL), ERR_MALFORMED);
    assert_int_equal(verify_jwk(*state, json_string("ES256")), ERR_MALFORMED);
    assert_int_equal(verify_jwk(*state, json_pack("[O]", public)), ERR_MALFORMED);
    assert_int_equal(verify_jwk(*state, public_of(p384)), ERR_MALFORMED);
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        assert_int_equal(verify_jwk(*state, with(public_of(*state), needed[i], NULL)), ERR_MALFORMED);
        assert_int_equal(verify_jwk(*state, with(public_of(*state), needed[i], json_integer(7))), ERR_MALFORMED);
    }
    assert_int_equal(verify_jwk(*state, with(public_of(*state), "kty", json_string("RSA"))), ERR_MALFORMED);
    assert_int_equal(verify_jwk(*state, with(public_of(*state), "crv", json_string("P-384"))), ERR_MALFORMED);
    json_decref(p384);
    json_decref(public);
}

static void a_point_that_is_not_on_the_curve_is_no_key(void **state)
{
    static const char *const wrong[] = { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE", "", "AAAA", "not base64!" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(verify_jwk(*state, with(public_of(*state), "x", json_string(wrong[i]))), ERR_AUTH);
}

static void a_private_key_is_refused(void **state)
{
    json_t *d = json_object_get(*state, "d");
    assert_int_equal(verify_jwk(*state, with(public_of(*state), "d", json_incref(d))), ERR_MALFORMED);
    assert_int_equal(verify_jwk(*state, with(public_of(*state), "d", json_null())), ERR_MALFORMED);
}

/* Neither steers the verification: what is not needed of the key is not looked at. */
static void what_else_the_key_says_is_passed_over(void **state)
{
    assert_int_equal(verify_jwk(*state, with(public_of(*state), "alg", json_string("none"))), OK);
    assert_int_equal(verify_jwk(*state, with(public_of(*state), "key_ops", json_pack("[s]", "sign"))), OK);
    assert_int_equal(verify_jwk(*state, with(public_of(*state), "use", json_string("enc"))), OK);
    assert_int_equal(verify_header(*state, with(good_header(*state), "jku", json_string("https://evil.example"))), OK);
}

static void a_critical_extension_is_refused(void **state)
{
    assert_int_equal(verify_header(*state, with(good_header(*state), "crit", json_pack("[s]", "b64"))), ERR_MALFORMED);
    assert_int_equal(verify_header(*state, with(good_header(*state), "crit", json_null())), ERR_MALFORMED);
}

/* ---- What it speaks of ---- */

static void method_address_and_token_are_those_of_the_request(void **state)
{
    static const struct {
        const char *member, *value;
    } wrong[] = {
        { "htm", "GET" },
        { "htm", "post" },
        { "htm", "" },
        { "htu", "https://rooms.example/join/code" },
        { "htu", "http://rooms.example/join/open" },
        { "htu", "https://rooms.example:443/join/open" },
        { "htu", URL "?a=b" },
        { "htu", URL "/" },
        { "htu", "/join/open" },
        { "ath", "" },
        { "ath", TOKEN },
        { "ath", ATH "=" },
        { "ath", "GUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo" },
        { "ath", "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEp" }, /* the same octets */
    };
    static const char *const names[] = { "htm", "htu", "ath" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(
            verify_payload(*state, with(good_payload(), wrong[i].member, json_string(wrong[i].value)), &over_http),
            ERR_AUTH);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(verify_payload(*state, with(good_payload(), names[i], NULL), &over_http), ERR_AUTH);
        assert_int_equal(verify_payload(*state, with(good_payload(), names[i], json_true()), &over_http), ERR_AUTH);
    }
}

static void where_no_token_goes_with_it_no_ath_is_asked_for(void **state)
{
    struct device_claim claim = over_http;
    claim.token = (struct bytes){ 0 };
    assert_int_equal(verify_payload(*state, with(good_payload(), "ath", NULL), &claim), OK);
    assert_int_equal(verify_payload(*state, good_payload(), &claim), OK);
}

static void a_proof_has_an_id_and_a_time(void **state)
{
    char longest[130];
    memset(longest, 'j', sizeof longest);
    longest[128] = 0;
    assert_int_equal(verify_payload(*state, with(good_payload(), "jti", json_string(longest)), &over_http), OK);
    longest[128] = 'j', longest[129] = 0;
    assert_int_equal(verify_payload(*state, with(good_payload(), "jti", json_string(longest)), &over_http),
                     ERR_MALFORMED);
    assert_int_equal(verify_payload(*state, with(good_payload(), "jti", json_string("")), &over_http), ERR_MALFORMED);
    assert_int_equal(verify_payload(*state, with(good_payload(), "jti", json_integer(1)), &over_http), ERR_MALFORMED);
    assert_int_equal(verify_payload(*state, with(good_payload(), "jti", NULL), &over_http), ERR_MALFORMED);
    assert_int_equal(verify_payload(*state, with(good_payload(), "iat", NULL), &over_http), ERR_MALFORMED);
    assert_int_equal(verify_payload(*state, with(good_payload(), "iat", json_string("1790000000")), &over_http),
                     ERR_MALFORMED);
    assert_int_equal(verify_payload(*state, with(good_payload(), "iat", json_real(AT)), &over_http), ERR_MALFORMED);
}

static void a_proof_is_good_for_a_minute_either_way(void **state)
{
    static const struct {
        int64_t made;
        enum status status;
    } cases[] = {
        { AT - DEVICE_PROOF_AGE_S, OK },
        { AT - DEVICE_PROOF_AGE_S - 1, ERR_EXPIRED },
        { AT + DEVICE_PROOF_AGE_S, OK },
        { AT + DEVICE_PROOF_AGE_S + 1, ERR_EXPIRED },
        { 0, ERR_EXPIRED },
        { -1, ERR_EXPIRED },
        { INT64_MAX, ERR_EXPIRED },
        { INT64_MIN, ERR_EXPIRED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(verify_payload(*state, with(good_payload(), "iat", json_integer(cases[i].made)), &over_http),
                         cases[i].status);
}

static void over_a_socket_the_nonce_is_the_one_that_we_gave(void **state)
{
    assert_int_equal(verify_payload(*state, socket_payload(), &over_socket), OK);
    assert_int_equal(verify_payload(*state, with(socket_payload(), "nonce", NULL), &over_socket), ERR_AUTH);
    assert_int_equal(verify_payload(*state, with(socket_payload(), "nonce", json_string("")), &over_socket), ERR_AUTH);
    assert_int_equal(verify_payload(*state, with(socket_payload(), "nonce", json_integer(0)), &over_socket), ERR_AUTH);
    assert_int_equal(verify_payload(*state,
                                    with(socket_payload(), "nonce", json_string("0123456789ABCDEF0123456789ABCDEF")),
                                    &over_socket),
                     ERR_AUTH);
    assert_int_equal(verify_payload(*state, with(socket_payload(), "htm", json_string("POST")), &over_socket),
                     ERR_AUTH);
}

/* Somebody's clock may be an hour off; the nonce is fresh all the same. */
static void with_a_nonce_the_devices_clock_does_not_matter(void **state)
{
    assert_int_equal(verify_payload(*state, with(socket_payload(), "iat", json_integer(AT - 86400)), &over_socket), OK);
    assert_int_equal(verify_payload(*state, with(socket_payload(), "iat", json_integer(AT + 86400)), &over_socket), OK);
    assert_int_equal(verify_payload(*state, with(socket_payload(), "iat", NULL), &over_socket), ERR_MALFORMED);
}

static void further_claims_are_ignored(void **state)
{
    assert_int_equal(verify_payload(*state, with(good_payload(), "exp", json_integer(1)), &over_http), OK);
    assert_int_equal(verify_payload(*state, with(good_payload(), "nonce", json_string("x")), &over_http), OK);
}

/* ---- What is no proof at all ---- */

static void members_named_twice_are_malformed(void **state)
{
    json_t *public = public_of(*state);
    char *jwk = json_dumps(public, JSON_COMPACT), header[1024];
    snprintf(header, sizeof header, "{\"typ\":\"dpop+jwt\",\"alg\":\"none\",\"alg\":\"ES256\",\"jwk\":%s}", jwk);
    assert_int_equal(verify_taken(jws_forge(header, "{}", "AAAA"), &over_http), ERR_MALFORMED);
    assert_int_equal(verify_taken(jws_sign(*state, good_header(*state),
                                           "{\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":1790000000,\"jti\":\"j\","
                                           "\"ath\":\"" ATH "\",\"htu\":\"" URL "\"}"),
                                  &over_http),
                     ERR_MALFORMED);
    free(jwk);
    json_decref(public);
}

static void what_is_signed_is_an_object(void **state)
{
    static const char *const payloads[] = { "[]", "\"x\"", "{", "{}x", "null", "\xff" };
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++)
        assert_int_equal(verify_taken(jws_sign(*state, good_header(*state), payloads[i]), &over_http), ERR_MALFORMED);
    static const char *const headers[] = { "[]", "{", "3", "null", "\xff", "{}" };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        assert_int_equal(verify_taken(jws_forge(headers[i], "{}", "AAAA"), &over_http), ERR_MALFORMED);
}

static void text_that_is_no_compact_jws_is_malformed(void **state)
{
    (void)state;
    static const char *const texts[] = { "", ".", "..", "a", "a.b", ".a.b", "a..b", "a.b.c.d", "a b.c.d", "a=.b.c" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(verify_text(texts[i], &over_http), ERR_MALFORMED);
}

/* A good proof of exactly so many characters: what fills it up is a claim that nobody reads. */
static char *proof_of_length(json_t *key, size_t len)
{
    static char filler[DEVICE_PROOF_MAX];
    for (size_t more = 0; more < sizeof filler - 1; more++) {
        memset(filler, 'x', more);
        filler[more] = 0;
        char *proof = jws_sign_json(key, good_header(key), with(good_payload(), "filler", json_string(filler)));
        size_t made = strlen(proof);
        if (made == len)
            return proof;
        free(proof);
        if (made < len)
            more += (len - made) / 2; /* base64 takes less than twice as many */
    }
    return NULL;
}

static void a_proof_that_is_too_long_is_not_looked_at(void **state)
{
    char *longest = proof_of_length(*state, DEVICE_PROOF_MAX);
    char *longer = proof_of_length(*state, DEVICE_PROOF_MAX + 2); /* one more can't be, in base64 of this header */
    if (!longer)
        longer = proof_of_length(*state, DEVICE_PROOF_MAX + 1);
    assert_non_null(longest);
    assert_non_null(longer);
    assert_int_equal(verify_taken(longest, &over_http), OK);
    assert_int_equal(verify_taken(longer, &over_http), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proof_names_the_device_by_its_thumbprint),
        cmocka_unit_test(the_example_of_the_rfc_is_good),
        cmocka_unit_test(another_keys_signature_does_not_fit),
        cmocka_unit_test(every_changed_character_is_refused),
        cmocka_unit_test(the_type_is_that_of_a_proof),
        cmocka_unit_test(no_other_algorithm_is_believed),
        cmocka_unit_test(without_a_signature_nothing_is_proved),
        cmocka_unit_test(the_key_is_there_and_of_our_kind),
        cmocka_unit_test(a_point_that_is_not_on_the_curve_is_no_key),
        cmocka_unit_test(a_private_key_is_refused),
        cmocka_unit_test(what_else_the_key_says_is_passed_over),
        cmocka_unit_test(a_critical_extension_is_refused),
        cmocka_unit_test(method_address_and_token_are_those_of_the_request),
        cmocka_unit_test(where_no_token_goes_with_it_no_ath_is_asked_for),
        cmocka_unit_test(a_proof_has_an_id_and_a_time),
        cmocka_unit_test(a_proof_is_good_for_a_minute_either_way),
        cmocka_unit_test(over_a_socket_the_nonce_is_the_one_that_we_gave),
        cmocka_unit_test(with_a_nonce_the_devices_clock_does_not_matter),
        cmocka_unit_test(further_claims_are_ignored),
        cmocka_unit_test(members_named_twice_are_malformed),
        cmocka_unit_test(what_is_signed_is_an_object),
        cmocka_unit_test(text_that_is_no_compact_jws_is_malformed),
        cmocka_unit_test(a_proof_that_is_too_long_is_not_looked_at),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
