/* handlers.h - what each request does: a table of who may send it and the function that changes the room's facts.
 *
 * A handler only changes facts; room_settle makes the rest follow before the reply is written. */
#pragma once

#include "room/room.h"
#include "signaling/request.h"

/* Runs one request of a joined participant, settles the room and answers. */
void handle_request(struct room *, struct now, struct participant *, const struct request *, struct outbox *);
