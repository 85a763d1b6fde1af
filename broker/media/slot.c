#include "media/slot.h"

#include "media/red.h"

enum { MARKER = 0x80, PADDING = 0x20, ONE_BYTE_PROFILE = 0xBEDE, NUMBER_LEN = 2 };
enum { AUDIO_CLOCK = 48000 /* RFC 7587 4.1, whatever the sound's own rate */, VIDEO_CLOCK = 90000 };

void slot_init(struct slot *slot, bool video, uint32_t ssrc, const struct entropy *entropy)
{
    struct {
        uint32_t time;
        uint16_t seq, picture;
    } first;
    entropy_fill(entropy, &first, sizeof first);
    *slot = (struct slot){
        .video = video,
        .ssrc = ssrc,
        .awaiting_keyframe = video,
        .temporal_most = UINT8_MAX,
    };
    /* From the lower half: SRTP's rollover counter starts at zero (RFC 3711 3.3.1) and is not sent, so a receiver who
     * loses the packets before the first wrap would count one too few and open nothing more. */
    uint16_t first_seq = first.seq & INT16_MAX;
    renumber_init(&slot->renumber, video ? VIDEO_CLOCK : AUDIO_CLOCK, first_seq, first.time, first.picture);
}

void slot_deinit(struct slot *slot)
{
    renumber_deinit(&slot->renumber);
}

bool slot_add_codec(struct slot *slot, struct slot_codec codec)
{
    if (slot->codec_count == SLOT_CODECS_MAX)
        return false;
    if (slot->codec_count == 0)
        slot->codec = codec;
    slot->codecs[slot->codec_count++] = codec;
    return true;
}

void slot_set_repair(struct slot *slot, uint32_t ssrc, const struct entropy *entropy)
{
    slot->repair_ssrc = ssrc;
    entropy_fill(entropy, &slot->repair_seq, sizeof slot->repair_seq);
}

static const struct slot_codec *find_codec(const struct slot *slot, enum codec codec)
{
    for (size_t i = 0; i < slot->codec_count; i++)
        if (slot->codecs[i].codec == codec)
            return &slot->codecs[i];
    return NULL;
}

bool slot_takes(const struct slot *slot, enum codec codec)
{
    return find_codec(slot, codec) != NULL;
}

void slot_switch(struct slot *slot, enum codec codec)
{
    const struct slot_codec *found = find_codec(slot, codec);
    slot->codec = found ? *found : (struct slot_codec){ .codec = CODEC_NONE };
    slot->awaiting_keyframe = slot->video;
    renumber_switch(&slot->renumber);
}

void slot_limit_temporal(struct slot *slot, uint8_t most)
{
    slot->temporal_most = most;
}

/* With the place for the transport-wide number, if there is one to come: |BEDE|1| id,1 | number | 0 |, RFC 8285 4.2. */
static void write_header(const struct slot *slot, struct rtp *rtp, struct writer *out)
{
    const uint8_t extension[SLOT_EXTENSION_LEN - 4] = { (uint8_t)(slot->twcc_extension << 4 | (NUMBER_LEN - 1)) };
    rtp->extension_profile = slot->twcc_extension ? ONE_BYTE_PROFILE : 0;
    rtp->extension = (struct bytes){ extension, slot->twcc_extension ? sizeof extension : 0 };
    rtp_write(out, rtp);
    rtp->extension = (struct bytes){ 0 };
}

static size_t header_len(const struct slot *slot)
{
    return RTP_HEADER_LEN + (slot->twcc_extension ? SLOT_EXTENSION_LEN : 0);
}

static bool fits(const struct slot *slot, const struct writer *out, size_t payload)
{
    return !out->bad && out->cap - out->len >= header_len(slot) + payload;
}

void slot_stamp(const struct slot *slot, uint8_t *packet, uint16_t number)
{
    enum { NUMBER_AT = RTP_HEADER_LEN + 5 }; /* behind the profile, the length and the element's own octet */
    if (slot->twcc_extension)
        store_be16(packet + NUMBER_AT, number);
}

/* A browser cuts a picture into packets that differ by an octet, and one that is longer than the first would end its
 * train (one UDP_SEGMENT size for all but the last). So all but a picture's last are padded to the next multiple of
 * eight: RFC 3550 5.1. Those of few octets would not be cut. */
static void pad_for_train(const struct rtp *rtp, uint8_t *packet, struct writer *out)
{
    enum { CUT_LEAST = 256 };
    if (rtp->marker || rtp->payload.len < CUT_LEAST || out->cap - out->len < SLOT_TRAIN_MULTIPLE)
        return;
    size_t padding = SLOT_TRAIN_MULTIPLE - rtp->payload.len % SLOT_TRAIN_MULTIPLE;
    packet[0] |= PADDING;
    for (size_t i = 1; i < padding; i++)
        write_u8(out, 0);
    write_u8(out, (uint8_t)padding);
}

static void write_packet(struct slot *slot, struct rtp *rtp, const struct video_packet *video, struct writer *out)
{
    uint8_t *packet = out->at + out->len;
    rtp->ssrc = slot->ssrc;
    rtp->payload_type = slot->codec.payload_type;
    write_header(slot, rtp, out);
    if (video && rtp->payload.len > 0)
        video_rewrite(out->at + out->len - rtp->payload.len, video, video->picture_id, video->tl0_picture_index);
    if (slot->video)
        pad_for_train(rtp, packet, out);
    slot->packets++;
    slot->octets += (uint32_t)rtp->payload.len;
    slot->sent_since_report = true;
}

bool slot_write(struct slot *slot, usec_t now_us, const struct rtp *in, struct writer *out)
{
    struct rtp rtp = *in;
    if (slot->codec.codec == CODEC_NONE)
        return false;
    if (rtp.payload.len == 0) { /* a bandwidth probe of padding alone: nothing for the decoder, so no gap either */
        renumber_skip(&slot->renumber, rtp.seq, NULL);
        return false;
    }
    bool first = slot->renumber.switched;
    /* Asked before anything changes; what does not fit is lost like any packet. */
    if (!fits(slot, out, rtp.payload.len) || !renumber_packet(&slot->renumber, now_us, &rtp, NULL))
        return false;
    rtp.marker |= first;
    write_packet(slot, &rtp, NULL, out);
    return true;
}

bool slot_write_red(struct slot *slot, usec_t now_us, const struct rtp *in, struct writer *out)
{
    struct rtp rtp = *in;
    struct bytes primary;
    if (in->payload.len == 0)
        return slot_write(slot, now_us, in, out); /* a probe */
    if (red_primary(in->payload, &primary) != OK)
        return false;
    if (!slot->red_payload_type) {
        rtp.payload = primary;
        return slot_write(slot, now_us, &rtp, out);
    }
    uint8_t *packet = out->at + out->len;
    if (!slot_write(slot, now_us, &rtp, out))
        return false;
    packet[1] = (uint8_t)((packet[1] & MARKER) | slot->red_payload_type);
    red_retype(packet + header_len(slot), slot->codec.payload_type);
    return true;
}

/* Down at once, with the next picture; up only where a decoder that lacks the pictures between may go on. */
static void follow_temporal(struct slot *slot, const struct video_packet *video)
{
    if (video->keyframe_starts || slot->temporal > slot->temporal_most)
        slot->temporal = slot->temporal_most;
    else if (video->switch_up && video->temporal > slot->temporal && video->temporal <= slot->temporal_most)
        slot->temporal = video->temporal;
}

/* Of a layer that is left out. One that comes late has a number between others that went out: an empty packet takes it,
 * or the receiver would wait for it. */
static bool leave_out(struct slot *slot, usec_t now_us, struct rtp *rtp, const struct video_packet *video,
                      struct writer *out)
{
    if (!renumber_skip(&slot->renumber, rtp->seq, video))
        return false;
    rtp->payload.len = 0;
    rtp->marker = false;
    if (!fits(slot, out, 0) || !renumber_packet(&slot->renumber, now_us, rtp, NULL))
        return false;
    write_packet(slot, rtp, NULL, out);
    return true;
}

bool slot_write_video(struct slot *slot, usec_t now_us, const struct rtp *in, const struct video_packet *description,
                      struct writer *out)
{
    struct rtp rtp = *in;
    struct video_packet video = *description;
    if (slot->codec.codec == CODEC_NONE || (slot->awaiting_keyframe && !video.keyframe_starts))
        return false;
    if (video.frame_starts)
        follow_temporal(slot, &video);
    if (rtp.payload.len == 0 || video.temporal > slot->temporal)
        return leave_out(slot, now_us, &rtp, &video, out);
    if (!fits(slot, out, rtp.payload.len) || !renumber_packet(&slot->renumber, now_us, &rtp, &video))
        return false;
    slot->awaiting_keyframe = false;
    write_packet(slot, &rtp, &video, out);
    return true;
}

bool slot_lost(const struct slot *slot, uint16_t seq_out, uint16_t *seq_in)
{
    return slot->codec.repair_type && renumber_origin(&slot->renumber, seq_out, seq_in);
}

bool slot_repair(struct slot *slot, uint16_t seq_out, const struct rtp *in, const struct video_packet *description,
                 struct writer *out)
{
    struct rtp rtp = *in;
    struct video_packet video = *description;
    if (!fits(slot, out, SLOT_REPAIR_HEADER_LEN + rtp.payload.len))
        return false;
    renumber_again(&slot->renumber, seq_out, &rtp, &video);
    struct rtp header = {
        .marker = rtp.marker,
        .payload_type = slot->codec.repair_type,
        .seq = slot->repair_seq++,
        .time = rtp.time,
        .ssrc = slot->repair_ssrc,
    };
    write_header(slot, &header, out);
    write_be16(out, seq_out);
    write_bytes(out, rtp.payload);
    video_rewrite(out->at + out->len - rtp.payload.len, &video, video.picture_id, video.tl0_picture_index);
    return true;
}

/* Whatever feeds it: padding is of no codec. */
static uint8_t padding_type(const struct slot *slot)
{
    for (size_t i = 0; i < slot->codec_count; i++)
        if (slot->codecs[i].repair_type)
            return slot->codecs[i].repair_type;
    return 0;
}

bool slot_may_pad(const struct slot *slot)
{
    return padding_type(slot) != 0;
}

bool slot_pad(struct slot *slot, size_t len, struct writer *out)
{
    if (!slot_may_pad(slot) || !fits(slot, out, len))
        return false;
    struct rtp header = {
        .payload_type = padding_type(slot),
        .seq = slot->repair_seq++,
        .time = slot->renumber.highest_time_out,
        .ssrc = slot->repair_ssrc,
    };
    uint8_t *packet = out->at + out->len;
    write_header(slot, &header, out);
    packet[0] |= PADDING;
    for (size_t i = 1; i < len; i++)
        write_u8(out, 0);
    write_u8(out, (uint8_t)len);
    return true;
}

bool slot_sender_report(struct slot *slot, struct now now, const struct reception *of_source, struct rtcp_sender *out)
{
    if (!of_source->has_sr || !slot->sent_since_report || slot->renumber.switched)
        return false;
    /* Both times move on by the same span, so the point stays on the publisher's line. */
    usec_t since_us = now.mono_us - of_source->last_sr_at;
    uint64_t seconds = since_us / USEC_PER_SEC, micros = since_us % USEC_PER_SEC;
    uint64_t rate = slot->renumber.clock_rate;
    uint64_t ticks = seconds * rate + micros * rate / USEC_PER_SEC;
    *out = (struct rtcp_sender){
        .ntp = of_source->sr_ntp + (seconds << 32) + (micros << 32) / USEC_PER_SEC,
        .rtp_time = renumber_time(&slot->renumber, of_source->sr_rtp_time + (uint32_t)ticks),
        .packets = slot->packets,
        .octets = slot->octets,
    };
    slot->sent_since_report = false;
    return true;
}
