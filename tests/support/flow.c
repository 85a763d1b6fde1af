#include "support/flow.h"

enum {
    OPUS = 111, /* payload types of Chromium's offer */
    VP8 = 96,
    LEVEL_ID = 1, /* and its id of RFC 6464 */
    TOC = 0x78,   /* RFC 6716 3.1: CELT, 20 ms, mono, one frame */
    OPUS_CLOCK = 48000,
    VP8_CLOCK = 90000,
    PACKETS_PER_FRAME = 4,
    KEYFRAME_EVERY = 250, /* frames */
    PAYLOAD_LEAST = 16,   /* holds every header below */
};
/* Whoever is later than this does not catch up: a burst would measure the sender, not the broker. */
#define BEHIND_MOST_US (200 * USEC_PER_MSEC)

static const uint8_t filler[FLOW_PAYLOAD_MAX];

struct flow flow_of(bool video, uint32_t ssrc)
{
    return (struct flow){ .video = video, .ssrc = ssrc, .level = FLOW_QUIET, .keyframe_wanted = true };
}

void flow_pace(struct flow *f, usec_t now_us, unsigned packets_per_s, size_t payload_len, uint32_t phase)
{
    f->interval_us = packets_per_s ? USEC_PER_SEC / packets_per_s : 0;
    f->next_us = f->interval_us ? now_us + phase % f->interval_us : 0;
    f->payload_len = payload_len < PAYLOAD_LEAST      ? PAYLOAD_LEAST
                     : payload_len > FLOW_PAYLOAD_MAX ? FLOW_PAYLOAD_MAX
                                                      : payload_len;
}

static void write_header(const struct flow *f, bool marker, struct writer *w)
{
    write_u8(w, f->video ? 0x80 : 0x90); /* version 2; beside sound, an extension */
    write_u8(w, (uint8_t)((marker ? 0x80 : 0) | (f->video ? VP8 : OPUS)));
    write_be16(w, f->seq);
    write_be32(w, f->time);
    write_be32(w, f->ssrc);
}

/* RFC 8285 4.2 */
static void write_level(const struct flow *f, struct writer *w)
{
    write_be32(w, 0xbede0001);
    write_u8(w, LEVEL_ID << 4);
    write_u8(w, f->level);
    write_be16(w, 0);
}

/* RFC 7741 4.2 and 4.3: X, S on a frame's first packet, I with 15 bits; then the frame's own first bytes. */
static void write_vp8(const struct flow *f, bool keyframe, struct writer *w)
{
    bool first = f->packet_of_frame == 0;
    write_u8(w, first ? 0x90 : 0x80);
    write_u8(w, 0x80);
    write_be16(w, (uint16_t)(0x8000 | f->picture));
    if (!first)
        return;
    write_u8(w, keyframe ? 0x10 : 0x11); /* shown; the lowest bit is clear in a keyframe */
    write_be16(w, 0);
    if (keyframe)
        write_bytes(w,
                    (struct bytes){ (const uint8_t[]){ 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01 }, 7 }); /* 640x480 */
}

static bool begin_frame(struct flow *f)
{
    bool keyframe = f->keyframe_wanted || f->frames_to_keyframe == 0;
    f->frames_to_keyframe = keyframe ? KEYFRAME_EVERY : f->frames_to_keyframe - 1;
    f->keyframe_wanted = false;
    return keyframe;
}

static void write_video(struct flow *f, struct writer *w)
{
    bool keyframe = f->packet_of_frame == 0 && begin_frame(f);
    bool last = f->packet_of_frame + 1 == PACKETS_PER_FRAME;
    write_header(f, last, w);
    write_vp8(f, keyframe, w);
    f->packet_of_frame = last ? 0 : f->packet_of_frame + 1;
    if (last) {
        f->picture = (f->picture + 1) & 0x7fff;
        f->time += (uint32_t)(VP8_CLOCK * PACKETS_PER_FRAME * f->interval_us / USEC_PER_SEC);
    }
}

static void write_audio(struct flow *f, struct writer *w)
{
    write_header(f, false, w);
    write_level(f, w);
    write_u8(w, TOC);
    write_be32(w, f->ssrc);
    f->time += (uint32_t)(OPUS_CLOCK * f->interval_us / USEC_PER_SEC);
}

static void skip_late(struct flow *f, usec_t now_us)
{
    if (now_us < f->next_us + BEHIND_MOST_US)
        return;
    uint64_t count = (now_us - f->next_us) / f->interval_us;
    f->skipped += count;
    f->next_us += count * f->interval_us;
}

bool flow_next(struct flow *f, usec_t now_us, struct writer *packet)
{
    if (!f->interval_us || now_us < f->next_us)
        return false;
    skip_late(f, now_us);
    size_t start = packet->len;
    if (f->video)
        write_video(f, packet);
    else
        write_audio(f, packet);
    size_t headers = f->video ? 12 : 20;
    write_bytes(packet, (struct bytes){ filler, f->payload_len - (packet->len - start - headers) });
    f->seq++;
    f->sent++;
    f->next_us += f->interval_us;
    return true;
}

uint32_t flow_origin(struct bytes payload)
{
    return payload.len > 5 && payload.at[0] == TOC ? load_be32(payload.at + 1) : 0;
}
