#include "sim/law.h"

static bool client_in(const struct law *law)
{
    return law->people[CLIENT].connection && law->people[CLIENT].prepared;
}

/* No gate without a connected therapist (invariant 5), and none outside the box. */
static bool is_open(const struct law *law)
{
    return !law->over && law->now < law->closes && law->people[THERAPIST].connection;
}

bool law_may_stay(const struct law *law, int person)
{
    const struct law_person *p = &law->people[person];
    bool granted = !law->group && !p->withdrawn && law->now < law->grant_until; /* a group has no place for them: 6 */
    bool in_segment = !p->segment_until || law->now < p->segment_until;
    return is_open(law) && client_in(law) && p->connection && !p->removed && p->prepared && p->agreed && granted &&
           in_segment;
}

bool law_may_admit(const struct law *law, int person)
{
    const struct law_person *p = &law->people[person];
    usec_t end = sooner(law->closes, law->grant_until);
    if (p->segment_until)
        end = sooner(end, p->segment_until);
    return law_may_stay(law, person) && !p->declined && p->interval == INTERVAL_NONE && law->now + LAW_LEAST_US <= end;
}

bool law_in(const struct law *law, int person)
{
    if (law_loved(person))
        return law_may_stay(law, person) && law->people[person].interval == INTERVAL_OPEN;
    return person == CLIENT ? client_in(law) : law->people[person].connection != 0;
}

source_mask law_may_reach(const struct law *law, int to, int from)
{
    if (to == from || !is_open(law) || !law_in(law, to) || !law_in(law, from))
        return 0;
    return law_loved(to) || law_loved(from) ? SOURCE_MIC : SOURCE_ALL; /* `audio` hears and speaks, and no more: 9 */
}

void law_stop(struct law *law, int person)
{
    law->people[person].resumable_until = 0;
}

void law_end_segment(struct law *law, int person)
{
    law->people[person].segment_until = 0;
    law->people[person].agreed = false;
    law_stop(law, person);
}

void law_time(struct law *law, usec_t now)
{
    law->now = now;
    /* Therapist and client last: with theirs, nobody's own loss brings them back. */
    for (int i = PEOPLE - 1; i >= 0; i--)
        if (law->people[i].broken_until && now >= law->people[i].broken_until)
            law_gone(law, i, true);
    for (int i = FIRST_LOVED; i < PEOPLE; i++) {
        struct law_person *p = &law->people[i];
        if (p->segment_until && now >= p->segment_until)
            law_end_segment(law, i);
        if (now >= p->resumable_until)
            p->resumable_until = 0;
    }
    if (now >= law->closes)
        law_end(law);
}

bool law_may_join(const struct law *law, int person, unsigned device, bool move)
{
    const struct law_person *p = &law->people[person];
    bool same = device && device == p->device, denied = law_loved(person) && device && law->denied >> device & 1;
    return !law->over && !p->removed && !denied && (!p->connection || same || move);
}

void law_joined(struct law *law, int person, unsigned connection, unsigned device)
{
    struct law_person *p = &law->people[person];
    if (p->connection)
        law_gone(law, person, true); /* the first closes before the second opens */
    /* Whoever comes by another device may be somebody else with the link: the therapist looks again. */
    if (!device || device != p->device)
        p->resumable_until = 0;
    p->connection = connection;
    p->device = device;
    p->declined = false;
}

void law_broken(struct law *law, int person)
{
    law->people[person].broken_until = law->now + LAW_BROKEN_US;
}

void law_resumed(struct law *law, int person, unsigned connection)
{
    law->people[person].connection = connection;
    law->people[person].broken_until = 0;
}

/* Nobody closes a socket that is gone. */
static void end_broken(struct law *law, int person)
{
    if (law->people[person].broken_until)
        law_gone(law, person, false);
}

void law_removed(struct law *law, int person)
{
    struct law_person *p = &law->people[person];
    end_broken(law, person);
    p->removed = true;
    law->denied |= p->device ? 1u << p->device : 0;
    law_end_segment(law, person);
}

void law_gone(struct law *law, int person, bool lost)
{
    struct law_person *p = &law->people[person];
    p->connection = 0;
    p->broken_until = 0;
    if (lost && law_loved(person) && p->interval != INTERVAL_NONE)
        p->resumable_until = law->now + LAW_RESUME_US;
    else if (!lost)
        p->resumable_until = 0;
    /* When the therapist or the client is lost, the therapist readmits. */
    for (int i = FIRST_LOVED; !law_loved(person) && i < PEOPLE; i++)
        law_stop(law, i);
}

void law_end(struct law *law)
{
    law->over = true;
    for (int i = 0; i < PEOPLE; i++)
        end_broken(law, i);
    for (int i = FIRST_LOVED; i < PEOPLE; i++)
        law_end_segment(law, i);
}

void law_crash(struct law *law)
{
    law->over = law->over || law->now >= law->closes;
    for (int i = 0; i < PEOPLE; i++)
        law->people[i] =
            (struct law_person){ .withdrawn = law->people[i].withdrawn, .removed = law->people[i].removed };
}

const char *law_opened(struct law *law, int person, uint64_t number, const struct id *interval, int64_t unix_us,
                       bool by_therapist)
{
    struct law_person *p = &law->people[person];
    if (!law_loved(person))
        return "an interval of somebody who is no loved one";
    if (p->interval != INTERVAL_NONE)
        return "an interval is opened while one is open (invariant 4)";
    if (id_equal(&p->id, interval))
        return "an interval is opened twice (invariant 4)";
    if (!by_therapist && !p->resumable_until)
        return "nobody but the therapist lets in, and this was no short loss of their own";
    if (!law_may_admit(law, person))
        return "an interval begins although G does not hold";
    if (!p->segment_until)
        p->segment_until = sooner(law->now + LAW_SEGMENT_US, law->closes);
    p->must_end = sooner(p->segment_until, sooner(law->closes, law->grant_until));
    p->interval = INTERVAL_ASKED;
    p->number = number;
    p->id = *interval;
    p->since_unix_us = unix_us;
    p->resumable_until = 0;
    return NULL;
}

const char *law_closed(struct law *law, int person, const struct id *interval, int64_t unix_us)
{
    struct law_person *p = &law->people[person];
    if (p->interval == INTERVAL_NONE || !id_equal(&p->id, interval))
        return "an interval is closed that is not open (invariant 4)";
    if (unix_us < p->since_unix_us)
        return "an interval ends before it began";
    if (law->now > p->must_end)
        return "an interval outlives its segment, its box or its grant (invariant 8)";
    p->interval = INTERVAL_NONE;
    return NULL;
}
