/* A transport under a script of datagrams, authentic checks and time. The peer never finishes a handshake, so whatever
 * the script: no media comes in, none can be sealed, and DTLS leaves only for an address that an authentic check came
 * from.
 *
 * The script is a row of steps: a byte for the kind and one of its own.
 *   0 raw: source address; then a 16-bit length and that many bytes
 *   1 check: source address in the low bits, 0x80 nominates
 *   2 wait: so many hundreds of milliseconds, then a tick */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/demux.h"
#include "transport/dtls.h"
#include "transport/srtp.h"
#include "transport/stun.h"
#include "transport/transport.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ADDRESSES = 16 };

struct run {
    struct transport *transport;
    struct outbox *outbox;
    struct now now;
    bool checked[ADDRESSES];
};

static void fill(void *context, uint8_t *at, size_t len)
{
    (void)context;
    memset(at, 0x29, len);
}

static struct address address_of(uint8_t n)
{
    return (struct address){ .family = ADDRESS_IPV4, .port = n % ADDRESSES, .ip = { 192, 0, 2, 1 } };
}

static void check_outbox(struct run *run)
{
    for (size_t i = 0; i < outbox_datagram_count(run->outbox); i++) {
        struct datagram d = outbox_datagram_at(run->outbox, i);
        enum packet_kind kind = demux(d.data);
        assert(kind == PACKET_STUN || (kind == PACKET_DTLS && run->checked[d.peer.port]));
    }
    outbox_clear(run->outbox);
}

static void check_silent(struct run *run)
{
    uint8_t packet[64] = { 0x80, 96 };
    size_t len = 20;
    struct address peer;
    assert(!transport_is_ready(run->transport));
    assert(transport_seal_rtp(run->transport, run->now, packet, &len, sizeof packet, &peer) == ERR_STATE);
    assert(transport_seal_rtcp(run->transport, run->now, packet, &len, sizeof packet, &peer) == ERR_STATE);
    assert(len == 20);
}

static void datagram(struct run *run, uint8_t from, struct bytes raw)
{
    uint8_t *copy = malloc(raw.len + 1); /* on the heap, so that a step past the end is seen */
    struct address peer = address_of(from);
    struct transport_event event;
    if (!copy)
        abort();
    if (raw.len > 0)
        memcpy(copy + 1, raw.at, raw.len);
    bool closed = transport_is_closed(run->transport);
    enum status status = transport_datagram(run->transport, run->now, &peer, copy + 1, raw.len, run->outbox, &event);
    assert(event.kind == TRANSPORT_NOTHING || (event.kind == TRANSPORT_CLOSED && status == OK && !closed));
    assert(!event.checked || status == OK);
    if (event.checked)
        run->checked[peer.port] = true;
    if (closed)
        assert(status == ERR_STATE && outbox_datagram_count(run->outbox) == 0);
    free(copy);
}

static void check(struct run *run, uint8_t from)
{
    uint8_t raw[256];
    char username[64];
    size_t len;
    snprintf(username, sizeof username, "%s:them", transport_ufrag(run->transport));
    struct stun_message m = {
        .method = STUN_BINDING,
        .username = bytes_of(username),
        .controlling = true,
        .use_candidate = from & 0x80,
    };
    if (stun_write(&m, bytes_of(transport_pwd(run->transport)), raw, sizeof raw, &len) != OK)
        abort();
    datagram(run, from, (struct bytes){ raw, len });
}

static void start(struct run *run)
{
    static struct dtls_identity *identity;
    static const struct entropy entropy = { fill, NULL };
    static const struct transport_remote remote = { { (const uint8_t *)"them", 4 },
                                                    { (const uint8_t *)"1234567890123456789012", 22 },
                                                    { 0 } };
    if (!identity && (srtp_start() != OK || dtls_identity_create(&identity, 1800000000) != OK))
        abort();
    struct transport_config config = { &entropy, identity };
    if (transport_create(&run->transport, &config) != OK || outbox_create(&run->outbox, 1 << 16, 64) != OK ||
        transport_set_remote(run->transport, &remote) != OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run run = { .now = { USEC_PER_SEC, 0 } };
    struct reader r = { data, size, false };
    start(&run);
    while (r.left > 0 && !r.bad) {
        uint8_t kind = read_u8(&r) % 3, own = read_u8(&r);
        if (kind == 0) {
            uint16_t len = read_be16(&r);
            datagram(&run, own, read_bytes(&r, len < r.left ? len : r.left));
        } else if (kind == 1) {
            check(&run, own);
        } else {
            run.now.mono_us += own * 100 * USEC_PER_MSEC;
            transport_tick(run.transport, run.now, run.outbox);
        }
        check_outbox(&run);
        check_silent(&run);
    }
    transport_destroy(run.transport);
    outbox_destroy(run.outbox);
    return 0;
}
