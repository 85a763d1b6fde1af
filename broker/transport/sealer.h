/* sealer.h - seals RTP under AEAD_AES_128_GCM for one receiver (RFC 7714), and derives SRTP session keys (RFC
 * 3711 4.3).
 *
 * One OpenSSL context holds the expanded key; only the IV changes from packet to packet. Owned by srtp, its only user.
 * Fixed memory: a rollover counter for each of SEALER_SOURCES_MAX SSRCs. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

enum {
    SEALER_KEY_LEN = 16,
    SEALER_SALT_LEN = 12,
    SEALER_MASTER_SALT_LEN = 14,
    SEALER_TAG_LEN = 16,
    SEALER_SOURCES_MAX = 64,
    SEALER_WINDOW =
        1024, /* how far behind the newest a packet may be sealed: seconds of video, as libsrtp2 is told too */
};

/* RFC 3711 4.3.2. Libsrtp2 derives those of RTCP by itself. */
enum sealer_label { SEALER_LABEL_KEY = 0, SEALER_LABEL_AUTHENTICATION = 1, SEALER_LABEL_SALT = 2 };

/* The first len bytes of AES-CM under the master key, with the label in the salt: a session key. A 12-byte AEAD salt is
 * padded with zeros behind (RFC 7714 11). ERR_SYSTEM. */
enum status sealer_derive(const uint8_t master_key[static SEALER_KEY_LEN],
                          const uint8_t master_salt[static SEALER_MASTER_SALT_LEN], enum sealer_label, uint8_t *out,
                          size_t len);

struct sealer;

/* Takes the session's key and salt, not the master's. */
enum status sealer_create(struct sealer **, const uint8_t session_key[static SEALER_KEY_LEN],
                          const uint8_t session_salt[static SEALER_SALT_LEN]);
void sealer_destroy(struct sealer *); /* wipes keys; NULL is fine */

/* In place; *len grows by SEALER_TAG_LEN. ERR_MALFORMED, ERR_FULL (cap is short, or one source too many) and
 * ERR_EXPIRED (older than the window, or the 2^48 packets of a key are used up) leave the packet unchanged. */
enum status sealer_seal(struct sealer *, uint8_t *packet, size_t *len, size_t cap);
