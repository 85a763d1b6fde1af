/* Trains: who gets what in which order, where a train ends, and what the kernel makes of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shell/trains.h"
#include "shell/udp.h"

enum { ITEMS = 512, BYTES = 1 << 20 };

static struct outbox *outbox;
static struct trains *trains;

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(outbox_create(&outbox, BYTES, ITEMS), OK);
    assert_int_equal(trains_create(&trains, ITEMS, 7), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    outbox_destroy(outbox);
    trains_destroy(trains);
    return 0;
}

static struct address peer_of(uint16_t port)
{
    struct address peer = { .port = port };
    assert_true(address_parse_ip("127.0.0.1", &peer));
    return peer;
}

/* `len` bytes to the peer, the first of which is `mark`. */
static void put(const struct address *peer, size_t len, uint8_t mark)
{
    uint8_t data[2048] = { mark };
    assert_int_equal(outbox_datagram(outbox, peer, (struct bytes){ data, len }), OK);
}

/* The marks of one train, as text. */
static const char *marks_of(const struct train *train)
{
    static char text[TRAIN_DATAGRAMS_MAX + 1];
    uint32_t at = train->first;
    for (uint32_t i = 0; i < train->count; i++, at = i < train->count ? trains_next(trains, at) : at)
        text[i] = (char)outbox_datagram_at(outbox, at).data.at[0];
    text[train->count] = '\0';
    return text;
}

static void each_receiver_has_a_train_of_its_own(void **state)
{
    (void)state;
    struct address a = peer_of(1000), b = peer_of(1001);
    put(&a, 100, 'a'), put(&b, 100, 'x'), put(&a, 100, 'b'), put(&b, 100, 'y'), put(&a, 100, 'c');
    assert_int_equal(trains_gather(trains, outbox, 0), 2);
    assert_string_equal(marks_of(trains_at(trains, 0)), "abc");
    assert_string_equal(marks_of(trains_at(trains, 1)), "xy");
    assert_int_equal(trains_at(trains, 0)->segment, 100);
    assert_int_equal(trains_at(trains, 0)->bytes, 300);
}

static void a_shorter_datagram_is_a_trains_last_and_a_longer_one_begins_another(void **state)
{
    (void)state;
    struct address a = peer_of(1000);
    put(&a, 100, 'a'), put(&a, 99, 'b'), put(&a, 99, 'c'), put(&a, 101, 'd'), put(&a, 50, 'e');
    assert_int_equal(trains_gather(trains, outbox, 0), 3);
    assert_string_equal(marks_of(trains_at(trains, 0)), "ab");
    assert_string_equal(marks_of(trains_at(trains, 1)), "c");
    assert_string_equal(marks_of(trains_at(trains, 2)), "de");
}

static void a_train_has_an_end(void **state)
{
    (void)state;
    struct address a = peer_of(1000);
    for (int i = 0; i < TRAIN_DATAGRAMS_MAX + 1; i++)
        put(&a, 10, 'a');
    for (int i = 0; i < 64; i++)
        put(&a, 1200, 'b');
    assert_int_equal(trains_gather(trains, outbox, 0), 4);
    assert_int_equal(trains_at(trains, 0)->count, TRAIN_DATAGRAMS_MAX);
    assert_int_equal(trains_at(trains, 1)->count, 1);
    assert_int_equal(trains_at(trains, 2)->count, TRAIN_BYTES_MAX / 1200);
}

static void each_socket_sends_its_own(void **state)
{
    (void)state;
    struct address a = peer_of(1000), other = a, tcp = a;
    other.via = 1;
    tcp.via = ADDRESS_TCP;
    put(&a, 100, 'a'), put(&other, 100, 'b'), put(&tcp, 100, 'c');
    assert_int_equal(trains_gather(trains, outbox, 1), 1);
    assert_string_equal(marks_of(trains_at(trains, 0)), "b");
    assert_int_equal(trains_gather(trains, outbox, 0), 1);
    assert_string_equal(marks_of(trains_at(trains, 0)), "a");
    assert_int_equal(trains_gather(trains, outbox, 2), 0);
}

static void no_gathering_remembers_the_one_before(void **state)
{
    (void)state;
    struct address a = peer_of(1000);
    for (int round = 0; round < 3; round++) {
        outbox_clear(outbox);
        put(&a, 100, 'a'), put(&a, 100, 'b');
        assert_int_equal(trains_gather(trains, outbox, 0), 1);
        assert_string_equal(marks_of(trains_at(trains, 0)), "ab");
    }
}

static void a_full_outbox_of_strangers_is_gathered(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < ITEMS; i++) {
        struct address peer = peer_of((uint16_t)(2000 + i));
        put(&peer, 20, 'a');
    }
    assert_int_equal(trains_gather(trains, outbox, 0), ITEMS);
}

/* ---- By way of the kernel ---- */

static int receiver_open(struct address *at)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&in, len) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    *at = peer_of(ntohs(in.sin_port));
    return fd;
}

static void assert_receives(int fd, size_t len, uint8_t mark)
{
    uint8_t data[70000];
    assert_int_equal(recv(fd, data, sizeof data, 0), len);
    assert_int_equal(data[0], mark);
}

static void the_kernel_cuts_a_train_into_its_datagrams(void **state)
{
    (void)state;
    struct address own = peer_of(0), failed, a, b;
    struct udp *udp;
    struct udp_config config = { .bind = &own, .bind_count = 1, .datagrams_max = ITEMS };
    assert_int_equal(udp_create(&udp, &config, &failed), OK);
    int to_a = receiver_open(&a), to_b = receiver_open(&b);
    put(&a, 1000, 'a'), put(&b, 70, 'x'), put(&a, 1000, 'b'), put(&a, 900, 'c'), put(&a, 1000, 'd'), put(&b, 70, 'y');
    udp_send(udp, outbox);
    assert_receives(to_a, 1000, 'a');
    assert_receives(to_a, 1000, 'b');
    assert_receives(to_a, 900, 'c');
    assert_receives(to_a, 1000, 'd');
    assert_receives(to_b, 70, 'x');
    assert_receives(to_b, 70, 'y');
    assert_int_equal(udp_dropped(udp), 0);
    close(to_a);
    close(to_b);
    udp_destroy(udp);
}

/* What the kernel refuses whole goes one by one, and what can't go at all is counted. */
static void what_has_no_way_is_dropped_alone(void **state)
{
    (void)state;
    struct address own = peer_of(0), failed, a, nowhere = peer_of(9);
    struct udp *udp;
    struct udp_config config = { .bind = &own, .bind_count = 1, .datagrams_max = ITEMS };
    assert_int_equal(udp_create(&udp, &config, &failed), OK);
    int to_a = receiver_open(&a);
    assert_true(address_parse_ip("203.0.113.9", &nowhere)); /* from a socket on loopback there is no way to it */
    put(&nowhere, 100, 'n'), put(&nowhere, 100, 'n'), put(&a, 100, 'a');
    udp_send(udp, outbox);
    assert_receives(to_a, 100, 'a');
    assert_int_equal(udp_dropped(udp), 2);
    close(to_a);
    udp_destroy(udp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_receiver_has_a_train_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_shorter_datagram_is_a_trains_last_and_a_longer_one_begins_another, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_train_has_an_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_socket_sends_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_gathering_remembers_the_one_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_outbox_of_strangers_is_gathered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_kernel_cuts_a_train_into_its_datagrams, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_has_no_way_is_dropped_alone, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
