/* aead.h - AEAD_AES_128_GCM for one direction of an SRTP session (RFC 7714): keys, IVs, and where things lie in a
 * packet. Which index a packet has is the sealer's and the opener's to know, who embed this.
 *
 *  RTP   | header, CSRCs, extension | payload          | tag |              RFC 7714 8
 *        | authenticated            | encrypted        |
 *  RTCP  | header, SSRC             | the rest         | tag | E, index |   RFC 7714 9
 *        | authenticated            | encrypted        |     | authenticated */
#pragma once

#include "base/bytes.h"
#include "base/status.h"
#include "transport/gcm.h"

enum {
    AEAD_SALT_LEN = 12,
    AEAD_MASTER_SALT_LEN = 14,
    AEAD_RTP_HEADER_LEN = 12,
    AEAD_RTCP_HEADER_LEN = 8,
    AEAD_RTP_TRAILER = GCM_TAG_LEN,
    AEAD_RTCP_TRAILER = GCM_TAG_LEN + 4,
    AEAD_PACKET_MAX = UINT16_MAX,
};
#define AEAD_RTP_INDEX_END                                                                                             \
    ((int64_t)1 << 48) /* RFC 3711 3.3.1: a 32-bit rollover counter over a 16-bit sequence number */
#define AEAD_RTCP_INDEX_END ((int64_t)1 << 31)

/* RFC 3711 4.3.2. */
enum aead_label {
    AEAD_RTP_KEY = 0,
    AEAD_RTP_AUTHENTICATION, /* not used under GCM */
    AEAD_RTP_SALT,
    AEAD_RTCP_KEY,
    AEAD_RTCP_AUTHENTICATION,
    AEAD_RTCP_SALT,
};

/* The first len bytes of AES-CM under the master key, with the label in the salt. ERR_SYSTEM. */
enum status aead_derive(const uint8_t master_key[static GCM_KEY_LEN],
                        const uint8_t master_salt[static AEAD_MASTER_SALT_LEN], enum aead_label, uint8_t *out,
                        size_t len);

struct aead_keys {
    uint8_t rtp_key[GCM_KEY_LEN], rtp_salt[AEAD_SALT_LEN];
    uint8_t rtcp_key[GCM_KEY_LEN], rtcp_salt[AEAD_SALT_LEN];
};

/* The session's keys of the master's. The caller wipes them, on failure too. */
enum status aead_keys_derive(struct aead_keys *, const uint8_t master_key[static GCM_KEY_LEN],
                             const uint8_t master_salt[static AEAD_SALT_LEN]);

/* RTP's key is kept as its engine wants it, a kilobyte; RTCP's, of a few packets a second, is made so for each. */
struct aead {
    struct gcm rtp;
    uint8_t rtcp_key[GCM_KEY_LEN];
    uint8_t rtp_salt[AEAD_SALT_LEN], rtcp_salt[AEAD_SALT_LEN];
};

/* On failure aead_deinit is still due. */
enum status aead_init(struct aead *, const struct aead_keys *);
void aead_deinit(struct aead *); /* wipes */

/* The length of the RTP header with its CSRCs and extension; 0 when the packet is not RTP. */
size_t aead_header_len(const uint8_t *packet, size_t len);
/* RFC 3711 3.3.1 and appendix A: of all the indices that end in seq, the one nearest to the newest; below zero for one
 * from before the first. */
int64_t aead_nearest_index(int64_t newest, uint16_t seq);

/* In place. `len` is that of the plain packet, behind which the trailer lies or is written; `header` that of
 * aead_header_len; RTCP is AEAD_RTCP_HEADER_LEN long at the least. Opening: ERR_AUTH. */
enum status aead_seal_rtp(const struct aead *, int64_t index, uint8_t *packet, size_t header, size_t len);
enum status aead_open_rtp(const struct aead *, int64_t index, uint8_t *packet, size_t header, size_t len);
enum status aead_seal_rtcp(const struct aead *, uint32_t index, uint8_t *packet, size_t len);
/* The E-flag must be set, which aead_rtcp_index tells: what is not encrypted is none of ours. */
enum status aead_open_rtcp(const struct aead *, uint8_t *packet, size_t len);
/* ERR_MALFORMED without the E-flag. */
enum status aead_rtcp_index(const uint8_t *packet, size_t len, uint32_t *index);
