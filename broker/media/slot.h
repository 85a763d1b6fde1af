/* slot.h - one receive slot of one participant: a stream with a fixed SSRC whose source changes.
 *
 * A slot sends nothing unless a gate's edge feeds it; it keeps the numbers, waits for a keyframe after each switch, and
 * knows what it sent, for sender reports. */
#pragma once

#include "base/clock.h"
#include "base/entropy.h"
#include "media/reception.h"
#include "media/renumber.h"
#include "media/rtp.h"

enum slot_codec {
    SLOT_OPUS = 1,
    SLOT_VP8,
};

struct slot {
    enum slot_codec codec;
    uint32_t ssrc;
    uint8_t payload_type; /* as this receiver negotiated it */
    bool awaiting_keyframe;
    uint32_t packets, octets; /* of payload, since creation */
    bool sent_since_report;
    struct renumber renumber;
};

void slot_init(struct slot *, enum slot_codec, uint32_t ssrc, uint8_t payload_type, const struct entropy *);
/* A new source feeds the slot, from now on. */
void slot_switch(struct slot *);
/* Writes one incoming packet as this slot's: header rebuilt (no extension, no CSRC, no padding), numbers renumbered, VP8 descriptor
 * rewritten. False when it is not to be sent: before the keyframe, from before the switch, not VP8 at all. *needs_keyframe is set when it
 * was held back for want of one. */
bool slot_write(struct slot *, usec_t now_us, const struct rtp *in, struct writer *out, bool *needs_keyframe);
/* The sender report that maps the publisher's last one into this slot's timeline; false when there is none to map. */
bool slot_sender_report(struct slot *, struct now, const struct reception *of_source, struct rtcp_sender *);
