/* video.h - what a forwarder must see of a video packet, the same for every codec; each has its parser beside this file
 * (vp8, h264, vp9, av1), and the dependency descriptor says it for codecs whose payload does not.
 *
 * The payload stays opaque apart from this. */
#pragma once

#include "base/codec.h"
#include "base/status.h"
#include "media/dependency.h"

struct video_packet {
    bool frame_starts;    /* a picture's first packet. H.264 may say so again, after parameter sets in a packet apart */
    bool keyframe_starts; /* and the picture can be decoded alone: a switch may begin here */
    bool has_temporal;
    bool switch_up;       /* with frame_starts: who took all lower temporal layers may take this one, from here on */
    uint8_t temporal;     /* layer, below 8; 0 when unknown */
    uint8_t spatial;      /* layer of scalable coding in one stream; else 0 */
    uint8_t picture_bits; /* of the picture id: 7 or 15; 0: there is none */
    bool has_tl0;
    uint8_t tl0_picture_index;
    uint16_t picture_id;
    uint8_t picture_at, tl0_at; /* where the payload has the two counters, for rewriting them in place */
};

/* What must be remembered of one stream between its packets; all zero is fresh. */
struct video_structure {
    struct dependency_structure dependency;
    uint8_t open; /* bit t: no picture of temporal layer t came since one from which on it may be taken */
};

/* Reads one packet's payload, and its dependency descriptor (empty: it has none). ERR_MALFORMED: the payload is none of
 * this codec; a descriptor that is broken counts as absent. structure: NULL for a packet that is looked at once more,
 * out of its order: then switch_up, and the layers that a descriptor names, stay unknown. The packet is filled on OK
 * only. */
enum status video_read(enum codec, struct bytes payload, struct bytes descriptor, struct video_structure *,
                       struct video_packet *);
/* For the parsers: a picture id, which VP8 and VP9 write alike (M and 7 or 15 bits). */
void video_read_picture(struct reader *, struct video_packet *);
/* Writes the two counters back where the packet has them, in the width they had. payload: the packet's, writable. */
void video_rewrite(uint8_t *payload, const struct video_packet *, uint16_t picture_id, uint8_t tl0_picture_index);
