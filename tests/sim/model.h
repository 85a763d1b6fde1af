/* model.h - who may reach whom, written a second time from the domain's rules, for one session of any kind.
 *
 * It shares no code with the room: the simulator tells it what was asked, what was answered and what time it is, and it
 * says which packets may leave the broker. */
#pragma once

#include "base/clock.h"
#include "auth/consent.h"
#include "auth/invitation.h"
#include "base/terms.h"

enum { MODEL_PEOPLE_MAX = 8 };

struct model_person {
    enum role role;
    enum mode mode; /* of a loved one's grant; 0: none */
    term_set topics;
    bool absent_ok;
    uint32_t epoch;
    usec_t grant_from, grant_until;
    bool withdrawn;
    enum mode choice, limit; /* their own; the therapist's, of the latest admission */
    enable_mask enabled;
    bool prepared, declined;
    bool refused;    /* by the client */
    unsigned device; /* by which they are connected or last were; 0: none was proved */
    enum code_state code;
    bool connected, removed, admitting, admitted, agreed;
    usec_t broken;          /* their socket broke while their media went on, and was last heard then; 0: it did not */
    usec_t alive;           /* when their media last came through; 0: it never did since they joined */
    usec_t resumable_until; /* their own lost link may bring them back until then; 0 no */
    usec_t segment_until;   /* 0: none runs */
    source_mask sending, muted;
    bool sound_only; /* they want no pictures, on this connection */
};

struct model {
    enum session_kind kind;
    struct model_person people[MODEL_PEOPLE_MAX];
    int count;
    usec_t opens, closes;
    unsigned extended; /* minutes */
    unsigned asked;    /* the client is asked whether it may be so many minutes longer; 0: they are not */
    int asked_by;      /* the therapist */
    usec_t asked_until;
    bool over;
    uint32_t denied; /* devices of those who were removed: bit (1 << device) */
};

/* Lets time pass: what ends, ends. */
void model_at(struct model *, usec_t now);
bool model_open(const struct model *, usec_t now);
/* Let in, or in no need of it, and connected. */
bool model_in(const struct model *, int person);
/* What a person may send by role, grant, own choice and the therapist's leave. */
source_mask model_sends(const struct model *, usec_t now, int person);
/* The sources of `from` that may leave the broker towards `to`. */
source_mask model_may(const struct model *, usec_t now, int to, int from);

/* Whether this person comes in by this device; move: although they are connected by another. */
bool model_may_join(const struct model *, int person, unsigned device, bool move);
void model_joined(struct model *, usec_t now, int person, unsigned device);
void model_gone(struct model *, usec_t now, int person);
/* Their socket broke: gone, unless their media has come through of late; then they have a moment to come back to it. */
void model_broken(struct model *, usec_t now, int person, usec_t last_heard);
/* Whether somebody who comes by this device, and still has their link, goes on as if nothing had been. */
bool model_may_resume(const struct model *, int person, unsigned device);
void model_resumed(struct model *, int person);
/* Whether an admission now is right: used both for a `done` (must be true) and for a refusal (must be false). */
bool model_may_admit(const struct model *, usec_t now, int person);
/* The therapist let them in; the gate waits for the ledger. */
void model_admitting(struct model *, usec_t now, int person, unsigned minutes, enum mode limit);
/* Whether an admission may name this mode: only what lets nothing pass that the grant doesn't. */
bool model_may_limit(const struct model *, int person, enum mode);
/* The ledger has it (or not). True when they are in. */
bool model_commit(struct model *, usec_t now, int person, bool durable);
/* Whether somebody let in may stay. */
bool model_may_stay(const struct model *, usec_t now, int person);
/* A therapist wants it longer: what must come of it. */
enum model_longer { LONGER_NO, LONGER_ASKED, LONGER_YES };
enum model_longer model_extend(struct model *, usec_t now, int by, unsigned minutes);
/* What the client says to that; false: nobody asked. */
bool model_allow(struct model *, int person, bool yes);
void model_withdraw(struct model *, int person);
/* For good: the person, and the device under whatever name. */
void model_remove(struct model *, int person);
void model_out(struct model *, int person);
void model_segment_over(struct model *, int person);
