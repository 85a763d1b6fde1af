/* rtp.h - RTP headers, parsed and written: RFC 3550 5.1, header extensions RFC 8285. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

enum { RTP_HEADER_LEN = 12 };

struct rtp {
    bool marker;
    uint8_t payload_type;
    uint16_t seq;
    uint32_t time;
    uint32_t ssrc;
    uint16_t extension_profile; /* 0xBEDE one-byte, 0x100x two-byte, 0 none */
    struct bytes extension;     /* borrowed */
    struct bytes payload;       /* borrowed, padding already taken off */
};

/* ERR_MALFORMED for a wrong version, a header or extension that runs over, padding that lies (0, or more than there
 * is). */
enum status rtp_parse(struct bytes packet, struct rtp *);
/* The value of one RFC 8285 element; empty when absent or broken. id 1 to 14 (to 255 in the two-byte form). */
struct bytes rtp_extension_find(const struct rtp *, uint8_t id);
/* Header, extension (whole words, or none when its profile is 0) and payload, without padding. */
void rtp_write(struct writer *, const struct rtp *);
