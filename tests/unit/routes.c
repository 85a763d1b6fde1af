#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "transport/routes.h"

enum { VALUES = 64 };

static int setup(void **state)
{
    return routes_create((struct routes **)state, VALUES, 12345) == OK ? 0 : -1;
}

static int teardown(void **state)
{
    routes_destroy(*state);
    return 0;
}

static struct address address_of(uint32_t host, uint16_t port)
{
    struct address a = { .family = ADDRESS_IPV4, .port = port };
    store_be32(a.ip, host);
    return a;
}

/* The value that an address leads to, -1 for none. */
static long found(const struct routes *r, uint32_t host, uint16_t port)
{
    uint32_t value;
    struct address a = address_of(host, port);
    return routes_find_address(r, &a, &value) ? (long)value : -1;
}

static long found_ufrag(const struct routes *r, const char *ufrag)
{
    uint32_t value;
    return routes_find_ufrag(r, bytes_of(ufrag), &value) ? (long)value : -1;
}

static void add(struct routes *r, uint32_t host, uint16_t port, uint32_t value)
{
    struct address a = address_of(host, port);
    assert_int_equal(routes_add_address(r, &a, value), OK);
}

static void a_ufrag_leads_to_its_value(void **state)
{
    struct routes *r = *state;
    assert_int_equal(routes_add_ufrag(r, bytes_of("abcd"), 3), OK);
    assert_int_equal(routes_add_ufrag(r, bytes_of("abce"), 0), OK);
    assert_int_equal(found_ufrag(r, "abcd"), 3);
    assert_int_equal(found_ufrag(r, "abce"), 0);
    assert_int_equal(found_ufrag(r, "abc"), -1);
    assert_int_equal(found_ufrag(r, ""), -1);
}

static void a_ufrag_is_refused_when_taken_or_out_of_bounds(void **state)
{
    struct routes *r = *state;
    assert_int_equal(routes_add_ufrag(r, bytes_of("abcd"), 3), OK);
    assert_int_equal(routes_add_ufrag(r, bytes_of("abcd"), 4), ERR_STATE);
    assert_int_equal(routes_add_ufrag(r, bytes_of("other"), 3), ERR_STATE);
    assert_int_equal(routes_add_ufrag(r, bytes_of("other"), VALUES), ERR_FULL);
    assert_int_equal(routes_add_ufrag(r, bytes_of(""), 4), ERR_MALFORMED);
    assert_int_equal(routes_add_ufrag(r, bytes_of("123456789012345678901234567890123"), 4), ERR_MALFORMED);
    assert_int_equal(found_ufrag(r, "other"), -1);
}

static void a_changed_ufrag_leads_there_and_the_old_one_nowhere(void **state)
{
    struct routes *r = *state;
    assert_int_equal(routes_add_ufrag(r, bytes_of("abcd"), 3), OK);
    assert_int_equal(routes_add_ufrag(r, bytes_of("taken"), 4), OK);
    add(r, 0x0a000001, 4000, 3);
    assert_int_equal(routes_change_ufrag(r, bytes_of("efgh"), 3), OK);
    assert_int_equal(found_ufrag(r, "efgh"), 3);
    assert_int_equal(found_ufrag(r, "abcd"), -1);
    assert_int_equal(found(r, 0x0a000001, 4000), 3);
    assert_int_equal(routes_change_ufrag(r, bytes_of("taken"), 3), ERR_STATE);
    assert_int_equal(routes_change_ufrag(r, bytes_of("ijkl"), 5), ERR_STATE); /* which has none */
    assert_int_equal(routes_change_ufrag(r, bytes_of(""), 3), ERR_MALFORMED);
    assert_int_equal(routes_change_ufrag(r, bytes_of("ijkl"), VALUES), ERR_FULL);
    assert_int_equal(found_ufrag(r, "efgh"), 3);
    assert_int_equal(found_ufrag(r, "taken"), 4);
    routes_remove(r, 3);
    assert_int_equal(found_ufrag(r, "efgh"), -1);
}

static void port_and_address_and_family_all_count(void **state)
{
    struct routes *r = *state;
    add(r, 0x0a000001, 4000, 1);
    add(r, 0x0a000001, 4001, 2);
    add(r, 0x0a000002, 4000, 3);
    struct address v6 = address_of(0x0a000001, 4000);
    v6.family = ADDRESS_IPV6;
    uint32_t value;
    assert_int_equal(found(r, 0x0a000001, 4000), 1);
    assert_int_equal(found(r, 0x0a000001, 4001), 2);
    assert_int_equal(found(r, 0x0a000002, 4000), 3);
    assert_false(routes_find_address(r, &v6, &value));
}

static void the_latest_check_decides_whose_an_address_is(void **state)
{
    struct routes *r = *state;
    add(r, 1, 1, 5);
    add(r, 1, 1, 6);
    assert_int_equal(found(r, 1, 1), 6);
    routes_remove(r, 5); /* it is not 5's any more */
    assert_int_equal(found(r, 1, 1), 6);
    routes_remove(r, 6);
    assert_int_equal(found(r, 1, 1), -1);
}

static void of_one_address_too_many_the_least_recent_goes(void **state)
{
    struct routes *r = *state;
    for (uint16_t port = 1; port <= ROUTES_ADDRESSES_MAX; port++)
        add(r, 1, port, 7);
    add(r, 1, 1, 7); /* checked again: now 2 is the oldest */
    add(r, 1, ROUTES_ADDRESSES_MAX + 1, 7);
    assert_int_equal(found(r, 1, 1), 7);
    assert_int_equal(found(r, 1, 2), -1);
    for (uint16_t port = 3; port <= ROUTES_ADDRESSES_MAX + 1; port++)
        assert_int_equal(found(r, 1, port), 7);
}

static void removing_a_value_leaves_the_others(void **state)
{
    struct routes *r = *state;
    char ufrag[16];
    for (uint32_t value = 0; value < VALUES; value++) {
        snprintf(ufrag, sizeof ufrag, "u%u", value);
        assert_int_equal(routes_add_ufrag(r, bytes_of(ufrag), value), OK);
        for (uint16_t port = 1; port <= ROUTES_ADDRESSES_MAX; port++)
            add(r, value, port, value);
    }
    for (uint32_t value = 0; value < VALUES; value += 2)
        routes_remove(r, value);
    routes_remove(r, VALUES); /* harmless */
    for (uint32_t value = 0; value < VALUES; value++) {
        long expected = value % 2 ? (long)value : -1;
        snprintf(ufrag, sizeof ufrag, "u%u", value);
        assert_int_equal(found_ufrag(r, ufrag), expected);
        for (uint16_t port = 1; port <= ROUTES_ADDRESSES_MAX; port++)
            assert_int_equal(found(r, value, port), expected);
    }
    assert_int_equal(routes_add_ufrag(r, bytes_of("new"), 0), OK);
    assert_int_equal(found_ufrag(r, "new"), 0);
}

/* Against a model: an array that says whose each of 128 addresses is. Nobody gets more than may be, so the model
 * needs no eviction. */
static void random_additions_agree_with_a_model(void **state)
{
    struct routes *r = *state;
    long owner[128];
    int count[VALUES] = { 0 };
    uint32_t random = 1;
    for (size_t i = 0; i < 128; i++)
        owner[i] = -1;
    for (int step = 0; step < 20000; step++) {
        random = random * 1664525u + 1013904223u;
        uint32_t host = random >> 8 & 127, value = random >> 16 & (VALUES - 1);
        if (random >> 28 == 0) {
            routes_remove(r, value);
            for (size_t i = 0; i < 128; i++)
                owner[i] = owner[i] == (long)value ? -1 : owner[i];
            count[value] = 0;
        } else if (count[value] < ROUTES_ADDRESSES_MAX) {
            if (owner[host] >= 0)
                count[owner[host]]--;
            add(r, host, 9, value);
            owner[host] = value;
            count[value]++;
        }
        assert_int_equal(found(r, host, 9), owner[host]);
    }
    for (uint32_t host = 0; host < 128; host++)
        assert_int_equal(found(r, host, 9), owner[host]);
}

static void a_table_without_room_is_refused(void **state)
{
    (void)state;
    struct routes *r = NULL;
    assert_int_equal(routes_create(&r, 0, 1), ERR_FULL);
    assert_null(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_ufrag_leads_to_its_value, setup, teardown),
        cmocka_unit_test_setup_teardown(a_ufrag_is_refused_when_taken_or_out_of_bounds, setup, teardown),
        cmocka_unit_test_setup_teardown(a_changed_ufrag_leads_there_and_the_old_one_nowhere, setup, teardown),
        cmocka_unit_test_setup_teardown(port_and_address_and_family_all_count, setup, teardown),
        cmocka_unit_test_setup_teardown(the_latest_check_decides_whose_an_address_is, setup, teardown),
        cmocka_unit_test_setup_teardown(of_one_address_too_many_the_least_recent_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(removing_a_value_leaves_the_others, setup, teardown),
        cmocka_unit_test_setup_teardown(random_additions_agree_with_a_model, setup, teardown),
        cmocka_unit_test(a_table_without_room_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
