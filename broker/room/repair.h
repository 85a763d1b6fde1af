/* repair.h - packets that a receiver lost, sent once more on the slot's repair stream: RFC 4585 6.2.1, RFC 4588.
 *
 * Along the gate's edges and no other way: the slot must still carry that publisher, and the number must be one that it
 * gave out since it does. Bounded for each receiver, so that asking costs more than answering. */
#pragma once

#include "room/room.h"

enum { REPAIR_BYTES_PER_S = 250000, REPAIR_BURST_BYTES = 64 << 10 };

/* A NACK of this receiver about one of its slots. lost: its list (rtcp.h). */
void repair_serve(struct room *, struct now, struct participant *receiver, uint32_t slot_ssrc, struct bytes lost,
                  struct outbox *);
