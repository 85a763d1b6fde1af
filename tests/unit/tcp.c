#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shell/arrivals.h"
#include "shell/host.h"
#include "shell/tcp.h"
#include "transport/framing.h"

enum { KNOWN_MAX = 3, PER_ADDRESS_MAX = 2, HEARD_MAX = 4096, WAIT_MS = 5000 };

/* The sockets under test, and a core that keeps what it is handed: what begins with 'k' is authentic. */
struct bench {
    struct tcp *tcp;
    struct outbox *outbox;
    uint16_t port;
    struct now now;
    char heard[HEARD_MAX]; /* each with a '|' behind it */
    size_t heard_len;
    struct address peer; /* of the last */
    struct outbox *reply;
};

/* The port that the kernel chose for `any`, given back. */
static uint16_t free_port(void)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    close(fd);
    return ntohs(in.sin_port);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    struct address failed, bind[2] = { { .port = free_port() }, { 0 } };
    assert_true(address_parse_ip("127.0.0.1", &bind[0]));
    bind[1] = bind[0];
    assert_true(address_parse_ip("127.0.0.2", &bind[1]));
    struct tcp_config config = {
        .bind = bind, .bind_count = 2, .known_max = KNOWN_MAX, .known_per_address_max = PER_ADDRESS_MAX, .seed = 7
    };
    b->port = bind[0].port;
    b->now = host_now();
    assert_int_equal(tcp_create(&b->tcp, &config, &failed), OK);
    assert_int_equal(outbox_create(&b->outbox, 1 << 20, 1024), OK);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    tcp_destroy(b->tcp);
    outbox_destroy(b->outbox);
    free(b);
    return 0;
}

static enum status take(void *context, struct now now, const struct address *peer, uint8_t *data, size_t len)
{
    struct bench *b = context;
    (void)now;
    b->peer = *peer;
    assert_true(b->heard_len + len + 2 < sizeof b->heard);
    memcpy(b->heard + b->heard_len, data, len);
    b->heard_len += len;
    b->heard[b->heard_len++] = '|';
    b->heard[b->heard_len] = 0;
    if (b->reply)
        tcp_send(b->tcp, b->reply);
    return len > 0 && data[0] == 'k' ? OK : ERR_AUTH;
}

/* What has arrived, arrives; b->now stands. */
static size_t turn(struct bench *b, int patience_ms)
{
    struct pollfd poll_fd = { .fd = tcp_fd(b->tcp), .events = POLLIN };
    if (poll(&poll_fd, 1, patience_ms) <= 0)
        return 0;
    return tcp_receive(b->tcp, b->now, take, b);
}

static void forget(struct bench *b)
{
    b->heard_len = 0;
    b->heard[0] = 0;
}

static void await_heard(struct bench *b, const char *words)
{
    for (int i = 0; i < 1000 && strcmp(b->heard, words) != 0; i++)
        turn(b, WAIT_MS / 1000);
    assert_string_equal(b->heard, words);
}

static int call_from(const struct bench *b, const char *from, const char *to)
{
    struct sockaddr_in here = { .sin_family = AF_INET }, there = { .sin_family = AF_INET, .sin_port = htons(b->port) };
    inet_pton(AF_INET, from, &here.sin_addr);
    inet_pton(AF_INET, to, &there.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&there, sizeof there), 0);
    return fd;
}

static int call(const struct bench *b)
{
    return call_from(b, "127.0.0.1", "127.0.0.1");
}

static void say(int fd, const char *text)
{
    uint8_t frame[256];
    store_be16(frame, (uint16_t)strlen(text));
    memcpy(frame + 2, text, strlen(text));
    assert_int_equal(write(fd, frame, 2 + strlen(text)), 2 + strlen(text));
}

/* Whether the other side ended it. */
static bool is_over(struct bench *b, int fd)
{
    char byte;
    turn(b, 0);
    ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

static void await_over(struct bench *b, int fd)
{
    for (int i = 0; i < 1000; i++) {
        if (is_over(b, fd))
            return;
        turn(b, WAIT_MS / 1000);
    }
    fail_msg("it is not over");
}

static int befriend(struct bench *b)
{
    int fd = call(b);
    forget(b);
    say(fd, "k");
    await_heard(b, "k|");
    return fd;
}

static void a_peer_is_named_by_its_port_and_the_listener_and_answered_there(void **state)
{
    struct bench *b = *state;
    int first = call(b), second = call_from(b, "127.0.0.1", "127.0.0.2");
    struct address peers[2];
    say(first, "hello");
    await_heard(b, "hello|");
    peers[0] = b->peer;
    forget(b);
    say(second, "hello");
    await_heard(b, "hello|");
    peers[1] = b->peer;
    assert_int_equal(peers[0].via, ADDRESS_TCP | 0);
    assert_int_equal(peers[1].via, ADDRESS_TCP | 1);
    for (int i = 1; i >= 0; i--)
        assert_int_equal(outbox_datagram(b->outbox, &peers[i], bytes_of(i ? "two" : "one")), OK);
    struct address by_udp = peers[0];
    by_udp.via = 0;
    assert_int_equal(outbox_datagram(b->outbox, &by_udp, bytes_of("udp")), OK);
    tcp_send(b->tcp, b->outbox);
    char text[8] = "";
    assert_int_equal(read(first, text, sizeof text), 5);
    assert_memory_equal(text, "\0\3one", 5);
    assert_int_equal(read(second, text, sizeof text), 5);
    assert_memory_equal(text, "\0\3two", 5);
    assert_int_equal(tcp_dropped(b->tcp), 0);
    close(first);
    close(second);
}

static void frames_that_come_byte_by_byte_are_whole(void **state)
{
    struct bench *b = *state;
    static const uint8_t stream[] = { 0, 3, 'o', 'n', 'e', 0, 0, 0, 3, 't', 'w', 'o' };
    int fd = call(b);
    for (size_t i = 0; i < sizeof stream; i++) {
        assert_int_equal(write(fd, stream + i, 1), 1);
        turn(b, 20);
    }
    await_heard(b, "one|two|");
    close(fd);
}

static void an_overlong_frame_ends_it_and_half_a_frame_is_no_frame(void **state)
{
    struct bench *b = *state;
    int fd = call(b);
    assert_int_equal(write(fd, "\xff\xff", 2), 2);
    await_over(b, fd);
    close(fd);
    fd = call(b);
    assert_int_equal(write(fd, "\0\x09half", 6), 6);
    shutdown(fd, SHUT_WR);
    await_over(b, fd);
    assert_int_equal(b->heard_len, 0);
    close(fd);
}

/* The sweep's timer is the kernel's; the time that it goes by is ours. */
static void strangers_have_ten_seconds_and_friends_as_long_as_they_are_heard(void **state)
{
    struct bench *b = *state;
    int friend = befriend(b), stranger = call(b);
    say(stranger, "garbage");
    await_heard(b, "k|garbage|");
    b->now.mono_us += TCP_STRANGER_US;
    say(stranger, "more"); /* talking is not enough */
    await_over(b, stranger);
    say(friend, "k");
    await_heard(b, "k|garbage|more|k|");
    b->now.mono_us += TCP_IDLE_US - 1;
    turn(b, 1500);
    assert_false(is_over(b, friend));
    b->now.mono_us += 1;
    await_over(b, friend);
    close(stranger);
    close(friend);
}

static void one_address_has_a_bound_and_all_have_one(void **state)
{
    struct bench *b = *state;
    int friends[PER_ADDRESS_MAX], more;
    for (int i = 0; i < PER_ADDRESS_MAX; i++)
        friends[i] = befriend(b);
    more = befriend(b);
    await_over(b, more);
    close(more);
    int other = call_from(b, "127.0.0.3", "127.0.0.1");
    say(other, "k");
    await_heard(b, "k|k|");
    more = call_from(b, "127.0.0.4", "127.0.0.1");
    say(more, "k");
    await_over(b, more); /* one over KNOWN_MAX */
    assert_false(is_over(b, other));
    close(friends[0]);
    for (int i = 0; i < 3; i++)
        turn(b, 100);
    close(more);
    more = befriend(b); /* whoever goes leaves a place */
    turn(b, 50);
    assert_false(is_over(b, more));
    close(more);
    close(other);
    close(friends[1]);
}

static void a_flood_of_strangers_keeps_no_friend_out(void **state)
{
    struct bench *b = *state;
    int flood[ARRIVALS_PER_ADDRESS + 40];
    for (size_t i = 0; i < sizeof flood / sizeof *flood; i++) {
        flood[i] = call_from(b, "127.0.0.5", "127.0.0.1");
        turn(b, 5);
    }
    int friend = befriend(b);
    assert_false(is_over(b, friend));
    close(friend);
    for (size_t i = 0; i < sizeof flood / sizeof *flood; i++)
        close(flood[i]);
}

/* More than a slow reader takes is dropped, frame by frame; what they then read are whole frames, in order. */
static void a_slow_reader_gets_whole_frames_and_nothing_is_kept_for_them(void **state)
{
    struct bench *b = *state;
    enum { FRAMES = 20000, LEN = 1000 };
    int small = 4096, slow = call(b);
    setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    say(slow, "k");
    await_heard(b, "k|");
    uint8_t data[LEN] = { 0 };
    for (uint32_t i = 0; i < FRAMES; i++) {
        outbox_clear(b->outbox);
        store_be32(data, i);
        memset(data + 4, (uint8_t)i, sizeof data - 4);
        assert_int_equal(outbox_datagram(b->outbox, &b->peer, (struct bytes){ data, sizeof data }), OK);
        tcp_send(b->tcp, b->outbox);
    }
    uint64_t dropped = tcp_dropped(b->tcp);
    assert_true(dropped > FRAMES / 2);
    uint64_t whole = 0;
    long last = -1;
    fcntl(slow, F_SETFL, O_NONBLOCK);
    static uint8_t buffer[FRAMING_MAX + 65536];
    static struct framing_rest rest;
    for (usec_t end = host_now().mono_us + WAIT_MS * USEC_PER_MSEC;
         whole + dropped < FRAMES && host_now().mono_us < end;) {
        size_t begun = framing_resume(&rest, buffer);
        ssize_t got = read(slow, buffer + begun, 65536);
        turn(b, 1); /* finishes the one that was begun */
        if (got <= 0)
            continue;
        struct framing_part stream = { buffer, begun + (size_t)got }, datagram;
        while (framing_take(&stream, &datagram) == OK) {
            assert_int_equal(datagram.len, LEN);
            long number = (long)load_be32(datagram.at);
            assert_true(number > last);
            assert_int_equal(datagram.at[LEN - 1], (uint8_t)number);
            last = number;
            whole++;
        }
        framing_keep(&rest, stream);
    }
    assert_int_equal(rest.len, 0);
    assert_int_equal(whole + dropped, FRAMES);
    /* And it goes on as if nothing had been. */
    outbox_clear(b->outbox);
    assert_int_equal(outbox_datagram(b->outbox, &b->peer, bytes_of("again")), OK);
    tcp_send(b->tcp, b->outbox);
    assert_int_equal(read(slow, buffer, sizeof buffer), 7);
    close(slow);
}

static void what_is_for_a_connection_that_is_gone_is_dropped_and_counted(void **state)
{
    struct bench *b = *state;
    int fd = befriend(b);
    struct linger at_once = { .l_onoff = 1 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
    turn(b, 1000);
    assert_int_equal(outbox_datagram(b->outbox, &b->peer, bytes_of("late")), OK);
    tcp_send(b->tcp, b->outbox);
    assert_int_equal(tcp_dropped(b->tcp), 1);
}

/* The core answers while it is being fed, and the peer may be gone by then. */
static void an_answer_from_within_may_meet_its_end(void **state)
{
    struct bench *b = *state;
    int fd = befriend(b);
    assert_int_equal(outbox_datagram(b->outbox, &b->peer, bytes_of("answer")), OK);
    b->reply = b->outbox;
    for (int i = 0; i < 5; i++)
        say(fd, "k");
    struct linger at_once = { .l_onoff = 1 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
    for (int i = 0; i < 5; i++)
        turn(b, 50);
    b->reply = NULL;
    int next = befriend(b);
    close(next);
}

static void a_port_that_is_taken_is_named(void **state)
{
    struct bench *b = *state;
    struct address failed = { 0 }, bind = { .port = b->port };
    assert_true(address_parse_ip("127.0.0.1", &bind));
    struct tcp *second = NULL;
    struct tcp_config config = { .bind = &bind, .bind_count = 1, .known_max = 1, .known_per_address_max = 1 };
    assert_int_equal(tcp_create(&second, &config, &failed), ERR_SYSTEM);
    assert_int_equal(errno, EADDRINUSE);
    assert_true(address_equal(&failed, &bind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_peer_is_named_by_its_port_and_the_listener_and_answered_there, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(frames_that_come_byte_by_byte_are_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_overlong_frame_ends_it_and_half_a_frame_is_no_frame, set_up, tear_down),
        cmocka_unit_test_setup_teardown(strangers_have_ten_seconds_and_friends_as_long_as_they_are_heard, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_address_has_a_bound_and_all_have_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flood_of_strangers_keeps_no_friend_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_reader_gets_whole_frames_and_nothing_is_kept_for_them, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_for_a_connection_that_is_gone_is_dropped_and_counted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_answer_from_within_may_meet_its_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_port_that_is_taken_is_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
