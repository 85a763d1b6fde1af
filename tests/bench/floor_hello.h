/* floor_hello.h - how a synthetic peer makes itself known to the floor program: one datagram there, the same one back.
 *
 * It takes the place of signalling, ICE and DTLS, none of which is part of what forwarding costs. The keys go in the
 * clear: this is for a benchmark on one machine. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

enum { FLOOR_KEY_LEN = 16, FLOOR_SALT_LEN = 12 };

struct floor_hello {
    uint32_t origin; /* whose it is */
    uint16_t room;
    bool receives;
    /* SRTP session keys under AEAD_AES_128_GCM (RFC 7714), already derived: up is what the peer seals with. */
    uint8_t up_key[FLOOR_KEY_LEN], up_salt[FLOOR_SALT_LEN];
    uint8_t down_key[FLOOR_KEY_LEN], down_salt[FLOOR_SALT_LEN];
};

void floor_hello_write(struct writer *, const struct floor_hello *);
/* ERR_MALFORMED: it is something else. */
enum status floor_hello_parse(struct bytes datagram, struct floor_hello *);
