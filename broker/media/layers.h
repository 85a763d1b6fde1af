/* layers.h - which layer of each picture one receiver gets: one pure function of the rate that there is.
 *
 * The policy. Audio comes first, so what is divided here is what the path takes less what the audio is using, with some
 * head-room; the caller subtracts. Pictures have ranks: 0 for a shared screen, then the therapist and the client, then
 * the others (or as the caller likes it; pictures of one rank are equals).
 *
 * First everybody is seen. Rank by rank, each picture takes its lowest option if that fits into what is left; so a
 * higher rank loses its picture only when even pausing all lower ones would not save it, and one that cannot fit (a
 * screen without layers on a small path) holds nobody up. Then pictures become better, rank by rank; within a rank in
 * turns, all get their second option before one gets its third. When somebody's step up does not fit, or somebody is
 * not seen who would fit alone, nobody behind takes a step up either: what is left over is less than a step, and a
 * picture that got better because there was too little for another would have to become worse again as soon as there is
 * more.
 *
 * The sum never exceeds the budget, not even for the most important picture: what is sent beyond what the path takes
 * queues in front of the audio.
 *
 * Going down is at once: what a picture has now, it keeps only as long as it fits. To go up, the whole of what is given
 * up to there, enlarged by a quarter, must fit. So a budget that wavers by ten per cent either way (1.1 / 0.9 from end
 * to end, which is less than a quarter) soon causes no switch any more. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    LAYERS_OPTIONS_MAX = 9, /* three sizes, three frame rates */
    LAYERS_PICTURES_MAX = 32,
};

struct layers_picture {
    uint8_t rank;    /* 0 is served first */
    uint8_t options; /* how many there are */
    uint8_t cap;     /* and how many of them may be used: a small or hidden picture needs few or none */
    uint8_t now;     /* what it gets now: 0 is paused, k the k-th option */
    uint64_t bps[LAYERS_OPTIONS_MAX]; /* what each takes, as measured; rising */
};

/* given[i]: what pictures[i] gets from now on, in the terms of `now`. Equals within a rank are served in their order.
 * At most LAYERS_PICTURES_MAX. */
void layers_allocate(uint64_t budget_bps, const struct layers_picture *, size_t count, uint8_t *given);
/* The least budget with which each picture gets the best that its cap allows, from wherever it is: what it is worth
 * probing for. */
uint64_t layers_want(const struct layers_picture *, size_t count);
