/* signalling.h - how participants come to a server: one small table of functions per kind of server.
 *
 * One thread calls all of it, the one that runs load_run; media has its own. Join, leave and rooms only begin what they
 * do; poll does the work and moves participants' states. An implementation makes a participant's peers (load/peer.h),
 * gives each its offer or answer, attaches it to the media thread (media.h), and never calls it again but under
 * media_lock. */
#pragma once

#include "load/media.h"

enum participant_state {
    PARTICIPANT_AWAY = 1,
    PARTICIPANT_JOINING,
    PARTICIPANT_JOINED, /* all that is to be said was said: its peers are attached; they may still be shaking hands */
    PARTICIPANT_FAILED,
};

enum { PARTICIPANT_PEERS_MAX = 2 };

struct participant {
    unsigned room, person; /* person 0 is the first in the room, who may have to be the host */
    bool sends;
    uint32_t origin, others_from, others_to; /* for load_peer_config */
    struct load_flows flows;
    enum participant_state state;
    const char *why;  /* static, of a failure */
    usec_t opened_us; /* monotonic: when it began to open its socket */
    bool timed;       /* somebody sent in the room by then, so the way to their media is a join's time; the run's */
    struct load_peer *peers[PARTICIPANT_PEERS_MAX]; /* [0] sends, and receives unless there is a second for that */
    size_t peer_count;
    unsigned audio_slots, video_slots; /* how many others it can hear and see at once, as far as known */
    void *own;                         /* the implementation's */
};

struct load_config;
struct signalling; /* the implementation's */

struct signalling_ops {
    const char *name;
    enum status (*start)(struct signalling **, const struct load_config *, struct media *);
    void (*stop)(struct signalling *); /* ends what is left; NULL is fine */
    /* A room for at most so many; done when it returns. ERR_SYSTEM: the server refused (said on stderr). */
    enum status (*open_room)(struct signalling *, unsigned room, unsigned people);
    void (*close_room)(struct signalling *, unsigned room);
    /* From AWAY to JOINING, and by poll to JOINED or FAILED. Whoever sends does so (load_peer_send with their flows) as
     * soon as the server lets them. */
    enum status (*join)(struct signalling *, struct participant *);
    /* To AWAY; its peers are dropped. */
    void (*leave)(struct signalling *, struct participant *);
    /* What came is dealt with; returns after timeout_ms at the latest. */
    void (*poll)(struct signalling *, int timeout_ms);
};

extern const struct signalling_ops signalling_kinroom;
