/* reports.h - RTCP of one peer: sender and receiver reports each second, transport-wide feedback each TWCC_INTERVAL_US,
 * and what comes from the other side. Plain packets; the peer seals them.
 *
 * Values; owned by its peer. Pure. */
#pragma once

#include "load/peer.h"
#include "load/traffic.h"
#include "media/twcc.h"

struct reports {
    uint32_t ssrc; /* whom they come from */
    const char *cname;
    bool sending;           /* our streams flow, and sender reports with them */
    uint8_t twcc_extension; /* 0: no feedback is wanted */
    struct twcc *twcc;      /* made with the first numbered packet */
    usec_t report_us, feedback_us;
    size_t told; /* streams that this second's reports have spoken of; 0: it has not begun */
};

struct reports reports_of(uint32_t ssrc, const char *cname);
void reports_deinit(struct reports *);

/* An RTP packet came, still sealed. */
void reports_arrival(struct reports *, usec_t at_us, struct bytes packet);
/* The next compound that is due, in an empty writer with room for CRYPT_RTCP_OVERHEAD behind it; false when none is. */
bool reports_next(struct reports *, struct load_now, struct tally *, const struct traffic *sound,
                  const struct traffic *picture, struct writer *);
usec_t reports_deadline(const struct reports *);

/* A compound came, opened: what it asks is counted. True when it wants a keyframe of the picture. */
bool reports_take(usec_t at_us, struct bytes compound, struct tally *, uint32_t picture_ssrc);
