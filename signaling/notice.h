/* notice.h - what the server says: values to JSON. PROTOCOL.md describes each in prose.
 *
 * Each writes one message and returns its length through the writer; text from people is escaped by Jansson, and reads
 * "?" when it is not UTF-8. ERR_FULL. Times are Unix seconds. */
#pragma once

#include "base/clock.h"
#include "base/status.h"
#include "base/terms.h"

/* One TURN service, with what it takes to use it. */
struct notice_turn {
    const char *const *urls;
    size_t url_count;
    const char *username, *credential;
};

struct notice_welcome {
    const struct id *participant;
    enum role role;
    const char *name;
    const struct id *session;
    enum session_kind kind;
    uint32_t audio_slots, video_slots;
    const char *guidance, *notice; /* the versions in force that `acknowledge` must name; never NULL */
    bool resumed;                  /* the link that they named goes on */
    const struct notice_turn *ice; /* NULL: there is none */
    const char *const *therapists; /* their names, as planned: whether any of them is there is no part of it */
    size_t therapist_count;
};

/* Your own seat. */
struct notice_seat {
    const char *seat;
    const char *reason; /* a code, or NULL */
    source_mask may_send;
    bool has_until;
    int64_t until;
    term_set modes; /* what a loved one's grant allows; 0 for others */
    enum mode mode; /* what holds now; 0: none */
};

struct notice_room {
    const char *state; /* lobby, open, paused, closing, closed */
    int64_t opens_at, closes_at;
    int64_t unix_s; /* the server's clock, for countdowns */
};

enum { NOTICE_TOPICS_MAX = 16 };

/* A grant that holds. */
struct notice_grant {
    term_set modes; /* that can be chosen under it */
    const char *topics[NOTICE_TOPICS_MAX];
    size_t topic_count;
    const char *purpose, *granted_by;
    int64_t from;
    bool client_absent_ok;
};

/* What therapists alone read of somebody. A time of 0 reads null. */
struct notice_standing {
    int64_t since;               /* when they took their seat */
    int64_t code_at;             /* when that came of the code */
    const char *link;            /* "none", "making", "ready", "weak" */
    bool guest;                  /* they are let in: only then the rest is written */
    source_mask sends, receives; /* what they may, now or once they are in */
    bool chat;
    enum mode limit; /* the therapist's; 0: none */
    bool has_grant;  /* else it is null */
    struct notice_grant grant;
    bool reads;                    /* a loved one, who reads both texts: whether the next three are written */
    const char *guidance, *notice; /* the versions that they acknowledged; NULL: they have not */
    int64_t prepared_at;
};

/* One person in the roster. What the reader may not know is left out by the caller. */
struct notice_person {
    const struct id *participant;
    enum role role;
    const char *name;
    const char *seat; /* as in PROTOCOL.md */
    bool connected;
    source_mask sending; /* sources that are on */
    source_mask muted;   /* by the therapist */
    bool agreed;         /* the client's yes to this segment */
    bool has_until;
    int64_t until;         /* when their segment ends */
    const char *may_admit; /* to therapists: "yes", or the code of the reason why not; NULL leaves it out */
    const char *mode;      /* to therapists and the client: "full"; NULL leaves it out */
    bool has_grant_until;
    int64_t grant_until;
    bool hand;
    enable_mask enabled;
    const struct id *client;     /* of a loved one: whose; NULL for others */
    const char *code;            /* to therapists: what came of the last one-time code; NULL leaves it out */
    bool has_location;           /* to therapists, about the client: whether the next two are written at all */
    const char *address, *phone; /* NULL: not confirmed */
    bool has_standing;           /* to therapists: whether the rest is written */
    struct notice_standing standing;
};

struct notice_slot {
    const char *mid;
    const struct id *participant; /* NULL: the slot is empty */
    enum source source;
    bool paused; /* there is a picture, and no bandwidth for it */
};

/* One message to a person who may read it. */
struct notice_chat {
    const struct id *from;
    const char *name;
    bool to_therapist; /* else to everyone */
    const char *text;
};

/* One source that somebody gets, and of whom. */
struct notice_got {
    const struct id *participant;
    enum source source;
    bool paused;
};

/* Somebody who asked for help. */
struct notice_alert {
    const struct id *participant;
    const char *name;
    int64_t since;
};

struct notice_step {
    const char *title;
    uint32_t minutes;
};

struct notice_agenda {
    const struct notice_step *steps;
    size_t count;
    bool running; /* false, not begun or over: `current` and `step_ends` are null */
    uint32_t current;
    int64_t step_ends;
    int64_t ended_at; /* when it was through; 0: it is not */
};

struct notice_missing {
    const struct id *participant; /* NULL: the client is back, and nothing else is written */
    const char *address, *phone;  /* NULL: never confirmed */
    int64_t since, alarm_at;
    int reached; /* by the therapist: 1, 0, or -1 while unknown */
    bool alarm;  /* it is time to be loud */
};

struct notice_extension {
    uint32_t minutes;                  /* 0: nothing is asked any more, and nothing else is written */
    const struct id *by;               /* the therapist who asks */
    int64_t until;                     /* when the question lapses */
    const struct id *const *waits_for; /* to therapists: who has yet to answer; NULL leaves it out */
    size_t waits_for_count;
};

/* The first word on each socket: what a proof of a device's key must hold to be good there. */
enum status notice_hello(struct writer *, const char *nonce);
enum status notice_welcome(struct writer *, const struct notice_welcome *);
/* link: by which a later join may name what this answer makes. */
enum status notice_answer(struct writer *, uint32_t request, const char *sdp, const struct id *link);
enum status notice_ice(struct writer *, uint32_t request, const char *ufrag, const char *pwd);
enum status notice_room(struct writer *, const struct notice_room *);
enum status notice_seat(struct writer *, const struct notice_seat *);
enum status notice_roster(struct writer *, const struct notice_person *, size_t count);
enum status notice_slots(struct writer *, const struct notice_slot *, size_t count);
/* Who speaks; NULL: nobody whom they hear. */
enum status notice_speaker(struct writer *, const struct id *participant);
enum status notice_chat(struct writer *, const struct notice_chat *);
enum status notice_warning(struct writer *, uint32_t seconds_left); /* before the box ends */
enum status notice_agenda(struct writer *, const struct notice_agenda *);
enum status notice_missing_client(struct writer *, const struct notice_missing *);
enum status notice_extension(struct writer *, const struct notice_extension *);
/* Whom the emergency button was pressed by, and no therapist has seen it. */
enum status notice_alerts(struct writer *, const struct notice_alert *, size_t count);
enum status notice_alert_seen(struct writer *); /* to them: a therapist has */
/* To therapists: what this person gets at this moment. */
enum status notice_preview(struct writer *, const struct id *participant, const struct notice_got *, size_t count);
/* A link's code was wrong: perhaps somebody else has the link. */
enum status notice_link_trouble(struct writer *, const struct id *participant, const char *name);
enum status notice_done(struct writer *, uint32_t request);
/* code: stable, for programs; text: plain words for the person. request 0: none. */
enum status notice_error(struct writer *, uint32_t request, const char *code, const char *text);
