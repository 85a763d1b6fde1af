/* bandwidth.h - what the path to one receiver takes, estimated by us, the sender, from its transport-wide feedback
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01): by delay as draft-ietf-rmcat-gcc-02 does it, by loss, and by
 * probing.
 *
 * Owned by its link; 2 kB of memory, and up to 8 kB more while much is on its way. Reads no clock. The estimate never
 * leaves BANDWIDTH_FLOOR_BPS to BANDWIDTH_CAP_BPS, whatever the receiver says. docs/BANDWIDTH.md explains and shows
 * plots.
 *
 * Who uses it: gives each datagram that leaves (media, retransmissions, padding) its number with bandwidth_send; passes
 * feedback on; then asks for bandwidth_bps and divides it (layers.h). Whenever the deadline has come: bandwidth_tick,
 * and padding as bandwidth_probe asks, on a stream where a receiver takes padding. */
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/status.h"

#define BANDWIDTH_FLOOR_BPS ((uint64_t)30000)
#define BANDWIDTH_CAP_BPS ((uint64_t)20000000)
#define BANDWIDTH_START_BPS ((uint64_t)600000)  /* before anything is known: a face or two, at once */
#define BANDWIDTH_SILENT_BPS ((uint64_t)300000) /* at most this to a receiver that says nothing, or no more */

struct bandwidth;

/* ERR_NO_MEMORY. */
enum status bandwidth_create(struct bandwidth **, usec_t now_us);
void bandwidth_destroy(struct bandwidth *);

/* One packet leaves: its transport-wide number. bytes: as much of it as the estimate shall speak of; count headers down
 * to IP, which fill the path too. */
uint16_t bandwidth_send(struct bandwidth *, usec_t now_us, size_t bytes);
/* One message of feedback: what follows its two SSRCs (RTCP_TWCC's fci). ERR_MALFORMED, and nothing changed. Late,
 * doubled or invented news is harmless, and OK. */
enum status bandwidth_feedback(struct bandwidth *, usec_t now_us, struct bytes fci);
/* How much there would be to send if the path took it (layers_want and the audio): there is no probing beyond. At first
 * 0, so nothing is probed. */
void bandwidth_want(struct bandwidth *, uint64_t bps);

/* What is due by time: silence, the next probe. */
void bandwidth_tick(struct bandwidth *, usec_t now_us);
/* Bytes of padding to send now so that a probe goes out at its rate, in packets of any size (RTP's padding has at most
 * 255 bytes), each numbered by bandwidth_send; 0 when there is none to send. What media is sent meanwhile counts too.
 */
size_t bandwidth_probe(struct bandwidth *, usec_t now_us);
/* When bandwidth_tick or bandwidth_probe has something to do. */
usec_t bandwidth_deadline(const struct bandwidth *);

/* The estimate: what may be sent each second. Falls at once, rises steadily. */
uint64_t bandwidth_bps(const struct bandwidth *);
/* The part of all packets that the path loses by itself, 0 to 1: as it was lately, and 0 while there is a queue. */
double bandwidth_loss(const struct bandwidth *);
/* The round trip, smoothed, with what the receiver waits before it reports; 0: not known. */
usec_t bandwidth_rtt_us(const struct bandwidth *);
