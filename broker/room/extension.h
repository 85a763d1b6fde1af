/* extension.h - may the box end later? In group and workshop the therapist decides; where a loved one needs the
 * client's yes (individual, family, discharge), so does a longer session: the clients who are in are asked, and each
 * must say yes. A check-in is never extended.
 *
 * Fails closed: a no, a client who leaves, half a minute without an answer, a therapist who is gone or a box that ends
 * first is a no; with no client there is nobody to ask, so it is one at once. A client whose link is lost while they
 * are asked has yet to answer; one who comes meanwhile is asked, too. No grant gets longer by it: its end still ends
 * the loved one's part. The room's capacity is its seats, which are all planned, and EXTEND_MAX_MINUTES; what the
 * machine has left is not asked yet. */
#pragma once

#include "room/room.h"

#define EXTENSION_LAPSE_US (30 * USEC_PER_SEC)

bool extension_fits(const struct room *, uint32_t minutes);
bool extension_needs_yes(const struct room *);
bool extension_is_asked(const struct room *);
/* Moves the end of the box, and of each segment that is as long as the box; `by` is the therapist. */
void extension_make(struct room *, uint32_t minutes, const struct participant *by, struct outbox *);
/* Puts the question of `by` to the clients; `request` is answered when it is decided. False: nobody is there to ask. */
bool extension_ask(struct room *, struct now, const struct participant *by, uint32_t minutes, uint32_t request);
/* A client's word; the last yes makes it. False: they are not asked. */
bool extension_answer(struct room *, struct now, struct participant *, bool yes, struct outbox *);
/* The question is over, and not by a yes. */
void extension_refuse(struct room *, struct outbox *);
/* What follows from time, and from who came and went. */
void extension_settle(struct room *, struct now, struct outbox *);
