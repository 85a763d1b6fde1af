/* twcc.h - when packets of a transport arrived, told back to who sent them, so that it finds the rate that its path
 * bears: transport-wide congestion control, draft-holmer-rmcat-transport-wide-cc-extensions-01.
 *
 * All streams of one transport share one count of packets, which each carries in a header extension. Publishers are
 * told what we received (twcc_packet, twcc_write); receivers tell us (twcc_read, twcc_next). Values only. */
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/status.h"

enum { TWCC_WINDOW = 512 }; /* packets that one report can speak of: as many as come of 50 Mbit/s until it is due */
enum {
    TWCC_LATE = 128
}; /* one that was told as lost, and comes no further behind the newest than this, is told anew */
#define TWCC_INTERVAL_US (100 * USEC_PER_MSEC)

struct twcc {
    bool started;
    bool news;               /* something came since the last report */
    uint64_t first, highest; /* extended: the next report begins with the one, and knows of the other */
    usec_t latest;           /* arrival of any */
    uint8_t reports;         /* sent so far, modulo 256 */
    /* Arrivals modulo 2^32, odd; of seq % TWCC_WINDOW, from first to highest; 0: has not come */
    uint32_t at_us[TWCC_WINDOW];
};

/* All zero is a fresh one. One packet came, with its transport-wide number. */
void twcc_packet(struct twcc *, usec_t now_us, uint16_t seq);
/* The report on what came since the last; as much of it as fits one, the rest is for the next. False when there is no
 * news or the writer has no room for it, and nothing was written then. ssrc: ours; media_ssrc: any of theirs. */
bool twcc_write(struct twcc *, struct writer *, uint32_t ssrc, uint32_t media_ssrc);

/* A report that is read packet by packet: what follows the two SSRCs, as rtcp_next yields it. */
enum { TWCC_READ_MAX = 8192 }; /* packets in one: 4 s of 20 Mbit/s; a liar's 65535 would only cost us time */
#define TWCC_CYCLE_US ((int64_t)64 * 1000 << 24) /* its clock's; twelve days */

struct twcc_reader {
    uint16_t seq, left;           /* the next packet, and how many there are from it on */
    int64_t at_us;                /* by the receiver's clock, modulo its cycle: where the next delta counts from */
    struct reader chunks, deltas; /* borrowed */
    uint16_t chunk, symbols_left; /* the chunk that is being read */
};

struct twcc_arrival {
    uint16_t seq;
    bool came;
    int64_t at_us; /* of one that came; may be less than 0 or beyond a cycle by what the deltas amount to */
};

/* Checks the whole report, so that what is read afterwards is well formed. ERR_MALFORMED. */
enum status twcc_read(struct bytes fci, struct twcc_reader *);
/* The next packet, in the order of their numbers; false after the last. */
bool twcc_next(struct twcc_reader *, struct twcc_arrival *);
