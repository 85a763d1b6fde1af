/* link.h - one participant's media connection: the transport, the tracks they publish, the slots they receive on.
 *
 * Made from their one offer, destroyed with their connection. Its edges belong to the gate. */
#pragma once

#include "auth/plan.h"
#include "media/bandwidth.h"
#include "media/cache.h"
#include "media/keyframe.h"
#include "media/meter.h"
#include "media/nack.h"
#include "media/pacer.h"
#include "media/reception.h"
#include "media/slot.h"
#include "media/speech.h"
#include "media/sync.h"
#include "media/twcc.h"
#include "media/video.h"
#include "room/held.h"
#include "signaling/negotiation.h"
#include "transport/routes.h"
#include "transport/transport.h"

/* One way for packets: from a track to one slot of one participant. Only gate.c makes or unmakes edges. */
struct edge {
    uint16_t receiver; /* index in the room */
    uint16_t slot;     /* index in that receiver's link */
};

/* One RTP stream that they send: the microphone's, a picture's, or one simulcast layer of it. */
struct stream {
    uint32_t ssrc;         /* 0 until an authentic packet or the offer named it */
    uint32_t repair_ssrc;  /* of their retransmissions; likewise */
    enum codec codec;      /* of its last packet */
    struct meter rate;     /* all of it, */
    struct meter base;     /* and its lowest temporal layer alone */
    usec_t last_at;        /* when the last packet came; 0: none has */
    uint8_t temporal_most; /* the highest temporal layer that was seen */
    struct reception reception;
    size_t receivers;         /* slots that it feeds now */
    struct keyframe keyframe; /* video only, like what follows */
    struct video_structure structure;
    struct cache *cache; /* what its receivers may miss; NULL while there are none */
    struct nack nack;    /* what we miss of it */
};

enum { LAYERS_MAX = SDP_RIDS_MAX };

struct track {
    struct negotiated_source how;
    /* Low to high, as the offer has them; one without simulcast. Each is made when its first packet comes or the offer
     * names its SSRC; NULL before. */
    struct stream *layers[LAYERS_MAX];
    struct edge *edges;
    size_t edge_count, edge_cap;
    bool left_out; /* somebody may receive it, and has no slot for it */
};

enum { PUBLISHER_NONE = UINT16_MAX, LAYER_NONE = UINT8_MAX };

struct receive_slot {
    struct slot stream;
    char mid[SDP_MID_MAX + 1];
    bool video;
    uint16_t publisher; /* index in the room of whom it carries; PUBLISHER_NONE when empty */
    uint8_t track;      /* which of their tracks */
    /* Which layer of the track feeds it; LAYER_NONE before the first keyframe, and while it is paused. */
    uint8_t layer;
    uint8_t wanted; /* and which is to: from its next keyframe on; LAYER_NONE pauses it */
    bool paused;    /* for want of bandwidth, as its receiver was told */
};

struct link {
    struct transport *transport;
    uint32_t feedback_ssrc; /* from which our reports and keyframe requests come */
    struct track tracks[SOURCE_COUNT];
    struct speech speech;       /* of their microphone */
    struct sync sync;           /* their clock against ours, for sender reports */
    struct receive_slot *slots; /* as many as were agreed on */
    size_t slot_count;
    usec_t report_at;  /* when reports are due next */
    struct twcc *twcc; /* when their packets came; NULL before the first that is numbered */
    usec_t twcc_at;    /* when they hear of it next; NEVER without news */
    struct held held;  /* what was said to them while their socket was gone */

    /* What goes to them (egress.h). */
    struct bandwidth *bandwidth; /* NULL: they tell nothing of what comes */
    struct pacer pacer;
    struct meter sound;        /* that they are sent */
    usec_t sound_twice_until;  /* each packet of it in two copies */
    usec_t allocate_at;        /* when layers are looked at again; NEVER without pictures */
    usec_t repairs_paid_until; /* what is sent to them again costs time; how far ahead of the clock they are */
};

/* What every link of a shard is made with. */
struct link_config {
    const struct entropy *entropy;
    const struct dtls_identity *identity;
    const uint8_t *fingerprint;
    const struct address *candidates;
    size_t candidate_count;
    struct codec_choice video_codecs;
};

/* From an offer to a link and the answer's text. On failure *why is plain words when the offer is to blame, else NULL.
 */
enum status link_create(struct link **, const struct link_config *, struct now, struct bytes offer,
                        uint32_t audio_slots, uint32_t video_slots, struct writer *answer, const char **why);
/* A name for a new link, which nobody can guess. */
void link_name(const struct link_config *, struct id *);
/* The edges must be gone. */
void link_destroy(struct link *);

/* Which stream an authentic packet belongs to: by its SSRC, or the first time by its MID (RFC 8843 9.2) and RID (RFC
 * 8852). False: none, drop it. */
struct origin {
    struct track *track;
    struct stream *stream;
    uint8_t layer;
    bool restarted; /* a new SSRC took the stream over, and its numbers start anew */
};
bool link_origin_of(struct link *, const struct rtp *, struct origin *);
/* A retransmission (RFC 4588) becomes the packet that it brings back; false, and unchanged, when it is none of theirs
 * or brings nothing. */
bool link_take_repair(struct link *, struct rtp *);
/* The transport-wide number of a packet; false when it has none. */
bool link_twcc_of(const struct link *, const struct rtp *, uint16_t *seq);
/* Whether a packet of this track is redundant audio. */
static inline bool track_is_red(const struct track *track, const struct rtp *rtp)
{
    return track->how.red_type != 0 && rtp->payload_type == track->how.red_type;
}
/* The stream with this SSRC; NULL for none. */
struct stream *link_stream_by_ssrc(struct link *, uint32_t ssrc);
struct receive_slot *link_slot_by_ssrc(struct link *, uint32_t ssrc);

/* There is something to forward: it is not behind the other layers of its track, as one is that the publisher has
 * stopped for want of bandwidth. NULL is not live. */
bool track_layer_is_live(const struct track *, const struct stream *);
/* The only way to change which layer of a track feeds a slot; LAYER_NONE: none does. What waits for the slot is gone,
 * and it sends nothing before a keyframe. The last slot that a stream feeds takes with it what was kept of it. */
void link_set_layer(struct link *to, struct receive_slot *, struct track *, uint8_t layer);

static inline uint8_t track_index(enum source source)
{
    return source == SOURCE_MIC ? 0 : source == SOURCE_CAMERA ? 1 : 2;
}
static inline enum source track_source(uint8_t index)
{
    return (enum source)(1u << index);
}
static inline bool source_is_video(enum source source)
{
    return source != SOURCE_MIC;
}
