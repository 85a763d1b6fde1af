/* A slot's whole life from bytes: packets of any shape, switches, reports, clock steps. What it sends is one stream: a
 * sequence number is never given twice, a switch goes on with the next one and with a later time, video starts with a
 * keyframe. */
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
    usec_t now_us;
    bool sent_any, switched;
    uint16_t highest_seq;
    uint32_t highest_time;
    uint64_t extended, given[REMEMBERED]; /* extended number last given at n % REMEMBERED */
};

static void check_sent(struct life *life, struct bytes packet)
{
    struct rtp rtp;
    assert(rtp_parse(packet, &rtp) == OK);
    assert(rtp.ssrc == life->slot.ssrc && rtp.payload_type == life->slot.payload_type && rtp.payload.len > 0);
    struct vp8 vp8;
    if (life->slot.codec == SLOT_VP8)
        assert(vp8_parse(rtp.payload, &vp8) == OK);
    if (life->switched) {
        assert(life->slot.codec == SLOT_OPUS || vp8.keyframe_start);
        if (life->sent_any) {
            assert(rtp.seq == (uint16_t)(life->highest_seq + 1));
            assert(time_after(rtp.time, life->highest_time));
        }
    }
    uint64_t extended = life->sent_any ? seq_extend(life->extended, rtp.seq) : 65536 + (uint64_t)rtp.seq;
    assert(life->given[extended % REMEMBERED] != extended);
    life->given[extended % REMEMBERED] = extended;
    if (!life->sent_any || extended > life->extended) {
        life->extended = extended;
        life->highest_seq = rtp.seq;
    }
    if (!life->sent_any || time_after(rtp.time, life->highest_time))
        life->highest_time = rtp.time;
    life->sent_any = true;
    life->switched = false;
}

static void on_packet(struct life *life, struct reader *r)
{
    struct bytes packet = read_bytes(r, read_u8(r));
    struct rtp rtp;
    if (r->bad || rtp_parse(packet, &rtp) != OK)
        return;
    uint8_t buffer[512];
    struct writer w = writer_over(buffer, sizeof buffer);
    bool needs_keyframe = false;
    reception_packet(&life->reception, life->now_us, rtp.seq, rtp.time);
    if (slot_write(&life->slot, life->now_us, &rtp, &w, &needs_keyframe))
        check_sent(life, writer_bytes(&w));
    else
        assert(w.len == 0 && !w.bad);
    assert(!needs_keyframe || life->slot.codec == SLOT_VP8);
}

/* A packet made from few bytes, so that the fuzzer finds orders rather than headers. */
static void on_short_packet(struct life *life, struct reader *r)
{
    uint8_t payload[] = { 0x90, 0xc0, 0x80, 0, 0, 0, 0 };
    struct rtp rtp = { .seq = read_be16(r), .payload = { payload, sizeof payload } };
    uint8_t frame = read_u8(r);
    rtp.time = frame * 3000u;
    payload[3] = payload[4] = frame;
    payload[5] = read_u8(r) & 1;
    if (frame == 0xff)
        rtp.payload.len = 0;
    uint8_t buffer[512];
    struct writer w = writer_over(buffer, sizeof buffer);
    bool needs_keyframe = false;
    if (slot_write(&life->slot, life->now_us, &rtp, &w, &needs_keyframe))
        check_sent(life, writer_bytes(&w));
}

static void on_switch(struct life *life, struct reader *r)
{
    (void)r;
    slot_switch(&life->slot);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const events[])(struct life *, struct reader *) = { on_packet, on_short_packet, on_switch, on_wait,
                                                                      on_report };
    struct reader r = reader_over((struct bytes){ data, size });
    static struct life life;
    memset(&life, 0, sizeof life);
    uint8_t start = read_u8(&r);
    slot_init(&life.slot, start & 1 ? SLOT_VP8 : SLOT_OPUS, 0x5107, 96, &(struct entropy){ fill, &start });
    reception_init(&life.reception, 90000);
    life.switched = true;
    while (r.left > 0 && !r.bad)
        events[read_u8(&r) % (sizeof events / sizeof *events)](&life, &r);
    return 0;
}
