/* link.h - one participant's media connection: the transport, the tracks they publish, the slots they receive on.
 *
 * Made from their one offer, destroyed with their connection. Its edges belong to the gate. */
#pragma once

#include "auth/plan.h"
#include "media/cache.h"
#include "media/keyframe.h"
#include "media/nack.h"
#include "media/reception.h"
#include "media/slot.h"
#include "media/sync.h"
#include "media/twcc.h"
#include "room/held.h"
#include "signaling/negotiation.h"
#include "transport/routes.h"
#include "transport/transport.h"

/* One way for packets: from a track to one slot of one participant. Only gate.c makes or unmakes edges. */
struct edge {
    uint16_t receiver; /* index in the room */
    uint16_t slot;     /* index in that receiver's link */
};

struct track {
    struct negotiated_source how;
    uint32_t ssrc; /* 0 until an authentic packet or the offer named it */
    struct reception reception;
    struct keyframe keyframe; /* video only, like what follows */
    uint32_t repair_ssrc;     /* of their retransmissions; 0 until a packet or the offer named it */
    struct nack nack;         /* what we miss of it */
    struct cache *cache;      /* what its receivers may miss; NULL while nobody receives it */
    struct edge *edges;
    size_t edge_count, edge_cap;
};

enum { PUBLISHER_NONE = UINT16_MAX };

struct receive_slot {
    struct slot stream;
    char mid[SDP_MID_MAX + 1];
    bool video;
    uint16_t publisher; /* index in the room of whom it carries; PUBLISHER_NONE when empty */
    uint8_t track;      /* which of their tracks */
};

struct link {
    struct transport *transport;
    uint32_t feedback_ssrc; /* from which our reports and keyframe requests come */
    struct track tracks[SOURCE_COUNT];
    struct sync sync; /* their clock against ours, for sender reports */
    struct receive_slot slots[NEGOTIATION_SLOTS_MAX];
    size_t slot_count;
    usec_t report_at;          /* when reports are due next */
    struct twcc twcc;          /* when their packets came */
    usec_t twcc_at;            /* when they hear of it next; NEVER without news */
    struct held held;          /* what was said to them while their socket was gone */
    usec_t repairs_paid_until; /* what is sent to them again costs time; how far ahead of the clock they are */
};

/* What every link of a shard is made with. */
struct link_config {
    const struct entropy *entropy;
    const struct dtls_identity *identity;
    const uint8_t *fingerprint;
    const struct address *candidates;
    size_t candidate_count;
};

/* From an offer to a link and the answer's text. On failure *why is plain words when the offer is to blame, else NULL.
 */
enum status link_create(struct link **, const struct link_config *, struct bytes offer, uint32_t audio_slots,
                        uint32_t video_slots, struct writer *answer, const char **why);
/* A name for a new link, which nobody can guess. */
void link_name(const struct link_config *, struct id *);
/* The edges must be gone. */
void link_destroy(struct link *);

/* Which track an authentic packet belongs to: by its SSRC, or the first time by its MID (RFC 8843 9.2). NULL: none,
 * drop it. *restarted: a new SSRC took the track over, and its numbers start anew. */
struct track *link_track_of(struct link *, const struct rtp *, bool *restarted);
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
/* What was kept of a stream for those who received it; nobody does any more, or it starts anew. */
void track_forget(struct track *);
/* By SSRC alone; NULL for none. */
struct track *link_track_by_ssrc(struct link *, uint32_t ssrc);
struct receive_slot *link_slot_by_ssrc(struct link *, uint32_t ssrc);

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
