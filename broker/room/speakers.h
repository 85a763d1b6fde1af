/* speakers.h - what follows from who speaks: a place on the slots (through the gate, when some are left out), and who
 * each person is told speaks.
 *
 * It adds nothing to what somebody may hear: whom they are told of is on one of their slots, or they are it themselves.
 */
#pragma once

#include "media/rtp.h"
#include "room/room.h"

#define SPEAKERS_PACE_US (333 * USEC_PER_MSEC) /* nobody is told of somebody else more often */

/* A packet of their microphone came, from somebody who is in. */
void speakers_packet(struct room *, struct now, struct participant *, const struct rtp *);
/* Whom they are told of ends with what they hear. */
void speakers_forget(struct room *, struct participant *);
/* Says who speaks, when that is due. */
void speakers_tell(struct room *, struct now, struct outbox *);
