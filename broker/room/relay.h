/* relay.h - the path of a packet: from a publisher's track along the gate's edges to receivers' slots, and reports both
 * ways.
 *
 * It decides nothing: it walks edges. */
#pragma once

#include "room/room.h"

/* One authentic, decrypted RTP packet of p. */
void relay_rtp(struct room *, struct now, struct participant *p, struct bytes packet, struct outbox *);
/* One authentic, decrypted RTCP compound of p. */
void relay_rtcp(struct room *, struct now, struct participant *p, struct bytes compound, struct outbox *);
/* p's transport became ready: what they are to see starts with a keyframe. */
void relay_ready(struct room *, struct now, struct participant *p, struct outbox *);
/* Sends the keyframe requests that are due. */
void relay_ask_keyframes(struct room *, struct now, struct outbox *);
/* Sends the sender and receiver reports that are due. Nobody outside an open gate gets any. */
void relay_reports(struct room *, struct now, struct outbox *);
/* When one of the two wants to run again. */
usec_t relay_deadline(const struct room *);
