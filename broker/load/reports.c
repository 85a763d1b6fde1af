#include "load/reports.h"

#include <stdlib.h>

#include "media/rtcp.h"
#include "media/rtp.h"

enum { COMPOUND_MAX = 1200 };
#define REPORT_US USEC_PER_SEC

struct reports reports_of(uint32_t ssrc, const char *cname)
{
    return (struct reports){ .ssrc = ssrc, .cname = cname, .feedback_us = NEVER };
}

void reports_deinit(struct reports *r)
{
    free(r->twcc);
    r->twcc = NULL;
}

/* ---- Transport-wide numbers ---- */

/* RFC 8285 4.2: the two-byte element with our id. The header is readable in a sealed packet. */
static bool find_number(struct bytes packet, uint8_t id, uint16_t *number)
{
    size_t at = RTP_HEADER_LEN + (packet.at[0] & 15) * (size_t)4;
    if (!(packet.at[0] & 0x10) || at + 4 > packet.len || load_be16(packet.at + at) != 0xbede)
        return false;
    size_t end = at + 4 + load_be16(packet.at + at + 2) * (size_t)4;
    for (at += 4; end <= packet.len && at < end;) {
        uint8_t head = packet.at[at++];
        size_t len = head ? (head & 15) + (size_t)1 : 0;
        if (head >> 4 == id && len == 2 && at + 2 <= end) {
            *number = load_be16(packet.at + at);
            return true;
        }
        at += len;
    }
    return false;
}

void reports_arrival(struct reports *r, usec_t at_us, struct bytes packet)
{
    uint16_t number;
    if (!r->twcc_extension || !find_number(packet, r->twcc_extension, &number))
        return;
    if (!r->twcc && !(r->twcc = calloc(1, sizeof *r->twcc)))
        return;
    twcc_packet(r->twcc, at_us, number);
    if (r->feedback_us == NEVER)
        r->feedback_us = at_us + TWCC_INTERVAL_US;
}

/* ---- Reports ---- */

static struct rtcp_report report_on(struct tally_stream *s, usec_t now_us)
{
    uint64_t expected = (uint64_t)(s->highest - s->base + 1), lost = tally_lost(s);
    uint64_t of = expected - s->told_expected, missing = of - (s->received - s->told_received);
    bool some = of > 0 && missing > 0 && missing <= of;
    s->told_expected = expected;
    s->told_received = s->received;
    return (struct rtcp_report){
        .ssrc = s->ssrc,
        .fraction_lost = (uint8_t)(some ? missing == of ? 255 : missing * 256 / of : 0),
        .lost = (int32_t)lost,
        .highest_seq = (uint32_t)s->highest,
        .last_sr = s->sr_middle,
        .delay = s->sr_middle ? (uint32_t)((now_us - s->sr_at_us) * 65536 / USEC_PER_SEC) : 0,
    };
}

static int64_t unix_us(struct load_now now)
{
    return (int64_t)now.mono_us + now.real_minus_mono_ns / 1000;
}

/* The time that goes with this moment, between two frames. */
static void write_sender(const struct traffic *t, struct load_now now, const struct rtcp_report *reports, size_t count,
                         struct writer *w)
{
    int64_t ahead_us = (int64_t)t->next_us - (int64_t)now.mono_us;
    struct rtcp_sender sender = { .ntp = rtcp_ntp(unix_us(now)),
                                  .rtp_time = t->time - (uint32_t)(ahead_us * (t->video ? 90 : 48) / 1000),
                                  .packets = (uint32_t)t->sent,
                                  .octets = (uint32_t)t->octets };
    rtcp_write_sr(w, t->ssrc, &sender, reports, count);
}

static void write_reports(struct reports *r, struct load_now now, struct tally *tally, const struct traffic *sound,
                          const struct traffic *picture, struct writer *w)
{
    struct rtcp_report reports[RTCP_REPORTS_MAX];
    size_t count = 0;
    bool first = r->told == 0;
    for (; r->told < tally->count && count < RTCP_REPORTS_MAX; r->told++, count++)
        reports[count] = report_on(tally->streams[r->told], now.mono_us);
    bool speaks = first && r->sending && sound->next_us != NEVER,
         shows = first && r->sending && picture->next_us != NEVER;
    if (speaks)
        write_sender(sound, now, reports, count, w);
    if (shows)
        write_sender(picture, now, reports, speaks ? 0 : count, w);
    if (!speaks && !shows)
        rtcp_write_rr(w, r->ssrc, reports, count);
    rtcp_write_sdes(w, speaks || !shows ? r->ssrc : picture->ssrc, r->cname);
    if (r->told >= tally->count) {
        r->told = 0;
        r->report_us = now.mono_us + REPORT_US;
    }
}

/* The feedback's own compound: an empty report, and what came since the last. */
static bool write_feedback(struct reports *r, struct load_now now, const struct tally *tally, struct writer *w)
{
    struct writer before = *w;
    if (tally->count > 0) {
        rtcp_write_rr(w, r->ssrc, NULL, 0);
        if (twcc_write(r->twcc, w, r->ssrc, tally->streams[0]->ssrc))
            return true;
    }
    *w = before;
    r->feedback_us = now.mono_us + TWCC_INTERVAL_US;
    return false;
}

bool reports_next(struct reports *r, struct load_now now, struct tally *tally, const struct traffic *sound,
                  const struct traffic *picture, struct writer *w)
{
    struct writer within = writer_over(w->at, w->cap < COMPOUND_MAX ? w->cap : COMPOUND_MAX);
    bool due = now.mono_us >= r->report_us;
    if (due)
        write_reports(r, now, tally, sound, picture, &within);
    else if (r->twcc && now.mono_us >= r->feedback_us)
        due = write_feedback(r, now, tally, &within);
    w->len = within.len;
    return due && !within.bad;
}

usec_t reports_deadline(const struct reports *r)
{
    return sooner(r->report_us, r->feedback_us);
}

/* ---- What the other side says ---- */

static uint64_t count_nack(struct bytes lost)
{
    struct reader r = reader_over(lost);
    uint16_t seqs[RTCP_NACK_MAX];
    uint64_t count = 0;
    for (size_t some; (some = rtcp_nack_next(&r, seqs)) > 0;)
        count += some;
    return count;
}

bool reports_take(usec_t at_us, struct bytes compound, struct tally *tally, uint32_t picture_ssrc)
{
    struct reader reader = reader_over(compound);
    struct rtcp_packet packet;
    struct tally_stream *stream;
    bool keyframe = false;
    while (rtcp_next(&reader, &packet)) {
        bool wants = packet.kind == RTCP_PLI || packet.kind == RTCP_FIR;
        if (packet.kind == RTCP_NACK)
            tally->sums.nacks += count_nack(packet.lost);
        if (packet.kind == RTCP_SR && (stream = tally_find(tally, packet.ssrc))) {
            stream->sr_middle = (uint32_t)(packet.sender.ntp >> 16);
            stream->sr_at_us = at_us;
        }
        tally->sums.keyframe_requests += wants;
        keyframe |= wants && packet.media_ssrc == picture_ssrc;
    }
    return keyframe;
}
