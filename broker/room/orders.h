/* orders.h - what takes from somebody, whoever orders it: a person in the room (handlers.h) or the clinic from outside
 * of it, which has no seat here (by: NULL). One way for all, so that an order comes to the same from either side.
 *
 * Each only changes facts; room_settle makes the rest follow. */
#pragma once

#include "auth/moderation.h"
#include "room/room.h"

/* A therapist and the clinic stop anybody, a client their own loved ones. */
bool order_may_stop(const struct room *, const struct participant *by, const struct participant *);
/* There is something to stop, or it was stopped already: two people may say stop at once, and the second is right as
 * well. */
bool order_can_stop(const struct participant *);
/* A client's takes their yes back with it. */
void order_step_out(struct room *, struct participant *, const struct participant *by, struct outbox *);
/* Each loved one whom they may stop. */
void order_step_out_everyone(struct room *, const struct participant *by, struct outbox *);
/* For good. code: for the ledger, a word of why; NULL none. ERR_STATE when they are removed already. */
enum status order_remove(struct room *, struct now, struct participant *, const struct participant *by,
                         const char *code, struct outbox *);
/* The session, for good. ERR_STATE before its lobby opens, when there is nothing to end yet, and after its end. */
enum status order_end(struct room *, struct now, const struct participant *by, struct outbox *);

/* The clinic's order. As broker_moderate says. */
enum status order_of_clinic(struct room *, struct now, const struct moderation *, struct outbox *);
