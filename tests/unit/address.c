#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"

static struct address address_of(const char *ip, uint16_t port)
{
    struct address a = { .port = port };
    assert_true(address_parse_ip(ip, &a));
    return a;
}

static void addresses_survive_text_and_back(void **state)
{
    (void)state;
    static const struct {
        const char *ip, *text;
        enum address_family family;
    } cases[] = {
        { "192.0.2.1", "192.0.2.1:4000", ADDRESS_IPV4 },
        { "0.0.0.0", "0.0.0.0:4000", ADDRESS_IPV4 },
        { "2001:db8::1", "[2001:db8::1]:4000", ADDRESS_IPV6 },
        { "::", "[::]:4000", ADDRESS_IPV6 },
        { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:4000", ADDRESS_IPV6 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[ADDRESS_TEXT_MAX];
        struct address a = address_of(cases[i].ip, 4000);
        assert_int_equal(a.family, cases[i].family);
        assert_int_equal(a.port, 4000);
        assert_string_equal(address_ip_text(&a, text), cases[i].ip);
        assert_string_equal(address_text(&a, text), cases[i].text);
    }
}

static void the_short_form_of_rfc_5952_is_written(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_MAX];
    struct address a = address_of("2001:0DB8:0000:0000:0000:0000:0000:0001", 1);
    assert_string_equal(address_ip_text(&a, text), "2001:db8::1");
}

static void nonsense_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",     "1.2.3",    "1.2.3.4.5", "256.1.1.1", "1.2.3.4:5",        ":::", "fe80::1%eth0", "[::1]",
        "host", " 1.2.3.4", "1.2.3.4 ",  "::g",       "1:2:3:4:5:6:7:8:9"
    };
    struct address before = address_of("192.0.2.9", 7);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct address a = before;
        assert_false(address_parse_ip(bad[i], &a));
        assert_memory_equal(&a, &before, sizeof a);
    }
}

static void an_ipv4_address_leaves_no_trace_of_an_ipv6_one(void **state)
{
    (void)state;
    struct address a = address_of("2001:db8:1:2:3:4:5:6", 5);
    assert_true(address_parse_ip("192.0.2.1", &a));
    struct address fresh = address_of("192.0.2.1", 5);
    assert_true(address_equal(&a, &fresh));
}

static void family_socket_port_and_ip_all_count(void **state)
{
    (void)state;
    struct address a = address_of("192.0.2.1", 5), b = a;
    assert_true(address_equal(&a, &b));
    b.port = 6;
    assert_false(address_equal(&a, &b));
    assert_true(address_hash(&a, 1) != address_hash(&b, 1));
    b = address_of("192.0.2.2", 5);
    assert_false(address_equal(&a, &b));
    assert_true(address_hash(&a, 1) != address_hash(&b, 1));
    b = a;
    b.via = ADDRESS_TCP;
    assert_false(address_equal(&a, &b));
    assert_true(address_hash(&a, 1) != address_hash(&b, 1));
    b.via = 1;
    assert_false(address_equal(&a, &b));
    assert_true(address_hash(&a, 1) != address_hash(&b, 1));
    b = a;
    b.family = ADDRESS_IPV6;
    assert_false(address_equal(&a, &b));
    assert_true(address_hash(&a, 1) != address_hash(&b, 1));
    b = address_of("2001:db8::1", 5);
    struct address c = address_of("2001:db8::2", 5);
    assert_true(address_hash(&b, 1) != address_hash(&c, 1));
}

static void the_seed_decides_who_collides(void **state)
{
    (void)state;
    struct address a = address_of("192.0.2.1", 5);
    assert_true(address_hash(&a, 1) != address_hash(&a, 2));
    assert_true(address_hash(&a, 1) == address_hash(&a, 1));
}

static void neighbouring_addresses_spread_over_a_table(void **state)
{
    (void)state;
    enum { BUCKETS = 256, EACH = 16 };
    int load[BUCKETS] = { 0 }, fullest = 0;
    struct address a = address_of("10.0.0.1", 0);
    for (int port = 0; port < BUCKETS * EACH; port++) {
        a.port = (uint16_t)(1024 + port);
        int *bucket = &load[address_hash(&a, 99) % BUCKETS];
        fullest = ++*bucket > fullest ? *bucket : fullest;
    }
    assert_true(fullest < EACH * 3); /* a random function stays below 40 */
}

static void a_subscriber_is_an_ipv4_address_or_an_ipv6_64(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } pairs[] = {
        { "192.0.2.1", "192.0.2.1", true },
        { "192.0.2.1", "192.0.2.2", false },
        { "2001:db8::1", "2001:db8::ffff:1", true },
        { "2001:db8::1", "2001:db8:0:1::1", false },
        { "::ffff:192.0.2.1", "::ffff:192.0.2.1", true },
        { "::ffff:192.0.2.1", "::ffff:192.0.2.2", false },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct address a = address_of(pairs[i].a, 5), b = address_of(pairs[i].b, 6);
        assert_int_equal(address_is_neighbour(&a, &b), pairs[i].same);
    }
}

static void a_path_by_tcp_says_so(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_MAX];
    struct address a = address_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535);
    assert_false(address_is_tcp(&a));
    a.via = ADDRESS_TCP | 7;
    assert_true(address_is_tcp(&a));
    assert_string_equal(address_text(&a, text), "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535 by TCP");
}

static void no_address_reads_none(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_MAX];
    assert_string_equal(address_ip_text(&(struct address){ 0 }, text), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_survive_text_and_back),
        cmocka_unit_test(the_short_form_of_rfc_5952_is_written),
        cmocka_unit_test(nonsense_is_refused_and_changes_nothing),
        cmocka_unit_test(an_ipv4_address_leaves_no_trace_of_an_ipv6_one),
        cmocka_unit_test(family_socket_port_and_ip_all_count),
        cmocka_unit_test(the_seed_decides_who_collides),
        cmocka_unit_test(neighbouring_addresses_spread_over_a_table),
        cmocka_unit_test(a_subscriber_is_an_ipv4_address_or_an_ipv6_64),
        cmocka_unit_test(a_path_by_tcp_says_so),
        cmocka_unit_test(no_address_reads_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
