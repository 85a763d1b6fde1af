/* RFC 5769's vectors 2.1 to 2.3. Its 2.4 is about long-term credentials, which ICE does not use. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "transport/stun.h"

static const char password[] = "VOkJxbRl1RmTxUk/WvJxBt";
#define TRANSACTION 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae

static const uint8_t sample_request[] = {
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, TRANSACTION, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e,
    0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c, 0x69,        0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e,
    0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f,        0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06,
    0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36,        0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00,
    0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56,        0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49,
    0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5,        0x7a, 0x3b, 0xcf,
};
static const uint8_t sample_ipv4_response[] = {
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, TRANSACTION, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20,
    0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00, 0x20,        0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6,
    0x43, 0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99,        0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9, 0x2a,
    0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28,        0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96,
};
static const uint8_t sample_ipv6_response[] = {
    0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, TRANSACTION, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74,
    0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00,        0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01,
    0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25,        0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9, 0x00, 0x08,
    0x00, 0x14, 0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6, 0x7b,        0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2,
    0x75, 0xbf, 0xe3, 0xed, 0x41, 0x80, 0x28, 0x00, 0x04,        0xc8, 0xfb, 0x0b, 0x4c,
};
#define SLICE(array) ((struct bytes){ array, sizeof array })

static struct stun_message parsed(struct bytes raw)
{
    struct stun_message m;
    assert_int_equal(stun_parse(raw, &m), OK);
    return m;
}

static struct stun_message binding(enum stun_class class_)
{
    return (struct stun_message){ .class_ = class_, .method = STUN_BINDING, .transaction = { TRANSACTION } };
}

static struct bytes written(const struct stun_message *m, const char *pwd)
{
    static uint8_t raw[STUN_MESSAGE_MAX];
    size_t len;
    assert_int_equal(stun_write(m, bytes_of(pwd), raw, sizeof raw, &len), OK);
    return (struct bytes){ raw, len };
}

static void check_mapped(const struct stun_message *m, const char *ip)
{
    struct address expected = { .port = 32853 };
    assert_true(address_parse_ip(ip, &expected));
    assert_true(address_equal(&m->mapped, &expected));
}

static void the_sample_request_of_rfc_5769_is_read(void **state)
{
    (void)state;
    struct bytes raw = SLICE(sample_request);
    struct stun_message m = parsed(raw);
    assert_int_equal(m.class_, STUN_REQUEST);
    assert_int_equal(m.method, STUN_BINDING);
    assert_true(bytes_equal(m.username, bytes_of("evtj:h6vY")));
    assert_true(m.has_priority && m.priority == 0x6e0001ff);
    assert_true(m.controlled && !m.controlling && m.tie_breaker == 0x932ff9b151263b36u);
    assert_true(m.fingerprint);
    assert_int_equal(m.unknown_count, 0);
    assert_true(stun_integrity_ok(raw, &m, bytes_of(password)));
    assert_false(stun_integrity_ok(raw, &m, bytes_of("VOkJxbRl1RmTxUk/WvJxBu")));
    assert_true(bytes_equal(stun_route_ufrag(raw), bytes_of("evtj")));
}

static void the_sample_responses_of_rfc_5769_are_read(void **state)
{
    (void)state;
    struct stun_message v4 = parsed(SLICE(sample_ipv4_response)), v6 = parsed(SLICE(sample_ipv6_response));
    assert_int_equal(v4.class_, STUN_SUCCESS);
    assert_true(v4.fingerprint && v6.fingerprint);
    check_mapped(&v4, "192.0.2.1");
    check_mapped(&v6, "2001:db8:1234:5678:11:2233:4455:6677");
    assert_true(stun_integrity_ok(SLICE(sample_ipv4_response), &v4, bytes_of(password)));
    assert_true(stun_integrity_ok(SLICE(sample_ipv6_response), &v6, bytes_of(password)));
}

/* We write no SOFTWARE, so the vector's own attribute must stand as the vector has it; the address, which is XORed with
 * the transaction, can be compared byte by byte. */
static void the_addresses_are_written_as_the_samples_have_them(void **state)
{
    (void)state;
    const struct {
        struct bytes sample;
        size_t len;
    } cases[] = { { SLICE(sample_ipv4_response), 12 }, { SLICE(sample_ipv6_response), 24 } };
    for (size_t i = 0; i < 2; i++) {
        struct stun_message m = binding(STUN_SUCCESS);
        m.mapped = parsed(cases[i].sample).mapped;
        struct bytes raw = written(&m, "");
        assert_int_equal(raw.len, 20 + cases[i].len + 8);
        assert_memory_equal(raw.at + 20, cases[i].sample.at + 36, cases[i].len);
    }
}

/* Every single bit of a sample, turned over, is noticed: the fingerprint covers all but itself, and then it is wrong.
 */
static void no_flipped_bit_goes_unnoticed(void **state)
{
    (void)state;
    uint8_t raw[sizeof sample_request];
    for (size_t bit = 0; bit < 8 * sizeof raw; bit++) {
        struct stun_message m;
        memcpy(raw, sample_request, sizeof raw);
        raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (stun_parse(SLICE(raw), &m) == OK)
            assert_false(m.fingerprint);
    }
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    struct stun_message m = binding(STUN_REQUEST);
    m.username = bytes_of("ours:theirs");
    m.has_priority = true;
    m.priority = 77;
    m.controlling = true;
    m.tie_breaker = 0x0123456789abcdefu;
    m.use_candidate = true;
    struct bytes raw = written(&m, "secret");
    struct stun_message back = parsed(raw);
    assert_int_equal(back.class_, STUN_REQUEST);
    assert_memory_equal(back.transaction, m.transaction, STUN_TRANSACTION_LEN);
    assert_true(bytes_equal(back.username, m.username));
    assert_true(back.has_priority && back.priority == 77);
    assert_true(back.controlling && !back.controlled && back.tie_breaker == m.tie_breaker);
    assert_true(back.use_candidate && back.fingerprint);
    assert_true(stun_integrity_ok(raw, &back, bytes_of("secret")));
    assert_false(stun_integrity_ok(raw, &back, bytes_of("")));
}

static void an_error_carries_its_code_and_what_was_unknown(void **state)
{
    (void)state;
    struct stun_message m = binding(STUN_ERROR);
    m.error = 420;
    m.unknown[0] = 0x0031;
    m.unknown[1] = 0x7fff;
    m.unknown[2] = 0x0003;
    m.unknown_count = 3;
    struct stun_message back = parsed(written(&m, "secret"));
    assert_int_equal(back.class_, STUN_ERROR);
    assert_int_equal(back.error, 420);
    assert_int_equal(back.unknown_count, 3);
    assert_memory_equal(back.unknown, m.unknown, 6);
    m.error = 487;
    m.unknown_count = 0;
    back = parsed(written(&m, ""));
    assert_int_equal(back.error, 487);
    assert_int_equal(back.integrity.len, 0);
}

/* A header with the length filled in, then attributes as given. */
static struct bytes message_of(struct bytes attributes)
{
    static uint8_t raw[256];
    static const uint8_t header[] = { 0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42, TRANSACTION };
    memcpy(raw, header, sizeof header);
    raw[3] = (uint8_t)attributes.len;
    memcpy(raw + sizeof header, attributes.at, attributes.len);
    return (struct bytes){ raw, sizeof header + attributes.len };
}

static void unknown_attributes_that_must_be_understood_are_noted(void **state)
{
    (void)state;
    static const uint8_t attributes[] = {
        0x00, 0x33, 0x00, 0x01, 1,    0,    0,    0,    0xc0, 0x57, 0x00, 0x04, 0,    0,    0,    0,
        0x00, 0x34, 0x00, 0x00, 0x00, 0x35, 0x00, 0x00, 0x00, 0x36, 0x00, 0x00, 0x00, 0x37, 0x00, 0x00,
    };
    struct stun_message m = parsed(message_of(SLICE(attributes)));
    static const uint16_t expected[] = { 0x33, 0x34, 0x35, 0x36 };
    assert_int_equal(m.unknown_count, 4); /* the fifth finds no room, and one would do */
    assert_memory_equal(m.unknown, expected, sizeof expected);
}

static void of_two_equal_attributes_the_first_counts(void **state)
{
    (void)state;
    static const uint8_t attributes[] = {
        0x00, 0x24, 0x00, 0x04, 0, 0, 0, 1, 0x00, 0x24, 0x00, 0x04, 0, 0, 0, 2,
    };
    assert_int_equal(parsed(message_of(SLICE(attributes))).priority, 1);
}

static void attributes_behind_the_integrity_do_not_count(void **state)
{
    (void)state;
    static const uint8_t attributes[] = {
        0x00, 0x08, 0x00, 0x14, 0, 0, 0, 0, 0,    0,    0,    0,    0,    0,    0,    0,
        0,    0,    0,    0,    0, 0, 0, 0, 0x00, 0x25, 0x00, 0x00, 0x00, 0x33, 0x00, 0x00,
    };
    struct stun_message m = parsed(message_of(SLICE(attributes)));
    assert_false(m.use_candidate);
    assert_int_equal(m.unknown_count, 0);
    assert_int_equal(m.integrity_at, 20);
}

static void malformed_attributes_spoil_the_message(void **state)
{
    (void)state;
    static const struct {
        uint8_t len;
        uint8_t at[28];
    } cases[] = {
        { 4, { 0x00, 0x06, 0x00, 0x01 } },                          /* longer than the message */
        { 8, { 0x00, 0x06, 0x00, 0x05, 1, 2, 3, 4 } },              /* so is its padding */
        { 4, { 0x00, 0x06, 0x00, 0x00 } },                          /* an empty username */
        { 8, { 0x00, 0x24, 0x00, 0x03, 0, 0, 0, 0 } },              /* a short priority */
        { 8, { 0x00, 0x25, 0x00, 0x04, 0, 0, 0, 0 } },              /* a flag with a value */
        { 8, { 0x80, 0x2a, 0x00, 0x04, 0, 0, 0, 0 } },              /* half a tie-breaker */
        { 12, { 0x00, 0x20, 0x00, 0x08, 0, 2, 0, 0, 0, 0, 0, 0 } }, /* IPv6 with four bytes */
        { 12, { 0x00, 0x20, 0x00, 0x08, 0, 3, 0, 0, 0, 0, 0, 0 } }, /* no such family */
        { 8, { 0x00, 0x20, 0x00, 0x02, 0, 1, 0, 0 } },              /* no address */
        { 8, { 0x00, 0x09, 0x00, 0x04, 0, 0, 2, 0 } },              /* error 200 */
        { 8, { 0x00, 0x09, 0x00, 0x04, 0, 0, 4, 100 } },            /* error 4(100) */
        { 8, { 0x00, 0x0a, 0x00, 0x03, 0, 1, 0, 0 } },              /* one type and a half */
        { 8, { 0x00, 0x08, 0x00, 0x04, 0, 0, 0, 0 } },              /* a short integrity */
        { 8, { 0x80, 0x28, 0x00, 0x04, 0, 0, 0, 0 } },              /* a wrong fingerprint */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stun_message m = { .error = 999 };
        assert_int_equal(stun_parse(message_of((struct bytes){ cases[i].at, cases[i].len }), &m), ERR_MALFORMED);
        assert_int_equal(m.error, 999); /* unchanged */
    }
}

static void a_datagram_is_exactly_one_message(void **state)
{
    (void)state;
    uint8_t raw[sizeof sample_request + 4] = { 0 };
    struct stun_message m;
    memcpy(raw, sample_request, sizeof sample_request);
    for (size_t len = 0; len < sizeof sample_request; len++)
        assert_int_equal(stun_parse((struct bytes){ raw, len }, &m), ERR_MALFORMED);
    assert_int_equal(stun_parse((struct bytes){ raw, sizeof raw }, &m), ERR_MALFORMED);
    raw[3] += 4; /* and nothing follows a fingerprint, even if the length says so */
    assert_int_equal(stun_parse((struct bytes){ raw, sizeof raw }, &m), ERR_MALFORMED);
}

static void only_binding_requests_are_routed(void **state)
{
    (void)state;
    struct stun_message m = binding(STUN_REQUEST);
    m.username = bytes_of("ours:theirs");
    assert_true(bytes_equal(stun_route_ufrag(written(&m, "p")), bytes_of("ours")));
    m.username = bytes_of("nocolon");
    assert_int_equal(stun_route_ufrag(written(&m, "p")).len, 0);
    m.username = (struct bytes){ 0 };
    assert_int_equal(stun_route_ufrag(written(&m, "p")).len, 0);
    m.username = bytes_of("ours:theirs");
    for (enum stun_class class_ = STUN_INDICATION; class_ <= STUN_ERROR; class_++) {
        m.class_ = class_;
        assert_int_equal(stun_route_ufrag(written(&m, "p")).len, 0);
    }
    m.class_ = STUN_REQUEST;
    m.method = 3; /* Allocate */
    assert_int_equal(stun_route_ufrag(written(&m, "p")).len, 0);
    assert_int_equal(stun_route_ufrag((struct bytes){ 0 }).len, 0);
}

static void classes_and_methods_survive_the_mixing_of_their_bits(void **state)
{
    (void)state;
    for (uint16_t method = 0; method < 0x1000; method += 0x37) {
        for (enum stun_class class_ = STUN_REQUEST; class_ <= STUN_ERROR; class_++) {
            struct stun_message m = { .class_ = class_, .method = method }, back = parsed(written(&m, ""));
            assert_int_equal(back.class_, class_);
            assert_int_equal(back.method, method);
        }
    }
}

static void a_buffer_too_short_is_refused_at_every_length(void **state)
{
    (void)state;
    struct stun_message m = binding(STUN_REQUEST);
    m.username = bytes_of("ours:theirs");
    size_t whole = written(&m, "secret").len;
    for (size_t cap = 0; cap <= whole; cap++) {
        uint8_t raw[128];
        size_t len = 7;
        assert_int_equal(stun_write(&m, bytes_of("secret"), raw, cap, &len), cap < whole ? ERR_FULL : OK);
        assert_int_equal(len, cap < whole ? 7 : whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_request_of_rfc_5769_is_read),
        cmocka_unit_test(the_sample_responses_of_rfc_5769_are_read),
        cmocka_unit_test(the_addresses_are_written_as_the_samples_have_them),
        cmocka_unit_test(no_flipped_bit_goes_unnoticed),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(an_error_carries_its_code_and_what_was_unknown),
        cmocka_unit_test(unknown_attributes_that_must_be_understood_are_noted),
        cmocka_unit_test(of_two_equal_attributes_the_first_counts),
        cmocka_unit_test(attributes_behind_the_integrity_do_not_count),
        cmocka_unit_test(malformed_attributes_spoil_the_message),
        cmocka_unit_test(a_datagram_is_exactly_one_message),
        cmocka_unit_test(only_binding_requests_are_routed),
        cmocka_unit_test(classes_and_methods_survive_the_mixing_of_their_bits),
        cmocka_unit_test(a_buffer_too_short_is_refused_at_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
