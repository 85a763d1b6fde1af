/* negotiation.h - the one offer and the one answer of a client: which section is its microphone, camera, screen, and
 * which are its receive slots.
 *
 * In the offer's order: the first sending audio section is the microphone, the first sending video section the camera,
 * the second the screen; receiving sections are slots, up to the welcome's number of each kind. Anything more is
 * refused, and the whole offer with it; so is a section that both sends and receives. What is not live media (a data
 * channel, a stopped or inactive section) is declined with port 0. */
#pragma once

#include "signaling/sdp.h"
#include "base/terms.h"

enum { NEGOTIATION_SLOTS_MAX = 32 };

/* One codec that both sides have. */
struct negotiated_codec {
    enum codec codec;
    uint8_t payload_type;
    uint8_t repair_type; /* of its retransmissions; 0: there are none */
};

/* What the client will send for one source. */
struct negotiated_source {
    bool offered;
    char mid[SDP_MID_MAX + 1];
    uint8_t mid_extension, level_extension;
    uint8_t twcc_extension; /* they want to hear when their packets came; 0: they don't */
    uint8_t red_type;       /* of redundant audio, if they send it so; 0: they don't */
    uint32_t ssrcs[SDP_SSRCS_MAX], repairs[SDP_SSRCS_MAX];
    size_t ssrc_count;
    struct negotiated_codec
        codecs[SDP_CODECS_MAX]; /* the dearest first: which one it is, each packet says by its type */
    size_t codec_count;
    /* Its simulcast layers, low to high as browsers offer them; 0: one stream, without a RID. */
    char rids[SDP_RIDS_MAX][SDP_RID_MAX + 1];
    size_t rid_count;
    uint8_t rid_extension, repaired_rid_extension; /* 0 without simulcast */
    uint8_t dependency_extension;                  /* of the dependency descriptor; 0: there is none */
};

struct negotiated_slot {
    bool video;
    char mid[SDP_MID_MAX + 1];
    uint32_t ssrc;        /* ours, as answered */
    uint32_t repair_ssrc; /* of our retransmissions; 0: of no codec there are any */
    uint8_t red_type;     /* of redundant audio, which we may pass on; 0: they take none */
    /* Whichever codec the publisher on it sends goes out under the receiver's own type for it, on the one SSRC. */
    struct negotiated_codec codecs[SDP_CODECS_MAX];
    size_t codec_count;
    uint8_t twcc_extension; /* what we send is numbered, and they tell when it came; 0: they don't */
};

struct negotiated {
    struct negotiated_source sources[SOURCE_COUNT]; /* mic, camera, screen */
    struct negotiated_slot slots[NEGOTIATION_SLOTS_MAX];
    size_t slot_count;
};

/* What we bring: sections are filled in here. */
struct negotiation_ours {
    const char *ufrag, *pwd;
    const uint8_t *fingerprint;
    const struct address *candidates;
    size_t candidate_count;
    uint64_t session;
    uint32_t first_ssrc; /* slots take consecutive SSRCs from here, two each */
    uint32_t audio_slots, video_slots;
    const enum codec *video_codecs; /* which ones are taken, the dearest first */
    size_t video_codec_count;
};

/* The codec with this payload type; NULL: none has it. */
const struct negotiated_codec *negotiated_by_type(const struct negotiated_codec *, size_t count, uint8_t payload_type);
/* Likewise by its codec, or by the type of its retransmissions. */
const struct negotiated_codec *negotiated_by_codec(const struct negotiated_codec *, size_t count, enum codec);
const struct negotiated_codec *negotiated_by_repair(const struct negotiated_codec *, size_t count, uint8_t repair_type);

/* Parses the offer, decides, writes the NUL-terminated answer (the NUL is behind the writer's length). remote points
 * into `offer`. *why: plain words on failure. Outputs change only on OK. */
enum status negotiate(struct bytes offer, const struct negotiation_ours *, struct negotiated *,
                      struct sdp_offer *remote, struct writer *answer, const char **why);
