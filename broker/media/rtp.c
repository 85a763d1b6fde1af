#include "media/rtp.h"

#include <assert.h>

/*  0                   1                   2                   3      RFC 3550 5.1
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 * |                           timestamp                           |
 * |                             SSRC                              |
 * |                        CC x 32-bit CSRC                       |
 * X: |   profile (16)  |  length in words (16) |  extension ...    */
enum {
    VERSION_2 = 2 << 6,
    VERSION_MASK = 3 << 6,
    PADDING = 1 << 5,
    EXTENSION = 1 << 4,
    CSRC_COUNT = 0x0f,
    MARKER = 1 << 7,
    PAYLOAD_TYPE = 0x7f,
    WORD = 4,
};

/* RFC 8285 4.2 and 4.3 */
enum {
    ONE_BYTE_PROFILE = 0xBEDE,
    TWO_BYTE_PROFILE = 0x1000,
    TWO_BYTE_MASK = 0xfff0, /* the low 4 bits are "appbits" */
    ONE_BYTE_STOP = 15,
};

/* RFC 3550 5.1: the last octet of the padding counts itself. */
static enum status strip_padding(struct bytes *payload)
{
    if (payload->len == 0)
        return ERR_MALFORMED;
    size_t padding = payload->at[payload->len - 1];
    if (padding == 0 || padding > payload->len)
        return ERR_MALFORMED;
    payload->len -= padding;
    return OK;
}

enum status rtp_parse(struct bytes packet, struct rtp *out)
{
    struct reader r = reader_over(packet);
    struct rtp rtp = { 0 };
    uint8_t first = read_u8(&r);
    uint8_t second = read_u8(&r);
    rtp.marker = second & MARKER;
    rtp.payload_type = second & PAYLOAD_TYPE;
    rtp.seq = read_be16(&r);
    rtp.time = read_be32(&r);
    rtp.ssrc = read_be32(&r);
    read_bytes(&r, (size_t)(first & CSRC_COUNT) * WORD);
    if (first & EXTENSION) {
        rtp.extension_profile = read_be16(&r);
        size_t words = read_be16(&r);
        rtp.extension = read_bytes(&r, words * WORD);
    }
    if (r.bad || (first & VERSION_MASK) != VERSION_2)
        return ERR_MALFORMED;
    rtp.payload = read_bytes(&r, r.left);
    if (first & PADDING)
        TRY(strip_padding(&rtp.payload));
    *out = rtp;
    return OK;
}

/* RFC 8285 4.2: 4 bits of id, 4 bits of length less one. */
static struct bytes find_one_byte(struct bytes extension, uint8_t id)
{
    struct reader r = reader_over(extension);
    while (r.left > 0 && !r.bad) {
        uint8_t head = read_u8(&r);
        if (head == 0)
            continue; /* padding */
        uint8_t element = head >> 4;
        /* "processing of the entire extension MUST terminate at that point" for 15; an id of 0 with a length is no
         * better defined. */
        if (element == ONE_BYTE_STOP || element == 0)
            break;
        struct bytes value = read_bytes(&r, (size_t)(head & 0x0f) + 1);
        if (element == id && !r.bad)
            return value;
    }
    return (struct bytes){ 0 };
}

/* RFC 8285 4.3: 8 bits of id, 8 bits of length. */
static struct bytes find_two_byte(struct bytes extension, uint8_t id)
{
    struct reader r = reader_over(extension);
    while (r.left > 0 && !r.bad) {
        uint8_t element = read_u8(&r);
        if (element == 0)
            continue; /* padding has no length octet */
        struct bytes value = read_bytes(&r, read_u8(&r));
        if (element == id && !r.bad)
            return value;
    }
    return (struct bytes){ 0 };
}

struct bytes rtp_extension_find(const struct rtp *rtp, uint8_t id)
{
    if (id == 0)
        return (struct bytes){ 0 };
    if (rtp->extension_profile == ONE_BYTE_PROFILE)
        return find_one_byte(rtp->extension, id);
    if ((rtp->extension_profile & TWO_BYTE_MASK) == TWO_BYTE_PROFILE)
        return find_two_byte(rtp->extension, id);
    return (struct bytes){ 0 };
}

void rtp_write(struct writer *w, const struct rtp *rtp)
{
    assert(rtp->payload_type <= PAYLOAD_TYPE && rtp->extension.len % WORD == 0);
    write_u8(w, VERSION_2 | (rtp->extension_profile ? EXTENSION : 0));
    write_u8(w, (uint8_t)((rtp->marker ? MARKER : 0) | rtp->payload_type));
    write_be16(w, rtp->seq);
    write_be32(w, rtp->time);
    write_be32(w, rtp->ssrc);
    if (rtp->extension_profile) {
        write_be16(w, rtp->extension_profile);
        write_be16(w, (uint16_t)(rtp->extension.len / WORD));
        write_bytes(w, rtp->extension);
    }
    write_bytes(w, rtp->payload);
}
