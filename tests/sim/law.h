/* law.h - the rules of the domain model for one small session, stated anew from its sections 1 to 4: one therapist, one
 * client, two loved ones of theirs, each with two devices.
 *
 * It shares no code with the room and never looks into one. The walk (walk.c) tells it what was asked, what was
 * answered, what the ledger was given and what time it is; it says what may be. A plain value that can be copied. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"
#include "base/terms.h"

enum { THERAPIST, CLIENT, LOVED_1, LOVED_2, PEOPLE };
#define FIRST_LOVED LOVED_1

#define LAW_LEAST_US (60 * USEC_PER_SEC) /* that must be left for an admission */
#define LAW_RESUME_US (30 * USEC_PER_SEC)
#define LAW_BROKEN_US (5 * USEC_PER_SEC)    /* by when a lost link must be noticed */
#define LAW_SEGMENT_US (120 * USEC_PER_SEC) /* what the walk's therapist asks for */

enum law_interval {
    INTERVAL_NONE,
    INTERVAL_ASKED, /* its OPEN is on the way to the disk */
    INTERVAL_OPEN,  /* and there */
};

struct law_person {
    unsigned connection; /* 1 or 2, the one that lives; 0: they are not connected */
    usec_t
        broken_until; /* their socket is gone, and counts as there until then, as their media lives; 0: it is there */
    unsigned device;  /* by which they are connected or last were; 0: none was proved */
    bool prepared;    /* a loved one has acknowledged, a client said where they are */
    bool declined, agreed, withdrawn, removed;
    usec_t segment_until;   /* 0: none runs */
    usec_t resumable_until; /* until when that device brings them back without the therapist; 0: it doesn't */

    enum law_interval interval;
    uint64_t number; /* of its OPEN record */
    struct id id;
    int64_t since_unix_us;
    usec_t must_end; /* segment, box and grant, whichever is first */
};

struct law {
    bool group;
    bool over; /* for good */
    usec_t now, closes, grant_until;
    unsigned denied; /* devices of those who were removed: bit (1 << device) */
    struct law_person people[PEOPLE];
};

static inline bool law_loved(int person)
{
    return person >= FIRST_LOVED;
}

/* Somebody's own first or second device. */
static inline unsigned law_device(int person, unsigned nth)
{
    return 2 * (unsigned)person + nth;
}

/* Past the waiting room and connected; of a loved one: inside an interval that the ledger holds, on every ground. */
bool law_in(const struct law *, int person);
/* The grounds on which a loved one may stay, apart from the ledger. */
bool law_may_stay(const struct law *, int person);
/* G of the domain model. */
bool law_may_admit(const struct law *, int person);
/* The most that may ever reach `to` from `from` now, whatever is switched on, enabled or chosen. Both loved ones have a
 * grant of `audio`. */
source_mask law_may_reach(const struct law *, int to, int from);

/* What happened. */
void law_time(struct law *, usec_t now);
/* Whether they come in by this device, or by none; move: although they are connected by another. */
bool law_may_join(const struct law *, int person, unsigned device, bool move);
void law_joined(struct law *, int person, unsigned connection, unsigned device);
/* Their socket breaks; the media that they have goes on. */
void law_broken(struct law *, int person);
/* They are back to it by another connection: nothing has happened. */
void law_resumed(struct law *, int person, unsigned connection);
/* For good: the person, and the device under whatever name. */
void law_removed(struct law *, int person);
/* lost: without a word, rather than by leaving or being sent away. */
void law_gone(struct law *, int person, bool lost);
void law_stop(struct law *, int person);        /* stepped out, or their own lost link no longer brings them back */
void law_end_segment(struct law *, int person); /* and the client's yes with it */
void law_end(struct law *);
/* Memory is lost; who was removed or revoked, and that the session was ended, is not. */
void law_crash(struct law *);

/* A record of the ledger's: NULL when it may be, else what is wrong with it. by_therapist: as an answer to the
 * therapist's request, and not by itself. */
const char *law_opened(struct law *, int person, uint64_t number, const struct id *interval, int64_t unix_us,
                       bool by_therapist);
const char *law_closed(struct law *, int person, const struct id *interval, int64_t unix_us);
