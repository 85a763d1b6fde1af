#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/rtcp.h"
#include "media/slot.h"

enum { SSRC = 0x5107, OPUS_PT = 111, VP8_PT = 96, ROOM = 1500 };

/* The bytes of a seed, over and over: 0 gives all numbers 0. */
static void fill(void *context, uint8_t *at, size_t len)
{
    memset(at, *(const int *)context, len);
}

static struct slot slot_seeded(enum codec codec, int byte)
{
    struct slot slot;
    slot_init(&slot, codec_is_video(codec), SSRC, &(struct entropy){ fill, &byte });
    assert_true(slot_add_codec(
        &slot, (struct slot_codec){ .codec = codec, .payload_type = codec == CODEC_VP8 ? VP8_PT : OPUS_PT }));
    return slot;
}

static struct slot slot_of(enum codec codec)
{
    return slot_seeded(codec, 0x20);
}

/* What is remembered of the stream that the packets are of. */
static struct video_structure structure;

struct sent {
    uint8_t raw[ROOM];
    struct rtp rtp;
    struct video_packet video;
};

static bool send_payload(struct slot *slot, usec_t now_us, struct rtp in, struct sent *sent)
{
    struct writer w = writer_over(sent->raw, sizeof sent->raw);
    struct video_packet video = { 0 };
    bool wrote = false;
    if (!slot->video)
        wrote = slot_write(slot, now_us, &in, &w);
    else if (in.payload.len == 0 || video_read(CODEC_VP8, in.payload, (struct bytes){ 0 }, &structure, &video) == OK)
        wrote = slot_write_video(slot, now_us, &in, &video, &w);
    if (!wrote) {
        assert_int_equal(w.len, 0);
        return false;
    }
    assert_false(w.bad);
    assert_int_equal(rtp_parse(writer_bytes(&w), &sent->rtp), OK);
    assert_int_equal(sent->rtp.ssrc, SSRC);
    assert_int_equal(sent->rtp.payload_type, slot->codec.payload_type);
    assert_int_equal(sent->rtp.extension_profile, slot->twcc_extension ? 0xbede : 0);
    if (slot->video && sent->rtp.payload.len > 0)
        assert_int_equal(video_read(CODEC_VP8, sent->rtp.payload, (struct bytes){ 0 }, NULL, &sent->video), OK);
    return true;
}

/* keyframe: 1 for the first packet of one, 0 for an inter frame's. */
static bool send_video(struct slot *slot, usec_t now_us, uint16_t seq, uint16_t picture, int keyframe,
                       struct sent *sent)
{
    uint8_t payload[] = { 0x90, 0xc0, 0x80, 0, 0x11, !keyframe, 0xaa };
    payload[2] |= (uint8_t)(picture >> 8);
    payload[3] = (uint8_t)picture;
    struct rtp in = { .payload_type = 100,
                      .seq = seq,
                      .time = (uint32_t)(now_us * 9 / 100),
                      .ssrc = 1,
                      .payload = { payload, sizeof payload } };
    return send_payload(slot, now_us, in, sent);
}

static bool send_audio(struct slot *slot, usec_t now_us, uint16_t seq, struct sent *sent)
{
    static const uint8_t sound[] = { 0xfc, 1, 2 };
    struct rtp in = { .payload_type = 109,
                      .seq = seq,
                      .time = (uint32_t)(now_us * 6 / 125),
                      .ssrc = 1,
                      .payload = { sound, sizeof sound } };
    return send_payload(slot, now_us, in, sent);
}

static void video_waits_for_a_keyframe(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_VP8);
    struct sent sent;
    assert_false(send_video(&slot, 0, 1, 1, 0, &sent));
    assert_true(slot.awaiting_keyframe);
    assert_true(send_video(&slot, 0, 2, 2, 1, &sent));
    assert_false(slot.awaiting_keyframe);
    assert_true(sent.video.keyframe_starts);
    assert_true(send_video(&slot, 0, 3, 3, 0, &sent));
    assert_false(slot.awaiting_keyframe);
    slot_deinit(&slot);
}

/* One packet of a picture with `len` octets of payload; the length that it leaves with. */
static size_t send_part(struct slot *slot, uint16_t seq, size_t len, bool marker, size_t room)
{
    uint8_t payload[1200] = { 0x90, 0xc0, 0x80, 1, 0x11, 0, 0xaa }, raw[ROOM];
    struct rtp in = { .marker = marker, .seq = seq, .time = 1, .payload = { payload, len } }, out;
    struct video_packet video = { .frame_starts = true, .keyframe_starts = true };
    struct writer w = writer_over(raw, room);
    payload[len - 1] = 0xee; /* as padding must not be taken for it, nor it for padding */
    assert_true(slot_write_video(slot, 0, &in, &video, &w));
    assert_int_equal(rtp_parse(writer_bytes(&w), &out), OK);
    assert_int_equal(out.payload.len, len);
    assert_memory_equal(out.payload.at, payload, len);
    return w.len;
}

static void packets_of_a_picture_are_equally_long_and_say_the_same(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_VP8);
    uint16_t seq = 1;
    for (size_t len = 1000; len < 1024; len++) {
        size_t sent = send_part(&slot, seq++, len, false, ROOM);
        assert_int_equal(sent, RTP_HEADER_LEN + (len / SLOT_TRAIN_MULTIPLE + 1) * SLOT_TRAIN_MULTIPLE);
        /* The last of a picture is one longer, and no longer than they are. */
        assert_int_equal(send_part(&slot, seq++, len + 1, true, ROOM), RTP_HEADER_LEN + len + 1);
        assert_true(RTP_HEADER_LEN + len + 1 <= sent);
    }
    assert_int_equal(send_part(&slot, seq++, 1000, false, RTP_HEADER_LEN + 1000), RTP_HEADER_LEN + 1000); /* no room */
    assert_int_equal(send_part(&slot, seq, 100, false, ROOM), RTP_HEADER_LEN + 100); /* short enough to be alone */
    size_t octets = 1000 + 100;
    for (size_t len = 1000; len < 1024; len++)
        octets += len + len + 1;
    assert_int_equal(slot.octets, octets); /* RFC 3550 6.4.1: padding does not count */
    slot_deinit(&slot);
}

/* Loss of the first packets then never hides the first wrap from the receiver, who would open nothing from there on. */
static void numbers_start_far_from_the_first_wrap(void **state)
{
    (void)state;
    for (int byte = 0; byte <= UINT8_MAX; byte++) {
        struct slot slot = slot_seeded(CODEC_OPUS, byte);
        struct sent sent;
        assert_true(send_audio(&slot, 0, 7, &sent));
        assert_in_range(sent.rtp.seq, 0, INT16_MAX);
        slot_deinit(&slot);
    }
}

static void a_switch_waits_for_the_new_sources_keyframe(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_VP8);
    struct sent sent;
    assert_true(send_video(&slot, 0, 2, 2, 1, &sent));
    uint16_t seq = sent.rtp.seq, picture = sent.video.picture_id, tl0 = sent.video.tl0_picture_index;
    uint32_t time = sent.rtp.time;
    slot_switch(&slot, slot.video ? CODEC_VP8 : CODEC_OPUS);
    assert_false(send_video(&slot, USEC_PER_SEC / 2, 900, 800, 0, &sent));
    assert_true(slot.awaiting_keyframe);
    assert_true(send_video(&slot, USEC_PER_SEC, 910, 810, 1, &sent));
    assert_int_equal(sent.rtp.seq, seq + 1);
    assert_int_equal(sent.video.picture_id, picture + 1);
    assert_int_equal(sent.video.tl0_picture_index, tl0 + 1);
    assert_int_equal(sent.rtp.time, time + 90000);
    /* What came before that keyframe stays out, although it is the source's own. */
    assert_false(send_video(&slot, USEC_PER_SEC, 909, 809, 0, &sent));
    assert_false(slot.awaiting_keyframe);
    slot_deinit(&slot);
}

static void the_publishers_packet_is_not_written_to(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_VP8);
    uint8_t payload[] = { 0x90, 0x80, 0x85, 0x55, 0x00, 0xaa }, before[sizeof payload], raw[ROOM];
    memcpy(before, payload, sizeof payload);
    struct rtp in = { .marker = true, .seq = 9, .payload = { payload, sizeof payload } };
    struct writer w = writer_over(raw, sizeof raw);
    struct video_packet video;
    assert_int_equal(video_read(CODEC_VP8, in.payload, (struct bytes){ 0 }, NULL, &video), OK);
    assert_true(slot_write_video(&slot, 0, &in, &video, &w));
    assert_memory_equal(payload, before, sizeof payload);
    assert_int_equal(in.seq, 9);
    assert_true(raw[1] & 0x80); /* a video marker ends a frame and stays */
    assert_int_equal(raw[w.len - 1], 0xaa);
    slot_deinit(&slot);
}

static void a_broken_descriptor_is_dropped_and_seen_as_loss(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_VP8);
    struct sent sent;
    assert_true(send_video(&slot, 0, 1, 1, 1, &sent));
    uint16_t seq = sent.rtp.seq;
    assert_false(send_payload(&slot, 0, (struct rtp){ .seq = 2, .payload = { (const uint8_t *)"\x90", 1 } }, &sent));
    assert_false(slot.awaiting_keyframe);
    assert_true(send_video(&slot, 0, 3, 2, 0, &sent));
    assert_int_equal(sent.rtp.seq, seq + 2);
    slot_deinit(&slot);
}

static void padding_alone_leaves_no_gap(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_VP8);
    struct sent sent;
    assert_true(send_video(&slot, 0, 1, 1, 1, &sent));
    uint16_t seq = sent.rtp.seq;
    for (uint16_t n = 2; n < 30; n++)
        assert_false(send_payload(&slot, 0, (struct rtp){ .seq = n }, &sent));
    assert_true(send_video(&slot, 0, 30, 2, 0, &sent));
    assert_int_equal(sent.rtp.seq, seq + 1);
    assert_int_equal(slot.packets, 2);
    slot_deinit(&slot);
}

static void audio_needs_no_keyframe_and_starts_a_talkspurt(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_OPUS);
    struct sent sent;
    assert_true(send_audio(&slot, 0, 65535, &sent));
    assert_true(sent.rtp.marker);
    assert_true(send_audio(&slot, 20000, 0, &sent));
    assert_false(sent.rtp.marker);
    uint16_t seq = sent.rtp.seq;
    uint32_t time = sent.rtp.time;
    slot_switch(&slot, slot.video ? CODEC_VP8 : CODEC_OPUS);
    assert_true(send_audio(&slot, 40000, 777, &sent));
    assert_true(sent.rtp.marker);
    assert_int_equal(sent.rtp.seq, (uint16_t)(seq + 1));
    assert_int_equal(sent.rtp.time, time + 960);
    assert_false(slot.awaiting_keyframe);
    slot_deinit(&slot);
}

static void a_packet_without_room_changes_nothing(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_OPUS), before = slot;
    uint8_t raw[RTP_HEADER_LEN + 2];
    struct writer w = writer_over(raw, sizeof raw);
    struct rtp in = { .seq = 1, .payload = { (const uint8_t *)"abc", 3 } };
    assert_false(slot_write(&slot, 0, &in, &w));
    assert_int_equal(w.len, 0);
    assert_memory_equal(&slot, &before, sizeof slot);
    in.payload.len = 2;
    assert_true(slot_write(&slot, 0, &in, &w));
    slot_deinit(&slot);
}

static void packets_and_payload_octets_are_counted(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_OPUS);
    struct sent sent;
    for (uint16_t n = 0; n < 5; n++)
        assert_true(send_audio(&slot, n * 20000u, n, &sent));
    assert_false(send_audio(&slot, 100000, 4, &sent)); /* a repeat */
    assert_int_equal(slot.packets, 5);
    assert_int_equal(slot.octets, 15);
    slot_deinit(&slot);
}

static struct reception heard(usec_t at, uint64_t ntp, uint32_t rtp_time, uint32_t rate)
{
    struct reception reception;
    reception_init(&reception, rate);
    reception_sender_report(&reception, at, &(struct rtcp_sender){ .ntp = ntp, .rtp_time = rtp_time });
    return reception;
}

static void there_is_no_report_without_the_publishers(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_OPUS);
    struct sent sent;
    struct rtcp_sender sender;
    struct reception silent;
    reception_init(&silent, 48000);
    assert_true(send_audio(&slot, 0, 1, &sent));
    assert_false(slot_sender_report(&slot, (struct now){ 0 }, &silent, &sender));
    slot_deinit(&slot);
}

static void a_report_covers_something_sent(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_OPUS);
    struct sent sent;
    struct rtcp_sender sender;
    struct reception reception = heard(0, 1, 1, 48000);
    assert_false(slot_sender_report(&slot, (struct now){ 0 }, &reception, &sender));
    assert_true(send_audio(&slot, 0, 1, &sent));
    assert_true(slot_sender_report(&slot, (struct now){ 0 }, &reception, &sender));
    assert_int_equal(sender.packets, 1);
    assert_int_equal(sender.octets, 3);
    assert_false(slot_sender_report(&slot, (struct now){ 0 }, &reception, &sender));
    slot_deinit(&slot);
}

static void an_old_sources_report_is_not_used_after_a_switch(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_OPUS);
    struct sent sent;
    struct rtcp_sender sender;
    struct reception reception = heard(0, 1, 1, 48000);
    assert_true(send_audio(&slot, 0, 1, &sent));
    slot_switch(&slot, slot.video ? CODEC_VP8 : CODEC_OPUS);
    assert_false(slot_sender_report(&slot, (struct now){ 0 }, &reception, &sender));
    assert_true(send_audio(&slot, 0, 1, &sent));
    assert_true(slot_sender_report(&slot, (struct now){ 0 }, &reception, &sender));
    slot_deinit(&slot);
}

static int64_t ntp_us(uint64_t ntp)
{
    return (int64_t)((ntp >> 32) * 1000000 + ((ntp & UINT32_MAX) * 1000000 >> 32));
}

/* Sound and picture captured at the same moment must get one NTP time in both slots, whatever switches came before,
 * and whenever the publisher's reports came. */
static void lips_and_voice_stay_together(void **state)
{
    (void)state;
    const usec_t captured = 20 * USEC_PER_SEC;
    struct slot voice = slot_of(CODEC_OPUS), face = slot_of(CODEC_VP8);
    struct sent sent;
    assert_true(send_audio(&voice, 5 * USEC_PER_SEC, 1, &sent)); /* others used the slots before */
    assert_true(send_video(&face, 7 * USEC_PER_SEC, 1, 1, 1, &sent));
    slot_switch(&voice, CODEC_OPUS);
    slot_switch(&face, CODEC_VP8);
    assert_true(send_audio(&voice, captured, 5, &sent));
    uint32_t voice_time = sent.rtp.time;
    assert_true(send_video(&face, captured, 5, 5, 1, &sent));
    uint32_t face_time = sent.rtp.time;

    struct reception mic = heard(18 * USEC_PER_SEC, rtcp_ntp(18000000), 18 * 48000, 48000);
    struct reception camera = heard(19 * USEC_PER_SEC, rtcp_ntp(19000000), 19 * 90000, 90000);
    struct rtcp_sender of_voice, of_face;
    assert_true(slot_sender_report(&voice, (struct now){ .mono_us = 22500000 }, &mic, &of_voice));
    assert_true(slot_sender_report(&face, (struct now){ .mono_us = 24700000 }, &camera, &of_face));
    int64_t voice_us = ntp_us(of_voice.ntp) + (int64_t)(int32_t)(voice_time - of_voice.rtp_time) * 1000 / 48;
    int64_t face_us = ntp_us(of_face.ntp) + (int64_t)(int32_t)(face_time - of_face.rtp_time) * 1000 / 90;
    int64_t captured_us = ntp_us(rtcp_ntp((int64_t)captured));
    assert_in_range(voice_us - face_us + 100, 0, 200);
    assert_in_range(voice_us - captured_us + 100, 0, 200);
}

enum { REPAIR_SSRC = 0x5108, REPAIR_PT = 97 };

/* A packet of the source, as the cache would hand it out. */
static struct rtp video_packet(uint8_t payload[static 7], usec_t at, uint16_t seq, uint16_t picture)
{
    const uint8_t bytes[] = { 0x90, 0xc0, (uint8_t)(0x80 | picture >> 8), (uint8_t)picture, 0x11, 1, 0xaa };
    memcpy(payload, bytes, sizeof bytes);
    return (struct rtp){ .seq = seq, .time = (uint32_t)(at * 9 / 100), .payload = { payload, sizeof bytes } };
}

static struct slot slot_with_repair(void)
{
    static int byte = 0x20;
    struct slot slot = slot_of(CODEC_VP8);
    slot.codecs[0].repair_type = REPAIR_PT;
    slot_switch(&slot, CODEC_VP8);
    slot_set_repair(&slot, REPAIR_SSRC, &(struct entropy){ fill, &byte });
    return slot;
}

static bool repair(struct slot *slot, uint16_t seq_out, const struct rtp *in, struct writer *w)
{
    struct video_packet video;
    assert_int_equal(video_read(CODEC_VP8, in->payload, (struct bytes){ 0 }, NULL, &video), OK);
    return slot_repair(slot, seq_out, in, &video, w);
}

static void a_lost_packet_goes_out_again_with_its_numbers(void **state)
{
    (void)state;
    struct slot slot = slot_with_repair();
    struct sent first, sent;
    uint8_t payload[7], raw[ROOM];
    uint16_t seq_in;
    assert_true(send_video(&slot, 1000, 500, 30, 1, &sent));
    assert_true(send_video(&slot, 2000, 501, 31, 0, &first));
    for (uint16_t seq = 502; seq < 520; seq++)
        assert_true(send_video(&slot, 1000 * (seq - 499), seq, seq - 470, 0, &sent));
    assert_true(slot_lost(&slot, first.rtp.seq, &seq_in));
    assert_int_equal(seq_in, 501);

    for (int again = 0; again < 2; again++) {
        struct rtp in = video_packet(payload, 2000, 501, 31), out;
        struct writer w = writer_over(raw, sizeof raw);
        assert_true(repair(&slot, first.rtp.seq, &in, &w));
        assert_int_equal(rtp_parse(writer_bytes(&w), &out), OK);
        assert_int_equal(out.ssrc, REPAIR_SSRC);
        assert_int_equal(out.payload_type, REPAIR_PT);
        assert_int_equal(out.seq, (uint16_t)(0x2020 + again)); /* its own count: no number is given twice */
        assert_int_equal(out.time, first.rtp.time);
        assert_int_equal(load_be16(out.payload.at), first.rtp.seq);
        assert_int_equal(out.payload.len, 2 + first.rtp.payload.len);
        assert_memory_equal(out.payload.at + 2, first.rtp.payload.at, first.rtp.payload.len);
    }
    slot_deinit(&slot);
}

/* What was published before somebody was let in is not for them, however they ask. */
static void nothing_from_before_a_switch_is_sent_again(void **state)
{
    (void)state;
    struct slot slot = slot_with_repair();
    struct sent before, sent;
    uint16_t seq_in;
    assert_true(send_video(&slot, 1000, 500, 30, 1, &before));
    assert_true(slot_lost(&slot, before.rtp.seq, &seq_in));
    slot_switch(&slot, slot.video ? CODEC_VP8 : CODEC_OPUS);
    assert_false(slot_lost(&slot, before.rtp.seq, &seq_in));
    assert_true(send_video(&slot, 90000, 505, 33, 1, &sent));
    for (unsigned seq = 0; seq <= UINT16_MAX; seq++)
        assert_int_equal(slot_lost(&slot, (uint16_t)seq, &seq_in), seq == sent.rtp.seq);
    slot_deinit(&slot);
}

static void only_what_was_sent_can_be_lost(void **state)
{
    (void)state;
    struct slot slot = slot_with_repair(), bare = slot_of(CODEC_VP8);
    struct sent sent;
    uint16_t seq_in;
    assert_false(slot_lost(&slot, 0x2020, &seq_in));
    assert_true(send_video(&slot, 1000, 500, 30, 1, &sent));
    assert_true(send_video(&slot, 1000, 502, 31, 0, &sent)); /* 501 never came */
    assert_false(slot_lost(&slot, (uint16_t)(sent.rtp.seq - 1), &seq_in));
    assert_false(slot_lost(&slot, (uint16_t)(sent.rtp.seq + 1), &seq_in));
    assert_true(slot_lost(&slot, sent.rtp.seq, &seq_in));
    /* Too long ago to tell. */
    uint16_t old = sent.rtp.seq;
    for (unsigned i = 0; i < RENUMBER_WINDOW; i++)
        assert_true(send_video(&slot, 2000, (uint16_t)(503 + i), (uint16_t)(32 + i), 0, &sent));
    assert_false(slot_lost(&slot, old, &seq_in));
    /* Without a repair stream there is no way to send it. */
    assert_true(send_video(&bare, 1000, 500, 30, 1, &sent));
    assert_false(slot_lost(&bare, sent.rtp.seq, &seq_in));
    slot_deinit(&slot);
}

static void a_repair_that_does_not_fit_is_not_sent(void **state)
{
    (void)state;
    struct slot slot = slot_with_repair();
    struct sent sent;
    uint8_t payload[7], raw[RTP_HEADER_LEN + 2 + 6];
    assert_true(send_video(&slot, 1000, 500, 30, 1, &sent));
    struct rtp in = video_packet(payload, 1000, 500, 30);
    struct writer w = writer_over(raw, sizeof raw);
    assert_false(repair(&slot, sent.rtp.seq, &in, &w));
    assert_int_equal(w.len, 0);
    slot_deinit(&slot);
}

/* ---- Temporal layers ---- */

/* Picture n of three temporal layers, 0 2 1 2, each of one packet; Y set as encoders do on the first of a layer after
 * its base. */
static bool send_layer(struct slot *slot, uint16_t n, uint8_t temporal, bool sync, bool keyframe, struct sent *sent)
{
    uint8_t payload[] = { 0x90,
                          0xe0,
                          (uint8_t)(0x80 | n >> 8),
                          (uint8_t)n,
                          (uint8_t)(n / 4),
                          (uint8_t)(temporal << 6 | (sync ? 0x20 : 0)),
                          !keyframe,
                          0xaa };
    struct rtp in = { .marker = true, .seq = n, .time = n * 3000u, .payload = { payload, sizeof payload } };
    return send_payload(slot, n * 33333u, in, sent);
}

static const uint8_t layer_of[] = { 0, 2, 1, 2 };

static void pictures_above_the_limit_are_left_out_without_a_gap(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_VP8);
    struct sent sent;
    slot_limit_temporal(&slot, 1);
    uint16_t seq = 0, picture = 0, count = 0;
    for (uint16_t n = 0; n < 40; n++) {
        uint8_t layer = layer_of[n % 4];
        bool wrote = send_layer(&slot, n, layer, false, n == 0, &sent);
        assert_int_equal(wrote, layer <= 1);
        if (!wrote)
            continue;
        assert_true(count == 0 || sent.rtp.seq == (uint16_t)(seq + 1));
        assert_true(count == 0 || sent.video.picture_id == ((picture + 1) & 0x7fff));
        assert_true(sent.rtp.marker);
        seq = sent.rtp.seq;
        picture = sent.video.picture_id;
        count++;
    }
    assert_int_equal(count, 20);
    slot_deinit(&slot);
}

static void a_layer_comes_back_where_it_may_and_goes_at_once(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_VP8);
    struct sent sent;
    slot_limit_temporal(&slot, 0);
    assert_true(send_layer(&slot, 0, 0, false, true, &sent));
    assert_false(send_layer(&slot, 1, 2, true, false, &sent));
    assert_false(send_layer(&slot, 2, 1, true, false, &sent));
    slot_limit_temporal(&slot, 2);
    assert_false(send_layer(&slot, 3, 2, false, false, &sent)); /* it may refer to what was left out */
    assert_true(send_layer(&slot, 4, 0, false, false, &sent));
    assert_false(send_layer(&slot, 5, 2, false, false, &sent));
    assert_true(send_layer(&slot, 6, 1, true, false, &sent)); /* a sync point */
    assert_false(send_layer(&slot, 7, 2, false, false, &sent));
    assert_true(send_layer(&slot, 8, 0, false, false, &sent));
    assert_true(send_layer(&slot, 9, 2, true, false, &sent));
    slot_limit_temporal(&slot, 0);
    assert_false(send_layer(&slot, 10, 1, true, false, &sent));
    assert_true(send_layer(&slot, 12, 0, false, true, &sent));
    slot_limit_temporal(&slot, 2);
    assert_true(send_layer(&slot, 16, 0, false, true, &sent)); /* a keyframe opens all */
    assert_true(send_layer(&slot, 17, 2, false, false, &sent));
    slot_deinit(&slot);
}

static void a_picture_left_out_late_is_an_empty_packet(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_VP8);
    struct sent sent;
    slot_limit_temporal(&slot, 0);
    assert_true(send_layer(&slot, 0, 0, false, true, &sent));
    uint16_t seq = sent.rtp.seq;
    assert_true(send_layer(&slot, 4, 0, false, false, &sent)); /* 1 to 3 are lost, */
    assert_int_equal(sent.rtp.seq, (uint16_t)(seq + 4));
    assert_true(send_layer(&slot, 2, 1, false, false, &sent)); /* and this one comes after all */
    assert_int_equal(sent.rtp.seq, (uint16_t)(seq + 2));
    assert_int_equal(sent.rtp.payload.len, 0);
    assert_false(sent.rtp.marker);
    assert_false(send_layer(&slot, 2, 1, false, false, &sent)); /* once */
    slot_deinit(&slot);
}

/* ---- Congestion control ---- */

static void each_packet_has_the_place_of_its_number(void **state)
{
    (void)state;
    struct slot slot = slot_with_repair();
    struct sent sent;
    uint8_t raw[ROOM], payload[7];
    slot.twcc_extension = 3;
    assert_true(send_video(&slot, 1000, 500, 30, 1, &sent));
    slot_stamp(&slot, sent.raw, 0xbeef);
    struct rtp in = video_packet(payload, 1000, 500, 30), out;
    struct writer again = writer_over(raw, sizeof raw);
    assert_true(repair(&slot, sent.rtp.seq, &in, &again));
    slot_stamp(&slot, raw, 0xcafe);
    assert_int_equal(rtp_parse(writer_bytes(&again), &out), OK);
    assert_int_equal(load_be16(out.payload.at), sent.rtp.seq);
    const struct {
        struct rtp rtp;
        uint16_t number;
    } both[] = { { sent.rtp, 0xbeef }, { out, 0xcafe } };
    for (size_t i = 0; i < 2; i++) {
        struct bytes number = rtp_extension_find(&both[i].rtp, 3);
        assert_int_equal(number.len, 2);
        assert_int_equal(load_be16(number.at), both[i].number);
    }
    slot_deinit(&slot);
}

static void padding_goes_on_the_repair_stream_alone(void **state)
{
    (void)state;
    struct slot slot = slot_with_repair(), bare = slot_of(CODEC_VP8);
    struct sent sent;
    uint8_t raw[ROOM];
    struct rtp out;
    struct writer w = writer_over(raw, sizeof raw);
    assert_true(slot_pad(&slot, 100, &w)); /* before anything else */
    w.len = 0;
    assert_true(send_video(&slot, 1000, 500, 30, 1, &sent));
    assert_true(send_video(&bare, 1000, 500, 30, 1, &sent));
    assert_false(slot_pad(&bare, 100, &w));
    const size_t lengths[] = { 1, 100, SLOT_PADDING_MAX };
    for (size_t i = 0; i < 3; i++) {
        w = writer_over(raw, sizeof raw);
        assert_true(slot_pad(&slot, lengths[i], &w));
        assert_int_equal(w.len, RTP_HEADER_LEN + lengths[i]);
        assert_int_equal(rtp_parse(writer_bytes(&w), &out), OK);
        assert_int_equal(out.ssrc, REPAIR_SSRC);
        assert_int_equal(out.payload_type, REPAIR_PT);
        assert_int_equal(out.payload.len, 0);
    }
    slot_switch(&slot, CODEC_NONE); /* what waits for bandwidth asks for it so */
    w = writer_over(raw, sizeof raw);
    assert_true(slot_pad(&slot, 100, &w));
    slot_deinit(&slot);
}

static void a_slot_sends_what_its_receiver_can_decode(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_VP8);
    struct sent sent;
    assert_true(slot_add_codec(&slot, (struct slot_codec){ .codec = CODEC_H264, .payload_type = 102 }));
    assert_true(slot_takes(&slot, CODEC_H264));
    assert_false(slot_takes(&slot, CODEC_AV1));
    assert_true(send_video(&slot, 0, 1, 1, 1, &sent));
    slot_switch(&slot, CODEC_AV1);
    assert_false(send_video(&slot, 0, 2, 2, 1, &sent));
    slot_switch(&slot, CODEC_H264);
    uint8_t raw[ROOM];
    struct writer w = writer_over(raw, sizeof raw);
    struct rtp in = { .seq = 3, .payload = { (const uint8_t *)"\x65", 1 } }, out;
    struct video_packet video = { .frame_starts = true, .keyframe_starts = true };
    assert_true(slot_write_video(&slot, 0, &in, &video, &w));
    assert_int_equal(rtp_parse(writer_bytes(&w), &out), OK);
    assert_int_equal(out.payload_type, 102);
    assert_int_equal(out.seq, (uint16_t)(sent.rtp.seq + 1));
    slot_deinit(&slot);
}

enum { RED_PT = 63 };

/* Two copies of 3 and 2 bytes, then the packet's own. */
static const uint8_t redundant[] = {
    0x80 | 109, 0x07, 0x80, 3, 0x80 | 109, 0x03, 0xc0, 2, 109, 1, 1, 1, 2, 2, 0xfc, 9
};

static bool send_red(struct slot *slot, struct bytes payload, struct sent *sent)
{
    struct writer w = writer_over(sent->raw, sizeof sent->raw);
    struct rtp in = { .payload_type = 120, .seq = 7, .time = 960, .ssrc = 1, .payload = payload };
    if (!slot_write_red(slot, 1000, &in, &w)) {
        assert_int_equal(w.len, 0);
        return false;
    }
    assert_int_equal(rtp_parse(writer_bytes(&w), &sent->rtp), OK);
    return true;
}

static void copies_go_to_whoever_takes_them_under_their_own_types(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_OPUS);
    struct sent sent;
    slot.red_payload_type = RED_PT;
    assert_true(send_red(&slot, (struct bytes){ redundant, sizeof redundant }, &sent));
    assert_int_equal(sent.rtp.payload_type, RED_PT);
    assert_true(sent.rtp.marker);
    assert_int_equal(sent.rtp.payload.len, sizeof redundant);
    for (size_t i = 0; i < sizeof redundant; i++) {
        uint8_t expected = i == 0 || i == 4 ? 0x80 | OPUS_PT : i == 8 ? OPUS_PT : redundant[i];
        assert_int_equal(sent.rtp.payload.at[i], expected);
    }
    slot_deinit(&slot);
}

static void others_get_the_packet_itself(void **state)
{
    (void)state;
    struct slot slot = slot_of(CODEC_OPUS);
    struct sent sent;
    assert_true(send_red(&slot, (struct bytes){ redundant, sizeof redundant }, &sent));
    assert_int_equal(sent.rtp.payload_type, OPUS_PT);
    assert_int_equal(sent.rtp.payload.len, 2);
    assert_int_equal(sent.rtp.payload.at[1], 9);
    slot_deinit(&slot);
}

static void redundancy_that_lies_is_not_sent(void **state)
{
    (void)state;
    for (int red = 0; red < 2; red++) {
        struct slot slot = slot_of(CODEC_OPUS);
        struct sent sent;
        slot.red_payload_type = red ? RED_PT : 0;
        for (size_t len = 1; len < sizeof redundant - 1; len++) /* cut anywhere before its own block */
            assert_false(send_red(&slot, (struct bytes){ redundant, len }, &sent));
        assert_true(send_red(&slot, (struct bytes){ redundant, sizeof redundant - 1 }, &sent));
        slot_deinit(&slot);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(video_waits_for_a_keyframe),
        cmocka_unit_test(packets_of_a_picture_are_equally_long_and_say_the_same),
        cmocka_unit_test(numbers_start_far_from_the_first_wrap),
        cmocka_unit_test(a_switch_waits_for_the_new_sources_keyframe),
        cmocka_unit_test(the_publishers_packet_is_not_written_to),
        cmocka_unit_test(a_broken_descriptor_is_dropped_and_seen_as_loss),
        cmocka_unit_test(padding_alone_leaves_no_gap),
        cmocka_unit_test(audio_needs_no_keyframe_and_starts_a_talkspurt),
        cmocka_unit_test(a_packet_without_room_changes_nothing),
        cmocka_unit_test(packets_and_payload_octets_are_counted),
        cmocka_unit_test(there_is_no_report_without_the_publishers),
        cmocka_unit_test(a_report_covers_something_sent),
        cmocka_unit_test(an_old_sources_report_is_not_used_after_a_switch),
        cmocka_unit_test(lips_and_voice_stay_together),
        cmocka_unit_test(a_lost_packet_goes_out_again_with_its_numbers),
        cmocka_unit_test(nothing_from_before_a_switch_is_sent_again),
        cmocka_unit_test(only_what_was_sent_can_be_lost),
        cmocka_unit_test(a_repair_that_does_not_fit_is_not_sent),
        cmocka_unit_test(pictures_above_the_limit_are_left_out_without_a_gap),
        cmocka_unit_test(a_layer_comes_back_where_it_may_and_goes_at_once),
        cmocka_unit_test(a_picture_left_out_late_is_an_empty_packet),
        cmocka_unit_test(each_packet_has_the_place_of_its_number),
        cmocka_unit_test(padding_goes_on_the_repair_stream_alone),
        cmocka_unit_test(a_slot_sends_what_its_receiver_can_decode),
        cmocka_unit_test(copies_go_to_whoever_takes_them_under_their_own_types),
        cmocka_unit_test(others_get_the_packet_itself),
        cmocka_unit_test(redundancy_that_lies_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
