#include "media/slot.h"

#include "media/red.h"

enum { MARKER = 0x80 };

static const uint32_t clock_rates[] = {
    [SLOT_OPUS] = 48000, /* RFC 7587 4.1, whatever the sound's own rate */
    [SLOT_VP8] = 90000,  /* RFC 7741 4.1 */
};

void slot_init(struct slot *slot, enum slot_codec codec, uint32_t ssrc, uint8_t payload_type,
               const struct entropy *entropy)
{
    struct {
        uint32_t time;
        uint16_t seq, picture;
    } first;
    entropy_fill(entropy, &first, sizeof first);
    *slot = (struct slot){
        .codec = codec,
        .ssrc = ssrc,
        .payload_type = payload_type,
        .awaiting_keyframe = codec == SLOT_VP8,
    };
    /* From the lower half: SRTP's rollover counter starts at zero (RFC 3711 3.3.1) and is not sent, so a receiver who
     * loses the packets before the first wrap would count one too few and open nothing more. */
    uint16_t first_seq = first.seq & INT16_MAX;
    renumber_init(&slot->renumber, clock_rates[codec], first_seq, first.time, first.picture);
}

void slot_set_repair(struct slot *slot, uint32_t ssrc, uint8_t payload_type, const struct entropy *entropy)
{
    slot->repair_ssrc = ssrc;
    slot->repair_payload_type = payload_type;
    entropy_fill(entropy, &slot->repair_seq, sizeof slot->repair_seq);
}

void slot_switch(struct slot *slot)
{
    slot->awaiting_keyframe = slot->codec == SLOT_VP8;
    renumber_switch(&slot->renumber);
}

static void write_packet(struct slot *slot, struct rtp *rtp, const struct video_packet *vp8, struct writer *out)
{
    rtp->ssrc = slot->ssrc;
    rtp->payload_type = slot->payload_type;
    rtp_write(out, rtp);
    if (vp8)
        video_rewrite(out->at + out->len - rtp->payload.len, vp8, vp8->picture_id, vp8->tl0_picture_index);
    slot->packets++;
    slot->octets += (uint32_t)rtp->payload.len;
    slot->sent_since_report = true;
}

static bool write_opus(struct slot *slot, usec_t now_us, struct rtp *rtp, struct writer *out)
{
    bool first = slot->renumber.switched;
    if (!renumber_packet(&slot->renumber, now_us, rtp, NULL))
        return false;
    rtp->marker |= first;
    write_packet(slot, rtp, NULL, out);
    return true;
}

static bool write_vp8(struct slot *slot, usec_t now_us, struct rtp *rtp, struct writer *out, bool *needs_keyframe)
{
    struct video_packet vp8;
    if (video_read(CODEC_VP8, rtp->payload, (struct bytes){ 0 }, NULL, &vp8) != OK)
        return false; /* its number stays a gap: the frame is broken, and the receiver must know */
    if (slot->awaiting_keyframe && !vp8.keyframe_starts) {
        *needs_keyframe = true;
        return false;
    }
    if (!renumber_packet(&slot->renumber, now_us, rtp, &vp8))
        return false;
    slot->awaiting_keyframe = false;
    write_packet(slot, rtp, &vp8, out);
    return true;
}

bool slot_write(struct slot *slot, usec_t now_us, const struct rtp *in, struct writer *out, bool *needs_keyframe)
{
    struct rtp rtp = *in;
    if (rtp.payload.len == 0) { /* a bandwidth probe of padding alone: nothing for the decoder, so no gap either */
        renumber_skip(&slot->renumber, rtp.seq);
        return false;
    }
    /* Asked before anything changes; what does not fit is lost like any packet. */
    if (out->bad || out->cap - out->len < RTP_HEADER_LEN + rtp.payload.len)
        return false;
    if (slot->codec == SLOT_VP8)
        return write_vp8(slot, now_us, &rtp, out, needs_keyframe);
    return write_opus(slot, now_us, &rtp, out);
}

bool slot_write_red(struct slot *slot, usec_t now_us, const struct rtp *in, struct writer *out)
{
    struct rtp rtp = *in;
    struct bytes primary;
    bool needs_keyframe = false;
    if (in->payload.len == 0)
        return slot_write(slot, now_us, in, out, &needs_keyframe); /* a probe */
    if (red_primary(in->payload, &primary) != OK)
        return false;
    if (!slot->red_payload_type) {
        rtp.payload = primary;
        return slot_write(slot, now_us, &rtp, out, &needs_keyframe);
    }
    if (!slot_write(slot, now_us, &rtp, out, &needs_keyframe))
        return false;
    uint8_t *packet = out->at + out->len - in->payload.len - RTP_HEADER_LEN;
    packet[1] = (uint8_t)((packet[1] & MARKER) | slot->red_payload_type);
    red_retype(packet + RTP_HEADER_LEN, slot->payload_type);
    return true;
}

bool slot_lost(const struct slot *slot, uint16_t seq_out, uint16_t *seq_in)
{
    return slot->repair_payload_type && renumber_origin(&slot->renumber, seq_out, seq_in);
}

bool slot_repair(struct slot *slot, uint16_t seq_out, const struct rtp *in, struct writer *out)
{
    struct rtp rtp = *in;
    struct video_packet vp8;
    if (video_read(CODEC_VP8, rtp.payload, (struct bytes){ 0 }, NULL, &vp8) != OK ||
        out->cap - out->len < RTP_HEADER_LEN + SLOT_REPAIR_HEADER_LEN + rtp.payload.len)
        return false;
    renumber_again(&slot->renumber, seq_out, &rtp, &vp8);
    struct rtp header = {
        .marker = rtp.marker,
        .payload_type = slot->repair_payload_type,
        .seq = slot->repair_seq++,
        .time = rtp.time,
        .ssrc = slot->repair_ssrc,
    };
    rtp_write(out, &header);
    write_be16(out, seq_out);
    write_bytes(out, rtp.payload);
    video_rewrite(out->at + out->len - rtp.payload.len, &vp8, vp8.picture_id, vp8.tl0_picture_index);
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
