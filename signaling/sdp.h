/* sdp.h - a browser's offer parsed (sdp.c), our answer written (sdp_answer.c): RFC 8866, RFC 8829 (JSEP), RFC 8843
 * (BUNDLE), RFC 8839 (ICE), RFC 8842 (DTLS).
 *
 * Pure text. What an offer must be for Kinroom: one BUNDLE group with every live section, rtcp-mux, the same ICE
 * credentials and SHA-256 fingerprint throughout, setup actpass or active. */
#pragma once

#include "base/address.h"
#include "base/status.h"

enum { SDP_SECTIONS_MAX = 40, SDP_SSRCS_MAX = 4, SDP_CANDIDATES_MAX = 16, SDP_MID_MAX = 16 };

#define SDP_TWCC_URI "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

enum sdp_media { SDP_AUDIO = 1, SDP_VIDEO, SDP_OTHER };
enum sdp_direction { SDP_SENDRECV = 1, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };

struct sdp_section {
    enum sdp_media media;
    enum sdp_direction direction;
    char mid[SDP_MID_MAX + 1];
    bool rejected;                   /* port 0 and not bundle-only */
    uint8_t payload_type;            /* Opus, or VP8; 0 when neither is offered */
    uint8_t mid_extension;           /* RFC 8285 id of urn:ietf:params:rtp-hdrext:sdes:mid, 0 none */
    uint8_t level_extension;         /* of urn:ietf:params:rtp-hdrext:ssrc-audio-level, 0 none */
    uint8_t twcc_extension;          /* of transport-wide congestion control (twcc.h), 0 none */
    uint8_t red_type;                /* of redundant audio (RFC 2198) whose blocks are payload_type; 0 none */
    uint8_t repair_type;             /* RFC 4588's retransmissions of payload_type; 0 none */
    uint32_t ssrcs[SDP_SSRCS_MAX];   /* from a=ssrc, repair streams (FID's second) left out */
    uint32_t repairs[SDP_SSRCS_MAX]; /* of each of these, the stream that repairs it; 0 none */
    size_t ssrc_count;
    bool nack, nack_pli, ccm_fir, transport_cc; /* offered for payload_type */
    bool dtx;                                   /* Opus with usedtx=1 */
    /* Of the m= line, borrowed: a rejected section is answered with its own words. */
    struct bytes media_word, protocol, first_format;
};

struct sdp_offer {
    struct bytes ufrag, pwd; /* borrowed from the text */
    uint8_t fingerprint[32];
    struct sdp_section sections[SDP_SECTIONS_MAX];
    size_t section_count;
};

/* ERR_MALFORMED: not SDP. ERR_UNSUPPORTED: SDP that breaks one of the rules above; *why then names it in plain words.
 */
enum status sdp_parse_offer(struct bytes text, struct sdp_offer *, const char **why);

/* Our side of one section, in the offer's order. */
struct sdp_answer_section {
    bool accepted;
    enum sdp_direction direction; /* recvonly for what they send, sendonly for slots */
    uint32_t ssrc;                /* of a slot, 0 none */
    uint32_t repair_ssrc;         /* of a slot's retransmissions, 0 none */
    char stream[SDP_MID_MAX + 8]; /* msid of a slot */
};

struct sdp_answer {
    const char *ufrag, *pwd;
    const uint8_t *fingerprint;                    /* 32 bytes */
    struct address candidates[SDP_CANDIDATES_MAX]; /* host, with ports; the best of each transport first */
    size_t candidate_count;
    uint64_t session; /* o= line's number */
    struct sdp_answer_section sections[SDP_SECTIONS_MAX];
};

/* NUL-terminated text (the NUL is behind the writer's length); ERR_FULL leaves the writer as it was. Only sections with
 * a payload type may be accepted. ICE-lite, setup:passive, rtcp-mux, rtcp-rsize absent; Opus with inband FEC, DTX and
 * redundancy as offered, VP8 with nack, nack pli, ccm fir and retransmissions as offered; the mid extension, for what
 * they send also audio level and transport-wide congestion control. */
enum status sdp_write_answer(struct writer *, const struct sdp_offer *, const struct sdp_answer *);
