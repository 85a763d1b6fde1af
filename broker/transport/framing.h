/* framing.h - datagrams in a stream of bytes, RFC 4571: the length in two bytes, then as many bytes.
 *
 *   0                   1
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
 *  +-------------------------------+-----------------
 *  |            LENGTH             |  STUN, DTLS, RTP or RTCP ...
 *  +-------------------------------+-----------------
 *
 * Pure, and copies nothing but what a stream leaves half told. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

enum {
    FRAMING_HEAD = 2,
    FRAMING_DATA_MAX = 2048, /* as long as a datagram that the shell takes by UDP; nobody's frame is longer */
    FRAMING_MAX = FRAMING_HEAD + FRAMING_DATA_MAX,
};

/* Bytes that may be written over: a datagram is decrypted in place. */
struct framing_part {
    uint8_t *at;
    size_t len;
};

/* Takes the first datagram out of the stream, which then begins behind it. ERR_STATE: it is not whole yet;
 * ERR_MALFORMED: it would be longer than FRAMING_DATA_MAX, and nothing after it can be read. Then nothing has changed.
 * An empty one (RFC 4571 2) is OK, and of no meaning. */
enum status framing_take(struct framing_part *stream, struct framing_part *datagram);

/* What a stream left half told when it was last read: the beginning of one frame. */
struct framing_rest {
    uint8_t at[FRAMING_MAX];
    size_t len;
};

/* Keeps what framing_take called ERR_STATE. */
void framing_keep(struct framing_rest *, struct framing_part stream);
/* Puts it in front again: the bytes written to the start of `buffer`, behind which the next ones are to be read. */
size_t framing_resume(const struct framing_rest *, uint8_t buffer[static FRAMING_MAX]);
