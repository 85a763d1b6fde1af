/* description.h - SDP as the load needs it: our offer, what theirs says, our answer to it.
 *
 * Pure text. Opus, VP8 with retransmissions, transport-wide feedback; one BUNDLE group. */
#pragma once

#include "base/address.h"
#include "base/status.h"
#include "load/peer.h"

enum { DESCRIPTION_CREDENTIAL_MAX = 256 };

struct description_self {
    const char *ufrag, *pwd;
    const uint8_t *fingerprint; /* SHA-256 */
    const char *cname;
    bool feedback;
};

/* sound, picture: the SSRCs of the sections that carry. ERR_FULL. */
enum status description_offer(struct writer *, const struct description_self *, const struct load_section *,
                              size_t count, uint32_t sound, uint32_t picture);

struct description_section {
    bool video, live; /* live: neither rejected nor inactive */
    bool sends;       /* they */
    char mid[LOAD_MID_MAX + 1];
    uint8_t payload_type, repair_type; /* of Opus or VP8; 0 none */
    uint8_t twcc_extension;            /* with transport-cc for the codec; 0 none */
    uint8_t first_type;                /* of the m= line */
};

struct description_remote {
    char ufrag[DESCRIPTION_CREDENTIAL_MAX + 1], pwd[DESCRIPTION_CREDENTIAL_MAX + 1];
    uint8_t fingerprint[32];
    struct address candidate; /* the first by UDP */
    struct description_section sections[LOAD_SECTIONS_MAX];
    size_t count;
};

/* ERR_MALFORMED when credentials, fingerprint or candidate are missing; ERR_FULL. */
enum status description_read(const char *sdp, struct description_remote *);
/* Receives what they send in a codec of ours; every other section is declined. Active. ERR_FULL. */
enum status description_answer(struct writer *, const struct description_self *, const struct description_remote *);
