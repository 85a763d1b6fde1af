/* srtp.h - opens what comes in and seals what goes out. The only caller of libsrtp2.
 *
 * libsrtp2 opens RTP and RTCP (authentication, replay window), seals RTCP, and seals RTP for AES_CM. RTP under
 * AES-128-GCM is sealed by one cached OpenSSL context per receiver, because Debian's libsrtp2 slows with every session.
 * Sources: RFC 3711 (4.3 key derivation, 3.3.1 packet index), RFC 7714 (8.1 IV, 8.2 AAD). */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

enum srtp_profile {
    SRTP_AES128_CM_SHA1_80_PROFILE = 1, /* RFC 5764 4.1.2: 16-byte key, 14-byte salt, 10-byte tag */
    SRTP_AEAD_AES_128_GCM_PROFILE,      /* RFC 7714: 16-byte key, 12-byte salt, 16-byte tag */
};

enum { SRTP_KEY_LEN = 16, SRTP_SALT_MAX = 14 };

struct srtp_keys {
    enum srtp_profile profile;
    uint8_t local_key[SRTP_KEY_LEN], local_salt[SRTP_SALT_MAX];   /* what we seal with */
    uint8_t remote_key[SRTP_KEY_LEN], remote_salt[SRTP_SALT_MAX]; /* what the peer seals with */
};

struct srtp;

/* Once per process, before any session; again is harmless. */
enum status srtp_start(void);
enum status srtp_create(struct srtp **, const struct srtp_keys *);
void srtp_destroy(struct srtp *); /* wipes keys */

/* In place; *len shrinks. ERR_AUTH for a wrong tag, ERR_EXPIRED for a replay, ERR_MALFORMED. The packet is unchanged or garbage on failure. */
enum status srtp_open_rtp(struct srtp *, uint8_t *packet, size_t *len);
enum status srtp_open_rtcp(struct srtp *, uint8_t *packet, size_t *len);
/* In place; *len grows by at most TRANSPORT_SEAL_OVERHEAD. ERR_FULL when cap is short. */
enum status srtp_seal_rtp(struct srtp *, uint8_t *packet, size_t *len, size_t cap);
enum status srtp_seal_rtcp(struct srtp *, uint8_t *packet, size_t *len, size_t cap);
