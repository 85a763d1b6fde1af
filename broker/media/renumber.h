/* renumber.h - one slot's unbroken numbers across drops and switches of publisher: sequence, timestamp, VP8 picture id and
 * TL0PICIDX. A decoder sees one stream that never restarts.
 *
 * A gap in what the publisher sent stays a gap (the receiver must see loss); what we chose not to forward leaves none.
 * Packets that arrive out of order keep their distance. */
#pragma once

#include "base/clock.h"
#include "media/rtp.h"
#include "media/vp8.h"

struct renumber {
    uint32_t clock_rate;
    bool started;  /* anything was ever sent */
    bool switched; /* the next packet opens a new source */
    uint16_t seq_offset, highest_seq_out;
    uint32_t time_offset, last_time_out;
    usec_t last_sent_at; /* arrival time of the packet with last_time_out */
    uint16_t first_seq_in;   /* of this source: older ones are from before the switch and are dropped */
    uint16_t highest_seq_in;
    uint16_t picture_offset, highest_picture_out;
    uint8_t tl0_offset, last_tl0_out;
    bool has_picture;
};

/* Starting numbers are random by the caller's entropy: RFC 3550 5.1. */
void renumber_init(struct renumber *, uint32_t clock_rate, uint16_t first_seq, uint32_t first_time, uint16_t first_picture);
/* Another source follows, or the same one after a pause. */
void renumber_switch(struct renumber *);
/* The numbers for one incoming packet, written over rtp->seq and rtp->time (and vp8's, when not NULL). False: it precedes
 * the switch and must not be sent. */
bool renumber_packet(struct renumber *, usec_t now_us, struct rtp *, struct vp8 *);
/* A packet of the current source that is deliberately not forwarded: later ones close up. */
void renumber_skip(struct renumber *, uint16_t seq);
/* The outgoing timestamp that stands for an incoming one of the current source: for sender reports. */
uint32_t renumber_time(const struct renumber *, uint32_t time_in);
