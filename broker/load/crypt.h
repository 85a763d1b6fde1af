/* crypt.h - SRTP under AEAD_AES_128_GCM (RFC 7714) as the load needs it: RTP is sealed through transport's sealer, a
 * sample of what comes is opened here, and SRTCP is sealed and opened here.
 *
 * No replay window: the tally has seen each number before. Owned by its peer. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

enum { CRYPT_MATERIAL_LEN = 56, CRYPT_RTP_OVERHEAD = 16, CRYPT_RTCP_OVERHEAD = 20 };

struct crypt;

/* material: what DTLS exports for a client (RFC 5764 4.2: both keys, then both salts, the client's first). */
enum status crypt_create(struct crypt **, const uint8_t material[static CRYPT_MATERIAL_LEN]);
void crypt_destroy(struct crypt *); /* NULL is fine */

/* In place; *len grows by CRYPT_RTP_OVERHEAD, or CRYPT_RTCP_OVERHEAD. */
enum status crypt_seal_rtp(struct crypt *, uint8_t *packet, size_t *len, size_t cap);
enum status crypt_seal_rtcp(struct crypt *, uint8_t *packet, size_t *len, size_t cap);
/* In place; *len shrinks. index: RFC 3711 3.3.1. ERR_MALFORMED, ERR_AUTH. */
enum status crypt_open_rtp(struct crypt *, int64_t index, uint8_t *packet, size_t *len);
enum status crypt_open_rtcp(struct crypt *, uint8_t *packet, size_t *len);
