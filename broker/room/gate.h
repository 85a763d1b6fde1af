/* gate.h - the only maker of edges. Each call derives the audience anew and makes the edges equal to it.
 *
 * Where more may be received than somebody has slots, the slots go to those they are worth most to: who speaks, the
 * therapist first, and screens before faces. Where all fit, nothing moves.
 *
 * Shutting is synchronous: when gate_apply returns, no later packet finds the edge. */
#pragma once

#include "room/room.h"

/* Edges follow the audience; slots are given and taken; new video asks for a keyframe at once. */
void gate_apply(struct room *, struct now, struct outbox *);
/* Unmakes every edge to and from one participant, before their link goes. */
void gate_shut(struct room *, struct participant *);
