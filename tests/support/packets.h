/* packets.h - RTP and RTCP packets of random content, keys, and libsrtp2 as the oracle, for the tests of sealing and
 * opening. */
#pragma once

#include <srtp2/srtp.h>

#include "transport/srtp.h"

enum { PACKET_CAP = 1500 };

struct packet {
    uint8_t at[PACKET_CAP];
    size_t len;
};

extern uint64_t packets_seed; /* of all that follows; not 0 */
uint32_t dice(uint32_t sides);

/* Spaces are passed over. Returns the length. */
size_t from_hex(uint8_t *to, const char *hex);
void assert_hex(const uint8_t *found, size_t len, const char *hex);
void assert_same(const struct packet *, const struct packet *);

/* An RTP packet with payload_len random bytes behind `csrcs` CSRCs and, if >= 0, an extension of that many words. */
struct packet rtp_packet(uint32_t ssrc, uint16_t seq, unsigned csrcs, int extension, size_t payload_len);
struct packet plain_rtp(uint32_t ssrc, uint16_t seq);
struct packet plain_rtcp(uint32_t ssrc);

struct srtp_keys random_keys(enum srtp_profile);
struct srtp_keys swapped(struct srtp_keys); /* the same secrets from the other end */

/* libsrtp2 alone, for one direction. */
srtp_t oracle_of(enum srtp_profile, srtp_ssrc_type_t, const uint8_t *key, const uint8_t *salt);
void oracle_seal(srtp_t, struct packet *);
void oracle_seal_rtcp(srtp_t, struct packet *);
