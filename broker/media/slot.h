/* slot.h - one receive slot of one participant: a stream with a fixed SSRC whose source changes.
 *
 * A slot sends nothing unless a gate's edge feeds it; it keeps the numbers, waits for a keyframe after each switch,
 * leaves out the temporal layers that its receiver is not to have, and knows what it sent, for sender reports. */
#pragma once

#include "base/clock.h"
#include "base/codec.h"
#include "base/entropy.h"
#include "media/reception.h"
#include "media/renumber.h"
#include "media/rtp.h"
#include "media/video.h"

enum {
    SLOT_CODECS_MAX = 4,
    SLOT_REPAIR_HEADER_LEN = 2, /* ahead of what is sent again, the lost packet's sequence number: RFC 4588 4 */
    SLOT_EXTENSION_LEN = 8,     /* the transport-wide number as RFC 8285 4.2 writes it */
    SLOT_HEADER_MAX = RTP_HEADER_LEN + SLOT_EXTENSION_LEN + SLOT_REPAIR_HEADER_LEN,
    SLOT_TRAIN_MULTIPLE =
        8, /* packets of a picture, but its last, are padded to a multiple of it, so by as much at most */
    SLOT_PADDING_MAX = 255, /* RFC 3550 5.1: one octet counts it */
};

/* As this receiver negotiated it. */
struct slot_codec {
    enum codec codec;
    uint8_t payload_type, repair_type; /* repair 0: nothing is sent again */
};

struct slot {
    bool video;
    uint32_t ssrc, repair_ssrc;
    struct slot_codec codecs[SLOT_CODECS_MAX];
    size_t codec_count;
    uint8_t red_payload_type; /* of redundant audio (red.h); 0: this receiver takes none */
    uint8_t twcc_extension;   /* in which each packet has its transport-wide number; 0: none */

    struct slot_codec codec; /* of the source that feeds it now */
    bool awaiting_keyframe;
    uint8_t temporal;         /* the highest layer that is sent on, */
    uint8_t temporal_most;    /* and that is to be, from the next picture that allows it on */
    uint16_t repair_seq;      /* of the next one */
    uint32_t packets, octets; /* of payload, since creation */
    bool sent_since_report;
    struct renumber renumber;
};

void slot_init(struct slot *, bool video, uint32_t ssrc, const struct entropy *);
void slot_deinit(struct slot *);
/* False when it has SLOT_CODECS_MAX already. The first feeds it until a switch says otherwise. */
bool slot_add_codec(struct slot *, struct slot_codec);
/* Retransmissions go out as a stream of their own: RFC 4588 in session multiplexing by SSRC (section 5.3). */
void slot_set_repair(struct slot *, uint32_t ssrc, const struct entropy *);
bool slot_takes(const struct slot *, enum codec); /* whether this receiver can decode that */
/* A new source feeds the slot, from now on; with a codec that it does not take (such as CODEC_NONE) it sends nothing.
 */
void slot_switch(struct slot *, enum codec);
/* Pictures of higher temporal layers are left out. */
void slot_limit_temporal(struct slot *, uint8_t most);

/* Writes one incoming audio packet as this slot's: header rebuilt (no CSRC, no padding, no extension but the
 * transport-wide number's place), numbers renumbered. False, with nothing written, when it is not to be sent: from
 * before the switch, padding alone, or more than `out` has room for. The first packet of a source has the marker set: a
 * talkspurt begins (RFC 3551 4.1). */
bool slot_write(struct slot *, usec_t now_us, const struct rtp *in, struct writer *out);
/* The same for a packet of redundant audio: as it is to a receiver that takes it, to any other its newest block alone.
 */
bool slot_write_red(struct slot *, usec_t now_us, const struct rtp *in, struct writer *out);
/* The same for a packet of a picture, its counters rewritten; false also before the keyframe and for a temporal layer
 * that is left out. A packet of such a layer that comes late, behind others that went out, leaves a gap in their
 * numbers: an empty packet fills it. Where there is room, all packets of a picture but its last are padded to a
 * SLOT_TRAIN_MULTIPLE, as packets of one length leave in one train. */
bool slot_write_video(struct slot *, usec_t now_us, const struct rtp *in, const struct video_packet *,
                      struct writer *out);
/* Puts the transport-wide number in its place in a written packet. */
void slot_stamp(const struct slot *, uint8_t *packet, uint16_t number);
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
bool slot_repair(struct slot *, uint16_t seq_out, const struct rtp *in, const struct video_packet *,
                 struct writer *out);
/* Writes a packet of padding alone on the repair stream, to probe the path: len of 1 to SLOT_PADDING_MAX. Also before
 * anything else was ever sent on the slot: a first picture may be one that waits until the path is known to take it.
 * False without such a stream, or when it does not fit. */
bool slot_pad(struct slot *, size_t len, struct writer *out);
bool slot_may_pad(const struct slot *);
/* The sender report for this slot at `now`; false when there is nothing to say: the publisher sent no SR yet, or
 * nothing went out since the last report, or nothing of this source (an old source's SR says nothing about the new
 * one).
 *
 * Its NTP time is by the publisher's clock, not ours: what that clock shows now, by its last SR and the time since; and
 * the RTP time of that moment in the slot's timeline. All streams of one publisher share that clock, so a receiver can
 * align the lips of the camera's slot with the voice of the microphone's. A receiver with several publishers in turn in
 * one slot sees that clock jump: sync.h puts them all on ours. */
bool slot_sender_report(struct slot *, struct now, const struct reception *of_source, struct rtcp_sender *);
