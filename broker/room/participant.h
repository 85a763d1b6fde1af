/* participant.h - one person of a session: where they sit, as a table of transitions, and what the room knows of them.
 *
 * Owned by its room; siblings name it by its index there. */
#pragma once

#include "base/clock.h"
#include "base/outbox.h"
#include "base/status.h"
#include "auth/invitation.h"
#include "auth/plan.h"

struct link;

enum seat {
    SEAT_NONE = 0,    /* reserved: an absent rule leads here, and is refused */
    SEAT_ABSENT,      /* client, therapist: not here */
    SEAT_ARRIVED,     /* client: has not said yet where they are */
    SEAT_PRESENT,     /* client, therapist: here; need no admission */
    SEAT_INVITED,     /* loved one, interpreter: has not come yet */
    SEAT_PREPARING,   /* loved one: reads guidance and notice */
    SEAT_DECLINED,    /* would rather not; a recorded outcome, and no error */
    SEAT_WAITING,     /* in the waiting room: warm, gate shut; from here to SUSPENDED a grant has something to end */
    SEAT_ADMITTING,   /* let in; the ledger is being written, the gate still shut */
    SEAT_ADMITTED,    /* the only seat of theirs with an open gate */
    SEAT_STEPPED_OUT, /* back behind the gate; a reconnect comes back here */
    SEAT_SUSPENDED,   /* somebody's link was lost while they were in */
    SEAT_LEFT,
    SEAT_REVOKED, /* their grant ended at once */
    SEAT_REMOVED, /* for good */
    SEATS,
};

enum seat_event {
    SEAT_JOIN,          /* somebody who has yet to prepare */
    SEAT_JOIN_PREPARED, /* somebody who has: read and acknowledged, or said where they are, or need not */
    SEAT_PREPARE,
    SEAT_DECLINE,
    SEAT_ADMIT,
    SEAT_COMMIT, /* the ledger holds the beginning */
    SEAT_ABORT,  /* it can't */
    SEAT_STEP_OUT,
    SEAT_SUSPEND,
    SEAT_RESUME,     /* their own short loss is over */
    SEAT_GRACE_OVER, /* nobody came back in time */
    SEAT_LEAVE,
    SEAT_REVOKE,
    SEAT_REMOVE,
    SEAT_EVENTS,
};

/* Whose link was lost; each has its grace. */
enum lost {
    LOST_NOBODY = 0,
    LOST_SELF,
    LOST_THERAPIST,
    LOST_CLIENT,
};
#define GRACE_SELF_US (30 * USEC_PER_SEC)
#define GRACE_THERAPIST_US (120 * USEC_PER_SEC)
#define GRACE_CLIENT_US (60 * USEC_PER_SEC)
usec_t lost_grace_us(enum lost);

/* A socket may break while the media of the same page goes on. Then link and seat stay as they are, and the page may
 * take them over by joining again: until the socket has been silent for RESUME_US, by when a lost link must be noticed,
 * and only while the media proves to be alive. So a therapist who can step nobody out is as good as connected for no
 * longer than those five seconds, most of which may have gone by when the break is noticed. A browser with nothing to
 * send still checks its path each 2.5 s. */
#define RESUME_US (5 * USEC_PER_SEC)
#define RESUME_MEDIA_US (3 * USEC_PER_SEC)
#define QUALITY_EVERY_US (5 * USEC_PER_SEC) /* at the most */
#define RESTART_ICE_US USEC_PER_SEC         /* from one restart to the next, at the least */

/* What a client was last told, as hashes, so that a notice goes out when it would say something new. */
struct told {
    uint64_t room, seat, roster, slots, agenda, missing, question, speaker, alerts, preview;
    uint64_t seat_from, slots_from, agenda_from; /* of the values that those were last made from */
    uint64_t facts; /* of all people, that their roster was last made from; in a crowd (notify.h) */
};

/* Of a client, to a therapist's question (extension.h). */
enum word {
    WORD_NOT_ASKED = 0,
    WORD_ASKED,
    WORD_YES,
};

enum { SPEAKER_NOBODY = UINT16_MAX };

enum { ADDRESS_MAX = 200, PHONE_MAX = 40 };

/* Where a client is and how to call them back, for a crisis; never in the ledger, gone with the session. */
struct location {
    char address[ADDRESS_MAX + 1], phone[PHONE_MAX + 1];
};

/* One disclosure interval on its way through the ledger. */
struct interval {
    struct id id;
    uint64_t record;    /* the number of its OPEN while that is not durable yet, else 0 */
    client_id asked_by; /* whom to answer then; 0 nobody */
    uint32_t request;
};

enum { PERSON_NONE = UINT16_MAX };

struct participant {
    struct plan_person who;
    /* Indices in the room, fixed for its life: asked at each event for everybody, and so not searched for. */
    uint16_t client_first; /* of a loved one: the first participation of the person whose consent counts */
    uint16_t next_of_same; /* the next participation of the same person */
    enum seat seat;
    const char *reason; /* code of the last change of seat, for the person; NULL none */
    int64_t seated_at;  /* in this seat since; Unix seconds; 0: was never anywhere else */

    client_id client;    /* the one live connection; 0 none */
    usec_t socket_lost;  /* 0: its socket is there; else it broke, and was last heard then */
    struct id device;    /* that connection's, or the last one's; empty: none was proved */
    usec_t token_ends;   /* that connection's rights end with its token */
    struct link *link;   /* its media, once negotiated; NULL before */
    struct id link_name; /* by which a join may take it over; empty: there is none */
    usec_t heard;        /* when it last proved to be theirs, once it was ready; 0: never */
    usec_t restarted;    /* when its ICE was last restarted; 0: never */
    usec_t quality_at;   /* when it last told how media comes; 0: never */
    uint32_t connection; /* its number in the broker's table */
    struct told told;
    usec_t roster_again; /* before then no second roster, in a crowd */

    enum code_state code;     /* what came of the last code that their link asked for */
    int64_t code_at;          /* Unix seconds; 0: nothing has */
    bool prepared;            /* acknowledged, or located, or in no need of either */
    int64_t prepared_at;      /* Unix seconds, when they acknowledged; 0: they have not, or nobody knows when */
    struct location location; /* of a client */
    int reached;              /* of a client who is missing: -1 not known, 0 no, 1 yes */
    usec_t missing_since;     /* 0: is not missing */
    bool alarmed;             /* it was said aloud */
    int64_t help_at;          /* Unix seconds: they asked for help, and no therapist has seen it yet; 0: did not */
    enum word word;

    bool agreed;         /* the client's yes to this person, for this segment */
    bool refused;        /* the client's no, which stands although the client may be absent */
    usec_t segment_ends; /* 0: no segment runs */
    struct interval interval;
    enum lost lost; /* while suspended */
    usec_t suspended_at;

    source_mask sending, muted;
    enable_mask enabled; /* what the matrix leaves to the therapist */
    enum mode choice;    /* how much they want to take part; 0: as much as the grant allows */
    enum mode limit;     /* the therapist's, for this admission; 0: as much as they want and the grant allows */
    bool hand;
    uint16_t speaker; /* index of whom they are told speaks; SPEAKER_NOBODY */
    uint16_t preview; /* of a therapist: index of whose slots they are shown; PERSON_NONE */
};

void participant_init(struct participant *, const struct plan_person *);
/* Moves the seat by the table; ERR_STATE, and nothing changes, when there is no such rule. reason: NULL or a literal.
 */
enum status participant_step(struct participant *, enum seat_event, const char *reason);
/* The rule itself, for tests and diagrams: SEAT_NONE for none. */
enum seat seat_after(enum seat, enum seat_event);
const char *seat_name(enum seat); /* as on the wire */
const char *seat_event_name(enum seat_event);

/* Also for the moment in which a socket is gone and the media is not. */
static inline bool participant_connected(const struct participant *p)
{
    return p->client != 0;
}
/* Whether anything can be said to them just now. */
static inline bool participant_listens(const struct participant *p)
{
    return p->client != 0 && p->socket_lost == 0;
}
/* When it is a lost link after all; NEVER while the socket is there. */
static inline usec_t participant_lost_at(const struct participant *p)
{
    return p->socket_lost ? sooner(p->socket_lost + RESUME_US, p->heard + RESUME_MEDIA_US) : NEVER;
}
/* Whether this is the device that they are on, or were last: only a device that was proved is. */
static inline bool participant_is_on(const struct participant *p, const struct id *device)
{
    return device->text[0] && id_equal(&p->device, device);
}
static inline bool participant_in(const struct participant *p)
{
    return participant_connected(p) && (p->seat == SEAT_PRESENT || p->seat == SEAT_ADMITTED);
}
/* Inside as far as the ledger goes: an interval has begun. */
static inline bool participant_in_interval(const struct participant *p)
{
    return p->seat == SEAT_ADMITTING || p->seat == SEAT_ADMITTED;
}
/* Loved ones and interpreters are let in; clients and therapists simply come. */
static inline bool participant_needs_admission(const struct participant *p)
{
    return p->who.role != ROLE_CLIENT && p->who.role != ROLE_THERAPIST;
}
