/* traffic.h - RTP as a browser sends it: Opus-like sound, 50 packets a second; VP8 pictures, each a burst of nearly
 * equal packets of which in three frames of four the last is one byte larger, with valid payload descriptors (RFC
 * 7741).
 *
 * Pure: time goes in, packets come out. Behind the codec's own first bytes each payload says whose it is, which one,
 * when it left, and goes on with filler that can be checked. */
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/status.h"

enum {
    TRAFFIC_OPUS = 111, /* payload types, those of Chromium */
    TRAFFIC_VP8 = 96,
    TRAFFIC_RTX = 97,
    TRAFFIC_PAYLOAD_MAX = 1160,
    TRAFFIC_PACKET_MAX = TRAFFIC_PAYLOAD_MAX + 12 + 8,
    TRAFFIC_BURST_MAX = 32, /* packets of a frame */
};

struct traffic {
    bool video;
    uint32_t origin, ssrc;
    uint8_t payload_type;
    uint8_t twcc_extension; /* id of the transport-wide number in a header extension; 0 none */
    usec_t interval_us;     /* between frames; 0: nothing flows */
    usec_t next_us;         /* when the next one is due */
    size_t frame_len;       /* bytes of payload in one */
    uint16_t seq, picture;
    uint32_t time, counter; /* counter: of all its packets */
    unsigned frames;
    bool keyframe_wanted;
    uint64_t sent, octets, skipped; /* skipped: frames that it was too late for */
};

struct traffic traffic_sound(uint32_t origin, uint32_t ssrc);
struct traffic traffic_picture(uint32_t origin, uint32_t ssrc);
/* Of a picture, before it starts; at least 1 each. */
void traffic_pace(struct traffic *, unsigned fps, unsigned video_bps);
void traffic_start(struct traffic *, usec_t now_us, uint32_t phase_us);
void traffic_stop(struct traffic *);

/* The frame that is due: its packets side by side in `at`, each TRAFFIC_PACKET_MAX + room for a tag apart (stride),
 * with their lengths. Returns how many, 0 when none is due; ask until then. twcc_seq counts on through all of a peer's.
 */
size_t traffic_next(struct traffic *, usec_t now_us, uint64_t now_ns, uint16_t *twcc_seq, uint8_t *at, size_t stride,
                    size_t lens[static TRAFFIC_BURST_MAX]);

/* What a payload says. */
struct traffic_mark {
    uint32_t origin, counter;
    uint64_t sent_ns; /* CLOCK_MONOTONIC of the sender */
    bool keyframe;    /* the first packet of one */
};
/* payload: without RTP's padding. ERR_MALFORMED: not one of ours, or not as it was sent. */
enum status traffic_read(bool video, struct bytes payload, struct traffic_mark *);
