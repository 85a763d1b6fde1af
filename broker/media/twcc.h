/* twcc.h - when a publisher's packets arrived, told back to it, so that it finds the rate that its path bears:
 * transport-wide congestion control, draft-holmer-rmcat-transport-wide-cc-extensions-01.
 *
 * All streams of one transport share one count of packets, which each carries in a header extension. Values only. */
#pragma once

#include "base/bytes.h"
#include "base/clock.h"

enum { TWCC_WINDOW = 1024 }; /* packets that one report can speak of */
#define TWCC_INTERVAL_US (100 * USEC_PER_MSEC)

struct twcc {
    bool started;
    bool news;               /* something came since the last report */
    uint64_t first, highest; /* extended: the next report begins with the one, and knows of the other */
    usec_t at[TWCC_WINDOW];  /* of seq % TWCC_WINDOW, from first to highest; 0: has not come */
    uint8_t reports;         /* sent so far, modulo 256 */
};

/* All zero is a fresh one. One packet came, with its transport-wide number. */
void twcc_packet(struct twcc *, usec_t now_us, uint16_t seq);
/* The report on what came since the last; as much of it as fits one, the rest is for the next. False when there is no
 * news or the writer has no room for it, and nothing was written then. ssrc: ours; media_ssrc: any of theirs. */
bool twcc_write(struct twcc *, struct writer *, uint32_t ssrc, uint32_t media_ssrc);
