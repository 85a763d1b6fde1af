/* room.h - one session: its people, its box, who comes and goes, and the only way to another seat.
 *
 * Every event changes facts and then calls room_settle (settle.h), which derives everything else from them: the phase,
 * who can't stay in, the gates, what each person is told, and when to look again. So there is no second place that
 * decides, and nothing is half done when a call returns. Owned by the broker. */
#pragma once

#include "auth/admission.h"
#include "auth/matrix.h"
#include "base/log.h"
#include "base/outbox.h"
#include "base/vitals.h"
#include "room/audience.h"
#include "room/link.h"
#include "room/participant.h"
#include "auth/plan.h"
#include "auth/turn.h"

enum phase {
    PHASE_SCHEDULED = 1, /* before the lobby opens */
    PHASE_LOBBY,         /* people may gather; nobody hears anybody */
    PHASE_OPEN,
    PHASE_PAUSED, /* no therapist is connected */
    PHASE_CLOSED, /* for good */
};
const char *phase_name(enum phase);

#define LOBBY_US (PLAN_LOBBY_S * USEC_PER_SEC)
#define CLOCK_STEP_US ((int64_t)(50 * USEC_PER_MSEC))
#define MISSING_ALARM_US (60 * USEC_PER_SEC)
enum { EXTEND_MAX_MINUTES = 60 };
/* Slots of each connection: the same for all, so that their number tells nobody how many people are planned. One
 * picture more than voices, for a screen. */
enum { SLOTS_AUDIO = 6, SLOTS_VIDEO = SLOTS_AUDIO + 1 };

/* An answer that waits until the ledger holds what it is about. */
struct owed {
    uint64_t record;
    client_id client;
    uint32_t request;
};
enum { OWED_MAX = 16 };

/* A therapist's, to the clients: may the session be longer? (extension.h) */
struct question {
    uint32_t minutes;   /* 0: nothing is asked */
    uint16_t by;        /* index of the therapist */
    client_id asked_by; /* and their connection: who is gone is not answered */
    uint32_t request;
    usec_t lapses_at;
};

struct room_counts {
    uint64_t packets_refused, texts_refused;
    struct vitals_counts vital; /* as far as rooms can tell */
};

/* What all rooms of a shard share; the broker's. */
struct room_shared {
    struct link_config link;
    struct routes *routes;
    struct connections *connections;
    const struct turn_service *turn; /* NULL: there is none */
    const struct log *log;
    struct room_counts counts;
    unsigned picture_percent; /* broker_set_picture_share */
    uint64_t records;         /* the number of the last one for the ledger */
    size_t intervals_open;    /* in all rooms: as long as there are any, heartbeats go to the ledger */
};

struct room {
    struct room_shared *shared;
    struct plan plan; /* without its people: who they are is in each participant; grants by person (rights.h) */
    struct participant *people; /* as many as were planned, for the room's life */
    size_t people_count;

    bool anchored;     /* the box is laid on the monotonic clock at the first event */
    struct now anchor; /* when that was */
    int64_t unix_us;   /* the room's wall clock: never goes back, so a clock set back revives no grant */
    usec_t opens_us, closes_us;
    usec_t extended_us;
    struct question question;
    bool was_open, over;
    enum phase phase;    /* as the ledger knows it */
    int64_t phase_since; /* Unix seconds */
    uint32_t warned;     /* how many of the box's warnings were given */
    bool agenda_running;
    uint32_t step;       /* of the agenda */
    usec_t step_ends_us; /* of the step that runs, or ran last */

    struct owed owed[OWED_MAX];
    size_t owed_count;
    uint64_t facts;                       /* of all people, as far as any roster tells them; in a crowd */
    usec_t rosters_at;                    /* when the next roster goes out; NEVER while none is owed; in a crowd */
    usec_t roster_free_at;                /* before then none does */
    size_t roster_next;                   /* whose turn is looked for from here on */
    usec_t speakers_at, speakers_told_us; /* when it is said next who speaks, NEVER without news; and was said last */
    usec_t settle_at;                     /* when something follows from time alone */
    usec_t deadline;                      /* when room_tick wants to run, for that or for media */
};

/* The plan is copied. All zeros is a room with nobody in it, too. ERR_NO_MEMORY. */
enum status room_init(struct room *, struct room_shared *, const struct plan *);
/* Closes every link; tells nobody. */
void room_deinit(struct room *);
/* Somebody is connected. */
bool room_is_live(const struct room *);

/* The device of somebody who was removed lets no guest in, under no name. It does let in clients and therapists: a
 * family may have one tablet, and no therapist is ever locked out. */
static inline bool room_denies_on(const struct room *room, const struct participant *p, const struct id *device)
{
    return participant_needs_admission(p) && plan_denies_device(&room->plan, device);
}

struct participant *room_find(struct room *, const struct id *participation);
static inline uint16_t room_index(const struct room *room, const struct participant *p)
{
    return (uint16_t)(p - room->people);
}

/* Brings the room's clock up to now; the first call of every event. */
void room_enter(struct room *, struct now);
/* The room's wall clock in seconds, and a second of it on the monotonic clock (0 when it has gone by). */
int64_t room_unix_s(const struct room *);
usec_t room_mono_at(const struct room *, struct now, int64_t unix_s);
int64_t room_unix_at(const struct room *, struct now, usec_t mono_us);
enum phase room_phase(const struct room *, struct now);
int64_t room_closes_at(const struct room *); /* Unix seconds; with what it was extended by */
/* A therapist or the clinic has ended this box; one that begins later is another. */
bool room_is_ended(const struct room *);
bool room_has(const struct room *, enum role); /* one with this role is connected and in */
/* Starts the segment unless one runs. minutes 0: as long as allowed. */
void room_start_segment(struct room *, struct now, struct participant *, uint32_t minutes);
void room_end_segment(struct participant *);

/* The only way to another seat: the ledger is told what begins and ends, and a removal denies the device as well. `by`
 * caused it, NULL for the clock, a lost link or the clinic. */
enum status room_seat(struct room *, struct participant *, enum seat_event, const struct participant *by,
                      const char *reason, struct outbox *);
/* The ledger's answer to the OPEN that they wait for. */
void room_commit(struct room *, struct now, struct participant *, bool durable, struct outbox *);
/* `done` to this request once all that was recorded so far is durable; false when too many wait already. */
bool room_owe(struct room *, client_id, uint32_t request);
/* The ledger holds every record up to this number. */
void room_pay(struct room *, uint64_t number, struct outbox *);
/* Answers whoever asked for p's admission, if they are still there, and once: NULL for done, else the refusal's code.
 */
void room_answer_admission(struct room *, struct participant *, const char *refused, struct outbox *);
/* They have acknowledged both texts elsewhere; false when that is nothing new to anybody here. */
bool room_acknowledged(struct room *, const struct acknowledgement *, struct outbox *);
/* A grant is new or changed; false when it concerns nobody here. */
bool room_grant(struct room *, const struct grant *);
/* Takes a client in, after the broker bound the connection: seat and welcome. */
void room_welcome(struct room *, struct participant *, struct outbox *);
/* Their socket broke, and was last heard at `heard`. True: the media goes on, and they may yet come back to it. False:
 * it is a lost link, and nothing has changed. */
bool room_hold(struct room *, struct now, struct participant *, usec_t heard);
/* They are back to it, by another socket: told all anew, and what was said meanwhile. */
void room_resume(struct room *, struct participant *, client_id, struct outbox *);
/* Whether a join that names this link, by this device, may take it over. */
bool room_may_resume(const struct participant *, const struct id *link_name, const struct id *device);
/* Ends one connection: gates, link, then the seat's rules for a lost link. Tells the client nothing. */
void room_disconnect(struct room *, struct now, struct participant *);
/* The same with a reason for the client. */
void room_dismiss(struct room *, struct now, struct participant *, const char *reason, struct outbox *);

/* Looks again at `at` at the latest. */
static inline void room_wake_at(struct room *room, usec_t at)
{
    room->deadline = sooner(room->deadline, at);
}
