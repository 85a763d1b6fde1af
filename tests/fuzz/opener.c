/* Packets to an opener whose key is known, and packets that our sealer made of the input and the input then changed:
 * what opens is what was sealed, once; what does not open leaves the length and what comes after as they were.
 *
 * The script is a row of steps: a byte for the kind, a 16-bit length and that many bytes.
 *   0 raw RTP   1 raw RTCP
 *   2 plain RTP   3 plain RTCP: sealed, then opened
 *   4 plain RTP   5 plain RTCP: sealed, then one bit of it changed, then opened */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "transport/opener.h"
#include "transport/sealer.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct aead_keys keys = { { 1 }, { 2 }, { 3 }, { 4 } };

typedef enum status open_fn(struct opener *, uint8_t *packet, size_t *len);
typedef enum status seal_fn(struct sealer *, uint8_t *packet, size_t *len, size_t cap);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    gcm_use(GCM_EVP); /* the other engine's code is not instrumented */
    return 0;
}

/* From the heap and to its exact length, so that the sanitizer sees a step past the end. */
static enum status open_exact(struct opener *opener, open_fn *open, struct bytes packet, uint8_t *opened, size_t *len)
{
    uint8_t *exact = malloc(packet.len + !packet.len);
    if (packet.len > 0)
        memcpy(exact, packet.at, packet.len);
    *len = packet.len;
    enum status status = open(opener, exact, len);
    assert(status == OK ? *len < packet.len : *len == packet.len);
    if (status == OK)
        memcpy(opened, exact, *len);
    free(exact);
    return status;
}

static void raw(struct opener *opener, open_fn *open, struct bytes packet)
{
    static uint8_t opened[UINT16_MAX];
    size_t len;
    if (open_exact(opener, open, packet, opened, &len) == OK)
        assert(open_exact(opener, open, packet, opened, &len) == ERR_EXPIRED);
}

static void sealed(struct opener *opener, struct sealer *sealer, open_fn *open, seal_fn *seal, struct bytes plain,
                   bool change)
{
    static uint8_t packet[UINT16_MAX + AEAD_RTCP_TRAILER], opened[UINT16_MAX + AEAD_RTCP_TRAILER];
    size_t len = plain.len, opened_len;
    if (plain.len == 0)
        return;
    memcpy(packet, plain.at, plain.len);
    if (seal(sealer, packet, &len, sizeof packet) != OK)
        return;
    size_t bit = (plain.at[plain.len - 1] * (size_t)259 + plain.len) % (len * 8);
    if (change)
        packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
    enum status status = open_exact(opener, open, (struct bytes){ packet, len }, opened, &opened_len);
    assert(!change || status != OK);
    if (status == OK)
        assert(opened_len == plain.len && memcmp(opened, plain.at, plain.len) == 0);
    if (status == OK)
        assert(open_exact(opener, open, (struct bytes){ packet, len }, opened, &opened_len) == ERR_EXPIRED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_over((struct bytes){ data, size });
    struct opener *opener;
    struct sealer *sealer;
    assert(opener_create(&opener, &keys) == OK && sealer_create(&sealer, &keys) == OK);
    while (r.left >= 3 && !r.bad) {
        uint8_t kind = read_u8(&r) % 6;
        size_t len = read_be16(&r);
        struct bytes packet = read_bytes(&r, len < r.left ? len : r.left);
        open_fn *open = kind % 2 ? opener_open_rtcp : opener_open;
        seal_fn *seal = kind % 2 ? sealer_seal_rtcp : sealer_seal;
        if (kind < 2)
            raw(opener, open, packet);
        else
            sealed(opener, sealer, open, seal, packet, kind >= 4);
    }
    opener_destroy(opener);
    sealer_destroy(sealer);
    return 0;
}
