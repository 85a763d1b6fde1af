/* rtcp.h - compound RTCP, read packet by packet and written: RFC 3550 6, RFC 4585 6 (NACK, PLI), RFC 5104 4.3.1 (FIR),
 * transport-wide feedback as far as its header (twcc.h reads the rest). */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

enum rtcp_kind {
    RTCP_OTHER = 0, /* well formed; not one of ours */
    RTCP_SR,
    RTCP_RR,
    RTCP_BYE,
    RTCP_PLI,
    RTCP_FIR,
    RTCP_NACK,
    RTCP_TWCC,
};

/* One reception report, RFC 3550 6.4.1. */
struct rtcp_report {
    uint32_t ssrc;
    uint8_t fraction_lost; /* of 256 */
    int32_t lost;          /* 24 bits on the wire */
    uint32_t highest_seq;  /* extended */
    uint32_t jitter;       /* in timestamp units */
    uint32_t last_sr;      /* middle 32 bits of the SR's NTP time, 0 for none */
    uint32_t delay;        /* since then, in 1/65536 s */
};

struct rtcp_sender {
    uint64_t ntp;
    uint32_t rtp_time, packets, octets;
};

enum { RTCP_REPORTS_MAX = 31 };

struct rtcp_packet {
    enum rtcp_kind kind;
    uint8_t type, count; /* as on the wire */
    uint32_t ssrc;       /* who sends; BYE: the first who leaves, 0 for nobody */
    struct bytes lost;   /* NACK: what it asks for, for rtcp_nack_next; borrowed */
    struct bytes fci;    /* TWCC: what it says, for twcc_read; borrowed */
    uint32_t media_ssrc; /* PLI, NACK, TWCC: whom it is about. FIR: the first entry's */
    struct rtcp_sender sender;
    size_t report_count;
    struct rtcp_report reports[RTCP_REPORTS_MAX];
};

/* The whole compound must hold together before any of it counts (RFC 3550 A.2): check first, then read.
 * More lenient than A.2 in one thing: the first packet may be of any known type (200 to 207), not only a report, so
 * that reduced-size RTCP (RFC 5506) is understood although it is not negotiated. */
enum status rtcp_check(struct bytes compound);
/* The next packet; false at the end, and when it is broken (then the reader is bad). */
bool rtcp_next(struct reader *, struct rtcp_packet *);

/* One entry of a NACK's list, RFC 4585 6.2.1: up to RTCP_NACK_MAX sequence numbers; 0 at the end. */
enum { RTCP_NACK_MAX = 17 };
size_t rtcp_nack_next(struct reader *lost, uint16_t seqs[RTCP_NACK_MAX]);

/* count: at most RTCP_REPORTS_MAX. `lost` is clamped to its 24 bits. */
void rtcp_write_sr(struct writer *, uint32_t ssrc, const struct rtcp_sender *, const struct rtcp_report *,
                   size_t count);
void rtcp_write_rr(struct writer *, uint32_t ssrc, const struct rtcp_report *, size_t count);
/* SDES with a CNAME, which every compound needs (RFC 3550 6.1); at most 255 characters. */
void rtcp_write_sdes(struct writer *, uint32_t ssrc, const char *cname);
void rtcp_write_pli(struct writer *, uint32_t ssrc, uint32_t media_ssrc);
/* seqs: rising, on the circle; count at least 1. */
void rtcp_write_nack(struct writer *, uint32_t ssrc, uint32_t media_ssrc, const uint16_t *seqs, size_t count);

/* NTP's 64 bits (RFC 3550 4) for a wall-clock time. */
uint64_t rtcp_ntp(int64_t unix_us);
