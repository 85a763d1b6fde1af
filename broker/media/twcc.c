#include "media/twcc.h"

#include <string.h>

#include "media/seq.h"

/* Section 3.1 of the draft. */
enum {
    TYPE_RTPFB = 205,
    FORMAT_TWCC = 15,
    VERSION_2 = 2 << 6,
    WORD = 4,
    REPORT_PACKETS_MAX = 400,
    RUN_MAX = 0x1fff,
    VECTOR_SYMBOLS = 7, /* of two bits each */
};
enum symbol { NOT_RECEIVED = 0, SMALL_DELTA = 1, LARGE_DELTA = 2 };

#define REFERENCE_US (64 * USEC_PER_MSEC) /* the reference time's unit, and */
#define DELTA_US ((usec_t)250)            /* that of the deltas */

enum { FIRST_CYCLE = 1 << 16 };

static uint32_t *arrival(struct twcc *twcc, uint64_t seq)
{
    return &twcc->at_us[seq % TWCC_WINDOW];
}

/* The whole time of which 32 bits were kept: all of them are within half their cycle of the latest. */
static usec_t whole_time(const struct twcc *twcc, uint32_t at_us)
{
    return at_us ? twcc->latest + (usec_t)(int64_t)(int32_t)(at_us - (uint32_t)twcc->latest) : 0;
}

void twcc_packet(struct twcc *twcc, usec_t now_us, uint16_t seq)
{
    uint64_t n = twcc->started ? seq_extend(twcc->highest, seq) : FIRST_CYCLE + (uint64_t)seq;
    if (!twcc->started) {
        twcc->started = true;
        twcc->first = n;
        twcc->highest = n - 1;
    }
    if (n < twcc->first) {
        if (twcc->highest - n >= TWCC_LATE)
            return;      /* told as lost, and so it stays */
        twcc->first = n; /* was overtaken: the next report takes back what the last said of it */
    }
    if (n >= twcc->first + TWCC_WINDOW) { /* a jump: what lies before is not worth a report */
        memset(twcc->at_us, 0, sizeof twcc->at_us);
        twcc->first = n;
        twcc->highest = n - 1;
    }
    for (; twcc->highest < n; twcc->highest++)
        *arrival(twcc, twcc->highest + 1) = 0;
    twcc->latest = now_us;
    *arrival(twcc, n) = (uint32_t)now_us | 1; /* a microsecond is less than what a report tells */
    twcc->news = true;
}

/* One report as it grows. */
struct report {
    uint64_t reference; /* in its unit */
    uint8_t symbols[REPORT_PACKETS_MAX];
    int16_t deltas[REPORT_PACKETS_MAX]; /* of those that came */
    size_t count, came;
};

/* False: the next packet is too far in time from the one before to be in the same report. */
static bool report_packet(struct report *report, usec_t at, usec_t *before)
{
    if (!at) {
        report->symbols[report->count++] = NOT_RECEIVED;
        return true;
    }
    if (report->came == 0) {
        report->reference = at / REFERENCE_US;
        *before = report->reference * REFERENCE_US;
    }
    /* Each delta is from where the one before led to, so that what is rounded off never adds up. */
    int64_t delta = ((int64_t)at - (int64_t)*before) / (int64_t)DELTA_US;
    if (delta < INT16_MIN || delta > INT16_MAX)
        return false;
    *before += (usec_t)(delta * (int64_t)DELTA_US);
    report->deltas[report->came++] = (int16_t)delta;
    report->symbols[report->count++] = delta >= 0 && delta <= UINT8_MAX ? SMALL_DELTA : LARGE_DELTA;
    return true;
}

static void collect(struct twcc *twcc, struct report *report)
{
    usec_t before = 0;
    *report = (struct report){ 0 };
    for (uint64_t n = twcc->first; n <= twcc->highest && report->count < REPORT_PACKETS_MAX; n++)
        if (!report_packet(report, whole_time(twcc, *arrival(twcc, n)), &before))
            return;
}

static size_t run_length(const struct report *report, size_t from)
{
    size_t to = from;
    while (to < report->count && report->symbols[to] == report->symbols[from] && to - from < RUN_MAX)
        to++;
    return to - from;
}

/* Section 3.1.3 and 3.1.4: a run of one symbol, or seven symbols one by one. */
static void write_chunks(struct writer *w, const struct report *report)
{
    for (size_t i = 0; i < report->count;) {
        size_t run = run_length(report, i);
        if (run >= VECTOR_SYMBOLS) {
            write_be16(w, (uint16_t)(report->symbols[i] << 13 | run));
            i += run;
            continue;
        }
        unsigned chunk = 3u << 14;
        for (size_t k = 0; k < VECTOR_SYMBOLS && i + k < report->count; k++)
            chunk |= (unsigned)report->symbols[i + k] << 2 * (VECTOR_SYMBOLS - 1 - k);
        write_be16(w, (uint16_t)chunk);
        i += VECTOR_SYMBOLS;
    }
}

static void write_deltas(struct writer *w, const struct report *report)
{
    size_t came = 0;
    for (size_t i = 0; i < report->count; i++)
        if (report->symbols[i] == SMALL_DELTA)
            write_u8(w, (uint8_t)report->deltas[came++]);
        else if (report->symbols[i] == LARGE_DELTA)
            write_be16(w, (uint16_t)report->deltas[came++]);
}

bool twcc_write(struct twcc *twcc, struct writer *out, uint32_t ssrc, uint32_t media_ssrc)
{
    struct report report;
    struct writer w = *out;
    if (!twcc->news)
        return false;
    collect(twcc, &report);
    write_u8(&w, VERSION_2 | FORMAT_TWCC);
    write_u8(&w, TYPE_RTPFB);
    write_be16(&w, 0); /* the length, once it is known */
    write_be32(&w, ssrc);
    write_be32(&w, media_ssrc);
    write_be16(&w, (uint16_t)twcc->first);
    write_be16(&w, (uint16_t)report.count);
    write_be24(&w, (uint32_t)report.reference & 0xffffff);
    write_u8(&w, twcc->reports);
    write_chunks(&w, &report);
    write_deltas(&w, &report);
    while (!w.bad && (w.len - out->len) % WORD != 0)
        write_u8(&w, 0);
    if (w.bad)
        return false;
    store_be16(out->at + out->len + 2, (uint16_t)((w.len - out->len) / WORD - 1));
    *out = w;
    twcc->first += report.count;
    twcc->news = twcc->first <= twcc->highest;
    twcc->reports++;
    return true;
}

/* Section 3.1.3 and 3.1.4 once more: a run, or fourteen symbols of one bit, or seven of two. */
enum {
    VECTOR = 1 << 15,
    VECTOR_OF_TWO_BITS = 1 << 14,
    VECTOR_SYMBOLS_ONE_BIT = 14,
};

static void next_chunk(struct twcc_reader *r)
{
    r->chunk = read_be16(&r->chunks);
    if (!(r->chunk & VECTOR))
        r->symbols_left = r->chunk & RUN_MAX;
    else
        r->symbols_left = r->chunk & VECTOR_OF_TWO_BITS ? VECTOR_SYMBOLS : VECTOR_SYMBOLS_ONE_BIT;
}

/* The next packet's; 3, which is reserved, is nobody's. */
static unsigned next_symbol(struct twcc_reader *r)
{
    while (r->symbols_left == 0 && !r->chunks.bad)
        next_chunk(r); /* a run of none is allowed, and useless */
    if (r->chunks.bad)
        return NOT_RECEIVED;
    r->symbols_left--;
    r->left--;
    r->seq++;
    if (!(r->chunk & VECTOR))
        return r->chunk >> 13 & 3;
    if (r->chunk & VECTOR_OF_TWO_BITS)
        return r->chunk >> 2 * r->symbols_left & 3;
    return r->chunk >> r->symbols_left & 1;
}

/* The deltas begin where the chunks end, which only reading the chunks tells. */
static enum status find_deltas(struct twcc_reader r, struct reader *deltas)
{
    size_t need = 0;
    while (r.left > 0) {
        unsigned symbol = next_symbol(&r);
        if (r.chunks.bad || symbol > LARGE_DELTA)
            return ERR_MALFORMED;
        need += symbol; /* small ones have one byte, large ones two */
    }
    if (r.chunks.left < need)
        return ERR_MALFORMED;
    *deltas = r.chunks;
    return OK;
}

enum status twcc_read(struct bytes fci, struct twcc_reader *out)
{
    struct twcc_reader r = { .chunks = reader_over(fci) };
    r.seq = read_be16(&r.chunks);
    r.left = read_be16(&r.chunks);
    r.at_us = (int64_t)read_be24(&r.chunks) * (int64_t)REFERENCE_US;
    read_u8(&r.chunks); /* the report's own number: whether one is missing shows in the packets' */
    if (r.chunks.bad || r.left == 0 || r.left > TWCC_READ_MAX)
        return ERR_MALFORMED;
    TRY(find_deltas(r, &r.deltas));
    *out = r;
    return OK;
}

bool twcc_next(struct twcc_reader *r, struct twcc_arrival *out)
{
    if (r->left == 0)
        return false;
    *out = (struct twcc_arrival){ .seq = r->seq };
    unsigned symbol = next_symbol(r);
    if (symbol == NOT_RECEIVED)
        return true;
    int64_t delta = symbol == SMALL_DELTA ? read_u8(&r->deltas) : (int16_t)read_be16(&r->deltas);
    r->at_us += delta * (int64_t)DELTA_US;
    out->came = true;
    out->at_us = r->at_us;
    return true;
}
