/* renumber.h - one slot's unbroken numbers across drops and switches of source: sequence, timestamp, picture id and
 * TL0PICIDX. A decoder sees one stream that never restarts.
 *
 * A gap in what the publisher sent stays a gap (the receiver must see loss); what we chose not to forward leaves none,
 * neither of packets nor of pictures. Packets that arrive out of order keep their distance. No outgoing sequence number
 * is ever given twice: a repeated one would be a repeated nonce under the receiver's SRTP key.
 *
 * A value, until something is skipped: then it has a list on the heap, which renumber_deinit frees. */
#pragma once

#include "base/clock.h"
#include "media/rtp.h"
#include "media/video.h"

enum {
    RENUMBER_SPANS = 24,  /* how many skips back a late packet is still placed: over a second of half the pictures */
    RENUMBER_WINDOW = 512 /* how many numbers back a late packet is still sent: over 2 s of a 2 Mbit/s stream */
};

/* Incoming numbers from first_in on, up to the next span, move by `offset`, and the ids of their pictures by `picture`.
 * The last `skipped` before first_in were not forwarded. */
struct renumber_span {
    uint64_t first_in;
    uint64_t offset; /* modulo 2^64: may stand for a negative one */
    uint32_t skipped;
    uint16_t picture; /* modulo 2^16, as an offset too */
};

struct renumber {
    uint32_t clock_rate;
    bool started;  /* anything was ever sent */
    bool switched; /* the next packet opens a new source */

    /* Sequence numbers, extended to 64 bits on both sides. */
    uint64_t highest_in; /* of this source, skipped ones included */
    uint64_t highest_out;
    /* Oldest first; what precedes the first is from before the switch. NULL while `only` is all of them. */
    struct renumber_span *spans;
    struct renumber_span only;
    size_t span_count;
    uint64_t sent[RENUMBER_WINDOW / 64]; /* bit n % RENUMBER_WINDOW: n, up to highest_out, was given */

    uint32_t time_offset, highest_time_out;
    usec_t highest_time_at; /* arrival of the first packet with highest_time_out */

    uint16_t highest_picture, highest_tl0; /* outgoing, and the next source's numbers follow them */
    bool skipped_picture;                  /* of this source, one was; this was the last */
    uint16_t last_skipped;
    bool has_tl0; /* of this source; what to add to its index */
    uint8_t tl0_offset;
};

/* Starting numbers are random by the caller's entropy: RFC 3550 5.1. */
void renumber_init(struct renumber *, uint32_t clock_rate, uint16_t first_seq, uint32_t first_time,
                   uint16_t first_picture);
void renumber_deinit(struct renumber *);
/* Another source follows, or the same one after a pause. Its first packet follows the last one sent: the next sequence
 * number and picture, and a timestamp that is later by the time that has passed. */
void renumber_switch(struct renumber *);
/* The numbers for one incoming packet, written over rtp->seq and rtp->time (and video's, when not NULL). False, and
 * nothing changed: it precedes the switch, was given already, is too late to place or half the circle ahead; it must
 * not be sent. */
bool renumber_packet(struct renumber *, usec_t now_us, struct rtp *, struct video_packet *);
/* The packet of the current source that went out under this number; false when that was from before the switch, or
 * never, or too long ago to tell. */
bool renumber_origin(const struct renumber *, uint16_t seq_out, uint16_t *seq_in);
/* Writes the numbers that renumber_packet gave to that packet, once more. rtp->seq: as it came in. */
void renumber_again(const struct renumber *, uint16_t seq_out, struct rtp *, struct video_packet *);
/* A packet of the current source that is deliberately not forwarded: later ones close up, and so do the pictures after
 * its own, of which nothing is forwarded (video: NULL when it is of none). True for one that comes too late for that:
 * the numbers around it have gone out, and leave a gap, which renumber_packet may yet give to an empty packet. True
 * also without memory for it: an empty packet goes out in its place. */
bool renumber_skip(struct renumber *, uint16_t seq, const struct video_packet *video);
/* The outgoing timestamp that stands for an incoming one of the current source: for sender reports. Means something
 * only after a packet of that source (not while `switched`). */
uint32_t renumber_time(const struct renumber *, uint32_t time_in);
