/* feedback.h - what a publisher is told of their packets: which ones are missing (NACK), and when they came (TWCC).
 * Along with keyframe requests and reports (relay.h) all that goes against the stream.
 *
 * Only somebody who is in, and whose stream somebody receives, is asked for anything. */
#pragma once

#include "room/room.h"

/* A packet of theirs came, whichever it is. */
void feedback_arrival(struct room *, struct now, struct link *publisher, const struct rtp *);
/* A packet of a picture's stream; seq: extended (reception.h). */
void feedback_packet(struct room *, struct now, const struct track *, struct stream *, uint64_t seq,
                     bool keyframe_starts);
/* Sends what is due. */
void feedback_send(struct room *, struct now, struct outbox *);
/* When that is. */
usec_t feedback_deadline(const struct participant *);
