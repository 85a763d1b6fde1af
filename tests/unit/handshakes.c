/* Handshakes: as many as a turn has time for, the others after it and in their order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "shell/handshakes.h"
#include "transport/transport.h"

static struct handshakes *handshakes;
static const struct address peer = { .family = ADDRESS_IPV4, .port = 1 };

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(handshakes_create(&handshakes), OK);
    handshakes_turn(handshakes);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    handshakes_destroy(handshakes);
    return 0;
}

static void keep(uint8_t mark)
{
    assert_int_equal(handshakes_keep(handshakes, &peer, (struct bytes){ &mark, 1 }), OK);
}

static void assert_next(uint8_t mark)
{
    struct datagram next;
    assert_true(handshakes_next(handshakes, &next));
    assert_int_equal(next.data.at[0], mark);
    assert_true(address_equal(&next.peer, &peer));
}

static void assert_none(void)
{
    struct datagram next;
    assert_false(handshakes_next(handshakes, &next));
}

static void a_turn_takes_what_it_has_time_for(void **state)
{
    (void)state;
    assert_true(handshakes_may(handshakes));
    handshakes_took(handshakes, HANDSHAKES_TURN_US - 1);
    assert_true(handshakes_may(handshakes));
    handshakes_took(handshakes, 1);
    assert_false(handshakes_may(handshakes));
    handshakes_turn(handshakes);
    assert_true(handshakes_may(handshakes));
}

static void who_comes_waits_behind_those_who_wait(void **state)
{
    (void)state;
    keep('a'), keep('b'), keep('c');
    assert_false(handshakes_may(handshakes));
    assert_next('a');
    handshakes_took(handshakes, HANDSHAKES_TURN_US);
    assert_none();
    assert_true(handshakes_wait(handshakes));
    keep('d');
    handshakes_turn(handshakes);
    assert_next('b');
    assert_next('c');
    assert_next('d');
    assert_false(handshakes_wait(handshakes));
    assert_none();
    assert_true(handshakes_may(handshakes));
}

/* And there is room again for as many, once they were taken. */
static void what_is_too_much_is_dropped_and_counted(void **state)
{
    (void)state;
    static const uint8_t longest[TRANSPORT_PACKET_MAX + 1];
    assert_int_equal(handshakes_keep(handshakes, &peer, (struct bytes){ longest, sizeof longest }), ERR_MALFORMED);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < HANDSHAKES_KEPT_MAX; i++)
            assert_int_equal(handshakes_keep(handshakes, &peer, (struct bytes){ longest, TRANSPORT_PACKET_MAX }), OK);
        assert_int_equal(handshakes_keep(handshakes, &peer, (struct bytes){ longest, 1 }), ERR_FULL);
        assert_int_equal(handshakes_dropped(handshakes), round + 1);
        for (int i = 0; i < HANDSHAKES_KEPT_MAX; i++)
            assert_next(0);
        assert_none();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_turn_takes_what_it_has_time_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_comes_waits_behind_those_who_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_much_is_dropped_and_counted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
