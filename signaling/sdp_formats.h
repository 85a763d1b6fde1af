/* sdp_formats.h - within sdp's files: what one section says of its payload types and simulcast layers. Its lines come
 * in any order, so they are read into tables, once each, and joined at the section's end: a list may be as long as the
 * offer, and must not be gone through again for each line. */
#pragma once

#include "signaling/sdp.h"

enum { SDP_FORMATS = 128, SDP_RIDS_READ_MAX = 8 };

struct sdp_feedback {
    bool nack, nack_pli, ccm_fir, transport_cc;
};

struct sdp_format {
    uint8_t place; /* on the m= line, from 1; 0: it is not there */
    enum codec codec;
    bool rtx, red;
    struct sdp_feedback feedback;
    bool dtx;
    uint8_t repaired;      /* which type it retransmits (RFC 4588's apt); 0 none */
    uint8_t blocks;        /* of which type alone it has blocks (RFC 2198); 0 none */
    uint32_t h264_profile; /* profile-level-id; 0: unsaid */
    uint32_t h264_mode;    /* packetization-mode */
    uint32_t vp9_profile;  /* profile-id */
    uint32_t av1_profile;  /* profile */
};

struct sdp_rid_list {
    struct bytes at[SDP_RIDS_READ_MAX];
    size_t count;
};

struct sdp_formats {
    struct sdp_format at[SDP_FORMATS];
    struct sdp_feedback of_all;          /* under "*" */
    uint8_t listed;                      /* on the m= line so far */
    struct sdp_rid_list rids, simulcast; /* a=rid:X send; a=simulcast:send */
    bool has_simulcast;
};

/* A section begins. */
void sdp_formats_start(struct sdp_formats *);
/* The m= line's formats. */
void sdp_formats_list(struct sdp_formats *, struct bytes words);
/* The value of a line of each kind. ERR_MALFORMED: it is not such a line. */
enum status sdp_formats_rtpmap(struct sdp_formats *, enum sdp_media, struct bytes value);
enum status sdp_formats_feedback(struct sdp_formats *, struct bytes value);
enum status sdp_formats_fmtp(struct sdp_formats *, struct bytes value);
enum status sdp_formats_rid(struct sdp_formats *, struct bytes value);
enum status sdp_formats_simulcast(struct sdp_formats *, struct bytes value);
/* The section's codecs, redundancy and layers, of all that was read. Its media, mid and extensions are known. */
void sdp_formats_end(const struct sdp_formats *, struct sdp_section *);
