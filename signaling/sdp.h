/* sdp.h - a browser's offer parsed, our answer written: RFC 8866, RFC 8829 (JSEP), RFC 8843 (BUNDLE), RFC 8839 (ICE), RFC 8842 (DTLS).
 *
 * Pure text. What an offer must be for Kinroom: one BUNDLE group with every section, rtcp-mux, ICE credentials, a SHA-256 fingerprint,
 * setup actpass or active. */
#pragma once

#include "base/address.h"
#include "base/status.h"

enum { SDP_SECTIONS_MAX = 40, SDP_SSRCS_MAX = 4, SDP_CANDIDATES_MAX = 8, SDP_MID_MAX = 16 };

enum sdp_media { SDP_AUDIO = 1, SDP_VIDEO, SDP_OTHER };
enum sdp_direction { SDP_SENDRECV = 1, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };

struct sdp_section {
    enum sdp_media media;
    enum sdp_direction direction;
    char mid[SDP_MID_MAX + 1];
    bool rejected;          /* port 0 and not bundle-only */
    uint8_t payload_type;   /* Opus, or VP8; 0 when neither is offered */
    uint8_t mid_extension;  /* RFC 8285 id of urn:ietf:params:rtp-hdrext:sdes:mid, 0 none */
    uint8_t level_extension; /* of urn:ietf:params:rtp-hdrext:ssrc-audio-level, 0 none */
    uint32_t ssrcs[SDP_SSRCS_MAX]; /* a=ssrc with cname, repair streams (FID's second) left out */
    size_t ssrc_count;
};

struct sdp_offer {
    struct bytes ufrag, pwd; /* borrowed from the text */
    uint8_t fingerprint[32];
    struct sdp_section sections[SDP_SECTIONS_MAX];
    size_t section_count;
};

/* ERR_MALFORMED: not SDP. ERR_UNSUPPORTED: SDP that breaks one of the rules above; *why then names it in plain words. */
enum status sdp_parse_offer(struct bytes text, struct sdp_offer *, const char **why);

/* Our side of one section, in the offer's order. */
struct sdp_answer_section {
    bool accepted;
    enum sdp_direction direction; /* recvonly for what they send, sendonly for slots */
    uint32_t ssrc;                /* of a slot, 0 none */
    char stream[SDP_MID_MAX + 8]; /* msid of a slot */
};

struct sdp_answer {
    const char *ufrag, *pwd;
    const uint8_t *fingerprint;         /* 32 bytes */
    struct address candidates[SDP_CANDIDATES_MAX]; /* host, UDP, with ports */
    size_t candidate_count;
    uint64_t session; /* o= line's number */
    struct sdp_answer_section sections[SDP_SECTIONS_MAX];
};

/* NUL-terminated text; ERR_FULL. ICE-lite, setup:passive, rtcp-mux, rtcp-rsize absent; Opus with inband FEC and DTX as offered,
 * VP8 with nack pli and ccm fir; only the mid and audio-level extensions. */
enum status sdp_write_answer(struct writer *, const struct sdp_offer *, const struct sdp_answer *);
