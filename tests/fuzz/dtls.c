/* Bytes from a peer to the passive side, as datagrams: two bytes of length, then as many bytes, until the input ends.
 * Whatever comes, without a certificate of the expected fingerprint it never gets ready. */
#include "transport/dtls.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The library starts nothing by itself: OpenSSL's context is made once, it costs more than a run. */
static struct dtls_identity *identity;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    assert(dtls_identity_create(&identity, 1800000000) == OK);
    return 0;
}

static void count_record(void *context, struct bytes record)
{
    size_t *sent = context;
    assert(record.len > 0 && record.len <= 1200);
    *sent += record.len;
}

/* From the heap and to its exact length, so that the sanitizer sees a read past the end. */
static enum status feed(struct dtls *dtls, struct bytes datagram, struct dtls_sink sink)
{
    uint8_t *exact = malloc(datagram.len + (datagram.len == 0));
    if (datagram.len > 0)
        memcpy(exact, datagram.at, datagram.len);
    enum status status = dtls_datagram(dtls, (struct bytes){ exact, datagram.len }, sink);
    free(exact);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t expected[FINGERPRINT_LEN] = { 1 };
    struct reader r = reader_over((struct bytes){ data, size });
    struct dtls *dtls;
    size_t sent = 0;
    struct dtls_sink sink = { count_record, &sent };
    assert(dtls_create(&dtls, identity, expected) == OK);
    while (r.left >= 2 && !r.bad) {
        size_t len = read_be16(&r);
        struct bytes datagram = read_bytes(&r, len < r.left ? len : r.left);
        bool closed = dtls_state(dtls) == DTLS_CLOSED;
        enum status status = feed(dtls, datagram, sink);
        assert(status == (closed ? ERR_STATE : datagram.len == 0 ? ERR_MALFORMED : OK));
        assert(!closed || dtls_state(dtls) == DTLS_CLOSED);
        dtls_tick(dtls, (struct now){ 0 }, sink);
    }
    struct srtp_keys keys;
    assert(dtls_state(dtls) != DTLS_READY);
    assert(dtls_export_keys(dtls, &keys) == ERR_STATE);
    (void)dtls_deadline(dtls, (struct now){ 0 });
    dtls_destroy(dtls);
    return 0;
}
