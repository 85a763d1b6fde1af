/* A transport against tests/support/peer: OpenSSL's DTLS client and libsrtp2, in virtual time but for DTLS's own
 * timers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/peer.h"
#include "transport/dtls.h"
#include "transport/srtp.h"
#include "transport/transport.h"

enum { WIRE_MAX = 64 };

struct wire_datagram {
    struct address from;
    size_t len;
    uint8_t data[TRANSPORT_PACKET_MAX];
};

/* One peer and its transport, and the datagrams from the peer that were not delivered yet. */
struct world {
    struct now now;
    struct dtls_identity *identity;
    struct transport *transport;
    struct outbox *outbox;
    struct peer *peer;
    struct wire_datagram wire[WIRE_MAX];
    size_t wire_count;
    size_t sent_by_transport; /* datagrams that left the outbox */
    struct address last_to;
    unsigned ready, closed, rtp, rtcp, checked; /* events seen */
    struct bytes heard;                         /* the packet of the last one, until the next delivery */
    uint8_t seq;                                /* of the last packet to the peer */
    enum packet_kind peer_heard;
    uint8_t peer_packet[TRANSPORT_PACKET_MAX];
    size_t peer_packet_len;
    bool rewrite; /* the next datagrams get there from `forged` */
    struct address forged;
};

static const uint8_t rtp_packet[] = { 0x80, 0x6f, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 'h', 'e', 'l', 'l', 'o' };
/* A receiver report without blocks. */
static const uint8_t rtcp_packet[] = { 0x80, 201, 0, 1, 1, 2, 3, 4 };

static void fill(void *context, uint8_t *at, size_t len)
{
    uint32_t *random = context;
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)((*random = *random * 1664525u + 1013904223u) >> 24);
}

static void from_peer(void *context, const struct address *from, struct bytes datagram)
{
    struct world *w = context;
    assert_true(w->wire_count < WIRE_MAX && datagram.len <= TRANSPORT_PACKET_MAX);
    struct wire_datagram *d = &w->wire[w->wire_count++];
    d->from = *from;
    d->len = datagram.len;
    memcpy(d->data, datagram.at, datagram.len);
}

static void peer_heard(void *context, enum packet_kind kind, struct bytes packet)
{
    struct world *w = context;
    w->peer_heard = kind;
    w->peer_packet_len = packet.len;
    memcpy(w->peer_packet, packet.at, packet.len);
}

static struct address address_of(const char *ip, uint16_t port)
{
    struct address a = { .port = port };
    assert_true(address_parse_ip(ip, &a));
    return a;
}

static struct world *world_with(const char *profiles, bool probe_first)
{
    static uint32_t random = 1;
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->now = (struct now){ 5 * USEC_PER_SEC, 1800000000 * (int64_t)USEC_PER_SEC };
    assert_int_equal(srtp_start(), OK);
    assert_int_equal(dtls_identity_create(&w->identity, now_unix_s(w->now)), OK);
    struct entropy entropy = { fill, &random };
    struct transport_config config = { &entropy, w->identity };
    assert_int_equal(transport_create(&w->transport, &config), OK);
    assert_int_equal(outbox_create(&w->outbox, 1 << 16, 64), OK);
    struct peer_config peer = {
        .seed = random,
        .address = address_of("192.0.2.7", 50000),
        .profiles = profiles,
        .probe_first = probe_first,
        .send = from_peer,
        .media = peer_heard,
        .context = w,
    };
    assert_int_equal(peer_create(&w->peer, &peer), OK);
    return w;
}

static void world_offer(struct world *w, const uint8_t *fingerprint)
{
    struct transport_remote remote = { bytes_of(peer_ufrag(w->peer)), bytes_of(peer_pwd(w->peer)), { 0 } };
    memcpy(remote.fingerprint, fingerprint, FINGERPRINT_LEN);
    assert_int_equal(transport_set_remote(w->transport, &remote), OK);
}

static void world_answer(struct world *w)
{
    assert_int_equal(peer_connect(w->peer, w->now, transport_ufrag(w->transport), transport_pwd(w->transport),
                                  dtls_identity_fingerprint(w->identity)),
                     OK);
}

static struct world *world(void)
{
    struct world *w = world_with(NULL, false);
    world_offer(w, peer_fingerprint());
    world_answer(w);
    return w;
}

static void world_end(struct world *w)
{
    peer_destroy(w->peer);
    transport_destroy(w->transport);
    outbox_destroy(w->outbox);
    dtls_identity_destroy(w->identity);
    free(w);
}

/* What the transport sent goes to the peer. */
static void drain(struct world *w)
{
    for (size_t i = 0; i < outbox_datagram_count(w->outbox); i++) {
        struct datagram d = outbox_datagram_at(w->outbox, i);
        w->last_to = d.peer;
        w->sent_by_transport++;
        peer_datagram(w->peer, w->now, d.data);
    }
    outbox_clear(w->outbox);
}

static enum status into_transport(struct world *w, struct wire_datagram *d)
{
    struct transport_event event;
    const struct address *from = w->rewrite ? &w->forged : &d->from;
    enum status status = transport_datagram(w->transport, w->now, from, d->data, d->len, w->outbox, &event);
    unsigned *counters[] = {
        [TRANSPORT_READY] = &w->ready,
        [TRANSPORT_RTP] = &w->rtp,
        [TRANSPORT_RTCP] = &w->rtcp,
        [TRANSPORT_CLOSED] = &w->closed,
    };
    if (event.kind != TRANSPORT_NOTHING) {
        assert_int_equal(status, OK);
        ++*counters[event.kind];
    }
    w->heard = event.packet;
    w->checked += event.checked;
    return status;
}

/* The oldest datagram on the wire, to the transport; its answers stay in the outbox. */
static enum status deliver_one(struct world *w)
{
    assert_true(w->wire_count > 0);
    static struct wire_datagram d;
    d = w->wire[0];
    w->wire_count--;
    memmove(w->wire, w->wire + 1, w->wire_count * sizeof *w->wire);
    return into_transport(w, &d);
}

static void settle(struct world *w)
{
    drain(w);
    while (w->wire_count > 0) {
        deliver_one(w);
        drain(w);
    }
}

static void advance(struct world *w, usec_t us)
{
    w->now.mono_us += us;
    peer_tick(w->peer, w->now);
    settle(w);
}

static struct world *ready_world(void)
{
    struct world *w = world();
    settle(w);
    assert_true(peer_is_ready(w->peer) && transport_is_ready(w->transport));
    return w;
}

static enum status seal(struct world *w, uint8_t packet[static TRANSPORT_PACKET_MAX], size_t *len)
{
    memcpy(packet, rtp_packet, *len = sizeof rtp_packet);
    return transport_seal_rtp(w->transport, w->now, packet, len, TRANSPORT_PACKET_MAX, &w->last_to);
}

/* A packet by way of the transport's seal to the peer. */
static void speak_to_peer(struct world *w)
{
    uint8_t plain[sizeof rtp_packet], packet[TRANSPORT_PACKET_MAX];
    size_t len = sizeof plain;
    memcpy(plain, rtp_packet, sizeof plain);
    plain[3] = ++w->seq;
    memcpy(packet, plain, sizeof plain);
    assert_int_equal(transport_seal_rtp(w->transport, w->now, packet, &len, sizeof packet, &w->last_to), OK);
    assert_true(len > sizeof rtp_packet && len <= sizeof rtp_packet + TRANSPORT_SEAL_OVERHEAD);
    w->peer_packet_len = 0;
    peer_datagram(w->peer, w->now, (struct bytes){ packet, len });
    assert_int_equal(w->peer_heard, PACKET_RTP);
    assert_int_equal(w->peer_packet_len, sizeof plain);
    assert_memory_equal(w->peer_packet, plain, sizeof plain);
}

static void a_peer_connects_and_media_flows_both_ways(void **state)
{
    (void)state;
    static const struct {
        const char *profiles;
        uint16_t chosen;
    } cases[] = {
        { NULL, 7 }, /* Chromium's list: AEAD_AES_128_GCM */
        { "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80", 7 }, /* Firefox's */
        { "SRTP_AES128_CM_SHA1_80", 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int probe_first = 0; probe_first < 2; probe_first++) {
            struct world *w = world_with(cases[i].profiles, probe_first);
            world_offer(w, peer_fingerprint());
            world_answer(w);
            settle(w);
            assert_true(peer_is_ready(w->peer) && transport_is_ready(w->transport));
            assert_int_equal(peer_counts(w->peer).profile, cases[i].chosen);
            assert_int_equal(w->ready, 1);
            assert_true(w->checked >= 1);
            assert_int_equal(peer_send_rtp(w->peer, (struct bytes){ rtp_packet, sizeof rtp_packet }), OK);
            assert_int_equal(deliver_one(w), OK);
            assert_int_equal(w->rtp, 1);
            assert_int_equal(w->heard.len, sizeof rtp_packet);
            assert_memory_equal(w->heard.at, rtp_packet, sizeof rtp_packet);
            assert_int_equal(peer_send_rtcp(w->peer, (struct bytes){ rtcp_packet, sizeof rtcp_packet }), OK);
            assert_int_equal(deliver_one(w), OK);
            assert_int_equal(w->rtcp, 1);
            assert_int_equal(w->heard.len, sizeof rtcp_packet);
            assert_memory_equal(w->heard.at, rtcp_packet, sizeof rtcp_packet);
            speak_to_peer(w);
            uint8_t packet[TRANSPORT_PACKET_MAX];
            size_t len = sizeof rtcp_packet;
            memcpy(packet, rtcp_packet, len);
            assert_int_equal(transport_seal_rtcp(w->transport, w->now, packet, &len, sizeof packet, &w->last_to), OK);
            peer_datagram(w->peer, w->now, (struct bytes){ packet, len });
            assert_int_equal(w->peer_heard, PACKET_RTCP);
            assert_memory_equal(w->peer_packet, rtcp_packet, sizeof rtcp_packet);
            world_end(w);
        }
    }
}

static void an_ipv6_peer_is_told_its_address(void **state)
{
    (void)state;
    struct world *w = world();
    struct address v6 = address_of("2001:db8::99", 61000);
    w->wire_count = 0;
    peer_move(w->peer, &v6);
    peer_tick(w->peer, w->now);
    settle(w);
    struct address mapped = peer_counts(w->peer).mapped;
    assert_true(address_equal(&mapped, &v6));
    assert_true(transport_is_ready(w->transport));
    world_end(w);
}

static void nothing_counts_before_the_offer(void **state)
{
    (void)state;
    struct world *w = world_with(NULL, false);
    world_answer(w);
    assert_int_equal(deliver_one(w), ERR_STATE);
    assert_int_equal(outbox_datagram_count(w->outbox), 0);
    struct transport_remote remote = { bytes_of("abc"), bytes_of(peer_pwd(w->peer)), { 0 } };
    assert_int_equal(transport_set_remote(w->transport, &remote), ERR_MALFORMED);
    world_offer(w, peer_fingerprint()); /* the failure left nothing behind */
    remote.ufrag = bytes_of("abcd");
    assert_int_equal(transport_set_remote(w->transport, &remote), ERR_STATE);
    advance(w, PEER_RETRY_US);
    assert_true(transport_is_ready(w->transport));
    world_end(w);
}

/* As Chromium does it: the ClientHello is on the wire ahead of the nominating check. */
static void an_early_client_hello_is_kept_and_answered_upon_nomination(void **state)
{
    (void)state;
    struct world *w = world_with(NULL, true);
    world_offer(w, peer_fingerprint());
    world_answer(w);
    assert_int_equal(deliver_one(w), OK); /* the check that does not nominate */
    drain(w);                             /* its answer: ClientHello, nominating check */
    assert_int_equal(w->wire_count, 2);
    assert_int_equal(deliver_one(w), OK);
    assert_int_equal(outbox_datagram_count(w->outbox), 0);
    assert_int_equal(transport_deadline(w->transport), w->now.mono_us + 2 * USEC_PER_SEC);
    assert_int_equal(deliver_one(w), OK);
    assert_true(outbox_datagram_count(w->outbox) > 1); /* the check's answer and the server's flight */
    settle(w);
    assert_true(transport_is_ready(w->transport) && peer_is_ready(w->peer));
    world_end(w);
}

static void an_early_client_hello_is_kept_for_two_seconds(void **state)
{
    (void)state;
    for (usec_t late = 0; late < 2; late++) {
        struct world *w = world_with(NULL, true);
        world_offer(w, peer_fingerprint());
        world_answer(w);
        deliver_one(w);
        drain(w);
        deliver_one(w);
        w->now.mono_us += 2 * USEC_PER_SEC - 1 + late;
        transport_tick(w->transport, w->now, w->outbox);
        assert_int_equal(transport_deadline(w->transport) == NEVER, late);
        deliver_one(w);
        assert_int_equal(outbox_datagram_count(w->outbox) > 1, !late);
        world_end(w);
    }
}

static void no_more_than_four_early_datagrams_are_kept(void **state)
{
    (void)state;
    struct world *w = world_with(NULL, true);
    world_offer(w, peer_fingerprint());
    world_answer(w);
    deliver_one(w);
    drain(w);
    struct wire_datagram hello = w->wire[0];
    for (int i = 0; i < 4; i++)
        assert_int_equal(into_transport(w, &hello), OK);
    assert_int_equal(into_transport(w, &hello), ERR_FULL);
    world_end(w);
}

static void dtls_from_an_unchecked_address_is_dropped(void **state)
{
    (void)state;
    struct world *w = world();
    w->wire_count = 0; /* no check gets there */
    peer_start_handshake(w->peer);
    assert_int_equal(deliver_one(w), ERR_FORBIDDEN);
    assert_int_equal(outbox_datagram_count(w->outbox), 0);
    world_end(w);
}

static void a_forged_source_gets_no_dtls_through_either(void **state)
{
    (void)state;
    struct world *w = world();
    deliver_one(w); /* nominated */
    drain(w);       /* ClientHello */
    w->rewrite = true;
    w->forged = address_of("203.0.113.5", 4);
    assert_int_equal(deliver_one(w), ERR_FORBIDDEN);
    world_end(w);
}

static void rtp_before_dtls_is_dropped(void **state)
{
    (void)state;
    struct world *w = world();
    deliver_one(w);
    struct address from = address_of("192.0.2.7", 50000);
    from_peer(w, &from, (struct bytes){ rtp_packet, sizeof rtp_packet });
    from_peer(w, &from, (struct bytes){ rtcp_packet, sizeof rtcp_packet });
    assert_int_equal(deliver_one(w), ERR_STATE);
    assert_int_equal(deliver_one(w), ERR_STATE);
    assert_int_equal(w->rtp + w->rtcp, 0);
    uint8_t packet[TRANSPORT_PACKET_MAX];
    size_t len;
    assert_int_equal(seal(w, packet, &len), ERR_STATE);
    world_end(w);
}

static void plain_rtp_is_never_accepted(void **state)
{
    (void)state;
    struct world *w = ready_world();
    struct address from = address_of("192.0.2.7", 50000);
    uint8_t padded[64] = { 0 };
    memcpy(padded, rtp_packet, sizeof rtp_packet);
    from_peer(w, &from, (struct bytes){ rtp_packet, sizeof rtp_packet });
    from_peer(w, &from, (struct bytes){ padded, sizeof padded });
    from_peer(w, &from, (struct bytes){ rtcp_packet, sizeof rtcp_packet });
    while (w->wire_count > 0)
        assert_int_not_equal(deliver_one(w), OK);
    assert_int_equal(w->rtp + w->rtcp, 0);
    world_end(w);
}

static void media_counts_only_from_checked_addresses_and_once(void **state)
{
    (void)state;
    struct world *w = ready_world();
    assert_int_equal(peer_send_rtp(w->peer, (struct bytes){ rtp_packet, sizeof rtp_packet }), OK);
    struct wire_datagram first = w->wire[0], again = w->wire[0], foreign = w->wire[0];
    foreign.from = address_of("203.0.113.5", 4);
    assert_int_equal(into_transport(w, &foreign), ERR_FORBIDDEN);
    assert_int_equal(into_transport(w, &first), OK);
    assert_int_equal(into_transport(w, &again), ERR_EXPIRED); /* a replay */
    assert_int_equal(w->rtp, 1);
    world_end(w);
}

static void a_wrong_fingerprint_closes_the_transport(void **state)
{
    (void)state;
    struct world *w = world_with(NULL, false);
    uint8_t other[FINGERPRINT_LEN];
    memcpy(other, peer_fingerprint(), sizeof other);
    other[31] ^= 1;
    world_offer(w, other);
    world_answer(w);
    settle(w);
    assert_int_equal(w->closed, 1);
    assert_int_equal(w->ready, 0);
    assert_true(transport_is_closed(w->transport) && !transport_is_ready(w->transport));
    assert_false(peer_is_ready(w->peer));
    advance(w, PEER_CHECK_US); /* and no check is answered any more */
    assert_int_equal(w->closed, 1);
    assert_int_equal(transport_deadline(w->transport), NEVER);
    world_end(w);
}

static void the_peers_goodbye_closes_the_transport(void **state)
{
    (void)state;
    struct world *w = ready_world();
    peer_close(w->peer);
    settle(w);
    assert_int_equal(w->closed, 1);
    assert_false(transport_is_ready(w->transport));
    uint8_t packet[TRANSPORT_PACKET_MAX];
    size_t len;
    assert_int_equal(seal(w, packet, &len), ERR_STATE);
    world_end(w);
}

static void a_change_of_network_takes_the_media_along(void **state)
{
    (void)state;
    struct world *w = ready_world();
    struct address old = address_of("192.0.2.7", 50000), new = address_of("198.51.100.20", 1234);
    speak_to_peer(w);
    assert_true(address_equal(&w->last_to, &old));
    peer_move(w->peer, &new);
    assert_int_equal(peer_send_rtp(w->peer, (struct bytes){ rtp_packet, sizeof rtp_packet }), OK);
    assert_int_equal(deliver_one(w), ERR_FORBIDDEN); /* from there nothing counts yet */
    advance(w, PEER_RETRY_US);
    speak_to_peer(w);
    assert_true(address_equal(&w->last_to, &new));
    uint8_t second[sizeof rtp_packet];
    memcpy(second, rtp_packet, sizeof second);
    second[3]++;
    assert_int_equal(peer_send_rtp(w->peer, (struct bytes){ second, sizeof second }), OK);
    assert_int_equal(deliver_one(w), OK);
    assert_int_equal(w->rtp, 1);
    world_end(w);
}

static void a_restart_keeps_keys_and_path_and_moves_with_the_new_nomination(void **state)
{
    (void)state;
    struct world *w = ready_world();
    struct address before = peer_counts(w->peer).mapped, elsewhere = address_of("198.51.100.7", 40000);
    char ours[64];
    snprintf(ours, sizeof ours, "%s", transport_ufrag(w->transport));
    assert_int_equal(transport_restart_ice(w->transport, bytes_of(peer_ufrag(w->peer)), bytes_of(peer_pwd(w->peer))),
                     ERR_MALFORMED); /* nothing new */
    peer_draw_credentials(w->peer);
    assert_int_equal(transport_restart_ice(w->transport, bytes_of(peer_ufrag(w->peer)), bytes_of(peer_pwd(w->peer))),
                     OK);
    assert_string_not_equal(transport_ufrag(w->transport), ours);
    speak_to_peer(w);
    assert_true(address_equal(&w->last_to, &before));
    assert_int_equal(peer_send_rtp(w->peer, (struct bytes){ rtp_packet, sizeof rtp_packet }), OK);
    assert_int_equal(deliver_one(w), OK);

    peer_move(w->peer, &elsewhere);
    peer_restart_ice(w->peer, w->now, transport_ufrag(w->transport), transport_pwd(w->transport));
    settle(w);
    speak_to_peer(w);
    assert_true(address_equal(&w->last_to, &elsewhere));
    assert_int_equal(w->ready, 1);
    world_end(w);
}

static void a_nat_that_gives_another_port_loses_nobody(void **state)
{
    (void)state;
    struct world *w = ready_world();
    struct address rebound = address_of("192.0.2.7", 50001);
    peer_set_nominating(w->peer, false);
    peer_rebind(w->peer, &rebound);
    for (int i = 0; i < 3; i++)
        advance(w, PEER_CHECK_US);
    speak_to_peer(w);
    assert_true(address_equal(&w->last_to, &rebound));
    assert_int_equal(peer_send_rtp(w->peer, (struct bytes){ rtp_packet, sizeof rtp_packet }), OK);
    assert_int_equal(deliver_one(w), OK);
    world_end(w);
}

static void silence_of_thirty_seconds_stops_sending_and_a_check_resumes_it(void **state)
{
    (void)state;
    struct world *w = ready_world();
    uint8_t packet[TRANSPORT_PACKET_MAX];
    size_t len;
    for (int i = 0; i < 40; i++)
        advance(w, PEER_CHECK_US); /* 100 s with checks */
    assert_int_equal(seal(w, packet, &len), OK);
    assert_int_equal(transport_last_consent(w->transport), w->now.mono_us);
    peer_set_checking(w->peer, false);
    advance(w, TRANSPORT_CONSENT_US - 1);
    assert_int_equal(seal(w, packet, &len), OK);
    advance(w, 1);
    assert_int_equal(seal(w, packet, &len), ERR_EXPIRED);
    assert_int_equal(len, sizeof rtp_packet);
    len = sizeof rtcp_packet;
    assert_int_equal(transport_seal_rtcp(w->transport, w->now, packet, &len, sizeof packet, &w->last_to), ERR_EXPIRED);
    peer_set_checking(w->peer, true);
    advance(w, 1);
    assert_int_equal(seal(w, packet, &len), OK);
    world_end(w);
}

static void without_consent_the_handshake_is_silent_too(void **state)
{
    (void)state;
    struct world *w = world();
    deliver_one(w); /* nominated */
    drain(w);       /* ClientHello is on the wire */
    w->now.mono_us += TRANSPORT_CONSENT_US;
    assert_int_equal(deliver_one(w), OK);
    assert_int_equal(outbox_datagram_count(w->outbox), 0);
    world_end(w);
}

static void rubbish_of_every_kind_is_refused(void **state)
{
    (void)state;
    struct world *w = ready_world();
    struct address from = address_of("192.0.2.7", 50000);
    for (unsigned first = 0; first < 256; first++) {
        uint8_t raw[64];
        memset(raw, 0x5a, sizeof raw);
        raw[0] = (uint8_t)first;
        from_peer(w, &from, (struct bytes){ raw, 1 + first % sizeof raw });
        deliver_one(w);
    }
    assert_int_equal(w->rtp + w->rtcp + w->closed, 0);
    assert_int_equal(outbox_datagram_count(w->outbox), 0);
    speak_to_peer(w);
    world_end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_connects_and_media_flows_both_ways),
        cmocka_unit_test(an_ipv6_peer_is_told_its_address),
        cmocka_unit_test(nothing_counts_before_the_offer),
        cmocka_unit_test(an_early_client_hello_is_kept_and_answered_upon_nomination),
        cmocka_unit_test(an_early_client_hello_is_kept_for_two_seconds),
        cmocka_unit_test(no_more_than_four_early_datagrams_are_kept),
        cmocka_unit_test(dtls_from_an_unchecked_address_is_dropped),
        cmocka_unit_test(a_forged_source_gets_no_dtls_through_either),
        cmocka_unit_test(rtp_before_dtls_is_dropped),
        cmocka_unit_test(plain_rtp_is_never_accepted),
        cmocka_unit_test(media_counts_only_from_checked_addresses_and_once),
        cmocka_unit_test(a_wrong_fingerprint_closes_the_transport),
        cmocka_unit_test(the_peers_goodbye_closes_the_transport),
        cmocka_unit_test(a_change_of_network_takes_the_media_along),
        cmocka_unit_test(a_restart_keeps_keys_and_path_and_moves_with_the_new_nomination),
        cmocka_unit_test(a_nat_that_gives_another_port_loses_nobody),
        cmocka_unit_test(silence_of_thirty_seconds_stops_sending_and_a_check_resumes_it),
        cmocka_unit_test(without_consent_the_handshake_is_silent_too),
        cmocka_unit_test(rubbish_of_every_kind_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
