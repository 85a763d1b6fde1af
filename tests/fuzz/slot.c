/* A slot's whole life from bytes: packets of any shape, switches, reports, clock steps. What it sends is one stream: a
 * sequence number is never given twice, a switch goes on with the next one and with a later time, video starts with a
 * keyframe; and only what was sent since the switch is ever sent again. */
#include <assert.h>
#include <string.h>

#include "media/seq.h"
#include "media/slot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fill(void *context, uint8_t *at, size_t len)
{
    memset(at, *(const uint8_t *)context, len);
}

enum { REMEMBERED = 4096 };

struct life {
    struct slot slot;
    struct reception reception;
    struct video_structure structure;
    usec_t now_us;
    bool sent_any, switched;
    uint16_t highest_seq;
    uint32_t highest_time;
    uint64_t extended, given[REMEMBERED]; /* extended number last given at n % REMEMBERED */
    uint64_t source_from;                 /* the first of this source */
};

static void check_sent(struct life *life, struct bytes packet)
{
    struct rtp rtp;
    assert(rtp_parse(packet, &rtp) == OK);
    bool red = life->slot.red_payload_type && rtp.payload_type == life->slot.red_payload_type;
    assert(rtp.ssrc == life->slot.ssrc && (rtp.payload.len > 0 || (life->slot.video && !life->switched)));
    assert(red || rtp.payload_type == life->slot.codec.payload_type);
    struct video_packet video = { 0 };
    if (life->slot.video && rtp.payload.len > 0)
        assert(video_read(CODEC_VP8, rtp.payload, (struct bytes){ 0 }, NULL, &video) == OK);
    if (life->switched) {
        assert(!life->slot.video || video.keyframe_starts);
        if (life->sent_any) {
            assert(rtp.seq == (uint16_t)(life->highest_seq + 1));
            assert(time_after(rtp.time, life->highest_time));
        }
    }
    uint64_t extended = life->sent_any ? seq_extend(life->extended, rtp.seq) : 65536 + (uint64_t)rtp.seq;
    assert(life->given[extended % REMEMBERED] != extended);
    life->given[extended % REMEMBERED] = extended;
    if (life->switched)
        life->source_from = extended;
    if (!life->sent_any || extended > life->extended) {
        life->extended = extended;
        life->highest_seq = rtp.seq;
    }
    if (!life->sent_any || time_after(rtp.time, life->highest_time))
        life->highest_time = rtp.time;
    life->sent_any = true;
    life->switched = false;
}

static bool put(struct life *life, const struct rtp *rtp, struct writer *w)
{
    struct video_packet video = { 0 };
    if (!life->slot.video)
        return slot_write(&life->slot, life->now_us, rtp, w);
    if (rtp->payload.len > 0 &&
        video_read(CODEC_VP8, rtp->payload, (struct bytes){ 0 }, &life->structure, &video) != OK)
        return false;
    return slot_write_video(&life->slot, life->now_us, rtp, &video, w);
}

static void on_packet(struct life *life, struct reader *r)
{
    struct bytes packet = read_bytes(r, read_u8(r));
    struct rtp rtp;
    if (r->bad || rtp_parse(packet, &rtp) != OK)
        return;
    uint8_t buffer[512];
    struct writer w = writer_over(buffer, sizeof buffer);
    reception_packet(&life->reception, life->now_us, rtp.seq, rtp.time);
    if (put(life, &rtp, &w))
        check_sent(life, writer_bytes(&w));
    else
        assert(w.len == 0 && !w.bad);
}

/* A packet made from few bytes, so that the fuzzer finds orders rather than headers. */
static void on_short_packet(struct life *life, struct reader *r)
{
    uint8_t payload[] = { 0x90, 0xe0, 0x80, 0, 0, 0, 0, 0 };
    struct rtp rtp = { .seq = read_be16(r), .payload = { payload, sizeof payload } };
    uint8_t frame = read_u8(r), bits = read_u8(r);
    rtp.time = frame * 3000u;
    payload[3] = payload[4] = frame;
    payload[5] = bits & 0xe0; /* temporal layer, and whether it may be taken from here on */
    payload[6] = bits & 1;
    if (frame == 0xff)
        rtp.payload.len = 0;
    uint8_t buffer[512];
    struct writer w = writer_over(buffer, sizeof buffer);
    if (put(life, &rtp, &w))
        check_sent(life, writer_bytes(&w));
}

static void on_switch(struct life *life, struct reader *r)
{
    (void)r;
    slot_switch(&life->slot, life->slot.video ? CODEC_VP8 : CODEC_OPUS);
    life->switched = true;
}

static void on_wait(struct life *life, struct reader *r)
{
    usec_t span_us = read_be16(r);
    life->now_us += span_us << read_u8(r) % 32;
}

static void on_report(struct life *life, struct reader *r)
{
    struct rtcp_sender sender = { .ntp = read_be64(r) }, out;
    sender.rtp_time = read_be32(r);
    struct rtcp_report report;
    reception_sender_report(&life->reception, life->now_us, &sender);
    (void)reception_report(&life->reception, life->now_us, 1, &report);
    if (slot_sender_report(&life->slot, (struct now){ .mono_us = life->now_us }, &life->reception, &out))
        assert(!life->switched && life->sent_any && out.ntp == sender.ntp && out.packets > 0);
}

static void on_red(struct life *life, struct reader *r)
{
    struct rtp rtp = { .seq = read_be16(r), .time = read_u8(r) * 960u, .payload = read_bytes(r, read_u8(r)) };
    uint8_t buffer[512];
    struct writer w = writer_over(buffer, sizeof buffer);
    if (r->bad || life->slot.video)
        return;
    if (slot_write_red(&life->slot, life->now_us, &rtp, &w))
        check_sent(life, writer_bytes(&w));
    else
        assert(w.len == 0 && !w.bad);
}

static void on_limit(struct life *life, struct reader *r)
{
    slot_limit_temporal(&life->slot, read_u8(r) % 4);
}

static void on_pad(struct life *life, struct reader *r)
{
    uint8_t buffer[512];
    struct writer w = writer_over(buffer, sizeof buffer);
    struct rtp sent;
    uint8_t len = read_u8(r);
    if (len == 0 || !slot_pad(&life->slot, len, &w))
        return;
    assert(life->sent_any && rtp_parse(writer_bytes(&w), &sent) == OK);
    assert(sent.ssrc == life->slot.repair_ssrc && sent.payload.len == 0);
}

static void on_lost(struct life *life, struct reader *r)
{
    uint16_t seq_out = read_be16(r), seq_in;
    struct rtp rtp = { .time = read_be32(r), .payload = read_bytes(r, read_u8(r)) }, sent;
    if (r->bad || !slot_lost(&life->slot, seq_out, &seq_in))
        return;
    uint64_t extended = seq_extend(life->extended, seq_out);
    assert(!life->switched && life->given[extended % REMEMBERED] == extended && extended >= life->source_from);
    uint8_t buffer[512];
    struct writer w = writer_over(buffer, sizeof buffer);
    struct video_packet video;
    rtp.seq = seq_in;
    if (video_read(CODEC_VP8, rtp.payload, (struct bytes){ 0 }, NULL, &video) != OK ||
        !slot_repair(&life->slot, seq_out, &rtp, &video, &w))
        return;
    assert(!w.bad && rtp_parse(writer_bytes(&w), &sent) == OK);
    assert(sent.ssrc == life->slot.repair_ssrc && sent.payload.len == rtp.payload.len + 2);
    assert(load_be16(sent.payload.at) == seq_out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const events[])(struct life *, struct reader *) = { on_packet, on_short_packet, on_switch,
                                                                      on_wait,   on_report,       on_red,
                                                                      on_lost,   on_limit,        on_pad };
    struct reader r = reader_over((struct bytes){ data, size });
    static struct life life;
    memset(&life, 0, sizeof life);
    uint8_t start = read_u8(&r);
    bool video = start & 1;
    slot_init(&life.slot, video, 0x5107, &(struct entropy){ fill, &start });
    slot_add_codec(&life.slot, (struct slot_codec){ video ? CODEC_VP8 : CODEC_OPUS, 96, video ? 97 : 0 });
    if (video)
        slot_set_repair(&life.slot, 0x5108, &(struct entropy){ fill, &start });
    else
        life.slot.red_payload_type = start & 2 ? 63 : 0;
    reception_init(&life.reception, 90000);
    life.switched = true;
    while (r.left > 0 && !r.bad)
        events[read_u8(&r) % (sizeof events / sizeof *events)](&life, &r);
    slot_deinit(&life.slot);
    return 0;
}
