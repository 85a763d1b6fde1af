/* reception.h - what we received of one published stream, for honest reports: RFC 3550 A.1 (extension), A.3 (loss), A.8
 * (jitter).
 *
 * Packets come from SRTP: authenticated, never twice, never from before its replay window. So A.1's probation, which
 * keeps out strays, and its restart after a jump have no place here: every packet counts, and a jump is loss. */
#pragma once

#include "base/clock.h"
#include "media/rtcp.h"

struct reception {
    bool started;
    uint64_t base_seq, highest_seq; /* extended; the first packet's is 65536 and its number */
    uint64_t received;
    uint64_t expected_prior, received_prior; /* at the last report */
    uint32_t transit;                        /* of the last packet */
    uint64_t jitter_q4;                      /* 16 times the estimate */
    uint32_t clock_rate;
    bool has_sr;     /* the publisher's last SR: its NTP time, the RTP time that it names, and when it came */
    uint64_t sr_ntp; /* by the publisher's clock */
    uint32_t sr_rtp_time;
    usec_t last_sr_at;
};

void reception_init(struct reception *, uint32_t clock_rate);
/* Notes one packet; yields its extended number. */
uint64_t reception_packet(struct reception *, usec_t now_us, uint16_t seq, uint32_t rtp_time);
void reception_sender_report(struct reception *, usec_t now_us, const struct rtcp_sender *);
/* The report block since the last call. False when nothing arrived since creation. */
bool reception_report(struct reception *, usec_t now_us, uint32_t ssrc, struct rtcp_report *);
