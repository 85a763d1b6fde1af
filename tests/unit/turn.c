#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "auth/turn.h"

static void count_up(void *context, uint8_t *at, size_t len)
{
    (void)context;
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(i + 1);
}

static const struct entropy entropy = { count_up, NULL };

static struct turn_credential credential_of(const char *secret, int64_t now, int64_t until)
{
    struct turn_service service = { .secret = bytes_of(secret) };
    struct turn_credential credential;
    assert_int_equal(turn_credential_make(&service, &entropy, now, until, &credential), OK);
    return credential;
}

/* printf '1700000000:0102030405060708' | openssl dgst -sha1 -hmac north -binary | base64 */
static void the_password_is_the_names_hmac_as_coturn_makes_it(void **state)
{
    (void)state;
    struct turn_credential c = credential_of("north", 1699990000, 1700000000);
    assert_string_equal(c.username, "1700000000:0102030405060708");
    assert_string_equal(c.password, "B3xYMh/Fb+H/1s4ONnrh6297HX4=");
    assert_string_not_equal(credential_of("south", 1699990000, 1700000000).password, c.password);
    assert_string_not_equal(credential_of("north", 1699990000, 1700000001).password, c.password);
}

static void no_credential_is_good_for_more_than_a_day(void **state)
{
    (void)state;
    assert_string_equal(credential_of("north", 1700000000, 1700000000 + TURN_LIFE_MAX_S + 1).username,
                        "1700086400:0102030405060708");
    assert_string_equal(credential_of("north", 1700000000, INT64_MAX).username, "1700086400:0102030405060708");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_password_is_the_names_hmac_as_coturn_makes_it),
        cmocka_unit_test(no_credential_is_good_for_more_than_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
