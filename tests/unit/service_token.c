#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "auth/jwt.h"
#include "auth/service_token.h"
#include "auth/token.h"

enum { NBF = 1000000, EXP = 1003600, DURING = 1001000 };
static const char issuer[] = "https://clinic.example";

static int setup(void **state)
{
    char *text;
    struct keyring *ring;
    assert_int_equal(keyring_generate(&text), OK);
    assert_int_equal(keyring_create(&ring, bytes_of(text)), OK);
    free(text);
    *state = ring;
    return 0;
}

static int teardown(void **state)
{
    keyring_destroy(*state);
    return 0;
}

static struct service_claims good_claims(void)
{
    struct service_claims claims = { .scopes = SCOPE_GRANTS_READ | SCOPE_INVITATIONS_WRITE,
                                     .not_before = NBF,
                                     .expires = EXP };
    strcpy(claims.service.text, "ehr");
    strcpy(claims.token.text, "t-1");
    return claims;
}

static enum status verify(const struct keyring *ring, const char *token, int64_t unix_s, struct service_claims *claims)
{
    return service_token_verify(ring, issuer, bytes_of(token), unix_s, claims);
}

static void a_token_says_what_was_put_in(void **state)
{
    struct service_claims claims = good_claims(), read = { 0 };
    char *token;
    assert_int_equal(service_token_issue(*state, issuer, &claims, &token), OK);
    assert_int_equal(verify(*state, token, DURING, &read), OK);
    assert_string_equal(read.service.text, "ehr");
    assert_string_equal(read.token.text, "t-1");
    assert_int_equal(read.scopes, SCOPE_GRANTS_READ | SCOPE_INVITATIONS_WRITE);
    assert_int_equal(read.expires, EXP);
    free(token);
}

static void it_is_good_from_nbf_to_exp_give_or_take_a_minute(void **state)
{
    struct service_claims claims = good_claims(), read;
    char *token;
    assert_int_equal(service_token_issue(*state, issuer, &claims, &token), OK);
    assert_int_equal(verify(*state, token, NBF - 60, &read), OK);
    assert_int_equal(verify(*state, token, NBF - 61, &read), ERR_EXPIRED);
    assert_int_equal(verify(*state, token, EXP + 59, &read), OK);
    assert_int_equal(verify(*state, token, EXP + 60, &read), ERR_EXPIRED);
    assert_int_equal(service_token_verify(*state, "other", bytes_of(token), DURING, &read), ERR_AUTH);
    token[strlen(token) - 10] ^= 1;
    assert_int_not_equal(verify(*state, token, DURING, &read), OK);
    free(token);
}

static void neither_kind_of_token_is_good_for_the_other(void **state)
{
    struct service_claims service = good_claims(), read;
    struct claims admission = { .role = ROLE_THERAPIST, .not_before = NBF, .expires = EXP }, read_admission;
    char *token;
    strcpy(admission.participation.text, "p-1");
    strcpy(admission.session.text, "s-1");
    strcpy(admission.token.text, "t-1");
    assert_int_equal(token_issue(*state, issuer, &admission, &token), OK);
    assert_int_equal(verify(*state, token, DURING, &read), ERR_AUTH);
    free(token);
    assert_int_equal(service_token_issue(*state, issuer, &service, &token), OK);
    assert_int_equal(token_verify(*state, issuer, bytes_of(token), DURING, &read_admission), ERR_AUTH);
    free(token);
}

static void each_claim_is_required(void **state)
{
    static const char *const names[] = { "iss", "aud", "sub", "scope", "nbf", "exp", "jti" };
    for (size_t i = 0; i <= sizeof names / sizeof *names; i++) {
        struct service_claims read;
        char *token;
        json_t *payload = json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:s}", "iss", issuer, "aud", "kinroom-api", "sub",
                                    "ehr", "scope", "grants:read", "nbf", NBF, "exp", EXP, "jti", "t-1");
        bool whole = i == sizeof names / sizeof *names;
        if (!whole)
            json_object_del(payload, names[i]);
        assert_int_equal(jwt_sign(*state, payload, &token), OK);
        assert_int_equal(verify(*state, token, DURING, &read), whole ? OK : ERR_MALFORMED);
        free(token);
    }
}

static void unknown_scopes_allow_nothing(void **state)
{
    (void)state;
    assert_int_equal(scope_parse(bytes_of("sessions:read  grants:write ")), SCOPE_SESSIONS_READ | SCOPE_GRANTS_WRITE);
    assert_int_equal(scope_parse(bytes_of("sessions:* admin")), 0);
    assert_int_equal(scope_parse((struct bytes){ 0 }), 0);
    assert_int_equal(scope_parse(bytes_of("sessions:read admin")), SCOPE_SESSIONS_READ);
    assert_int_equal(scope_parse(bytes_of("Sessions:read sessions:readx sessions:")), 0);
    assert_false(scope_is_known(bytes_of("sessions:read admin")));
    assert_true(scope_is_known(bytes_of("sessions:read invitations:write")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_says_what_was_put_in),
        cmocka_unit_test(it_is_good_from_nbf_to_exp_give_or_take_a_minute),
        cmocka_unit_test(neither_kind_of_token_is_good_for_the_other),
        cmocka_unit_test(each_claim_is_required),
        cmocka_unit_test(unknown_scopes_allow_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
