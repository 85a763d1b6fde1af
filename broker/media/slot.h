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

enum { SLOT_REPAIR_HEADER_LEN = 2 }; /* ahead of what is sent again, the lost packet's sequence number: RFC 4588 4 */

enum slot_codec {
    SLOT_OPUS = 1,
    SLOT_VP8,
};

struct slot {
    enum slot_codec codec;
    uint32_t ssrc;
    uint8_t payload_type;     /* as this receiver negotiated it */
    uint8_t red_payload_type; /* of redundant audio (red.h); 0: this receiver takes none */
    bool awaiting_keyframe;
    /* Its repair stream, RFC 4588; payload type 0: none was negotiated. */
    uint32_t repair_ssrc;
    uint8_t repair_payload_type;
    uint16_t repair_seq;      /* of the next one */
    uint32_t packets, octets; /* of payload, since creation */
    bool sent_since_report;
    struct renumber renumber;
};

void slot_init(struct slot *, enum slot_codec, uint32_t ssrc, uint8_t payload_type, const struct entropy *);
/* Retransmissions go out as a stream of their own: RFC 4588 in session multiplexing by SSRC (section 5.3). */
void slot_set_repair(struct slot *, uint32_t ssrc, uint8_t payload_type, const struct entropy *);
/* A new source feeds the slot, from now on. */
void slot_switch(struct slot *);
/* Writes one incoming packet as this slot's: header rebuilt (no extension, no CSRC, no padding), numbers renumbered,
 * VP8 descriptor rewritten. False, with nothing written, when it is not to be sent: before the keyframe, from before
 * the switch, not VP8 at all, padding alone, or more than `out` has room for. *needs_keyframe turns true when it was
 * held back for want of one, and is otherwise left alone, so that one flag can serve all the slots of a stream. The
 * first audio packet of a source has the marker set: a talkspurt begins (RFC 3551 4.1). */
bool slot_write(struct slot *, usec_t now_us, const struct rtp *in, struct writer *out, bool *needs_keyframe);
/* The same for a packet of redundant audio: as it is to a receiver that takes it, to any other its newest block alone.
 */
bool slot_write_red(struct slot *, usec_t now_us, const struct rtp *in, struct writer *out);
/* Whether anything of the source that feeds it now was sent. */
static inline bool slot_has_begun(const struct slot *slot)
{
    return !slot->renumber.switched;
}
/* Which packet of the source a receiver that lost this one of ours wants back; false when it is to have none: never
 * sent, of an earlier source, too long ago, or without a repair stream. */
bool slot_lost(const struct slot *, uint16_t seq_out, uint16_t *seq_in);
/* Writes that packet again, on the repair stream: the numbers that it had, its own sequence number ahead of the payload
 * (RFC 4588 4). False, with nothing written, when it does not fit. */
bool slot_repair(struct slot *, uint16_t seq_out, const struct rtp *in, struct writer *out);
/* The sender report for this slot at `now`; false when there is nothing to say: the publisher sent no SR yet, or
 * nothing went out since the last report, or nothing of this source (an old source's SR says nothing about the new
 * one).
 *
 * Its NTP time is by the publisher's clock, not ours: what that clock shows now, by its last SR and the time since; and
 * the RTP time of that moment in the slot's timeline. All streams of one publisher share that clock, so a receiver can
 * align the lips of the camera's slot with the voice of the microphone's. A receiver with several publishers in turn in
 * one slot sees that clock jump: sync.h puts them all on ours. */
bool slot_sender_report(struct slot *, struct now, const struct reception *of_source, struct rtcp_sender *);
