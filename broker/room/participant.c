#include "room/participant.h"

#define FOR_GOOD [SEAT_REMOVE] = SEAT_REMOVED, [SEAT_REVOKE] = SEAT_REVOKED

static const enum seat rules[SEATS][SEAT_EVENTS] = {
    [SEAT_ABSENT] = { [SEAT_JOIN] = SEAT_ARRIVED, [SEAT_JOIN_PREPARED] = SEAT_PRESENT },
    [SEAT_ARRIVED] = { [SEAT_JOIN] = SEAT_ARRIVED, [SEAT_PREPARE] = SEAT_PRESENT, [SEAT_LEAVE] = SEAT_ABSENT },
    [SEAT_PRESENT] = { [SEAT_JOIN_PREPARED] = SEAT_PRESENT, [SEAT_PREPARE] = SEAT_PRESENT, [SEAT_LEAVE] = SEAT_ABSENT },
    [SEAT_INVITED] = { [SEAT_JOIN] = SEAT_PREPARING, [SEAT_JOIN_PREPARED] = SEAT_WAITING, FOR_GOOD },
    [SEAT_PREPARING] = { [SEAT_JOIN] = SEAT_PREPARING,
                         [SEAT_PREPARE] = SEAT_WAITING,
                         [SEAT_DECLINE] = SEAT_DECLINED,
                         [SEAT_LEAVE] = SEAT_LEFT,
                         FOR_GOOD },
    [SEAT_DECLINED] = { [SEAT_JOIN] = SEAT_PREPARING,
                        [SEAT_JOIN_PREPARED] = SEAT_WAITING,
                        [SEAT_PREPARE] = SEAT_WAITING,
                        [SEAT_LEAVE] = SEAT_LEFT,
                        FOR_GOOD },
    [SEAT_WAITING] = { [SEAT_JOIN_PREPARED] = SEAT_WAITING,
                       [SEAT_DECLINE] = SEAT_DECLINED,
                       [SEAT_ADMIT] = SEAT_ADMITTING,
                       [SEAT_LEAVE] = SEAT_LEFT,
                       FOR_GOOD },
    [SEAT_ADMITTING] = { [SEAT_COMMIT] = SEAT_ADMITTED,
                         [SEAT_ABORT] = SEAT_WAITING,
                         [SEAT_STEP_OUT] = SEAT_STEPPED_OUT,
                         [SEAT_SUSPEND] = SEAT_SUSPENDED,
                         [SEAT_LEAVE] = SEAT_LEFT,
                         FOR_GOOD },
    [SEAT_ADMITTED] = { [SEAT_STEP_OUT] = SEAT_STEPPED_OUT,
                        [SEAT_SUSPEND] = SEAT_SUSPENDED,
                        [SEAT_LEAVE] = SEAT_LEFT,
                        FOR_GOOD },
    [SEAT_STEPPED_OUT] = { [SEAT_JOIN_PREPARED] = SEAT_STEPPED_OUT,
                           [SEAT_DECLINE] = SEAT_DECLINED,
                           [SEAT_ADMIT] = SEAT_ADMITTING,
                           [SEAT_LEAVE] = SEAT_LEFT,
                           FOR_GOOD },
    [SEAT_SUSPENDED] = { [SEAT_JOIN_PREPARED] = SEAT_SUSPENDED,
                         [SEAT_ADMIT] = SEAT_ADMITTING,
                         [SEAT_RESUME] = SEAT_ADMITTING,
                         [SEAT_STEP_OUT] = SEAT_STEPPED_OUT,
                         [SEAT_GRACE_OVER] = SEAT_WAITING,
                         [SEAT_LEAVE] = SEAT_LEFT,
                         FOR_GOOD },
    [SEAT_LEFT] = { [SEAT_JOIN] = SEAT_PREPARING, [SEAT_JOIN_PREPARED] = SEAT_WAITING, FOR_GOOD },
    /* Back to waiting: what shuts them out is that no grant lives, and a new one may. */
    [SEAT_REVOKED] = { [SEAT_JOIN] = SEAT_PREPARING,
                       [SEAT_JOIN_PREPARED] = SEAT_WAITING,
                       [SEAT_PREPARE] = SEAT_WAITING,
                       [SEAT_LEAVE] = SEAT_LEFT,
                       [SEAT_REMOVE] = SEAT_REMOVED },
    /* SEAT_REMOVED has no rule: nothing leads out of it. */
};

/* A client who has yet to say where they are waits, as far as anybody is concerned. */
static const char *const seat_names[SEATS] = {
    [SEAT_ABSENT] = "absent",           [SEAT_ARRIVED] = "waiting",     [SEAT_PRESENT] = "present",
    [SEAT_INVITED] = "invited",         [SEAT_PREPARING] = "preparing", [SEAT_DECLINED] = "declined",
    [SEAT_WAITING] = "waiting",         [SEAT_ADMITTING] = "admitting", [SEAT_ADMITTED] = "admitted",
    [SEAT_STEPPED_OUT] = "stepped_out", [SEAT_SUSPENDED] = "suspended", [SEAT_LEFT] = "left",
    [SEAT_REVOKED] = "revoked",         [SEAT_REMOVED] = "removed",
};
static const char *const event_names[SEAT_EVENTS] = {
    [SEAT_JOIN] = "join",
    [SEAT_JOIN_PREPARED] = "join prepared",
    [SEAT_PREPARE] = "prepare",
    [SEAT_DECLINE] = "decline",
    [SEAT_ADMIT] = "admit",
    [SEAT_COMMIT] = "commit",
    [SEAT_ABORT] = "abort",
    [SEAT_STEP_OUT] = "step_out",
    [SEAT_SUSPEND] = "suspend",
    [SEAT_RESUME] = "resume",
    [SEAT_GRACE_OVER] = "grace_over",
    [SEAT_LEAVE] = "leave",
    [SEAT_REVOKE] = "revoke",
    [SEAT_REMOVE] = "remove",
};

usec_t lost_grace_us(enum lost lost)
{
    switch (lost) {
    case LOST_THERAPIST:
        return GRACE_THERAPIST_US;
    case LOST_CLIENT:
        return GRACE_CLIENT_US;
    case LOST_SELF:
    case LOST_NOBODY:
        break;
    }
    return GRACE_SELF_US;
}

void participant_init(struct participant *p, const struct plan_person *who)
{
    *p = (struct participant){ .who = *who, .reached = -1, .speaker = SPEAKER_NOBODY, .preview = PERSON_NONE };
    p->prepared = who->role == ROLE_LOVED_ONE ? who->acknowledged : who->role != ROLE_CLIENT;
    p->prepared_at = who->role == ROLE_LOVED_ONE ? who->acknowledged_at : 0;
    p->seat = who->denied ? SEAT_REMOVED : participant_needs_admission(p) ? SEAT_INVITED : SEAT_ABSENT;
}

enum seat seat_after(enum seat seat, enum seat_event event)
{
    return rules[seat][event];
}

enum status participant_step(struct participant *p, enum seat_event event, const char *reason)
{
    enum seat next = rules[p->seat][event];
    if (next == SEAT_NONE)
        return ERR_STATE;
    if (next != p->seat) {
        p->sending = 0; /* microphone and camera start off wherever one comes to sit */
        p->hand = false;
    }
    if (next != SEAT_SUSPENDED)
        p->lost = LOST_NOBODY;
    p->seat = next;
    p->reason = reason;
    return OK;
}

const char *seat_name(enum seat seat)
{
    return seat > SEAT_NONE && seat < SEATS ? seat_names[seat] : "?";
}
const char *seat_event_name(enum seat_event event)
{
    return event < SEAT_EVENTS ? event_names[event] : "?";
}
