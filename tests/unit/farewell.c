/* What is left of DTLS once the peer's media came in: its goodbye counts, and nothing else does. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "support/peer.h"
#include "transport/dtls.h"
#include "transport/farewell.h"
#include "transport/gcm.h"
#include "transport/srtp.h"
#include "transport/transport.h"

enum { WIRE_MAX = 64, ALERT = 21 };

static usec_t clock_us = 5 * USEC_PER_SEC;

/* The clock by which both ends' OpenSSL sends again: the program's own gettimeofday goes before libc's. */
int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    (void)zone;
    *at = (struct timeval){ .tv_sec = 1800000000 + (time_t)(clock_us / USEC_PER_SEC),
                            .tv_usec = (suseconds_t)(clock_us % USEC_PER_SEC) };
    return 0;
}

static struct now now(void)
{
    return (struct now){ clock_us, 1800000000 * (int64_t)USEC_PER_SEC + clock_us };
}

/* --- A call. ------------------------------------------------------------------------------------------------------ */

struct letter {
    size_t len;
    uint8_t at[TRANSPORT_PACKET_MAX];
};

struct call {
    struct transport *transport;
    struct peer *peer;
    struct outbox *outbox;
    struct address from;
    struct letter wire[WIRE_MAX]; /* from the peer, not delivered yet */
    size_t wire_count;
    enum transport_event_kind event; /* of the last delivery */
};

static struct dtls_identity *identity;

static void fill(void *context, uint8_t *at, size_t len)
{
    uint32_t *random = context;
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)((*random = *random * 1664525u + 1013904223u) >> 24);
}

static void from_peer(void *context, const struct address *from, struct bytes datagram)
{
    struct call *call = context;
    assert_true(call->wire_count < WIRE_MAX && datagram.len <= TRANSPORT_PACKET_MAX);
    call->from = *from;
    call->wire[call->wire_count].len = datagram.len;
    memcpy(call->wire[call->wire_count++].at, datagram.at, datagram.len);
}

static struct call *call_with(const char *suites)
{
    static uint32_t random = 1;
    struct call *call = calloc(1, sizeof *call);
    struct entropy entropy = { fill, &random };
    struct transport_config config = { &entropy, identity };
    struct peer_config peer = {
        .seed = random, .address = { .port = 50000 }, .suites = suites, .send = from_peer, .context = call
    };
    assert_true(address_parse_ip("192.0.2.7", &peer.address));
    assert_int_equal(transport_create(&call->transport, &config), OK);
    assert_int_equal(outbox_create(&call->outbox, 1 << 16, 64), OK);
    assert_int_equal(peer_create(&call->peer, &peer), OK);
    struct transport_remote remote = { bytes_of(peer_ufrag(call->peer)), bytes_of(peer_pwd(call->peer)), { 0 } };
    memcpy(remote.fingerprint, peer_fingerprint(), FINGERPRINT_LEN);
    assert_int_equal(transport_set_remote(call->transport, &remote), OK);
    assert_int_equal(peer_connect(call->peer, now(), transport_ufrag(call->transport), transport_pwd(call->transport),
                                  dtls_identity_fingerprint(identity)),
                     OK);
    return call;
}

static struct call *call_create(void)
{
    return call_with(NULL);
}

static struct transport *call_take_transport(struct call *call)
{
    struct transport *transport = call->transport;
    peer_destroy(call->peer);
    outbox_destroy(call->outbox);
    free(call);
    return transport;
}

static void call_end(struct call *call)
{
    transport_destroy(call_take_transport(call));
}

static enum status deliver(struct call *call, struct letter letter)
{
    struct transport_event event;
    enum status status =
        transport_datagram(call->transport, now(), &call->from, letter.at, letter.len, call->outbox, &event);
    call->event = event.kind;
    return status;
}

static struct letter take(struct call *call)
{
    assert_true(call->wire_count > 0);
    struct letter letter = call->wire[0];
    memmove(call->wire, call->wire + 1, --call->wire_count * sizeof letter);
    return letter;
}

/* What the transport has to say to the peer, unless it is lost. Returns how much that was. */
static size_t drain(struct call *call, bool lost)
{
    size_t count = outbox_datagram_count(call->outbox);
    for (size_t i = 0; i < count && !lost; i++)
        peer_datagram(call->peer, now(), outbox_datagram_at(call->outbox, i).data);
    outbox_clear(call->outbox);
    return count;
}

static void settle(struct call *call)
{
    for (drain(call, false); call->wire_count > 0; drain(call, false))
        deliver(call, take(call));
}

static struct call *ready_call(void)
{
    struct call *call = call_create();
    settle(call);
    assert_true(peer_is_ready(call->peer) && transport_is_ready(call->transport));
    return call;
}

static const uint8_t rtp[] = { 0x80, 0x6f, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 'h', 'e', 'l', 'l', 'o' };
static const uint8_t rtcp[] = { 0x80, 201, 0, 1, 1, 2, 3, 4 };

static void hear_rtcp(struct call *call)
{
    assert_int_equal(peer_send_rtcp(call->peer, (struct bytes){ rtcp, sizeof rtcp }), OK);
    assert_int_equal(deliver(call, take(call)), OK);
    assert_int_equal(call->event, TRANSPORT_RTCP);
}

/* A call whose DTLS was let go. */
static struct call *talking_call(void)
{
    struct call *call = ready_call();
    hear_rtcp(call);
    return call;
}

static struct letter goodbye_of(struct call *call)
{
    peer_close(call->peer);
    return take(call);
}

/* --- Before the first media. -------------------------------------------------------------------------------------- */

static void a_finished_sent_again_before_media_is_answered(void **state)
{
    (void)state;
    struct call *call = call_create();
    while (!transport_is_ready(call->transport)) { /* until our Finished is in the outbox */
        drain(call, false);
        deliver(call, take(call));
    }
    assert_true(drain(call, true) > 0);
    call->wire_count = 0;
    assert_false(peer_is_ready(call->peer));
    clock_us += 2 * USEC_PER_SEC;
    peer_tick(call->peer, now());
    settle(call);
    assert_true(peer_is_ready(call->peer));
    hear_rtcp(call);
    call_end(call);
}

static void rejected_media_does_not_let_dtls_go(void **state)
{
    (void)state;
    struct call *call = call_create();
    while (!transport_is_ready(call->transport)) {
        drain(call, false);
        deliver(call, take(call));
    }
    drain(call, true);
    call->wire_count = 0;
    struct letter forged = { .len = 60, .at = { 0x80, 0x6f } };
    assert_int_not_equal(deliver(call, forged), OK);
    clock_us += 2 * USEC_PER_SEC;
    peer_tick(call->peer, now());
    settle(call);
    assert_true(peer_is_ready(call->peer));
    call_end(call);
}

/* --- Without any. ------------------------------------------------------------------------------------------------- */

enum { SETTLED_S = 60 };

/* A call whose peer is ready and sends nothing but checks; *finished: its Finished, to be sent again. */
static struct call *quiet_call(struct letter *finished)
{
    struct call *call = call_create();
    for (drain(call, false); call->wire_count > 0; drain(call, false)) {
        struct letter letter = take(call);
        if (!transport_is_ready(call->transport))
            *finished = letter;
        deliver(call, letter);
    }
    assert_true(transport_is_ready(call->transport));
    return call;
}

static void live(struct call *call, unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i++) {
        clock_us += USEC_PER_SEC;
        peer_tick(call->peer, now());
        settle(call);
        transport_tick(call->transport, now(), call->outbox);
    }
}

/* Whether OpenSSL is there to hear it. */
static bool has_dtls(struct call *call, struct letter finished)
{
    return deliver(call, finished) == OK;
}

static void who_sends_nothing_has_no_dtls_after_a_minute(void **state)
{
    (void)state;
    struct letter finished;
    struct call *call = quiet_call(&finished);
    assert_int_equal(transport_deadline(call->transport), clock_us + SETTLED_S * USEC_PER_SEC);
    live(call, SETTLED_S - 1);
    assert_true(has_dtls(call, finished)); /* and what asked begins another minute */
    live(call, SETTLED_S - 1);
    assert_true(transport_deadline(call->transport) == clock_us + USEC_PER_SEC);
    live(call, 1);
    assert_false(has_dtls(call, finished));
    assert_true(transport_deadline(call->transport) == NEVER);
    assert_true(transport_is_ready(call->transport));
    hear_rtcp(call);
    assert_int_equal(deliver(call, goodbye_of(call)), OK);
    assert_int_equal(call->event, TRANSPORT_CLOSED);
    call_end(call);
}

static void a_path_that_is_silent_tells_nothing_of_its_peer(void **state)
{
    (void)state;
    struct letter finished;
    struct call *call = quiet_call(&finished);
    clock_us += SETTLED_S * USEC_PER_SEC;
    transport_tick(call->transport, now(), call->outbox);
    assert_int_equal(transport_deadline(call->transport), clock_us + SETTLED_S * USEC_PER_SEC);
    live(call, 1);
    assert_true(has_dtls(call, finished));
    call_end(call);
}

/* --- After it. ---------------------------------------------------------------------------------------------------- */

static void the_goodbye_still_closes(void **state)
{
    (void)state;
    struct call *call = talking_call();
    assert_int_equal(deliver(call, goodbye_of(call)), OK);
    assert_int_equal(call->event, TRANSPORT_CLOSED);
    assert_true(transport_is_closed(call->transport));
    assert_false(transport_is_ready(call->transport));
    call_end(call);
}

static void the_goodbye_of_one_is_none_of_another(void **state)
{
    (void)state;
    struct call *call = talking_call(), *other = talking_call();
    struct letter goodbye = goodbye_of(other);
    assert_int_equal(deliver(call, goodbye), ERR_AUTH);
    assert_false(transport_is_closed(call->transport));
    call_end(call);
    call_end(other);
}

static void a_changed_bit_anywhere_closes_nothing(void **state)
{
    (void)state;
    struct call *call = talking_call();
    struct letter goodbye = goodbye_of(call);
    for (size_t bit = 0; bit < goodbye.len * 8; bit++) {
        struct letter forged = goodbye;
        forged.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(deliver(call, forged), OK);
        assert_int_equal(call->event, TRANSPORT_NOTHING);
    }
    for (size_t len = 0; len < goodbye.len; len++) {
        struct letter cut = goodbye;
        cut.len = len;
        assert_int_not_equal(deliver(call, cut), OK);
    }
    assert_int_equal(deliver(call, goodbye), OK);
    assert_true(transport_is_closed(call->transport));
    call_end(call);
}

static void a_plain_alert_closes_nothing(void **state)
{
    (void)state;
    struct call *call = talking_call();
    struct letter alert = { 15, { ALERT, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 50, 0, 2, 1, 0 } };
    for (unsigned epoch = 0; epoch < 3; epoch++) {
        alert.at[4] = (uint8_t)epoch;
        for (unsigned level = 1; level <= 2; level++) {
            alert.at[13] = (uint8_t)level;
            assert_int_equal(deliver(call, alert), ERR_STATE);
        }
    }
    assert_true(transport_is_ready(call->transport));
    call_end(call);
}

/* The whole handshake once more, and a new one: no answer, and media goes on. */
static void everything_else_of_dtls_is_dropped(void **state)
{
    (void)state;
    struct call *call = call_create();
    struct letter kept[WIRE_MAX];
    size_t count = 0;
    for (drain(call, false); call->wire_count > 0; drain(call, false)) {
        struct letter letter = take(call);
        if (letter.at[0] >= 20 && letter.at[0] < 64)
            kept[count++] = letter;
        deliver(call, letter);
    }
    assert_true(count >= 2); /* ClientHello, and the flight with Finished */
    hear_rtcp(call);
    struct letter change = { 14, { 20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 60, 0, 1, 1 } }; /* ChangeCipherSpec */
    kept[count++] = change;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(deliver(call, kept[i]), ERR_STATE);
        assert_int_equal(call->event, TRANSPORT_NOTHING);
    }
    assert_int_equal(outbox_datagram_count(call->outbox), 0);
    assert_true(transport_deadline(call->transport) == NEVER);
    transport_tick(call->transport, now(), call->outbox);
    assert_int_equal(outbox_datagram_count(call->outbox), 0);
    hear_rtcp(call);
    call_end(call);
}

static void the_goodbye_may_share_a_datagram(void **state)
{
    (void)state;
    struct call *call = talking_call();
    struct letter goodbye = goodbye_of(call);
    struct letter both = { 14, { 20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 60, 0, 1, 1 } };
    memcpy(both.at + both.len, goodbye.at, goodbye.len);
    both.len += goodbye.len;
    assert_int_equal(deliver(call, both), OK);
    assert_int_equal(call->event, TRANSPORT_CLOSED);
    call_end(call);
}

/* Whose goodbye only OpenSSL can read: it stays. */
static void with_another_suite_the_goodbye_closes_as_well(void **state)
{
    (void)state;
    struct call *call = call_with("ECDHE-ECDSA-CHACHA20-POLY1305");
    settle(call);
    hear_rtcp(call);
    hear_rtcp(call);
    struct letter goodbye = goodbye_of(call), forged = goodbye;
    forged.at[forged.len - 1] ^= 1;
    deliver(call, forged);
    assert_int_equal(call->event, TRANSPORT_NOTHING);
    assert_int_equal(deliver(call, goodbye), OK);
    assert_int_equal(call->event, TRANSPORT_CLOSED);
    call_end(call);
}

/* --- Alerts of other kinds, by a key that the test knows. --------------------------------------------------------- */

static const struct farewell known = { .key = { 1, 2, 3 }, .iv = { 4, 5, 6, 7 } };

static struct letter sealed_alert(uint16_t epoch, uint8_t level, uint8_t description)
{
    struct letter letter = { .len = 13 + 8 + 2 + 16, .at = { ALERT, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 26 } };
    store_be16(letter.at + 3, epoch);
    memcpy(letter.at + 13, letter.at + 3, 8);
    letter.at[21] = level, letter.at[22] = description;
    uint8_t iv[12], aad[13];
    memcpy(iv, known.iv, 4);
    memcpy(iv + 4, letter.at + 13, 8);
    memcpy(aad, letter.at + 3, 8);
    memcpy(aad + 8, (uint8_t[]){ ALERT, 0xfe, 0xfd, 0, 2 }, 5);
    struct gcm gcm;
    assert_int_equal(gcm_init(&gcm, known.key), OK);
    assert_int_equal(gcm_seal(&gcm, iv, (struct bytes){ aad, sizeof aad }, letter.at + 21, 2, letter.at + 23), OK);
    gcm_deinit(&gcm);
    return letter;
}

static enum status read_alert(struct letter letter)
{
    return farewell_read(&known, (struct bytes){ letter.at, letter.len });
}

static void only_a_fatal_alert_and_close_notify_end_it(void **state)
{
    (void)state;
    assert_int_equal(read_alert(sealed_alert(1, 1, 0)), OK);         /* close_notify */
    assert_int_equal(read_alert(sealed_alert(1, 2, 0)), OK);         /* however loud */
    assert_int_equal(read_alert(sealed_alert(1, 2, 40)), OK);        /* handshake_failure */
    assert_int_equal(read_alert(sealed_alert(1, 1, 90)), ERR_STATE); /* user_canceled, a warning */
    assert_int_equal(read_alert(sealed_alert(2, 2, 40)), ERR_STATE); /* an epoch that never began */
    assert_int_equal(read_alert(sealed_alert(0, 2, 40)), ERR_STATE);
}

/* --- Memory. ------------------------------------------------------------------------------------------------------ */

static void a_ready_transport_is_small(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static struct transport *transports[COUNT];
    call_end(talking_call()); /* what is allocated once is there */
    size_t before = mallinfo2().uordblks;
    for (size_t i = 0; i < COUNT; i++) {
        struct call *call = talking_call();
        assert_int_equal(peer_send_rtp(call->peer, (struct bytes){ rtp, sizeof rtp }), OK);
        assert_int_equal(deliver(call, take(call)), OK);
        uint8_t packet[TRANSPORT_PACKET_MAX];
        size_t len = sizeof rtp;
        struct address to;
        memcpy(packet, rtp, len);
        assert_int_equal(transport_seal_rtp(call->transport, now(), packet, &len, sizeof packet, &to), OK);
        transports[i] = call_take_transport(call);
    }
    size_t bytes = (mallinfo2().uordblks - before) / COUNT; /* 0 under a sanitizer, which has a heap of its own */
    if (bytes > 0)
        printf("figure transport_ready_kb %zu.%zu kB\n", bytes / 1000, bytes / 100 % 10);
    assert_in_range(bytes, 0, 5000);
    for (size_t i = 0; i < COUNT; i++)
        transport_destroy(transports[i]);
}

static int start(void **state)
{
    (void)state;
    return srtp_start() == OK && dtls_identity_create(&identity, now_unix_s(now())) == OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    dtls_identity_destroy(identity);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finished_sent_again_before_media_is_answered),
        cmocka_unit_test(rejected_media_does_not_let_dtls_go),
        cmocka_unit_test(who_sends_nothing_has_no_dtls_after_a_minute),
        cmocka_unit_test(a_path_that_is_silent_tells_nothing_of_its_peer),
        cmocka_unit_test(the_goodbye_still_closes),
        cmocka_unit_test(the_goodbye_of_one_is_none_of_another),
        cmocka_unit_test(a_changed_bit_anywhere_closes_nothing),
        cmocka_unit_test(a_plain_alert_closes_nothing),
        cmocka_unit_test(everything_else_of_dtls_is_dropped),
        cmocka_unit_test(the_goodbye_may_share_a_datagram),
        cmocka_unit_test(with_another_suite_the_goodbye_closes_as_well),
        cmocka_unit_test(only_a_fatal_alert_and_close_notify_end_it),
        cmocka_unit_test(a_ready_transport_is_small),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
