#include "sim/model.h"

/* A loved one's line in each kind of session, in the domain's words. */
static const struct loved_one_rules {
    bool never;
    bool needs_yes, client_needed, client_by_grant;
    enum topic topic;
    unsigned segment_minutes;
    bool only_therapists_seen, speaks_by_leave, shares_by_leave;
} loved_one[] = {
    [KIND_INDIVIDUAL] = { .needs_yes = true, .client_needed = true, .segment_minutes = 20 },
    [KIND_FAMILY] = { .needs_yes = true, .client_needed = true, .shares_by_leave = true },
    [KIND_WORKSHOP] = { .only_therapists_seen = true, .speaks_by_leave = true },
    [KIND_CHECK_IN] = { .needs_yes = true,
                        .client_needed = true,
                        .client_by_grant = true,
                        .topic = TOPIC_GENERAL_PROGRESS },
    [KIND_DISCHARGE] = { .needs_yes = true, .client_needed = true, .topic = TOPIC_AFTERCARE },
    [KIND_GROUP] = { .never = true },
};

static const struct loved_one_rules *rules(const struct model *m)
{
    return &loved_one[m->kind];
}

static bool guest(const struct model_person *p)
{
    return p->role == ROLE_LOVED_ONE || p->role == ROLE_INTERPRETER;
}

static bool present(const struct model_person *p)
{
    return p->connected && p->prepared;
}

static bool has(const struct model *m, enum role role)
{
    for (int i = 0; i < m->count; i++)
        if (m->people[i].role == role && present(&m->people[i]))
            return true;
    return false;
}

static bool granted(const struct model *m, const struct model_person *p, usec_t now)
{
    if (p->role != ROLE_LOVED_ONE)
        return true;
    const struct loved_one_rules *r = rules(m);
    if (r->never || p->mode == 0 || p->withdrawn || (r->topic && !term_in(p->topics, (int)r->topic)))
        return false;
    return now >= p->grant_from && now < p->grant_until;
}

static bool client_there(const struct model *m, const struct model_person *p)
{
    if (has(m, ROLE_CLIENT))
        return true;
    if (p->role == ROLE_LOVED_ONE)
        return !rules(m)->client_needed || (rules(m)->client_by_grant && p->absent_ok);
    return !guest(p) || m->kind == KIND_WORKSHOP; /* which has no client */
}

static source_mask hears(enum mode mode)
{
    return mode == MODE_WATCH || mode == MODE_FULL ? SOURCE_ALL : SOURCE_MIC;
}

static source_mask speaks(enum mode mode)
{
    return mode == MODE_FULL ? SOURCE_ALL : mode == MODE_AUDIO ? SOURCE_MIC : 0;
}

/* Less than the grant in both directions, or the same. */
static bool is_within_grant(const struct model_person *p, enum mode mode)
{
    return mode && !(hears(mode) & ~hears(p->mode)) && !(speaks(mode) & ~speaks(p->mode));
}

bool model_may_limit(const struct model *m, int person, enum mode mode)
{
    return m->people[person].role == ROLE_LOVED_ONE && is_within_grant(&m->people[person], mode);
}

static enum mode mode_of(const struct model_person *p)
{
    return is_within_grant(p, p->choice) ? p->choice : p->mode;
}

source_mask model_sends(const struct model *m, usec_t now, int person)
{
    const struct model_person *p = &m->people[person];
    source_mask leave = p->enabled & SOURCE_ALL;
    switch (p->role) {
    case ROLE_THERAPIST:
        return SOURCE_ALL;
    case ROLE_CLIENT:
        return m->kind == KIND_WORKSHOP ? 0 : (SOURCE_MIC | SOURCE_CAMERA | (leave & SOURCE_SCREEN));
    case ROLE_INTERPRETER:
        return SOURCE_MIC | SOURCE_CAMERA;
    case ROLE_LOVED_ONE: {
        if (!granted(m, p, now))
            return 0;
        source_mask most =
            rules(m)->speaks_by_leave ? leave & (SOURCE_MIC | SOURCE_CAMERA) : SOURCE_MIC | SOURCE_CAMERA;
        if (rules(m)->shares_by_leave)
            most |= leave & SOURCE_SCREEN;
        return most & speaks(mode_of(p)) & (p->limit ? speaks(p->limit) : SOURCE_ALL);
    }
    case ROLE_ADMIN:
        break;
    }
    return 0;
}

static source_mask model_receives(const struct model *m, usec_t now, const struct model_person *to,
                                  const struct model_person *from)
{
    if (to->role != ROLE_LOVED_ONE)
        return SOURCE_ALL;
    if (!granted(m, to, now))
        return 0;
    source_mask most = hears(mode_of(to)) & (to->limit ? hears(to->limit) : SOURCE_ALL);
    if (rules(m)->only_therapists_seen && !(to->enabled & ENABLE_OTHERS) && from->role != ROLE_THERAPIST)
        most &= SOURCE_MIC;
    return most;
}

void model_out(struct model *m, int person)
{
    m->people[person].admitting = false;
    m->people[person].admitted = false;
    m->people[person].resumable_until = 0;
    m->people[person].sending = 0;
}

void model_segment_over(struct model *m, int person)
{
    m->people[person].segment_until = 0;
    m->people[person].agreed = false;
}

static void make_longer(struct model *m, unsigned minutes)
{
    usec_t closes = m->closes + minutes * 60 * USEC_PER_SEC;
    for (int i = 0; i < m->count; i++)
        if (!rules(m)->segment_minutes && m->people[i].segment_until == m->closes)
            m->people[i].segment_until = closes;
    m->closes = closes;
    m->extended += minutes;
}

enum model_longer model_extend(struct model *m, usec_t now, int by, unsigned minutes)
{
    bool asks = rules(m)->needs_yes;
    if (m->kind == KIND_CHECK_IN || m->asked || m->extended + minutes > 60 || (asks && !has(m, ROLE_CLIENT)))
        return LONGER_NO;
    if (!asks) {
        make_longer(m, minutes);
        return LONGER_YES;
    }
    m->asked = minutes;
    m->asked_by = by;
    m->asked_until = sooner(now + 30 * USEC_PER_SEC, m->closes);
    return LONGER_ASKED;
}

bool model_allow(struct model *m, int person, bool yes)
{
    unsigned minutes = m->asked;
    if (!minutes || m->people[person].role != ROLE_CLIENT)
        return false;
    m->asked = 0;
    if (yes)
        make_longer(m, minutes);
    return true;
}

void model_withdraw(struct model *m, int person)
{
    m->people[person].withdrawn = true;
    model_out(m, person);
    model_segment_over(m, person);
}

bool model_open(const struct model *m, usec_t now)
{
    return !m->over && now >= m->opens && has(m, ROLE_THERAPIST);
}

/* Whoever was let in and may not stay is out, whatever was lost; how they come back is another matter. */
static void turn_out(struct model *m, usec_t now)
{
    for (int i = 0; i < m->count; i++) {
        struct model_person *p = &m->people[i];
        bool ground = model_open(m, now) && client_there(m, p) && granted(m, p, now);
        /* A client who comes late is asked: who was in without a yes is out until there is one. */
        bool asked = (p->admitting || p->admitted) && p->connected && !model_may_stay(m, now, i);
        if (guest(p) && (!ground || asked))
            model_out(m, i);
    }
}

/* A lost link is noticed within five seconds of the last word on the socket, and media that is alive within three. */
static usec_t lost_at(const struct model_person *p)
{
    return sooner(p->broken + 5 * USEC_PER_SEC, p->alive + 3 * USEC_PER_SEC);
}

void model_broken(struct model *m, usec_t now, int person, usec_t last_heard)
{
    struct model_person *p = &m->people[person];
    p->broken = last_heard;
    if (person == m->asked_by)
        m->asked = 0; /* nobody is there to be answered */
    if (!p->alive || now >= lost_at(p))
        model_gone(m, now, person);
}

bool model_may_resume(const struct model *m, int person, unsigned device)
{
    const struct model_person *p = &m->people[person];
    return model_may_join(m, person, device, true) && p->connected && device == p->device;
}

void model_resumed(struct model *m, int person)
{
    m->people[person].broken = 0;
    if (person == m->asked_by)
        m->asked = 0; /* they asked on another socket */
}

void model_at(struct model *m, usec_t now)
{
    if (now >= m->closes)
        m->over = true;
    if (now >= m->asked_until)
        m->asked = 0;
    for (int i = 0; i < m->count; i++)
        if (m->people[i].broken && now >= lost_at(&m->people[i]))
            model_gone(m, now, i);
    for (int i = 0; i < m->count; i++) {
        struct model_person *p = &m->people[i];
        bool segment_over = p->segment_until && now >= p->segment_until;
        if (segment_over && guest(p))
            model_out(m, i);
        if (segment_over)
            model_segment_over(m, i);
        if (p->resumable_until && now >= p->resumable_until)
            p->resumable_until = 0;
    }
    turn_out(m, now);
}

bool model_in(const struct model *m, int person)
{
    const struct model_person *p = &m->people[person];
    return guest(p) ? p->connected && p->admitted : present(p);
}

source_mask model_may(const struct model *m, usec_t now, int to, int from)
{
    const struct model_person *receiver = &m->people[to], *publisher = &m->people[from];
    if (to == from || !model_open(m, now) || !model_in(m, to) || !model_in(m, from))
        return 0;
    if ((guest(receiver) && !client_there(m, receiver)) || (guest(publisher) && !client_there(m, publisher)))
        return 0;
    source_mask wanted = receiver->sound_only ? SOURCE_MIC : SOURCE_ALL;
    return publisher->sending & model_sends(m, now, from) & (source_mask)~publisher->muted & wanted &
           model_receives(m, now, receiver, publisher);
}

bool model_may_stay(const struct model *m, usec_t now, int person)
{
    const struct model_person *p = &m->people[person];
    if (!guest(p) || !p->connected || p->removed || p->refused || !model_open(m, now) || !client_there(m, p) ||
        m->closes <= now)
        return false;
    if (p->role == ROLE_INTERPRETER)
        return true;
    if (!granted(m, p, now) || (rules(m)->needs_yes && !p->agreed && has(m, ROLE_CLIENT)))
        return false;
    return !p->segment_until || p->segment_until > now;
}

bool model_may_admit(const struct model *m, usec_t now, int person)
{
    const struct model_person *p = &m->people[person];
    usec_t minute = 60 * USEC_PER_SEC;
    if (!model_may_stay(m, now, person) || !p->prepared || p->declined || m->closes < now + minute)
        return false;
    if (p->role == ROLE_INTERPRETER)
        return true;
    return p->grant_until >= now + minute && (!p->segment_until || p->segment_until >= now + minute);
}

/* To guests: the device may be the client's or the therapist's, too. */
static bool is_denied(const struct model_person *p, const struct model *m, unsigned device)
{
    bool guest = p->role == ROLE_LOVED_ONE || p->role == ROLE_INTERPRETER;
    return guest && device && m->denied >> device & 1;
}

bool model_may_join(const struct model *m, int person, unsigned device, bool move)
{
    const struct model_person *p = &m->people[person];
    bool same = device && device == p->device;
    return !p->removed && !is_denied(p, m, device) && !m->over && (!p->connected || same || move);
}

void model_remove(struct model *m, int person)
{
    m->people[person].removed = true;
    m->denied |= m->people[person].device ? 1u << m->people[person].device : 0;
    model_segment_over(m, person);
    for (int i = 0; i < m->count; i++)
        if (i == person || is_denied(&m->people[i], m, m->people[i].device)) {
            model_out(m, i);
            m->people[i].connected = false;
        }
}

void model_joined(struct model *m, usec_t now, int person, unsigned device)
{
    struct model_person *p = &m->people[person];
    /* Only the device that lost its link comes back by itself: any other may be somebody else with the link. */
    if (!device || device != p->device)
        p->resumable_until = 0;
    p->device = device;
    p->connected = true;
    p->broken = p->alive = 0;
    p->declined = false;
    p->sending = 0;
    p->sound_only = false;
    /* At once, or as soon within these seconds as they may. */
    if (p->resumable_until && model_may_admit(m, now, person)) {
        p->admitting = true;
        p->resumable_until = 0;
    }
}

void model_gone(struct model *m, usec_t now, int person)
{
    struct model_person *p = &m->people[person];
    bool was_in = p->admitted || p->admitting;
    p->connected = false;
    p->broken = p->alive = 0;
    if (person == m->asked_by)
        m->asked = 0;
    if (guest(p)) {
        model_out(m, person);
        if (was_in)
            p->resumable_until = now + 30 * USEC_PER_SEC;
    }
    p->sending = 0;
    turn_out(m, now);
}

void model_admitting(struct model *m, usec_t now, int person, unsigned minutes, enum mode limit)
{
    struct model_person *p = &m->people[person];
    p->limit = limit;
    p->admitting = true;
    p->resumable_until = 0;
    p->sending = 0;
    if (p->role != ROLE_LOVED_ONE || p->segment_until)
        return;
    unsigned most = rules(m)->segment_minutes;
    usec_t end = m->closes;
    if (minutes && (!most || minutes < most))
        most = minutes;
    if (most && now + most * 60 * USEC_PER_SEC < end)
        end = now + most * 60 * USEC_PER_SEC;
    p->segment_until = end;
}

bool model_commit(struct model *m, usec_t now, int person, bool durable)
{
    struct model_person *p = &m->people[person];
    bool in = p->admitting && durable && model_may_stay(m, now, person);
    p->admitting = false;
    p->admitted |= in;
    p->sending = 0;
    return in;
}
