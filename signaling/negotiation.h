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

/* What the client will send for one source. */
struct negotiated_source {
    bool offered;
    char mid[SDP_MID_MAX + 1];
    uint8_t payload_type, mid_extension, level_extension;
    uint8_t twcc_extension; /* they want to hear when their packets came; 0: they don't */
    uint8_t repair_type;    /* of their retransmissions; 0: there are none */
    uint8_t red_type;       /* of redundant audio, if they send it so; 0: they don't */
    uint32_t ssrcs[SDP_SSRCS_MAX], repairs[SDP_SSRCS_MAX];
    size_t ssrc_count;
};

struct negotiated_slot {
    bool video;
    char mid[SDP_MID_MAX + 1];
    uint8_t payload_type;
    uint32_t ssrc;        /* ours, as answered */
    uint32_t repair_ssrc; /* of our retransmissions; 0, with the type: there are none */
    uint8_t repair_type, red_type;
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
};

/* Parses the offer, decides, writes the NUL-terminated answer (the NUL is behind the writer's length). remote points
 * into `offer`. *why: plain words on failure. Outputs change only on OK. */
enum status negotiate(struct bytes offer, const struct negotiation_ours *, struct negotiated *,
                      struct sdp_offer *remote, struct writer *answer, const char **why);
