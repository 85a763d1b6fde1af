#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <string.h>

#include "shell/webhook.h"

static enum status parse(const char *text, struct webhook_key *key)
{
    return webhook_key_parse(bytes_of(text), key);
}

/* The one that the specification's libraries test with. */
static void the_standards_own_example_has_its_signature(void **state)
{
    (void)state;
    struct webhook_key key;
    char signature[WEBHOOK_SIGNATURE_CHARS + 1];
    assert_int_equal(parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", &key), OK);
    assert_int_equal(key.len, 24);
    assert_int_equal(
        webhook_sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, bytes_of("{\"test\": 2432232314}"), signature),
        OK);
    assert_string_equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void another_id_time_body_or_key_has_another_signature(void **state)
{
    (void)state;
    struct webhook_key key = { .len = 24 }, other = { .at = { 1 }, .len = 24 };
    const struct {
        const struct webhook_key *key;
        const char *id;
        int64_t unix_s;
        const char *body;
    } cases[] = { { &key, "a", 1, "x" },
                  { &key, "b", 1, "x" },
                  { &key, "a", 2, "x" },
                  { &key, "a", 1, "y" },
                  { &other, "a", 1, "x" } };
    enum { CASES = sizeof cases / sizeof *cases };
    char signatures[CASES][WEBHOOK_SIGNATURE_CHARS + 1];
    for (size_t i = 0; i < CASES; i++) {
        assert_int_equal(
            webhook_sign(cases[i].key, cases[i].id, cases[i].unix_s, bytes_of(cases[i].body), signatures[i]), OK);
        for (size_t before = 0; before < i; before++)
            assert_string_not_equal(signatures[i], signatures[before]);
    }
}

static void a_secret_is_whsec_and_the_base64_of_24_to_64_bytes(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS=", /* 23 */
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=",
        "whsec_MfKQ9r8GKYqr=wjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqr wjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqr*wjUPD8ILPZIo2LaLaSw",
        "whsec_====",
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", /* 65 */
    };
    struct webhook_key key = { .len = 7 };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse(bad[i], &key) != ERR_MALFORMED)
            fail_msg("'%s' is taken", bad[i]);
    assert_int_equal(key.len, 7);
    assert_int_equal(parse(" whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                           "AAAAAA==\r\n",
                           &key),
                     OK);
    assert_int_equal(key.len, 64);
}

static struct delivery delivery_of(enum delivery_kind kind)
{
    struct delivery delivery = { .kind = kind, .made_at = 1767225600, .expires = 1767226200 };
    strcpy(delivery.session.text, "s-1");
    strcpy(delivery.participation.text, "p-1");
    return delivery;
}

static void check_delivery(const struct delivery *delivery, const char *type, const char *secret)
{
    uint8_t text[WEBHOOK_DELIVERY_MAX + 1];
    struct writer w = writer_over(text, sizeof text);
    const char *id, *seen, *at, *participation, *session, *contact, *value, *expires;
    assert_int_equal(webhook_delivery(&w, "d-1", delivery), OK);
    json_t *json = json_loadb((const char *)text, w.len, JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(json_unpack(json, "{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s!}", "id", &id, "type", &seen, "at", &at,
                                 "participation", &participation, "session", &session, "contact", &contact, secret,
                                 &value, "expires", &expires),
                     0);
    assert_string_equal(id, "d-1");
    assert_string_equal(seen, type);
    assert_string_equal(at, "2026-01-01T00:00:00.000000Z");
    assert_string_equal(participation, "p-1");
    assert_string_equal(session, "s-1");
    assert_string_equal(contact, delivery->contact);
    assert_string_equal(value, delivery->secret);
    assert_string_equal(expires, "2026-01-01T00:10:00.000000Z");
    json_decref(json);
}

static void a_delivery_says_what_to_bring_and_until_when(void **state)
{
    (void)state;
    struct delivery delivery = delivery_of(DELIVERY_CODE);
    strcpy(delivery.contact, "tel:+15550100");
    strcpy(delivery.secret, "123456");
    check_delivery(&delivery, "delivery.code", "code");
    delivery = delivery_of(DELIVERY_INVITATION);
    strcpy(delivery.secret, "https://rooms.example.org/#i=abc");
    check_delivery(&delivery, "delivery.invitation", "url");
}

static void any_contact_is_good_json_and_fits(void **state)
{
    (void)state;
    struct delivery delivery = delivery_of(DELIVERY_INVITATION);
    strcpy(delivery.contact, "a \"quoted\\\" \x01\n\x7f mailto:\xc3\xa9");
    strcpy(delivery.secret, "x");
    check_delivery(&delivery, "delivery.invitation", "url");
    memset(delivery.contact, '\x01', CONTACT_MAX);
    memset(delivery.secret, '\x01', DELIVERY_SECRET_MAX);
    memset(delivery.session.text, 's', ID_MAX);
    memset(delivery.participation.text, 's', ID_MAX);
    uint8_t text[WEBHOOK_DELIVERY_MAX + 1];
    struct writer w = writer_over(text, sizeof text);
    assert_int_equal(webhook_delivery(&w, "0123456789abcdef0123456789abcdef", &delivery), OK);
    w = writer_over(text, 100);
    assert_int_equal(webhook_delivery(&w, "d-1", &delivery), ERR_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_standards_own_example_has_its_signature),
        cmocka_unit_test(another_id_time_body_or_key_has_another_signature),
        cmocka_unit_test(a_secret_is_whsec_and_the_base64_of_24_to_64_bytes),
        cmocka_unit_test(a_delivery_says_what_to_bring_and_until_when),
        cmocka_unit_test(any_contact_is_good_json_and_fits),
    };
    return cmocka_run_group_tests_name("webhook", tests, NULL, NULL);
}
