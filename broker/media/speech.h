/* speech.h - who speaks, by the levels that browsers write beside their sound (RFC 6464).
 *
 * A value for each microphone. What a level says is the sender's word, so it weighs little: more packets weigh no more,
 * who is loud for half a minute without a pause ranks behind those who speak, and nobody gains by it but the look of
 * speaking. Whom it concerns, and who may hear them, is for others to decide. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define SPEECH_HANG_US (500 * USEC_PER_MSEC)      /* a pause between words ends nothing */
#define SPEECH_REMIND_US (250 * USEC_PER_MSEC)    /* how often it is news that somebody still speaks */
#define SPEECH_UNBROKEN_US (30 * USEC_PER_SEC)    /* longer than a breath lasts: a fan, or a lie */
#define SPEECH_LATELY_US (10 * USEC_PER_SEC)      /* whoever spoke is in a conversation for so long */
#define SPEECH_TALK_MAX_US (1000 * USEC_PER_MSEC) /* what can be saved up for the floor */
#define SPEECH_TAKE_US (400 * USEC_PER_MSEC)      /* what takes it: more than a cough */
#define SPEECH_AHEAD_US (300 * USEC_PER_MSEC)     /* by how much, from somebody else */

enum speech_rank {
    SPEECH_SILENT = 0,
    SPEECH_UNBROKEN,
    SPEECH_SPEAKS,
};

struct speech {
    usec_t at_us;       /* of the latest packet that counted; 0: there was none */
    unsigned loudness;  /* smoothed: steps of 1/16 dB over RFC 6464's least */
    usec_t voice_us;    /* when voice was last heard; 0: never */
    usec_t since_us;    /* when they began, the last time */
    usec_t talk_us;     /* how much they have spoken, as of at_us: it grows with voice, and halves its pace backwards */
    usec_t turn_us;     /* when that last sufficed for the floor; 0: never */
    usec_t reminded_us; /* when it was last news */
};

/* One packet with the octet of its header extension: V and 7 bits of -dBov. True when it is news: they begin to speak,
 * or do so still. All zero is a fresh one. */
bool speech_packet(struct speech *, usec_t now_us, uint8_t level);
enum speech_rank speech_rank(const struct speech *, usec_t now_us);
/* They had the floor, or could have, a short while ago. */
bool speech_is_lately(const struct speech *, usec_t now_us);
/* How much they have spoken of late, at most SPEECH_TALK_MAX_US. */
usec_t speech_talk(const struct speech *, usec_t now_us);
/* Whether the floor goes over. holder NULL: nobody has it; it is kept through silence until somebody takes it. */
bool speech_takes_floor(const struct speech *, const struct speech *holder, usec_t now_us);
