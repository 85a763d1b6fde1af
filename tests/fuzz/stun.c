/* Whatever is read can be written, and is then read the same; routing agrees with parsing. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "transport/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_equal(const struct stun_message *a, const struct stun_message *b)
{
    assert(a->class_ == b->class_ && a->method == b->method);
    assert(memcmp(a->transaction, b->transaction, sizeof a->transaction) == 0);
    assert(bytes_equal(a->username, b->username));
    assert(a->use_candidate == b->use_candidate);
    assert(a->has_priority == b->has_priority && a->priority == b->priority);
    assert(a->controlling == b->controlling && a->controlled == b->controlled);
    assert(a->tie_breaker == b->tie_breaker);
    assert(a->error == b->error);
    assert(address_equal(&a->mapped, &b->mapped));
    if (a->error != 0) {
        assert(a->unknown_count == b->unknown_count);
        assert(memcmp(a->unknown, b->unknown, sizeof a->unknown) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes raw = { data, size }, pwd = bytes_of("a password"), routed = stun_route_ufrag(raw);
    struct stun_message m, back;
    assert(routed.len == 0 || (routed.at >= data && routed.at + routed.len <= data + size));
    if (stun_parse(raw, &m) != OK)
        return 0;
    stun_integrity_ok(raw, &m, pwd);
    const uint8_t *colon = m.username.len > 0 ? memchr(m.username.at, ':', m.username.len) : NULL;
    if (colon && m.class_ == STUN_REQUEST && m.method == STUN_BINDING)
        assert(bytes_equal(routed, (struct bytes){ m.username.at, (size_t)(colon - m.username.at) }));
    uint8_t written[STUN_MESSAGE_MAX];
    size_t len;
    if (stun_write(&m, pwd, written, sizeof written, &len) != OK)
        return 0;
    assert(stun_parse((struct bytes){ written, len }, &back) == OK);
    assert(back.fingerprint && stun_integrity_ok((struct bytes){ written, len }, &back, pwd));
    check_equal(&m, &back);
    return 0;
}
