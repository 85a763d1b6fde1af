#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jose/b64.h>
#include <jose/jwk.h>

#include "auth/oidc.h"
#include "support/jws.h"

enum { AT = 1790000000, LEEWAY_S = 60 };
static const char issuer[] = "https://id.example", audience[] = "kinroom-staff";

/* Private keys without `alg`, so that a test may sign by another; and who trusts their public parts. */
struct world {
    json_t *rsa, *ec, *other;
    struct oidc *oidc;
};

static json_t *key_made(const char *alg, const char *kid)
{
    json_t *key = json_pack("{s:s}", "alg", alg);
    assert_true(jose_jwk_gen(NULL, key));
    json_object_del(key, "alg");
    json_object_del(key, "key_ops");
    json_object_set_new(key, "kid", json_string(kid));
    return key;
}

static json_t *public_of(const json_t *key)
{
    static const char *const names[] = { "kty", "kid", "crv", "x", "y", "n", "e" };
    json_t *public = json_object();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_object_get(key, names[i]))
            json_object_set(public, names[i], json_object_get(key, names[i]));
    return public;
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

/* Takes the array. */
static enum status set_keys(struct oidc *oidc, json_t *keys)
{
    json_t *set = json_pack("{s:o}", "keys", keys);
    char *text = json_dumps(set, 0);
    enum status status = oidc_set_keys(oidc, bytes_of(text));
    free(text);
    json_decref(set);
    return status;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    w->rsa = key_made("RS256", "rsa");
    w->ec = key_made("ES256", "ec");
    w->other = key_made("ES256", "other");
    assert_int_equal(oidc_create(&w->oidc, issuer, audience), OK);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    json_decref(w->rsa);
    json_decref(w->ec);
    json_decref(w->other);
    oidc_destroy(w->oidc);
    free(w);
    return 0;
}

/* Every test begins with both keys. */
static int trust_both(void **state)
{
    struct world *w = *state;
    assert_int_equal(set_keys(w->oidc, json_pack("[o, o]", public_of(w->rsa), public_of(w->ec))), OK);
    return 0;
}

static json_t *header_of(const char *alg, const char *kid)
{
    return json_pack("{s:s, s:s}", "alg", alg, "kid", kid);
}

static json_t *good_payload(void)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:s}", "iss", issuer, "aud", audience, "sub", "rivera", "iat", AT,
                     "exp", AT + 600, "scope", "openid moderate");
}

static enum status verify_text(const struct world *w, const char *token)
{
    struct staff_claims untouched, claims;
    memset(&untouched, 0x5a, sizeof untouched);
    claims = untouched;
    enum status status = oidc_verify(w->oidc, bytes_of(token), AT, &claims);
    if (status != OK)
        assert_memory_equal(&claims, &untouched, sizeof claims);
    return status;
}

/* Takes the text. */
static enum status verify_taken(const struct world *w, char *token)
{
    enum status status = verify_text(w, token);
    free(token);
    return status;
}

static enum status verify_by(const struct world *w, json_t *key, json_t *header)
{
    return verify_taken(w, jws_sign_json(key, header, good_payload()));
}

static enum status verify_payload(const struct world *w, json_t *payload)
{
    return verify_taken(w, jws_sign_json(w->ec, header_of("ES256", "ec"), payload));
}

static enum status verify_with(const struct world *w, const char *claim, json_t *value)
{
    return verify_payload(w, with(good_payload(), claim, value));
}

/* ---- Who it is ---- */

static void a_token_says_who_it_is_and_what_they_may(void **state)
{
    struct world *w = *state;
    char *token = jws_sign_json(w->ec, header_of("ES256", "ec"), good_payload());
    struct staff_claims claims;
    assert_int_equal(oidc_verify(w->oidc, bytes_of(token), AT, &claims), OK);
    assert_string_equal(claims.person.text, "rivera");
    assert_int_equal(claims.scopes, SCOPE_MODERATE);
    assert_int_equal(claims.expires, AT + 600);
    free(token);
}

static void without_a_scope_of_ours_nothing_but_their_own_is_open(void **state)
{
    struct world *w = *state;
    json_t *values[] = { NULL, json_string(""), json_string("openid profile"), json_integer(1),
                         json_pack("[s]", "moderate") };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char *token = jws_sign_json(w->ec, header_of("ES256", "ec"), with(good_payload(), "scope", values[i]));
        struct staff_claims claims;
        assert_int_equal(oidc_verify(w->oidc, bytes_of(token), AT, &claims), OK);
        assert_int_equal(claims.scopes, 0);
        free(token);
    }
}

static void each_algorithm_of_ours_is_good_with_its_own_key(void **state)
{
    struct world *w = *state;
    assert_int_equal(verify_by(w, w->rsa, header_of("RS256", "rsa")), OK);
    assert_int_equal(verify_by(w, w->rsa, header_of("PS256", "rsa")), OK);
    assert_int_equal(verify_by(w, w->ec, header_of("ES256", "ec")), OK);
}

/* ---- The key says which algorithm, the token never ---- */

static void no_other_algorithm_is_believed(void **state)
{
    struct world *w = *state;
    static const char *const others[] = { "RS384", "RS512", "PS384", "PS512" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(verify_by(w, w->rsa, header_of(others[i], "rsa")), ERR_AUTH);
    assert_int_equal(verify_by(w, w->ec, header_of("ES384", "ec")), ERR_AUTH);
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"kid\":\"rsa\"}",
        "{\"alg\":\"None\",\"kid\":\"ec\"}",
        "{\"alg\":\"HS256\",\"kid\":\"rsa\"}",
        "{\"alg\":\"rs256\",\"kid\":\"rsa\"}",
        "{\"alg\":\"\",\"kid\":\"rsa\"}",
        "{\"alg\":1,\"kid\":\"rsa\"}",
        "{\"kid\":\"rsa\"}",
    };
    json_t *payload = good_payload();
    char *text = json_dumps(payload, 0);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        assert_int_equal(verify_taken(w, jws_forge(headers[i], text, "")), ERR_AUTH);
        assert_int_equal(verify_taken(w, jws_forge(headers[i], text, "AAAA")), ERR_AUTH);
    }
    free(text);
    json_decref(payload);
}

/* HMAC with the public key, which everybody has, for a secret: the oldest of the confusions. */
static void a_public_key_is_no_secret(void **state)
{
    struct world *w = *state;
    json_t *secret = json_pack("{s:s, s:O}", "kty", "oct", "k", json_object_get(w->rsa, "n"));
    assert_int_equal(verify_by(w, secret, header_of("HS256", "rsa")), ERR_AUTH);
    json_decref(secret);
}

static void one_kinds_algorithm_is_not_good_with_anothers_key(void **state)
{
    struct world *w = *state;
    assert_int_equal(verify_by(w, w->ec, header_of("ES256", "rsa")), ERR_AUTH);
    assert_int_equal(verify_by(w, w->rsa, header_of("RS256", "ec")), ERR_AUTH);
    assert_int_equal(verify_by(w, w->rsa, header_of("PS256", "ec")), ERR_AUTH);
}

static void a_key_that_names_one_algorithm_is_good_for_no_other(void **state)
{
    struct world *w = *state;
    assert_int_equal(set_keys(w->oidc, json_pack("[o]", with(public_of(w->rsa), "alg", json_string("PS256")))), OK);
    assert_int_equal(verify_by(w, w->rsa, header_of("PS256", "rsa")), OK);
    assert_int_equal(verify_by(w, w->rsa, header_of("RS256", "rsa")), ERR_AUTH);
}

static void a_key_inside_the_token_is_not_used(void **state)
{
    struct world *w = *state;
    assert_int_equal(verify_by(w, w->other, with(header_of("ES256", "ec"), "jwk", public_of(w->other))), ERR_AUTH);
    assert_int_equal(verify_by(w, w->other, with(header_of("ES256", "other"), "jwk", public_of(w->other))),
                     ERR_UNKNOWN);
    assert_int_equal(verify_by(w, w->ec, with(header_of("ES256", "ec"), "jku", json_string("https://evil.example"))),
                     OK);
}

static void a_critical_extension_is_refused(void **state)
{
    struct world *w = *state;
    assert_int_equal(verify_by(w, w->ec, with(header_of("ES256", "ec"), "crit", json_pack("[s]", "b64"))), ERR_AUTH);
    assert_int_equal(verify_by(w, w->ec, with(header_of("ES256", "ec"), "crit", json_null())), ERR_AUTH);
}

/* ---- Which key ---- */

static void an_unknown_key_may_be_a_new_one(void **state)
{
    struct world *w = *state;
    assert_int_equal(verify_by(w, w->other, header_of("ES256", "other")), ERR_UNKNOWN);
    assert_int_equal(verify_by(w, w->other, header_of("ES256", "ec")), ERR_AUTH);
    assert_int_equal(verify_by(w, w->ec, with(header_of("ES256", "ec"), "kid", json_integer(1))), ERR_UNKNOWN);
    assert_int_equal(verify_by(w, w->ec, header_of("ES256", "")), ERR_UNKNOWN);
}

static void of_two_keys_one_must_be_named(void **state)
{
    struct world *w = *state;
    json_t *nameless = json_pack("{s:s}", "alg", "ES256");
    assert_int_equal(verify_by(w, w->ec, json_incref(nameless)), ERR_UNKNOWN);
    assert_int_equal(set_keys(w->oidc, json_pack("[o]", public_of(w->ec))), OK);
    assert_int_equal(verify_by(w, w->ec, json_incref(nameless)), OK);
    assert_int_equal(verify_by(w, w->other, nameless), ERR_AUTH);
}

static void a_key_without_a_name_is_not_found_by_one(void **state)
{
    struct world *w = *state;
    assert_int_equal(set_keys(w->oidc, json_pack("[o]", with(public_of(w->ec), "kid", NULL))), OK);
    assert_int_equal(verify_by(w, w->ec, header_of("ES256", "ec")), ERR_UNKNOWN);
    assert_int_equal(verify_by(w, w->ec, json_pack("{s:s}", "alg", "ES256")), OK);
}

static void before_the_first_keys_nobody_gets_in(void **state)
{
    struct world *w = *state, empty = *w;
    assert_int_equal(oidc_create(&empty.oidc, issuer, audience), OK);
    assert_int_equal(verify_by(&empty, w->ec, header_of("ES256", "ec")), ERR_UNKNOWN);
    assert_int_equal(verify_by(&empty, w->ec, json_pack("{s:s}", "alg", "ES256")), ERR_UNKNOWN);
    oidc_destroy(empty.oidc);
    oidc_destroy(NULL);
}

/* ---- Sets of keys ---- */

static void a_new_set_replaces_the_one_before_whole(void **state)
{
    struct world *w = *state;
    assert_int_equal(set_keys(w->oidc, json_pack("[o, o]", public_of(w->ec), public_of(w->other))), OK);
    assert_int_equal(verify_by(w, w->other, header_of("ES256", "other")), OK);
    assert_int_equal(verify_by(w, w->ec, header_of("ES256", "ec")), OK);
    assert_int_equal(verify_by(w, w->rsa, header_of("RS256", "rsa")), ERR_UNKNOWN);
    /* The same name for another key. */
    assert_int_equal(set_keys(w->oidc, json_pack("[o]", with(public_of(w->other), "kid", json_string("ec")))), OK);
    assert_int_equal(verify_by(w, w->ec, header_of("ES256", "ec")), ERR_AUTH);
    assert_int_equal(verify_by(w, w->other, header_of("ES256", "ec")), OK);
}

static void a_set_that_cannot_be_read_replaces_nothing(void **state)
{
    struct world *w = *state;
    static const char *const texts[] = { "",
                                         "{",
                                         "3",
                                         "null",
                                         "[]",
                                         "[{}]",
                                         "{}",
                                         "{\"keys\":[]}",
                                         "{\"keys\":{}}",
                                         "{\"keys\":3}",
                                         "{\"keys\":[3,null,\"x\",[],{}]}",
                                         "<html>",
                                         "\xff",
                                         "{\"keys\":[],\"keys\":[]}" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(oidc_set_keys(w->oidc, bytes_of(texts[i])), ERR_MALFORMED);
    assert_int_equal(oidc_set_keys(w->oidc, (struct bytes){ 0 }), ERR_MALFORMED);
    assert_int_equal(verify_by(w, w->ec, header_of("ES256", "ec")), OK);
}

static void a_set_may_be_so_large_and_no_larger(void **state)
{
    struct world *w = *state;
    json_t *set = json_pack("{s:[o]}", "keys", public_of(w->ec));
    char *text = malloc(OIDC_JWKS_MAX + 2);
    memset(text, ' ', OIDC_JWKS_MAX + 1);
    json_dumpb(set, text, OIDC_JWKS_MAX, 0);
    assert_int_equal(oidc_set_keys(w->oidc, (struct bytes){ (uint8_t *)text, OIDC_JWKS_MAX }), OK);
    assert_int_equal(oidc_set_keys(w->oidc, (struct bytes){ (uint8_t *)text, OIDC_JWKS_MAX + 1 }), ERR_MALFORMED);
    free(text);
    json_decref(set);
}

static void so_many_keys_are_taken(void **state)
{
    struct world *w = *state;
    json_t *keys = json_array();
    char name[16];
    for (int i = 0; i <= OIDC_KEYS_MAX; i++) {
        snprintf(name, sizeof name, "k-%d", i);
        json_array_append_new(keys, with(public_of(w->ec), "kid", json_string(name)));
    }
    assert_int_equal(set_keys(w->oidc, keys), OK);
    snprintf(name, sizeof name, "k-%d", OIDC_KEYS_MAX - 1);
    assert_int_equal(verify_by(w, w->ec, header_of("ES256", name)), OK);
    snprintf(name, sizeof name, "k-%d", OIDC_KEYS_MAX);
    assert_int_equal(verify_by(w, w->ec, header_of("ES256", name)), ERR_UNKNOWN);
}

/* Identity providers list keys for encryption and for algorithms that we don't do: the rest is good all the same. */
static void keys_that_are_not_for_us_are_passed_over(void **state)
{
    struct world *w = *state;
    json_t *p384 = key_made("ES384", "p384");
    json_t *others[] = {
        with(public_of(w->rsa), "use", json_string("enc")),
        with(public_of(w->rsa), "use", json_integer(1)),
        with(public_of(w->rsa), "alg", json_string("RS512")),
        with(public_of(w->rsa), "alg", json_string("RSA-OAEP")),
        with(public_of(w->rsa), "alg", json_string("ES256")),
        with(public_of(w->rsa), "alg", json_integer(256)),
        with(public_of(w->rsa), "kty", json_string("EC")),
        with(public_of(w->rsa), "n", NULL),
        with(public_of(w->rsa), "e", NULL),
        with(public_of(w->ec), "crv", json_string("P-384")),
        with(public_of(w->ec), "kty", json_string("OKP")),
        with(public_of(w->ec), "x", json_string("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE")),
        with(public_of(w->ec), "y", NULL),
        public_of(p384),
        json_pack("{s:s, s:s, s:s, s:s}", "kty", "oct", "k", "c2VjcmV0", "kid", "rsa", "alg", "HS256"),
        json_pack("{s:s, s:s, s:s, s:s}", "kty", "oct", "k", "c2VjcmV0", "kid", "rsa", "alg", "RS256"),
        json_string("rsa"),
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(set_keys(w->oidc, json_pack("[O]", others[i])), ERR_MALFORMED);
        assert_int_equal(set_keys(w->oidc, json_pack("[O, o]", others[i], public_of(w->other))), OK);
        assert_int_equal(verify_by(w, w->other, json_pack("{s:s}", "alg", "ES256")), OK); /* the only one */
        json_decref(others[i]);
    }
    json_decref(p384);
}

/* An RSA key whose modulus has so many bits. */
static json_t *rsa_of(int bits)
{
    uint8_t n[1025];
    size_t len = (size_t)(bits + 7) / 8;
    memset(n, 0xff, sizeof n);
    n[0] = (uint8_t)(0xff >> (len * 8 - (size_t)bits));
    return json_pack("{s:s, s:s, s:s, s:o}", "kty", "RSA", "kid", "rsa", "e", "AQAB", "n", jose_b64_enc(n, len));
}

static void rsa_keys_are_neither_weak_nor_endless(void **state)
{
    struct world *w = *state;
    static const struct {
        int bits;
        enum status status;
    } cases[] = {
        { 512, ERR_MALFORMED }, { 1024, ERR_MALFORMED }, { 2047, ERR_MALFORMED }, { 2048, OK }, { 3072, OK },
        { 4096, OK },           { 4104, ERR_MALFORMED }, { 8192, ERR_MALFORMED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(set_keys(w->oidc, json_pack("[o]", rsa_of(cases[i].bits))), cases[i].status);
}

static void a_key_that_is_private_by_mistake_is_used_like_a_public_one(void **state)
{
    struct world *w = *state;
    assert_int_equal(set_keys(w->oidc, json_pack("[O]", w->ec)), OK);
    assert_int_equal(verify_by(w, w->ec, header_of("ES256", "ec")), OK);
}

/* Nothing that the set says beside the key steers libjose. */
static void what_else_a_key_says_is_passed_over(void **state)
{
    struct world *w = *state;
    assert_int_equal(set_keys(w->oidc, json_pack("[o]", with(public_of(w->ec), "key_ops", json_pack("[s]", "sign")))),
                     OK);
    assert_int_equal(verify_by(w, w->ec, header_of("ES256", "ec")), OK);
}

/* RFC 8725 3.11. */
static void another_kind_of_token_lets_nobody_in(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *typ;
        enum status status;
    } cases[] = {
        { "JWT", OK },
        { "at+jwt", OK },
        { "application/AT+JWT", OK },
        { "logout+jwt", ERR_AUTH },
        { "dpop+jwt", ERR_AUTH },
        { "", ERR_AUTH },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *header = with(header_of("ES256", "ec"), "typ", json_string(cases[i].typ));
        assert_int_equal(verify_taken(w, jws_sign_json(w->ec, header, good_payload())), cases[i].status);
    }
}

/* ---- Claims ---- */

static void the_issuer_is_the_one_we_trust(void **state)
{
    assert_int_equal(verify_with(*state, "iss", json_string("https://id.example/")), ERR_AUTH);
    assert_int_equal(verify_with(*state, "iss", json_string("")), ERR_AUTH);
    assert_int_equal(verify_with(*state, "iss", json_pack("[s]", issuer)), ERR_MALFORMED);
    assert_int_equal(verify_with(*state, "iss", NULL), ERR_MALFORMED);
}

/* OpenID Connect Core 3.1.3.7. */
static void a_token_for_several_is_for_the_one_it_was_made_for(void **state)
{
    json_t *shared = with(good_payload(), "aud", json_pack("[s, s]", "other", audience));
    assert_int_equal(verify_payload(*state, with(json_deep_copy(shared), "azp", json_string(audience))), OK);
    assert_int_equal(verify_payload(*state, with(shared, "azp", json_string("other"))), ERR_AUTH);
    assert_int_equal(verify_with(*state, "azp", json_string("other")), OK); /* with one audience it says nothing */
}

static void the_audience_names_us(void **state)
{
    assert_int_equal(verify_with(*state, "aud", json_string("kinroom-staff2")), ERR_AUTH);
    assert_int_equal(verify_with(*state, "aud", json_string("kinroom-api")), ERR_AUTH);
    assert_int_equal(verify_with(*state, "aud", json_array()), ERR_AUTH);
    assert_int_equal(verify_with(*state, "aud", json_pack("[s, i]", audience, 3)), ERR_AUTH);
    assert_int_equal(verify_with(*state, "aud", json_pack("[s, s]", "other", audience)), ERR_AUTH); /* made for whom? */
    assert_int_equal(verify_with(*state, "aud", json_pack("[s]", audience)), OK);
    assert_int_equal(verify_with(*state, "aud", json_integer(1)), ERR_MALFORMED);
    assert_int_equal(verify_with(*state, "aud", NULL), ERR_MALFORMED);
}

static void times_hold_to_the_second_with_the_leeway(void **state)
{
    static const struct {
        const char *claim;
        int64_t value;
        enum status status;
    } cases[] = {
        { "exp", AT - LEEWAY_S + 1, OK },
        { "exp", AT - LEEWAY_S, ERR_EXPIRED },
        { "nbf", AT + LEEWAY_S, OK },
        { "nbf", AT + LEEWAY_S + 1, ERR_EXPIRED },
        { "iat", AT + LEEWAY_S, OK },
        { "iat", AT + LEEWAY_S + 1, ERR_EXPIRED },
        { "exp", 0, ERR_EXPIRED },
        { "exp", -1, ERR_MALFORMED },
        { "exp", INT64_MAX, ERR_MALFORMED },
        { "exp", INT64_MIN, ERR_MALFORMED },
        { "exp", 253402300799, OK },
        { "exp", 253402300800, ERR_MALFORMED },
        { "nbf", INT64_MAX, ERR_EXPIRED },
        { "iat", INT64_MAX, ERR_EXPIRED },
        { "nbf", 0, OK },
        { "iat", 0, OK },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(verify_with(*state, cases[i].claim, json_integer(cases[i].value)), cases[i].status);
    assert_int_equal(verify_with(*state, "iat", NULL), OK);
    assert_int_equal(verify_with(*state, "exp", NULL), ERR_MALFORMED);
    static const char *const names[] = { "exp", "nbf", "iat" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(verify_with(*state, names[i], json_string("1790000000")), ERR_MALFORMED);
        assert_int_equal(verify_with(*state, names[i], json_real(AT)), ERR_MALFORMED);
        assert_int_equal(verify_with(*state, names[i], json_null()), ERR_MALFORMED);
    }
}

static void the_subject_is_an_id(void **state)
{
    char longest[66];
    memset(longest, 's', sizeof longest);
    longest[64] = 0;
    assert_int_equal(verify_with(*state, "sub", json_string(longest)), OK);
    longest[64] = 's', longest[65] = 0;
    static const char *const wrong[] = { "", "a b", ".rivera", "rivera@example.org", "auth0|123" };
    assert_int_equal(verify_with(*state, "sub", json_string(longest)), ERR_MALFORMED);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(verify_with(*state, "sub", json_string(wrong[i])), ERR_MALFORMED);
    assert_int_equal(verify_with(*state, "sub", json_integer(7)), ERR_MALFORMED);
    assert_int_equal(verify_with(*state, "sub", NULL), ERR_MALFORMED);
}

static void further_claims_are_ignored(void **state)
{
    assert_int_equal(verify_with(*state, "nonce", json_string("n")), OK);
    assert_int_equal(verify_with(*state, "email_verified", json_true()), OK);
}

/* ---- What is no token at all ---- */

static void members_named_twice_are_malformed(void **state)
{
    struct world *w = *state;
    assert_int_equal(verify_taken(w, jws_forge("{\"alg\":\"none\",\"alg\":\"ES256\",\"kid\":\"ec\"}", "{}", "AAAA")),
                     ERR_MALFORMED);
    assert_int_equal(verify_taken(w, jws_sign(w->ec, header_of("ES256", "ec"),
                                              "{\"iss\":\"https://id.example\",\"aud\":\"kinroom-staff\",\"sub\":\"a\","
                                              "\"sub\":\"rivera\",\"exp\":1790000600}")),
                     ERR_MALFORMED);
}

static void what_is_no_signed_object_is_malformed(void **state)
{
    struct world *w = *state;
    static const char *const payloads[] = { "[]", "\"x\"", "{", "{}x", "null", "\xff" };
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++)
        assert_int_equal(verify_taken(w, jws_sign(w->ec, header_of("ES256", "ec"), payloads[i])), ERR_MALFORMED);
    static const char *const headers[] = { "[]", "{", "3", "null", "\xff" };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        assert_int_equal(verify_taken(w, jws_forge(headers[i], "{}", "AAAA")), ERR_MALFORMED);
    static const char *const texts[] = { "", ".", "..", "a", "a.b", ".a.b", "a..b", "a.b.c.d", "a b.c.d", "a=.b.c" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(verify_text(w, texts[i]), ERR_MALFORMED);
}

static void every_changed_character_is_refused(void **state)
{
    struct world *w = *state;
    char *token = jws_sign_json(w->rsa, header_of("RS256", "rsa"), good_payload());
    size_t len = strlen(token);
    for (size_t i = 0; i < len - 1; i++) { /* the last character of 256 octets holds bits that mean nothing */
        char was = token[i];
        if (was == '.')
            continue;
        token[i] = was == 'A' ? 'B' : 'A';
        assert_int_not_equal(verify_text(w, token), OK);
        token[i] = was;
    }
    assert_int_equal(verify_text(w, token), OK);
    free(token);
}

/* Of exactly so many characters: what fills it up is a claim and a header that nobody reads. */
static char *token_of_length(const struct world *w, size_t len)
{
    char filler[OIDC_TOKEN_MAX] = "", *token = NULL;
    for (int more = 0; more < 4; more++) /* base64 skips every fourth length */
        for (size_t filled = len / 2; filled < len; filled++) {
            memset(filler, 'x', filled);
            json_t *header = with(header_of("ES256", "ec"), "x", json_stringn("xxxx", (size_t)more));
            token = jws_sign_json(w->ec, header, with(good_payload(), "filler", json_stringn(filler, filled)));
            size_t made = strlen(token);
            if (made == len)
                return token;
            free(token);
            if (made > len)
                break;
        }
    return NULL;
}

static void a_token_that_is_too_long_is_not_looked_at(void **state)
{
    struct world *w = *state;
    char *longest = token_of_length(w, OIDC_TOKEN_MAX), *longer = token_of_length(w, OIDC_TOKEN_MAX + 1);
    assert_non_null(longest);
    assert_non_null(longer);
    assert_int_equal(verify_taken(w, longest), OK);
    assert_int_equal(verify_taken(w, longer), ERR_MALFORMED);
}

#define OIDC_TEST(test) cmocka_unit_test_setup(test, trust_both)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OIDC_TEST(a_token_says_who_it_is_and_what_they_may),
        OIDC_TEST(without_a_scope_of_ours_nothing_but_their_own_is_open),
        OIDC_TEST(each_algorithm_of_ours_is_good_with_its_own_key),
        OIDC_TEST(no_other_algorithm_is_believed),
        OIDC_TEST(a_public_key_is_no_secret),
        OIDC_TEST(one_kinds_algorithm_is_not_good_with_anothers_key),
        OIDC_TEST(a_key_that_names_one_algorithm_is_good_for_no_other),
        OIDC_TEST(a_key_inside_the_token_is_not_used),
        OIDC_TEST(a_critical_extension_is_refused),
        OIDC_TEST(an_unknown_key_may_be_a_new_one),
        OIDC_TEST(of_two_keys_one_must_be_named),
        OIDC_TEST(a_key_without_a_name_is_not_found_by_one),
        OIDC_TEST(before_the_first_keys_nobody_gets_in),
        OIDC_TEST(a_new_set_replaces_the_one_before_whole),
        OIDC_TEST(a_set_that_cannot_be_read_replaces_nothing),
        OIDC_TEST(a_set_may_be_so_large_and_no_larger),
        OIDC_TEST(so_many_keys_are_taken),
        OIDC_TEST(keys_that_are_not_for_us_are_passed_over),
        OIDC_TEST(rsa_keys_are_neither_weak_nor_endless),
        OIDC_TEST(a_key_that_is_private_by_mistake_is_used_like_a_public_one),
        OIDC_TEST(what_else_a_key_says_is_passed_over),
        OIDC_TEST(the_issuer_is_the_one_we_trust),
        OIDC_TEST(a_token_for_several_is_for_the_one_it_was_made_for),
        OIDC_TEST(another_kind_of_token_lets_nobody_in),
        OIDC_TEST(the_audience_names_us),
        OIDC_TEST(times_hold_to_the_second_with_the_leeway),
        OIDC_TEST(the_subject_is_an_id),
        OIDC_TEST(further_claims_are_ignored),
        OIDC_TEST(members_named_twice_are_malformed),
        OIDC_TEST(what_is_no_signed_object_is_malformed),
        OIDC_TEST(every_changed_character_is_refused),
        OIDC_TEST(a_token_that_is_too_long_is_not_looked_at),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
