/* srtp.h - opens what comes in and seals what goes out: SRTP and SRTCP with the keys of one handshake.
 *
 * AES-128-GCM, which every browser takes, is our own over cached keys (opener.h, sealer.h): libsrtp2 as Debian builds
 * it costs tens of kilobytes a session and slows with every further one. It does the rest, AES_CM (fallback.h).
 * Sources: RFC 3711 (4.3 key derivation, 3.3.1 packet index), RFC 7714. Owned by its transport; at most
 * SRTP_SOURCES_MAX sources each way, and coming in as many of RTCP. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

enum srtp_profile {
    SRTP_AES128_CM_SHA1_80_PROFILE = 1, /* RFC 5764 4.1.2: 16-byte key, 14-byte salt, 10-byte tag */
    SRTP_AEAD_AES_128_GCM_PROFILE,      /* RFC 7714: 16-byte key, 12-byte salt, 16-byte tag */
};

enum { SRTP_KEY_LEN = 16, SRTP_SALT_MAX = 14 };
enum { SRTP_SOURCES_MAX = 64 }; /* SSRCs each way: a browser sends about a dozen, a receiver has at most 40 slots */

struct srtp_keys {
    enum srtp_profile profile;
    uint8_t local_key[SRTP_KEY_LEN], local_salt[SRTP_SALT_MAX];   /* what we seal with */
    uint8_t remote_key[SRTP_KEY_LEN], remote_salt[SRTP_SALT_MAX]; /* what the peer seals with */
};

struct srtp;

/* Called once by the shell before it starts threads; again is harmless. Chooses the engine of gcm.h, unless gcm_use
 * did.
 */
enum status srtp_start(void);
/* Not plain srtp_create: libsrtp2 exports that name, and two functions of one name cannot share a program. The keys are
 * copied. ERR_STATE before srtp_start, ERR_UNSUPPORTED for an unknown profile. */
enum status srtp_session_create(struct srtp **, const struct srtp_keys *);
void srtp_destroy(struct srtp *); /* wipes keys; NULL is fine */

/* In place; *len shrinks. ERR_AUTH for a wrong tag, ERR_EXPIRED for a replay, ERR_MALFORMED, ERR_FULL for one source
 * too many. The packet is unchanged or garbage on failure, *len is unchanged. */
enum status srtp_open_rtp(struct srtp *, uint8_t *packet, size_t *len);
enum status srtp_open_rtcp(struct srtp *, uint8_t *packet, size_t *len);
/* In place; *len grows by at most TRANSPORT_SEAL_OVERHEAD. ERR_FULL when cap is short or for one source too many,
 * ERR_EXPIRED for an RTP packet more than SEALER_WINDOW behind the newest of its source, ERR_MALFORMED; all of these
 * leave the packet unchanged.
 *
 * The caller promises that an RTP packet is sealed again only with the same bytes, header and all: another packet of
 * the same SSRC and sequence number would reuse the cipher's IV, which gives away the plaintext (RFC 3711 9.1) and,
 * under GCM, the authentication key (RFC 7714 8.4). */
enum status srtp_seal_rtp(struct srtp *, uint8_t *packet, size_t *len, size_t cap);
enum status srtp_seal_rtcp(struct srtp *, uint8_t *packet, size_t *len, size_t cap);
