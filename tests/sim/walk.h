/* walk.h - what the parts of the walk share: the events, a state of the broker, and the walk itself.
 *
 * walk.c searches and tells, walk_state.c lifts states out of the broker, walk_events.c makes things happen,
 * walk_judge.c holds what came of it against law.h. */
#pragma once

#include "base/outbox.h"
#include "room/broker.h"
#include "room/room.h"
#include "sim/law.h"

#define START_US (1000 * USEC_PER_SEC)
#define EPOCH_UNIX_S INT64_C(1790000000)
/* Such that a segment or a grant ends while no warning of the box is due before: the room would look at itself then
 * anyway. */
#define BOX_S 200
#define GRANT_S 130
#define UNIT_US (5 * USEC_PER_SEC) /* every span of time in the walk is a multiple */

enum act {
    ACT_JOIN,
    ACT_JOIN_OTHER,
    ACT_MOVE,
    ACT_JOIN_BARE,
    ACT_JOIN_DENIED,
    ACT_DROP,
    ACT_BREAK,
    ACT_RESUME,
    /* requests about oneself or the session */
    ACT_ACKNOWLEDGE,
    ACT_LOCATE,
    ACT_DECLINE,
    ACT_MEDIA,
    ACT_CHAT,
    ACT_STOP_ALL,
    ACT_LEAVE,
    ACT_END,
    /* requests about a loved one */
    ACT_AGREE,
    ACT_DISAGREE,
    ACT_ADMIT,
    ACT_STEP_OUT,
    ACT_REMOVE,
    /* nobody's */
    ACT_DURABLE,
    ACT_STALE,
    ACT_REFUSED,
    ACT_REVOKE,
    ACT_CODE_FAILED,
    ACT_TIME,
    ACT_CRASH_STORED,
    ACT_CRASH_LOST,
    ACTS
};

extern const char *const people[PEOPLE];
extern const enum role roles[PEOPLE];

enum { NOBODY = PEOPLE };
struct event {
    uint8_t act, by, on;
};

/* Everything that the broker remembers of the session; the plan's other parts never change. */
struct state {
    struct law law;
    struct grant grants[2];
    struct id denied[2];
    size_t denied_count;
    int64_t ended_at;
    struct participant seats[PEOPLE];
    uint64_t records;
    size_t intervals_open;
    usec_t deadline, heartbeat_at;
    uint8_t rest[sizeof(struct room) - offsetof(struct room, anchored)];
};

/* What is kept of a state for good: how it came about. */
struct step {
    uint32_t from;
    struct event event;
};

struct walk {
    struct dtls_identity *identity;
    struct broker *broker;
    struct room *room;
    struct outbox *outbox;
    struct plan plan;
    struct law law; /* of the state that is in the broker */
    uint64_t dice;
    uint64_t (*keys)[2]; /* of every state, open addressing; 0: free */
    size_t keys_size;
    struct step *steps;
    struct state **waiting; /* by number; NULL once walked */
    size_t states, cap;
    uint64_t transitions, with_loved_one;
    uint32_t at; /* the state that is being walked */
    struct event event;
    bool breaks;            /* sockets break in this walk, and one of the loved ones does not come */
    bool answered, refused; /* what the last request came to */
    bool failed;
};

static inline client_id walk_client(int person, unsigned connection)
{
    return connection ? (client_id)(2 * person) + connection : 0;
}
static inline int walk_person(client_id client)
{
    return (int)((client - 1) / 2);
}
struct now walk_now(const struct walk *);
struct id walk_id(const char *text);
struct id walk_device(unsigned device); /* empty: none */
/* A finding: printed with the shortest way there. The first one ends the walk. who: whom it is about, or NULL. */
void walk_violation(struct walk *, const char *what, const char *who);

/* A broker with the one session in it. */
void state_begin(struct walk *, bool group);
void state_end(struct walk *);
/* On the heap: the caller's. */
struct state *state_lift(const struct walk *);
void state_put_back(struct walk *, const struct state *);
bool state_is_unchanged(const struct walk *, const struct state *);
/* The same for states that are one. */
void state_hash(const struct walk *, uint64_t hash[2]);
/* When the grace of somebody who is suspended is over; 0 for others. */
usec_t state_grace_ends(const struct participant *);
/* stored: so were the OPENs that nobody had heard of yet. */
void state_crash(struct walk *, bool stored);

const char *event_name(enum act);
bool event_is_possible(const struct walk *, struct event);
/* To the broker, and to the law. */
void event_happen(struct walk *, struct event);

/* What lies in the outbox, first the records. */
void judge_records(struct walk *);
void judge_texts(struct walk *);
bool judge_is_type(struct bytes text, const char *type);
void judge_state(struct walk *);
