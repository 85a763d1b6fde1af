/* capacity.h - what a session costs the server, and how much the server can take: in packets of media that it sends to
 * people in a second, as that is what fills a processor. Arithmetic alone.
 *
 * The figures are those of `kinroom load`, whose people send as browsers do that have all the bandwidth they want; so a
 * booking is dear rather than cheap. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/terms.h"

enum {
    /* 50 packets of sound a second, and 30 pictures of 4 to 5 packets each at 1 Mbit/s: what kinroom load sends. */
    CAPACITY_SOUND = 50,
    CAPACITY_PICTURE = 130,
    /* What one person receives at once, as room.h gives them slots. */
    CAPACITY_SOUNDS = 6,
    CAPACITY_PICTURES = 7,
};

/* Whom a session brings. */
struct capacity_people {
    unsigned therapists, others;
};

/* Packets a second with everybody there. */
uint64_t capacity_needed(enum session_kind, struct capacity_people);
/* What so many processors can take, with room for what nobody booked. */
uint64_t capacity_of(unsigned processors);
/* How many more a processor can take that sends `packets` and is busy so much: by what they cost it now, if it does
 * enough to tell; else by what one can take. */
uint64_t capacity_left(uint64_t of_processor, uint64_t packets, unsigned busy_percent);
/* How many people more that is, in sessions of a therapist, a client and a loved one. */
uint64_t capacity_in_people(uint64_t packets);
