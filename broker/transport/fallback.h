/* fallback.h - SRTP under AES_CM_128_HMAC_SHA1_80 (RFC 3711), for the peers that offer no AES-GCM. The only caller of
 * libsrtp2, which does all of it; a session costs tens of kilobytes and gets slower the more there are.
 *
 * Owned by srtp, whose contract each call has. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"
#include "transport/srtp.h"

struct fallback;

enum status fallback_start(void);
enum status fallback_create(struct fallback **, const struct srtp_keys *);
void fallback_destroy(struct fallback *); /* NULL is fine */

enum status fallback_open_rtp(struct fallback *, uint8_t *packet, size_t *len);
enum status fallback_open_rtcp(struct fallback *, uint8_t *packet, size_t *len);
enum status fallback_seal_rtp(struct fallback *, uint8_t *packet, size_t *len, size_t cap);
enum status fallback_seal_rtcp(struct fallback *, uint8_t *packet, size_t *len, size_t cap);
