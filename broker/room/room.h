/* room.h - one session: its people, its box, and the one place where what happened becomes what holds.
 *
 * Every event changes facts and then calls room_settle, which derives everything else from them: the phase, who can't
 * stay in, the gates, what each person is told, and when to look again. So there is no second place that decides, and
 * nothing is half done when a call returns. Owned by the broker. */
#pragma once

#include "auth/admission.h"
#include "base/log.h"
#include "base/outbox.h"
#include "room/audience.h"
#include "room/link.h"
#include "room/participant.h"
#include "room/plan.h"

enum phase {
    PHASE_SCHEDULED = 1, /* before the lobby opens */
    PHASE_LOBBY,         /* people may gather; nobody hears anybody */
    PHASE_OPEN,
    PHASE_PAUSED, /* no therapist is connected */
    PHASE_CLOSED, /* for good */
};
const char *phase_name(enum phase);

#define LOBBY_US (15 * 60 * USEC_PER_SEC) /* how early the lobby opens */
#define CLOCK_STEP_US ((int64_t)(50 * USEC_PER_MSEC))
#define SEGMENT_MAX_US                                                                                                 \
    (20 * 60 * USEC_PER_SEC) /* the longest portion of an individual session with a loved one in it */
enum { EXTEND_MAX_MINUTES = 60, SLOTS_AUDIO = 6 };

struct room_counts {
    uint64_t packets_in, packets_out, packets_refused, texts_refused;
};

/* What all rooms of a shard share; the broker's. */
struct room_shared {
    struct link_config link;
    struct routes *routes;
    const struct log *log;
    struct room_counts counts;
};

struct room {
    struct room_shared *shared;
    struct plan plan;
    struct participant people[PLAN_PEOPLE_MAX];
    size_t people_count;

    bool anchored;     /* the box is laid on the monotonic clock at the first event */
    struct now anchor; /* when that was */
    int64_t unix_us;   /* the room's wall clock: never goes back, so a clock set back revives no grant */
    usec_t opens_us, closes_us;
    usec_t extended_us;
    bool was_open, over;

    usec_t settle_at; /* when something follows from time alone */
    usec_t deadline;  /* when room_tick wants to run, for that or for media */
};

/* The plan is copied. */
void room_init(struct room *, struct room_shared *, const struct plan *);
/* Closes every link; tells nobody. */
void room_deinit(struct room *);
/* Somebody is connected. */
bool room_is_live(const struct room *);

struct participant *room_find(struct room *, const struct id *participation);
static inline uint16_t room_index(const struct room *room, const struct participant *p)
{
    return (uint16_t)(p - room->people);
}

/* How many slots each person's connection gets. */
uint32_t room_audio_slots(const struct room *);
uint32_t room_video_slots(const struct room *);

/* Brings the room's clock up to now; the first call of every event. */
void room_enter(struct room *, struct now);
/* The room's wall clock in seconds, and a second of it on the monotonic clock (0 when it has gone by). */
int64_t room_unix_s(const struct room *);
usec_t room_mono_at(const struct room *, struct now, int64_t unix_s);
enum phase room_phase(const struct room *, struct now);
bool room_has(const struct room *, enum role); /* one with this role is connected and in */
/* G of the domain model, now. already_in: may they stay, rather than be let in. */
enum verdict room_verdict(const struct room *, struct now, const struct participant *, bool already_in);
/* What they may receive and send by role and grant; zeros for no. */
struct rights room_rights(const struct room *, const struct participant *);
struct audience_room room_audience(const struct room *, struct now);
struct audience_person room_audience_person(const struct room *, const struct participant *);
/* Starts the segment unless one runs. minutes 0: as long as allowed. */
void room_start_segment(struct room *, struct now, struct participant *, uint32_t minutes);
void room_end_segment(struct participant *);

/* Takes a client in, after the broker bound the connection: seat and welcome. */
void room_welcome(struct room *, struct participant *, struct outbox *);
/* Ends one connection: gates, link, then the seat's rules for a lost link. Tells the client nothing. */
void room_disconnect(struct room *, struct participant *);
/* The same with a reason for the client. */
void room_dismiss(struct room *, struct participant *, const char *reason, struct outbox *);

/* Makes what is derived follow the facts. */
void room_settle(struct room *, struct now, struct outbox *);
/* What is due by the clock: settles, drives handshakes, keyframe requests and reports. */
void room_tick(struct room *, struct now, struct outbox *);
/* Looks again at `at` at the latest. */
static inline void room_wake_at(struct room *room, usec_t at)
{
    room->deadline = sooner(room->deadline, at);
}
