/* estimate_flow.h - one receiver's stream through a bottleneck, as the broker sends it: audio, and pictures of
 * simulcast sources whose layers the allocator chooses by the estimate, paced, with padding when the estimate asks for
 * it; and the receiver at the other end, which reports as browsers do. */
#pragma once

#include "media/layers.h"
#include "sim/bottleneck.h"

enum { FLOW_PICTURES_MAX = 4 };

struct flow;

struct flow_plan {
    unsigned pictures;           /* the first two of rank 0, the others of rank 1 */
    usec_t starts_us;            /* sends nothing before */
    usec_t muted_us, unmuted_us; /* only audio between them, and that with gaps (DTX); 0: never */
    usec_t feedback_us;          /* the way back */
    unsigned feedback_lost;      /* per thousand */
    usec_t deaf_us, hearing_us;  /* no feedback comes back between them; 0: it does */
};

struct flow_counts {
    uint64_t sent, received, padding;               /* bytes */
    uint64_t audio_sent, audio_arrived, audio_late; /* packets; late by over 250 ms above the distance */
    unsigned switches;                              /* a picture's size changed, or it paused or came back */
};

struct flow *flow_create(int number, const struct flow_plan *, uint64_t seed);
void flow_destroy(struct flow *);
/* Once a millisecond of virtual time. */
void flow_step(struct flow *, usec_t now_us, struct bottleneck *);
void flow_arrived(struct flow *, const struct parcel *);
uint64_t flow_estimate_bps(const struct flow *);
unsigned flow_option(const struct flow *, unsigned picture);
struct flow_counts flow_counts(const struct flow *);
/* How many packets of audio that were sent in this time never arrived. */
unsigned flow_audio_lost(const struct flow *, usec_t from_us, usec_t to_us);
