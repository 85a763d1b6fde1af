#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "shell/arrivals.h"

static const usec_t start = 7 * USEC_PER_SEC;
static char sockets[4 * ARRIVALS_MAX]; /* only their addresses matter */

static struct arrivals *none_yet(void)
{
    struct arrivals *a;
    assert_int_equal(arrivals_create(&a), OK);
    return a;
}

static struct address host(unsigned number)
{
    return (struct address){ .family = ADDRESS_IPV4, .ip = { 10, (uint8_t)(number >> 8), (uint8_t)number, 1 } };
}

static bool comes(struct arrivals *a, usec_t at, const struct address *from, void *socket, void **leaver)
{
    if (!arrivals_may_come(a, at, from, leaver))
        return false;
    arrivals_add(a, at, from, socket);
    return true;
}

static void from_one_address_only_so_many_come_at_once(void **state)
{
    (void)state;
    struct arrivals *a = none_yet();
    struct address flood = host(1), other = host(2);
    void *leaver;
    for (size_t i = 0; i < ARRIVALS_PER_ADDRESS; i++) {
        assert_true(comes(a, start + i, &flood, &sockets[i], &leaver));
        assert_null(leaver);
    }
    assert_false(arrivals_may_come(a, start + 1000, &flood, &leaver));
    assert_true(arrivals_may_come(a, start + 1000, &other, &leaver));
    assert_null(leaver);
    arrivals_remove(a, &sockets[5]);
    assert_true(arrivals_may_come(a, start + 1000, &flood, &leaver));
    arrivals_destroy(a);
}

static void after_its_grace_the_oldest_of_the_address_makes_room(void **state)
{
    (void)state;
    struct arrivals *a = none_yet();
    struct address flood = host(1), other = host(2);
    void *leaver;
    assert_true(comes(a, start - 1, &other, &sockets[ARRIVALS_MAX], &leaver));
    for (size_t i = 0; i < ARRIVALS_PER_ADDRESS; i++)
        assert_true(comes(a, start + i, &flood, &sockets[i], &leaver));
    assert_true(comes(a, start + ARRIVALS_GRACE_US, &flood, &sockets[900], &leaver));
    assert_ptr_equal(leaver, &sockets[0]);
    assert_true(comes(a, start + ARRIVALS_GRACE_US + 1, &flood, &sockets[901], &leaver));
    assert_ptr_equal(leaver, &sockets[1]); /* who leaves is not asked twice */
    arrivals_destroy(a);
}

static void however_many_come_from_however_many_addresses_the_whole_is_bounded(void **state)
{
    (void)state;
    struct arrivals *a = none_yet();
    void *leaver;
    size_t in = 0;
    for (unsigned i = 0; i < 2 * ARRIVALS_MAX; i++) {
        struct address from = host(i);
        in += comes(a, start + i, &from, &sockets[i], &leaver);
    }
    assert_int_equal(in, ARRIVALS_MOST);
    for (unsigned i = 0; i < 2 * ARRIVALS_MAX; i++) { /* nobody is really gone yet */
        struct address from = host(i);
        in += comes(a, start + 2 * ARRIVALS_GRACE_US, &from, &sockets[2 * ARRIVALS_MAX + i], &leaver);
    }
    assert_int_equal(in, ARRIVALS_MAX);
    arrivals_destroy(a);
}

static void idle_connections_never_keep_a_newcomer_out(void **state)
{
    (void)state;
    struct arrivals *a = none_yet();
    usec_t at = start;
    size_t next = 0;
    for (; next < ARRIVALS_MOST; next++) {
        void *leaver;
        struct address from = host((unsigned)next);
        assert_true(comes(a, at, &from, &sockets[next], &leaver));
    }
    for (; next < sizeof sockets; next++) {
        void *leaver;
        struct address from = host((unsigned)next);
        at += ARRIVALS_GRACE_US;
        assert_true(comes(a, at, &from, &sockets[next], &leaver));
        assert_ptr_equal(leaver, &sockets[next - ARRIVALS_MOST]);
        arrivals_remove(a, leaver);
    }
    arrivals_destroy(a);
}

static void who_has_many_makes_room_for_who_has_few_at_once(void **state)
{
    (void)state;
    struct arrivals *a = none_yet();
    struct address few = host(100), newcomer = host(101);
    void *leaver;
    assert_true(comes(a, start, &few, &sockets[ARRIVALS_MAX], &leaver));
    for (unsigned i = 1; i < ARRIVALS_MOST; i++) {
        struct address flood = host(i % 5);
        assert_true(comes(a, start + i, &flood, &sockets[i], &leaver));
        assert_null(leaver);
    }
    struct address flood = host(0);
    assert_false(arrivals_may_come(a, start + 500, &flood, &leaver));
    for (int i = 0; i < 40; i++) {
        newcomer.ip[3] = (uint8_t)i;
        assert_true(comes(a, start + 500, &newcomer, &sockets[ARRIVALS_MAX + 1 + i], &leaver));
        assert_in_range((char *)leaver - sockets, 1, ARRIVALS_MOST);
        arrivals_remove(a, leaver);
    }
    arrivals_destroy(a);
}

static void behind_the_proxy_only_the_whole_counts(void **state)
{
    (void)state;
    struct arrivals *a = none_yet();
    void *leaver;
    for (size_t i = 0; i < ARRIVALS_MOST; i++)
        assert_true(comes(a, start, NULL, &sockets[i], &leaver));
    assert_false(arrivals_may_come(a, start, NULL, &leaver));
    arrivals_remove(a, &sockets[0]);
    arrivals_remove(a, &sockets[0]);
    arrivals_remove(a, NULL);
    assert_true(comes(a, start, NULL, &sockets[0], &leaver));
    assert_false(arrivals_may_come(a, start, NULL, &leaver));
    arrivals_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_one_address_only_so_many_come_at_once),
        cmocka_unit_test(after_its_grace_the_oldest_of_the_address_makes_room),
        cmocka_unit_test(however_many_come_from_however_many_addresses_the_whole_is_bounded),
        cmocka_unit_test(idle_connections_never_keep_a_newcomer_out),
        cmocka_unit_test(who_has_many_makes_room_for_who_has_few_at_once),
        cmocka_unit_test(behind_the_proxy_only_the_whole_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
