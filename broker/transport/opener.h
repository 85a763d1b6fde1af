/* opener.h - opens RTP and RTCP under AEAD_AES_128_GCM from one peer: which index a packet has, and whether it was
 * there before.
 *
 * Owned by srtp. At most OPENER_SOURCES_MAX SSRCs of RTP and as many of RTCP, each about 150 bytes, taken as they are
 * first heard. Only an authentic packet changes anything, so that forged ones use up no place and move no counter.
 * Sources: RFC 3711 3.3.1, 3.3.2 and 3.4, RFC 7714. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"
#include "transport/aead.h"

enum { OPENER_SOURCES_MAX = 64 };

struct opener;

enum status opener_create(struct opener **, const struct aead_keys *);
void opener_destroy(struct opener *); /* wipes keys; NULL is fine */

/* In place; *len shrinks. ERR_MALFORMED, ERR_FULL for one source too many, ERR_EXPIRED for a replay or one that is
 * older than REPLAY_WINDOW, ERR_AUTH. On failure *len is unchanged, and the packet as well or garbage. RTCP must be
 * encrypted: the E-flag of RFC 3711 3.4 is set. */
enum status opener_open(struct opener *, uint8_t *packet, size_t *len);
enum status opener_open_rtcp(struct opener *, uint8_t *packet, size_t *len);
