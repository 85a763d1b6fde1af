/* settle.h - makes what is derived follow the facts: who can't stay in, the phase, the agenda, the gates, what each
 * person is told, and when to look again. The one place where what happened becomes what holds. */
#pragma once

#include "room/room.h"

/* Makes what is derived follow the facts. */
void room_settle(struct room *, struct now, struct outbox *);
/* What is due by the clock: settles, drives handshakes, keyframe requests and reports. */
void room_tick(struct room *, struct now, struct outbox *);
/* Begins this step of the agenda; past the last one, the agenda is over. */
void room_start_step(struct room *, struct now, uint32_t step);
