#include "sim/walk.h"

#include <stdio.h>
#include <stdlib.h>

enum who { BY_THERAPIST = 1 << THERAPIST, BY_CLIENT = 1 << CLIENT, BY_LOVED = 1 << LOVED_1 | 1 << LOVED_2 };

/* text: a request, to which everybody is put up; may: who may have it granted, by the domain model. */
static const struct {
    const char *name, *text;
    unsigned may;
} acts[ACTS] = {
    [ACT_JOIN] = { "joins by the same device", NULL, 0 },
    [ACT_JOIN_OTHER] = { "joins by another device", NULL, 0 },
    [ACT_MOVE] = { "moves to another device", NULL, 0 },
    [ACT_JOIN_BARE] = { "moves here with a token that is bound to no device", NULL, 0 },
    [ACT_JOIN_DENIED] = { "moves to the device of somebody removed", NULL, 0 },
    [ACT_DROP] = { "loses the connection", NULL, 0 },
    [ACT_BREAK] = { "loses the socket, and the media goes on", NULL, 0 },
    [ACT_RESUME] = { "joins with the link that they have", NULL, 0 },
    [ACT_ACKNOWLEDGE] = { "acknowledges", "\"type\":\"acknowledge\",\"guidance\":\"g1\",\"notice\":\"n1\"", BY_LOVED },
    [ACT_LOCATE] = { "says where they are", "\"type\":\"locate\",\"address\":\"1 Elm St\",\"phone\":\"555 0100\"",
                     BY_CLIENT },
    [ACT_DECLINE] = { "declines", "\"type\":\"decline\"", BY_LOVED },
    [ACT_MEDIA] = { "switches the microphone on", "\"type\":\"media\",\"mic\":true,\"camera\":false,\"screen\":false",
                    BY_THERAPIST | BY_CLIENT | BY_LOVED },
    [ACT_CHAT] = { "writes", "\"type\":\"chat\",\"text\":\"hello\",\"to\":\"everyone\"",
                   BY_THERAPIST | BY_CLIENT | BY_LOVED },
    [ACT_STOP_ALL] = { "steps everyone out", "\"type\":\"step_out\",\"everyone\":true", BY_THERAPIST | BY_CLIENT },
    [ACT_LEAVE] = { "leaves", "\"type\":\"leave\"", BY_THERAPIST | BY_CLIENT | BY_LOVED },
    [ACT_END] = { "ends the session", "\"type\":\"end\"", BY_THERAPIST },
    [ACT_AGREE] = { "agrees to", "\"type\":\"agree\",\"participant\":\"%s\",\"yes\":true", BY_CLIENT },
    [ACT_DISAGREE] = { "says no to", "\"type\":\"agree\",\"participant\":\"%s\",\"yes\":false", BY_CLIENT },
    [ACT_ADMIT] = { "admits", "\"type\":\"admit\",\"participant\":\"%s\",\"minutes\":2", BY_THERAPIST },
    [ACT_STEP_OUT] = { "steps out", "\"type\":\"step_out\",\"participant\":\"%s\"",
                       BY_THERAPIST | BY_CLIENT | BY_LOVED },
    [ACT_REMOVE] = { "removes", "\"type\":\"remove\",\"participant\":\"%s\"", BY_THERAPIST },
    [ACT_DURABLE] = { "the ledger has the first OPEN that waits, of", NULL, 0 },
    [ACT_STALE] = { "the ledger answers for what nobody waits for any more", NULL, 0 },
    [ACT_REFUSED] = { "the ledger refuses the OPEN of", NULL, 0 },
    [ACT_REVOKE] = { "the clinic ends the grant of", NULL, 0 },
    [ACT_CODE_FAILED] = { "a code fails that was asked for with the link of", NULL, 0 },
    [ACT_TIME] = { "time passes until something ends", NULL, 0 },
    [ACT_CRASH_STORED] = { "a crash, with every record stored", NULL, 0 },
    [ACT_CRASH_LOST] = { "a crash, before the OPENs that wait were stored", NULL, 0 },
};

const char *event_name(enum act act)
{
    return acts[act].name;
}

static void read_replies(struct walk *w)
{
    client_id asked_by = w->event.by != NOBODY ? walk_client(w->event.by, w->law.people[w->event.by].connection) : 0;
    bool error = false;
    for (size_t i = 0; i < outbox_message_count(w->outbox); i++) {
        struct message message = outbox_message_at(w->outbox, i);
        if (message.kind != MESSAGE_TEXT || message.client != asked_by)
            continue;
        w->answered |= judge_is_type(message.text, "done");
        error |= judge_is_type(message.text, "error");
    }
    w->refused = error && !w->answered; /* with a done, the error answers an admission that had to wait until now */
}

/* As the shell does it: a socket that the broker wants closed is closed at once. */
static void close_sockets(struct walk *w)
{
    for (size_t i = 0; i < outbox_message_count(w->outbox); i++) {
        struct message message = outbox_message_at(w->outbox, i);
        int person = walk_person(message.client);
        if (message.kind != MESSAGE_CLOSE)
            continue;
        broker_gone(w->broker, walk_now(w), message.client, w->outbox);
        if (message.client == walk_client(person, w->law.people[person].connection))
            law_gone(&w->law, person, false);
    }
}

static unsigned next_connection(const struct walk *w, int person)
{
    return w->law.people[person].connection == 1 ? 2 : 1;
}

static unsigned device_for(const struct law *law, enum act act, int person)
{
    unsigned last = law->people[person].device, first = law_device(person, 1), denied = 0;
    switch (act) {
    case ACT_JOIN:
    case ACT_RESUME:
        return last ? last : first;
    case ACT_JOIN_OTHER:
    case ACT_MOVE:
        return last == first ? law_device(person, 2) : first;
    case ACT_JOIN_DENIED:
        while (!(law->denied >> denied & 1))
            denied++;
        return denied;
    default:
        return 0;
    }
}

/* The first connection must be told goodbye before the second is told done. */
static void check_move(struct walk *w, client_id first, client_id second)
{
    bool gone = false;
    for (size_t i = 0; i < outbox_message_count(w->outbox); i++) {
        struct message message = outbox_message_at(w->outbox, i);
        gone |= message.client == first && message.kind == MESSAGE_CLOSE;
        if (message.client == second && !gone)
            walk_violation(w, "the second connection opens before the first closes (invariant 11)", NULL);
    }
}

/* Nobody negotiates here; but a link is no more to the room than its name and the time when it last proved alive. */
static struct id give_link(struct walk *w, int person)
{
    struct participant *p = &w->room->people[person];
    p->link_name = walk_id("link");
    p->heard = w->law.now + RESUME_US;
    return p->link_name;
}

static void do_break(struct walk *w, int person)
{
    client_id client = walk_client(person, w->law.people[person].connection);
    give_link(w, person);
    law_broken(&w->law, person);
    broker_lost(w->broker, walk_now(w), client, w->law.now, w->outbox);
}

static void do_join(struct walk *w, enum act act, int person)
{
    unsigned connection = next_connection(w, person), device = device_for(&w->law, act, person);
    client_id first = walk_client(person, w->law.people[person].connection), client = walk_client(person, connection);
    bool move = act != ACT_JOIN && act != ACT_JOIN_OTHER && act != ACT_RESUME,
         right = law_may_join(&w->law, person, device, move);
    struct claims claims = { .participation = walk_id(people[person]),
                             .session = w->plan.session,
                             .role = roles[person],
                             .device = walk_device(device),
                             .not_before = EPOCH_UNIX_S,
                             .expires = EPOCH_UNIX_S + 86400 };
    struct joining joining = { .claims = claims, .request = 1, .move = move };
    if (act == ACT_RESUME)
        joining.resume = give_link(w, person);
    bool was_broken = w->law.people[person].broken_until != 0;
    bool joined = broker_join(w->broker, walk_now(w), client, &joining, w->outbox) == OK;
    if (joined && first && !was_broken)
        check_move(w, first, client);
    if (joined != right)
        walk_violation(w,
                       person == THERAPIST && right ? "the therapist is locked out (invariant 12)"
                       : joined                     ? "somebody joins who may not (invariants 10 and 11)"
                                                    : "somebody can't join who may",
                       people[person]);
    w->refused = !joined;
    if (joined && act == ACT_RESUME)
        law_resumed(&w->law, person, connection);
    else if (joined)
        law_joined(&w->law, person, connection, device);
}

static void do_request(struct walk *w, struct event event)
{
    char inner[200], text[240];
    snprintf(inner, sizeof inner, acts[event.act].text, event.on != NOBODY ? people[event.on] : "");
    snprintf(text, sizeof text, "{%s,\"id\":1}", inner);
    broker_text(w->broker, walk_now(w), walk_client(event.by, w->law.people[event.by].connection), bytes_of(text),
                w->outbox);
    room_pay(w->room, UINT64_MAX, w->outbox); /* here the ledger has at once whatever nobody's gate waits for */
    read_replies(w);
}

/* A request was granted: by the right person, and this follows. */
static void learn_granted(struct walk *w, struct event event)
{
    struct law *law = &w->law;
    struct law_person *by = &law->people[event.by], *on = &law->people[event.on == NOBODY ? event.by : event.on];
    bool other_loved = event.act == ACT_STEP_OUT && law_loved(event.by) && event.by != event.on;
    if (!(acts[event.act].may & 1u << event.by) || other_loved)
        walk_violation(w, "a request is granted to somebody who may not ask", people[event.by]);
    switch (event.act) {
    case ACT_ACKNOWLEDGE:
    case ACT_LOCATE:
        by->prepared = true;
        by->declined = false;
        break;
    case ACT_DECLINE:
        by->declined = true;
        law_stop(law, event.by);
        break;
    case ACT_MEDIA:
    case ACT_CHAT:
        if (!law_in(law, event.by))
            walk_violation(w, "somebody speaks who is not in", people[event.by]);
        break;
    case ACT_AGREE:
        on->agreed = true;
        break;
    case ACT_DISAGREE:
        law_end_segment(law, event.on);
        break;
    case ACT_STOP_ALL:
    case ACT_STEP_OUT:
        for (int i = FIRST_LOVED; i < PEOPLE; i++)
            if (event.on == NOBODY || event.on == i) {
                law_stop(law, i);
                law->people[i].agreed &= event.by != CLIENT;
            }
        break;
    case ACT_REMOVE:
        law_removed(law, event.on);
        break;
    case ACT_END:
        law_end(law);
        break;
    default:
        break;
    }
}

/* The OPEN that the ledger gets to first; NOBODY when none waits. */
static int first_asked(const struct law *law)
{
    int first = NOBODY;
    for (int i = FIRST_LOVED; i < PEOPLE; i++)
        if (law->people[i].interval == INTERVAL_ASKED &&
            (first == NOBODY || law->people[i].number < law->people[first].number))
            first = i;
    return first;
}

static void do_revoke(struct walk *w, int person)
{
    struct grant grant = w->room->plan.grants[person - FIRST_LOVED];
    grant.epoch++;
    grant.status = GRANT_WITHDRAWN;
    broker_grant(w->broker, walk_now(w), &grant, w->outbox);
    w->law.people[person].withdrawn = true;
    law_end_segment(&w->law, person);
}

/* What ends next: a segment, a grace, the grants, the box. */
static usec_t next_end(const struct walk *w)
{
    usec_t ends = w->law.now < w->law.grant_until ? w->law.grant_until : w->law.closes;
    for (int i = 0; i < PEOPLE; i++)
        if (w->law.people[i].broken_until)
            ends = sooner(ends, w->law.people[i].broken_until);
    for (int i = FIRST_LOVED; i < PEOPLE; i++) {
        usec_t candidates[] = { w->room->people[i].segment_ends, w->law.people[i].resumable_until,
                                state_grace_ends(&w->room->people[i]) };
        for (size_t j = 0; j < sizeof candidates / sizeof *candidates; j++)
            if (candidates[j] > w->law.now)
                ends = sooner(ends, candidates[j]);
    }
    return sooner(ends, w->law.closes);
}

static void do_ledger(struct walk *w, struct event event)
{
    struct law_person *l = &w->law.people[event.on];
    uint64_t number = l->number;
    if (event.act == ACT_STALE) {
        broker_refused(w->broker, walk_now(w), number - 1, w->outbox);
        broker_durable(w->broker, walk_now(w), number - 1, w->outbox);
    } else if (event.act == ACT_DURABLE) {
        l->interval = INTERVAL_OPEN;
        broker_durable(w->broker, walk_now(w), number, w->outbox);
    } else {
        l->interval = INTERVAL_NONE; /* it is in no ledger, so nothing closes it */
        broker_refused(w->broker, walk_now(w), number, w->outbox);
    }
}

static void do_code(struct walk *w, int person)
{
    struct id participation = walk_id(people[person]);
    broker_code(w->broker, walk_now(w), &w->plan.session, &participation, CODE_FAILED, w->outbox);
}

static void do_drop(struct walk *w, int person)
{
    client_id client = walk_client(person, w->law.people[person].connection);
    law_gone(&w->law, person, true);
    broker_gone(w->broker, walk_now(w), client, w->outbox);
}

static void happen(struct walk *w, struct event event)
{
    w->answered = w->refused = false;
    if (acts[event.act].text) {
        bool may_admit = event.act == ACT_ADMIT && event.by == THERAPIST && law_may_admit(&w->law, event.on);
        do_request(w, event);
        if (w->answered)
            learn_granted(w, event);
        if (event.act == ACT_ADMIT && w->refused == may_admit)
            walk_violation(w,
                           may_admit ? "an admission is refused although G holds"
                                     : "an admission is not refused although G does not hold",
                           people[event.on]);
        return;
    }
    switch ((enum act)event.act) {
    case ACT_JOIN:
    case ACT_JOIN_OTHER:
    case ACT_MOVE:
    case ACT_JOIN_BARE:
    case ACT_JOIN_DENIED:
    case ACT_RESUME:
        do_join(w, (enum act)event.act, event.by);
        break;
    case ACT_BREAK:
        do_break(w, event.by);
        break;
    case ACT_DROP:
        do_drop(w, event.by);
        break;
    case ACT_DURABLE:
    case ACT_STALE:
    case ACT_REFUSED:
        do_ledger(w, event);
        break;
    case ACT_REVOKE:
        do_revoke(w, event.on);
        break;
    case ACT_CODE_FAILED:
        do_code(w, event.on);
        break;
    case ACT_TIME:
        law_time(&w->law, next_end(w));
        broker_tick(w->broker, walk_now(w), w->outbox);
        break;
    case ACT_CRASH_STORED:
    case ACT_CRASH_LOST:
        state_crash(w, event.act == ACT_CRASH_STORED);
        break;
    default:
        abort();
    }
}

void event_happen(struct walk *w, struct event event)
{
    w->event = event;
    outbox_clear(w->outbox);
    happen(w, event);
    close_sockets(w);
}

bool event_is_possible(const struct walk *w, struct event event)
{
    const struct law *law = &w->law;
    /* The client's break is the therapist's over again; and which device it is matters for loved ones alone. */
    bool needless = (event.act == ACT_BREAK && event.by == CLIENT) || (event.act == ACT_MOVE && !law_loved(event.by));
    if (w->breaks && (needless || event.by == LOVED_2 || event.on == LOVED_2))
        return false;
    if (acts[event.act].text || event.act == ACT_DROP)
        return law->people[event.by].connection != 0 && !law->people[event.by].broken_until;
    if (event.act == ACT_BREAK)
        return w->breaks && law->people[event.by].connection != 0 && !law->people[event.by].broken_until;
    if (event.act == ACT_RESUME)
        return w->breaks && law->people[event.by].connection != 0;
    switch ((enum act)event.act) {
    case ACT_JOIN_OTHER: /* which device it is matters for loved ones alone */
        return law_loved(event.by) && law->people[event.by].device != 0;
    case ACT_JOIN_BARE:
        return law_loved(event.by);
    case ACT_MOVE:
        return law->people[event.by].connection != 0;
    case ACT_JOIN_DENIED:
        return law->denied != 0;
    case ACT_DURABLE:
    case ACT_STALE:
        return first_asked(law) == event.on;
    case ACT_REFUSED:
        return law->people[event.on].interval == INTERVAL_ASKED;
    case ACT_REVOKE:
        return !law->people[event.on].withdrawn && !law->over;
    case ACT_CODE_FAILED:
        return event.on == FIRST_LOVED; /* whose it is makes no difference */
    case ACT_TIME:
        return !law->over;
    case ACT_CRASH_LOST:
        return first_asked(law) != NOBODY;
    default:
        return true;
    }
}
