#include "load/traffic.h"

#include <string.h>

#include "media/rtp.h"

enum {
    OPUS_CLOCK = 48000,
    VP8_CLOCK = 90000,
    SOUND_PER_S = 50,
    SOUND_LEN = 100,
    TOC = 0x78, /* RFC 6716 3.1: CELT, 20 ms, mono, one frame */
    DESCRIPTOR_LEN = 4,
    KEYFRAME_HEADER_LEN = 10, /* RFC 6386 9.1 */
    FRAME_HEADER_LEN = 3,
    MARK_LEN = 20,
    MARK_MAGIC = 0x4b4c4f44,
    PATTERN_LEN = 256,
    PACKET_LEAST = 64, /* holds every header and the mark */
    PACKET_USUAL = 1060,
    EXTENSION_LEN = 8,
};
/* Whoever is later than this does not catch up: a burst would measure the sender, not the server. */
#define BEHIND_MOST_US (200 * USEC_PER_MSEC)

/* Filler: one long pattern without a short period; a packet's begins where its counter says. */
static const uint8_t *pattern(void)
{
    static uint8_t bytes[PATTERN_LEN + TRAFFIC_PAYLOAD_MAX];
    if (!bytes[0])
        for (size_t i = sizeof bytes; i-- > 0;)
            bytes[i] = (uint8_t)((i * i * 31 + i * 7 + 1) >> (i & 3)) | (i == 0);
    return bytes;
}

static const uint8_t *filler_of(uint32_t origin, uint32_t counter)
{
    return pattern() + (origin * 37 + counter) % PATTERN_LEN;
}

struct traffic traffic_sound(uint32_t origin, uint32_t ssrc)
{
    return (struct traffic){ .origin = origin,
                             .ssrc = ssrc,
                             .payload_type = TRAFFIC_OPUS,
                             .interval_us = USEC_PER_SEC / SOUND_PER_S,
                             .next_us = NEVER,
                             .frame_len = SOUND_LEN };
}

struct traffic traffic_picture(uint32_t origin, uint32_t ssrc)
{
    return (struct traffic){ .video = true,
                             .origin = origin,
                             .ssrc = ssrc,
                             .payload_type = TRAFFIC_VP8,
                             .next_us = NEVER,
                             .keyframe_wanted = true };
}

void traffic_pace(struct traffic *t, unsigned fps, unsigned video_bps)
{
    size_t len = video_bps / 8 / fps, most = (size_t)TRAFFIC_BURST_MAX * PACKET_USUAL;
    t->interval_us = USEC_PER_SEC / fps;
    t->frame_len = len < PACKET_LEAST ? PACKET_LEAST : len > most ? most : len;
}

void traffic_start(struct traffic *t, usec_t now_us, uint32_t phase_us)
{
    t->next_us = now_us + phase_us % t->interval_us;
}

void traffic_stop(struct traffic *t)
{
    t->next_us = NEVER;
}

/* RFC 8285 4.2, one element of two bytes; the number as draft-holmer-rmcat-transport-wide-cc-extensions-01 has it. */
static void write_header(const struct traffic *t, bool marker, uint16_t *twcc_seq, struct writer *w)
{
    write_u8(w, t->twcc_extension ? 0x90 : 0x80);
    write_u8(w, (uint8_t)((marker ? 0x80 : 0) | t->payload_type));
    write_be16(w, t->seq);
    write_be32(w, t->time);
    write_be32(w, t->ssrc);
    if (t->twcc_extension) {
        write_be32(w, 0xbede0001);
        write_u8(w, (uint8_t)(t->twcc_extension << 4 | 1));
        write_be16(w, (*twcc_seq)++);
        write_u8(w, 0);
    }
}

/* RFC 7741 4.2 and 4.3: X, S on a frame's first packet, I with 15 bits; then the frame's own first bytes. */
static void write_vp8(const struct traffic *t, bool first, bool keyframe, struct writer *w)
{
    static const uint8_t size[] = { 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01 }; /* 640x480 */
    write_u8(w, first ? 0x90 : 0x80);
    write_u8(w, 0x80);
    write_be16(w, (uint16_t)(0x8000 | t->picture));
    if (!first)
        return;
    write_u8(w, keyframe ? 0x10 : 0x11); /* shown; the lowest bit is clear in a keyframe */
    write_be16(w, 0);
    if (keyframe)
        write_bytes(w, (struct bytes){ size, sizeof size });
}

static void write_mark(struct traffic *t, uint64_t now_ns, struct writer *w)
{
    write_be32(w, MARK_MAGIC);
    write_be32(w, t->origin);
    write_be32(w, t->counter++);
    write_be64(w, now_ns);
}

/* payload_len: with the codec's bytes and the mark. */
static size_t write_packet(struct traffic *t, uint64_t now_ns, uint16_t *twcc_seq, bool first, bool last, bool keyframe,
                           size_t payload_len, uint8_t *at)
{
    struct writer w = writer_over(at, TRAFFIC_PACKET_MAX);
    write_header(t, t->video && last, twcc_seq, &w);
    size_t header = w.len;
    if (t->video)
        write_vp8(t, first, keyframe, &w);
    else
        write_u8(&w, TOC);
    const uint8_t *filler = filler_of(t->origin, t->counter);
    write_mark(t, now_ns, &w);
    write_bytes(&w, (struct bytes){ filler, payload_len - (w.len - header) });
    t->seq++;
    t->sent++;
    t->octets += payload_len;
    return w.len;
}

static void skip_late(struct traffic *t, usec_t now_us)
{
    if (now_us < t->next_us + BEHIND_MOST_US)
        return;
    uint64_t count = (now_us - t->next_us) / t->interval_us;
    t->skipped += count;
    t->next_us += count * t->interval_us;
}

/* As libwebrtc cuts a frame: nearly equal, the larger ones last. Three frames of four have a byte that does not divide.
 */
static size_t packets_of(size_t frame_len)
{
    return (frame_len + PACKET_USUAL - 1) / PACKET_USUAL;
}

size_t traffic_next(struct traffic *t, usec_t now_us, uint64_t now_ns, uint16_t *twcc_seq, uint8_t *at, size_t stride,
                    size_t lens[static TRAFFIC_BURST_MAX])
{
    if (now_us < t->next_us)
        return 0;
    skip_late(t, now_us);
    size_t count = t->video ? packets_of(t->frame_len) : 1, each = t->frame_len / count;
    bool keyframe = t->video && t->keyframe_wanted, odd = t->video && count > 1 && t->frames % 4 != 0;
    for (size_t i = 0; i < count; i++)
        lens[i] = write_packet(t, now_ns, twcc_seq, i == 0, i + 1 == count, keyframe, each + (odd && i + 1 == count),
                               at + i * stride);
    t->keyframe_wanted &= !keyframe;
    t->frames++;
    t->picture = (t->picture + 1) & 0x7fff;
    t->time += (uint32_t)((t->video ? VP8_CLOCK : OPUS_CLOCK) * t->interval_us / USEC_PER_SEC);
    t->next_us += t->interval_us;
    return count;
}

/* ---- Reading ---- */

static enum status skip_vp8(struct reader *r, struct traffic_mark *mark)
{
    uint8_t first = read_u8(r);
    if (!(first & 0x80) || read_u8(r) != 0x80)
        return ERR_MALFORMED;
    read_be16(r); /* the picture's number, which is the server's to change */
    if (!(first & 0x10))
        return OK;
    mark->keyframe = !(read_u8(r) & 1);
    read_bytes(r, mark->keyframe ? KEYFRAME_HEADER_LEN - 1 : FRAME_HEADER_LEN - 1);
    return OK;
}

enum status traffic_read(bool video, struct bytes payload, struct traffic_mark *read)
{
    struct reader r = reader_over(payload);
    struct traffic_mark mark = { 0 };
    if (video)
        TRY(skip_vp8(&r, &mark));
    else if (read_u8(&r) != TOC)
        return ERR_MALFORMED;
    if (read_be32(&r) != MARK_MAGIC)
        return ERR_MALFORMED;
    mark.origin = read_be32(&r);
    mark.counter = read_be32(&r);
    mark.sent_ns = read_be64(&r);
    if (r.bad || r.left > TRAFFIC_PAYLOAD_MAX || memcmp(r.at, filler_of(mark.origin, mark.counter), r.left) != 0)
        return ERR_MALFORMED;
    *read = mark;
    return OK;
}
