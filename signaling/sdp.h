/* sdp.h - a browser's offer parsed (sdp.c), our answer written (sdp_answer.c): RFC 8866, RFC 8829 (JSEP), RFC 8843
 * (BUNDLE), RFC 8839 (ICE), RFC 8842 (DTLS).
 *
 * Pure text. What an offer must be for Kinroom: one BUNDLE group with every live section, rtcp-mux, the same ICE
 * credentials and SHA-256 fingerprint throughout, setup actpass or active. */
#pragma once

#include "base/address.h"
#include "base/codec.h"
#include "base/status.h"

enum { SDP_SECTIONS_MAX = 40, SDP_SSRCS_MAX = 4, SDP_CANDIDATES_MAX = 16, SDP_MID_MAX = 16 };
enum {
    SDP_CODECS_MAX = CODEC_VIDEO_COUNT, /* in one section: each of ours once */
    SDP_RIDS_MAX = 3,
    SDP_RID_MAX = 16, /* as many characters as a one-byte header extension has room for: RFC 8285 section 4.2 */
};

#define SDP_MID_URI "urn:ietf:params:rtp-hdrext:sdes:mid"
#define SDP_LEVEL_URI "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
#define SDP_RID_URI "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
#define SDP_REPAIRED_RID_URI "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
#define SDP_DEPENDENCY_URI "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
#define SDP_TWCC_URI "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

enum sdp_media { SDP_AUDIO = 1, SDP_VIDEO, SDP_OTHER };
enum sdp_direction { SDP_SENDRECV = 1, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };

/* One payload type of a codec of ours, and what was offered for it. */
struct sdp_codec {
    enum codec codec;
    uint8_t payload_type;
    uint8_t repair_type; /* RFC 4588's retransmissions of it; 0 none */
    bool nack, nack_pli, ccm_fir, transport_cc;
    uint32_t profile_level; /* H.264's profile-level-id, which the answer repeats; of others nothing */
};

struct sdp_section {
    enum sdp_media media;
    enum sdp_direction direction;
    char mid[SDP_MID_MAX + 1];
    bool rejected;           /* port 0 and not bundle-only */
    uint8_t mid_extension;   /* RFC 8285 id of urn:ietf:params:rtp-hdrext:sdes:mid, 0 none */
    uint8_t level_extension; /* of urn:ietf:params:rtp-hdrext:ssrc-audio-level, 0 none */
    uint8_t twcc_extension;  /* of transport-wide congestion control (twcc.h), 0 none */
    uint8_t red_type;        /* of redundant audio (RFC 2198) whose blocks are Opus; 0 none */
    bool mixed_extensions;   /* they may be in the two-byte form too, as a long descriptor must: RFC 8285 section 6 */
    /* At most one payload type of each codec, in the offer's order: Opus, or video. H.264 as constrained baseline with
     * packetization-mode 1, VP9 and AV1 of profile 0. */
    struct sdp_codec codecs[SDP_CODECS_MAX];
    size_t codec_count;
    /* Simulcast by RID that they want to send (RFC 8853), in the order of its line; 0: one stream. */
    char rids[SDP_RIDS_MAX][SDP_RID_MAX + 1];
    size_t rid_count;
    uint8_t rid_extension, repaired_rid_extension; /* RFC 8852, 0 none */
    uint8_t dependency_extension;                  /* of the dependency descriptor (media/dependency.h), 0 none */
    uint32_t ssrcs[SDP_SSRCS_MAX];                 /* from a=ssrc, repair streams (FID's second) left out */
    uint32_t repairs[SDP_SSRCS_MAX];               /* of each of these, the stream that repairs it; 0 none */
    size_t ssrc_count;
    bool dtx; /* Opus with usedtx=1 */
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
    enum sdp_direction direction;                   /* recvonly for what they send, sendonly for slots */
    const struct sdp_codec *codecs[SDP_CODECS_MAX]; /* of the offer's section, the dearest first */
    size_t codec_count;
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

/* NUL-terminated text (the NUL is behind the writer's length); ERR_FULL leaves the writer as it was. An accepted
 * section has a codec. ICE-lite, setup:passive, rtcp-mux, rtcp-rsize absent; Opus with inband FEC, DTX and redundancy
 * as offered; video codecs with nack, nack pli, ccm fir and retransmissions as offered; the mid extension and
 * transport-wide congestion control, for what they send also audio level, the dependency descriptor, and simulcast with
 * its RIDs. */
enum status sdp_write_answer(struct writer *, const struct sdp_offer *, const struct sdp_answer *);
/* Whether packets of any of these codecs are numbered transport-wide: offered for it, and an extension to do it with.
 */
bool sdp_is_numbered(const struct sdp_section *, const struct sdp_answer_section *);
