/* crowd.h - all participants of a run: they come at a pace, are waited for, are counted together, and go.
 *
 * One thread, the one that calls signalling. Owned by load_run. */
#pragma once

#include "load/load.h"

struct crowd_room {
    unsigned number; /* never used twice in a run */
    unsigned count;  /* participants, viewers who came later included */
    struct participant *people;
};

struct crowd {
    const struct load_config *config;
    const struct signalling_ops *ops;
    struct signalling *signalling;
    struct media *media;
    struct crowd_room *rooms;
    unsigned room_count, next_number;
    unsigned viewers_per_room; /* places for those who come later */
};

enum status crowd_init(struct crowd *, const struct load_config *, const struct signalling_ops *);
void crowd_deinit(struct crowd *); /* all leave, all rooms are closed */

/* Rooms are opened and filled, or closed, until there are so many; returns when all are there. ERR_SYSTEM: somebody
 * could not come (said on stderr), and there are as many rooms as before. */
enum status crowd_set_rooms(struct crowd *, unsigned count);
/* One more viewer; returns when their first media and keyframe have come. */
enum status crowd_add_viewer(struct crowd *, unsigned room, struct participant **);
/* The network's turns, for so long. */
void crowd_wait(struct crowd *, usec_t us);
/* Until nothing has come for a moment, or for so long. */
void crowd_drain(struct crowd *, usec_t most_us);

void crowd_stop(struct crowd *);   /* nobody sends */
void crowd_resume(struct crowd *); /* who may, does again */

/* Counting begins anew. */
void crowd_reset(struct crowd *);
/* Since crowd_reset, but for the times of joins. */
struct crowd_sums {
    struct tally_total total;
    struct load_sent sent;
    uint64_t expected[MEDIA]; /* packets that should have come: each to all others in the room who have a slot for it */
    unsigned participants;
    struct histogram joins, keyframes; /* of those who came into a running room */
};
void crowd_sum(struct crowd *, struct crowd_sums *);
