/* flow.h - a steady flow of RTP as a browser sends it: Opus-like sound, or VP8 with a valid payload descriptor and
 * regular keyframes.
 *
 * Pure: time goes in, packets come out. What the payload says is filler; sound begins with whose it is. */
#pragma once

#include "base/bytes.h"
#include "base/clock.h"

enum { FLOW_PAYLOAD_MAX = 1180, FLOW_PACKET_MAX = FLOW_PAYLOAD_MAX + 12 + 8, FLOW_QUIET = 127 };

struct flow {
    bool video;
    uint32_t ssrc;
    uint8_t level;      /* beside sound, as RFC 6464 has it */
    usec_t interval_us; /* between packets; 0: nothing flows */
    usec_t next_us;     /* when the next one is due */
    size_t payload_len;
    uint16_t seq, picture;
    uint32_t time;
    unsigned packet_of_frame; /* the next one's place; video */
    unsigned frames_to_keyframe;
    bool keyframe_wanted;   /* the next frame is one */
    uint64_t sent, skipped; /* skipped: it was too late for them */
};

struct flow flow_of(bool video, uint32_t ssrc);
/* From now on so many packets a second with payloads of so many bytes, at most FLOW_PAYLOAD_MAX; 0 stops. `phase`
 * spreads flows that begin together. Numbers go on where they were. */
void flow_pace(struct flow *, usec_t now_us, unsigned packets_per_s, size_t payload_len, uint32_t phase);
/* The packet that is due, in `packet`; false when none is. Ask until there is none. */
bool flow_next(struct flow *, usec_t now_us, struct writer *packet);
/* The SSRC of whose sound it is, from a payload; 0 for none. */
uint32_t flow_origin(struct bytes payload);
