/* sealer.h - seals RTP and RTCP under AEAD_AES_128_GCM for one receiver: which index a packet has.
 *
 * Owned by srtp. At most SEALER_SOURCES_MAX SSRCs, each a rollover counter. Sources: RFC 3711 3.3.1
 * and 3.4, RFC 7714. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"
#include "transport/aead.h"

enum {
    SEALER_SOURCES_MAX = 64,
    SEALER_WINDOW =
        1024, /* how far behind the newest a packet may be sealed: seconds of video, as libsrtp2 is told too */
};

struct sealer;

enum status sealer_create(struct sealer **, const struct aead_keys *);
void sealer_destroy(struct sealer *); /* wipes keys; NULL is fine */

/* In place; *len grows by AEAD_RTP_TRAILER. ERR_MALFORMED, ERR_FULL (cap is short, or one source too many) and
 * ERR_EXPIRED (older than the window, or the 2^48 packets of a key are used up) leave the packet unchanged, as does
 * ERR_NO_MEMORY. */
enum status sealer_seal(struct sealer *, uint8_t *packet, size_t *len, size_t cap);
/* In place; *len grows by AEAD_RTCP_TRAILER. One counter for all SSRCs, so that no index is met twice; receivers read
 * the index in the packet, and gaps are loss to them. ERR_MALFORMED, ERR_FULL (cap is short), ERR_EXPIRED (the 2^31
 * indices are used up). */
enum status sealer_seal_rtcp(struct sealer *, uint8_t *packet, size_t *len, size_t cap);
