/* egress.h - what goes to one receiver: when (the pace), how much (what their path takes), and which layer of each
 * picture.
 *
 * It feeds slots that the gate has filled, and fills none: whom somebody sees is decided elsewhere (audience.h), how
 * well is decided here. A picture changes layers at a keyframe, so a decoder never sees a break; one that does not fit
 * at its lowest is paused, its receiver is told, and the sound goes on. */
#pragma once

#include "room/room.h"

/* Beside its own bytes a packet fills a path with IP, UDP and its seal: all rates count them. */
enum { EGRESS_OVERHEAD = 28 + 16 };
#define EGRESS_CHOOSE_US (200 * USEC_PER_MSEC)

/* Ready, and the peer still answers for its path. Asked before a slot gives out numbers, as a number once given is
 * spent. */
bool egress_can_send(const struct link *, struct now);

/* A packet that is written for one receiver straight into the outbox. */
struct egress_packet {
    struct writer writer; /* over room for what was asked, */
    size_t cap;           /* and for the seal behind it */
};
/* False when the outbox is full, which counts it. */
bool egress_begin(struct egress_packet *, size_t len, struct outbox *);
/* Numbers, seals and commits what a slot has written. */
void egress_end(struct room *, struct now, struct link *to, const struct slot *, struct egress_packet *,
                struct outbox *);

/* Their path loses some of everything, and not because it is full: what is sent again, or never, goes in two copies. */
bool egress_loses(const struct link *);

/* A packet of a microphone. Where it would be lost for good, as it is without redundant audio (RFC 2198), two of it. */
void egress_sound(struct room *, struct now, struct link *to, struct receive_slot *, const struct track *,
                  const struct rtp *, struct outbox *);
/* A packet of the stream that feeds this slot; seq: extended, as its cache has it. Waits if it must. */
void egress_picture(struct room *, struct now, struct link *to, struct receive_slot *, struct stream *, uint64_t seq,
                    const struct rtp *, const struct video_packet *, struct outbox *);
/* They tell when our packets came: one message of transport-wide feedback. */
void egress_feedback(struct room *, struct now, struct participant *, struct bytes fci);
/* Which layer feeds each of their pictures, from its next keyframe on. */
void egress_choose(struct room *, struct now, struct participant *, struct outbox *);
/* What is due: packets that waited, probes, another look at the layers. */
void egress_run(struct room *, struct now, struct outbox *);
usec_t egress_deadline(const struct participant *);
