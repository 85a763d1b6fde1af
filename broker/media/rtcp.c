#include "media/rtcp.h"

#include <assert.h>
#include <string.h>

/* RFC 3550 12.1, RFC 4585 6.1, RFC 3611 */
enum {
    TYPE_SR = 200,
    TYPE_RR = 201,
    TYPE_SDES = 202,
    TYPE_BYE = 203,
    TYPE_RTPFB = 205,
    TYPE_PSFB = 206,
    TYPE_XR = 207,
};

enum {
    FORMAT_NACK = 1,  /* RFC 4585 6.2.1, of transport feedback */
    FORMAT_TWCC = 15, /* draft-holmer-rmcat-transport-wide-cc-extensions-01 3.1, of transport feedback too */
    FORMAT_PLI = 1,   /* RFC 4585 6.3.1, of payload feedback */
    FORMAT_FIR = 4,   /* RFC 5104 4.3.1 */
};

enum {
    VERSION_2 = 2 << 6,
    VERSION_MASK = 3 << 6,
    PADDING = 1 << 5,
    COUNT = 0x1f,
    WORD = 4,
    SENDER_WORDS = 5,
    REPORT_WORDS = 6,
    SDES_CNAME = 1,
};

static const int32_t LOST_MAX = 0x7fffff, LOST_MIN = -0x800000;

static struct rtcp_report read_report(struct reader *r)
{
    struct rtcp_report report = { 0 };
    report.ssrc = read_be32(r);
    report.fraction_lost = read_u8(r);
    uint32_t lost = read_be24(r);
    report.lost = lost & 0x800000 ? (int32_t)lost - 0x1000000 : (int32_t)lost;
    report.highest_seq = read_be32(r);
    report.jitter = read_be32(r);
    report.last_sr = read_be32(r);
    report.delay = read_be32(r);
    return report;
}

static void read_reports(struct reader *r, struct rtcp_packet *packet)
{
    for (size_t i = 0; i < packet->count; i++)
        packet->reports[i] = read_report(r);
    packet->report_count = packet->count;
}

/* What comes after may be a profile's own (6.4.1): it is allowed and not read. */
static void read_sr(struct reader *r, struct rtcp_packet *packet)
{
    packet->kind = RTCP_SR;
    packet->ssrc = read_be32(r);
    packet->sender.ntp = read_be64(r);
    packet->sender.rtp_time = read_be32(r);
    packet->sender.packets = read_be32(r);
    packet->sender.octets = read_be32(r);
    read_reports(r, packet);
}

static void read_rr(struct reader *r, struct rtcp_packet *packet)
{
    packet->kind = RTCP_RR;
    packet->ssrc = read_be32(r);
    read_reports(r, packet);
}

/* 6.6: the count may be zero; the reason that may follow is nobody's business. */
static void read_bye(struct reader *r, struct rtcp_packet *packet)
{
    packet->kind = RTCP_BYE;
    struct reader sources = reader_over(read_bytes(r, (size_t)packet->count * WORD));
    if (packet->count > 0)
        packet->ssrc = read_be32(&sources);
}

static void read_feedback(struct reader *r, struct rtcp_packet *packet)
{
    packet->ssrc = read_be32(r);
    packet->media_ssrc = read_be32(r);
    if (packet->type == TYPE_RTPFB && packet->count == FORMAT_NACK) {
        packet->kind = RTCP_NACK;
        packet->lost = (struct bytes){ r->at, r->left };
    }
    if (packet->type == TYPE_RTPFB && packet->count == FORMAT_TWCC) {
        packet->kind = RTCP_TWCC;
        packet->fci = (struct bytes){ r->at, r->left };
    }
    if (packet->type != TYPE_PSFB)
        return;
    if (packet->count == FORMAT_PLI)
        packet->kind = RTCP_PLI;
    if (packet->count == FORMAT_FIR) {
        packet->kind = RTCP_FIR;
        /* RFC 5104 4.3.1.2: the header's media SSRC is not used; the entry names the target. */
        packet->media_ssrc = read_be32(r);
        read_be32(r); /* sequence number and reserved bits: asking twice is as good as asking once */
    }
}

size_t rtcp_nack_next(struct reader *lost, uint16_t seqs[RTCP_NACK_MAX])
{
    if (lost->left < WORD)
        return 0;
    size_t count = 0;
    uint16_t first = read_be16(lost), more = read_be16(lost);
    seqs[count++] = first;
    for (unsigned bit = 0; bit < 16; bit++)
        if (more >> bit & 1)
            seqs[count++] = (uint16_t)(first + 1 + bit);
    return count;
}

static void read_unknown(struct reader *r, struct rtcp_packet *packet)
{
    packet->ssrc = r->left >= WORD ? read_be32(r) : 0;
}

static const struct {
    uint8_t type;
    void (*read)(struct reader *, struct rtcp_packet *);
} kinds[] = {
    { TYPE_SR, read_sr },          { TYPE_RR, read_rr },         { TYPE_BYE, read_bye },
    { TYPE_RTPFB, read_feedback }, { TYPE_PSFB, read_feedback },
};

static void read_body(struct reader *r, struct rtcp_packet *packet)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].type == packet->type) {
            kinds[i].read(r, packet);
            return;
        }
    }
    read_unknown(r, packet);
}

/* 6.4.1: padding is in the last packet only, counts itself, and comes in words. Browsers fill transport-wide feedback
 * up to a word with the odd bytes and call those padding, in whichever packet of a compound it is. */
static bool strip_padding(struct bytes *body, bool odd, bool last)
{
    if ((!last && !odd) || body->len == 0)
        return false;
    uint8_t padding = body->at[body->len - 1];
    if (padding == 0 || (padding % WORD != 0 && !odd) || padding > body->len)
        return false;
    body->len -= padding;
    return true;
}

bool rtcp_next(struct reader *r, struct rtcp_packet *out)
{
    if (r->left == 0 || r->bad)
        return false;
    uint8_t first = read_u8(r);
    struct rtcp_packet packet = { .count = first & COUNT, .type = read_u8(r) };
    size_t words = read_be16(r);
    struct bytes body = read_bytes(r, words * WORD);
    if ((first & VERSION_MASK) != VERSION_2)
        r->bad = true;
    bool odd = packet.type == TYPE_RTPFB && packet.count == FORMAT_TWCC;
    if ((first & PADDING) && !r->bad && !strip_padding(&body, odd, r->left == 0))
        r->bad = true;
    if (r->bad)
        return false;
    struct reader inner = reader_over(body);
    read_body(&inner, &packet);
    if (inner.bad) {
        r->bad = true;
        return false;
    }
    *out = packet;
    return true;
}

enum status rtcp_check(struct bytes compound)
{
    struct reader r = reader_over(compound);
    struct rtcp_packet packet;
    if (!rtcp_next(&r, &packet) || packet.type < TYPE_SR || packet.type > TYPE_XR)
        return ERR_MALFORMED;
    while (rtcp_next(&r, &packet))
        continue;
    return r.bad ? ERR_MALFORMED : OK;
}

static void write_header(struct writer *w, size_t count, uint8_t type, size_t body_words)
{
    assert(count <= COUNT && body_words <= UINT16_MAX);
    write_u8(w, (uint8_t)(VERSION_2 | count));
    write_u8(w, type);
    write_be16(w, (uint16_t)body_words);
}

static void write_reports(struct writer *w, const struct rtcp_report *reports, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct rtcp_report *report = &reports[i];
        int32_t lost = report->lost > LOST_MAX ? LOST_MAX : report->lost < LOST_MIN ? LOST_MIN : report->lost;
        write_be32(w, report->ssrc);
        write_u8(w, report->fraction_lost);
        write_be24(w, (uint32_t)lost & 0xffffff);
        write_be32(w, report->highest_seq);
        write_be32(w, report->jitter);
        write_be32(w, report->last_sr);
        write_be32(w, report->delay);
    }
}

void rtcp_write_sr(struct writer *w, uint32_t ssrc, const struct rtcp_sender *sender, const struct rtcp_report *reports,
                   size_t count)
{
    write_header(w, count, TYPE_SR, 1 + SENDER_WORDS + count * REPORT_WORDS);
    write_be32(w, ssrc);
    write_be64(w, sender->ntp);
    write_be32(w, sender->rtp_time);
    write_be32(w, sender->packets);
    write_be32(w, sender->octets);
    write_reports(w, reports, count);
}

void rtcp_write_rr(struct writer *w, uint32_t ssrc, const struct rtcp_report *reports, size_t count)
{
    write_header(w, count, TYPE_RR, 1 + count * REPORT_WORDS);
    write_be32(w, ssrc);
    write_reports(w, reports, count);
}

void rtcp_write_sdes(struct writer *w, uint32_t ssrc, const char *cname)
{
    static const uint8_t zeros[WORD] = { 0 };
    size_t len = strlen(cname);
    assert(len <= UINT8_MAX);
    size_t items = 2 + len;
    /* 6.5: the list ends with one to four zero octets, up to the next word. */
    size_t end = WORD - items % WORD;
    write_header(w, 1, TYPE_SDES, 1 + (items + end) / WORD);
    write_be32(w, ssrc);
    write_u8(w, SDES_CNAME);
    write_u8(w, (uint8_t)len);
    write_text(w, cname);
    write_bytes(w, (struct bytes){ zeros, end });
}

void rtcp_write_pli(struct writer *w, uint32_t ssrc, uint32_t media_ssrc)
{
    write_header(w, FORMAT_PLI, TYPE_PSFB, 2);
    write_be32(w, ssrc);
    write_be32(w, media_ssrc);
}

void rtcp_write_nack(struct writer *w, uint32_t ssrc, uint32_t media_ssrc, const uint16_t *seqs, size_t count)
{
    size_t start = w->len, entries = 0;
    write_header(w, FORMAT_NACK, TYPE_RTPFB, 0);
    write_be32(w, ssrc);
    write_be32(w, media_ssrc);
    for (size_t i = 0; i < count; entries++) {
        uint16_t first = seqs[i++], more = 0;
        for (; i < count && (uint16_t)(seqs[i] - first - 1) < 16; i++)
            more |= (uint16_t)(1u << (uint16_t)(seqs[i] - first - 1));
        write_be16(w, first);
        write_be16(w, more);
    }
    if (!w->bad)
        store_be16(w->at + start + 2, (uint16_t)(2 + entries));
}

uint64_t rtcp_ntp(int64_t unix_us)
{
    const int64_t million = 1000000, epoch_1900_s = 2208988800; /* 70 years, 17 of them leap */
    int64_t seconds = unix_us / million, micros = unix_us % million;
    if (micros < 0) {
        micros += million;
        seconds--;
    }
    /* The seconds wrap in 2036, as NTP's do. */
    return (uint64_t)(uint32_t)(seconds + epoch_1900_s) << 32 | ((uint64_t)micros << 32) / (uint64_t)million;
}
