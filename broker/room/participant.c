#include "room/participant.h"

static const enum seat rules[SEATS][SEAT_EVENTS] = {
    [SEAT_ABSENT] = { [SEAT_JOIN] = SEAT_PRESENT },
    [SEAT_PRESENT] = { [SEAT_JOIN] = SEAT_PRESENT, [SEAT_LEAVE] = SEAT_ABSENT },
    [SEAT_INVITED] = { [SEAT_JOIN] = SEAT_WAITING, [SEAT_REMOVE] = SEAT_REMOVED },
    [SEAT_WAITING] = { [SEAT_JOIN] = SEAT_WAITING,
                       [SEAT_ADMIT] = SEAT_ADMITTED,
                       [SEAT_LEAVE] = SEAT_LEFT,
                       [SEAT_REMOVE] = SEAT_REMOVED },
    [SEAT_ADMITTED] = { [SEAT_STEP_OUT] = SEAT_STEPPED_OUT,
                        [SEAT_SUSPEND] = SEAT_SUSPENDED,
                        [SEAT_LEAVE] = SEAT_LEFT,
                        [SEAT_REMOVE] = SEAT_REMOVED },
    [SEAT_STEPPED_OUT] = { [SEAT_JOIN] = SEAT_STEPPED_OUT,
                           [SEAT_ADMIT] = SEAT_ADMITTED,
                           [SEAT_LEAVE] = SEAT_LEFT,
                           [SEAT_REMOVE] = SEAT_REMOVED },
    [SEAT_SUSPENDED] = { [SEAT_JOIN] = SEAT_SUSPENDED,
                         [SEAT_ADMIT] = SEAT_ADMITTED,
                         [SEAT_RESUME] = SEAT_ADMITTED,
                         [SEAT_STEP_OUT] = SEAT_STEPPED_OUT,
                         [SEAT_GRACE_OVER] = SEAT_WAITING,
                         [SEAT_LEAVE] = SEAT_LEFT,
                         [SEAT_REMOVE] = SEAT_REMOVED },
    [SEAT_LEFT] = { [SEAT_JOIN] = SEAT_WAITING, [SEAT_REMOVE] = SEAT_REMOVED },
    /* SEAT_REMOVED has no rule: nothing leads out of it. */
};

static const char *const seat_names[SEATS] = {
    [SEAT_ABSENT] = "absent",       [SEAT_PRESENT] = "present",   [SEAT_INVITED] = "invited",
    [SEAT_WAITING] = "waiting",     [SEAT_ADMITTED] = "admitted", [SEAT_STEPPED_OUT] = "stepped_out",
    [SEAT_SUSPENDED] = "suspended", [SEAT_LEFT] = "left",         [SEAT_REMOVED] = "removed",
};
static const char *const event_names[SEAT_EVENTS] = {
    [SEAT_JOIN] = "join",       [SEAT_ADMIT] = "admit",   [SEAT_STEP_OUT] = "step_out",
    [SEAT_SUSPEND] = "suspend", [SEAT_RESUME] = "resume", [SEAT_GRACE_OVER] = "grace_over",
    [SEAT_LEAVE] = "leave",     [SEAT_REMOVE] = "remove",
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
    *p = (struct participant){ .who = *who };
    p->seat = participant_needs_admission(p) ? SEAT_INVITED : SEAT_ABSENT;
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
    if (next != p->seat)
        p->sending = 0; /* microphone and camera start off wherever one comes to sit */
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
