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
/* For what else is sent to a peer beside the streams: how each compound begins, and its sending; the buffer needs
 * TRANSPORT_SEAL_OVERHEAD of room behind it. */
void relay_begin_compound(const struct link *, struct writer *compound);
void relay_send_rtcp(struct link *, struct now, struct writer *compound, struct outbox *);
/* When one of these, feedback_send or egress_run wants to run again. */
usec_t relay_deadline(const struct room *);
