#include "sim/model.h"

static bool guest(const struct model_person *p)
{
    return p->role == ROLE_LOVED_ONE || p->role == ROLE_INTERPRETER;
}

static bool has(const struct model *m, enum role role)
{
    for (int i = 0; i < m->count; i++)
        if (m->people[i].role == role && m->people[i].connected)
            return true;
    return false;
}

static bool granted(const struct model_person *p, usec_t now)
{
    return p->role != ROLE_LOVED_ONE || (now >= p->grant_from && now < p->grant_until);
}

void model_out(struct model *m, int person)
{
    m->people[person].admitted = false;
    m->people[person].resumable_until = 0;
    m->people[person].sending = 0;
}

void model_segment_over(struct model *m, int person)
{
    m->people[person].segment_until = 0;
    m->people[person].agreed = false;
}

static void everybody_out(struct model *m)
{
    for (int i = 0; i < m->count; i++)
        if (guest(&m->people[i]))
            model_out(m, i);
}

void model_at(struct model *m, usec_t now)
{
    if (now >= m->closes)
        m->over = true;
    for (int i = 0; i < m->count; i++) {
        struct model_person *p = &m->people[i];
        bool segment_over = p->segment_until && now >= p->segment_until;
        if (m->over || segment_over || !granted(p, now))
            if (guest(p))
                model_out(m, i);
        if (segment_over)
            model_segment_over(m, i);
        if (p->resumable_until && now >= p->resumable_until)
            p->resumable_until = 0;
    }
}

bool model_open(const struct model *m, usec_t now)
{
    return !m->over && now >= m->opens && has(m, ROLE_THERAPIST);
}

bool model_in(const struct model *m, int person)
{
    const struct model_person *p = &m->people[person];
    return p->connected && (!guest(p) || p->admitted);
}

source_mask model_may(const struct model *m, usec_t now, int to, int from)
{
    const struct model_person *receiver = &m->people[to], *publisher = &m->people[from];
    if (to == from || !model_open(m, now) || !model_in(m, to) || !model_in(m, from))
        return 0;
    if ((guest(receiver) || guest(publisher)) && !has(m, ROLE_CLIENT))
        return 0;
    if (!granted(receiver, now) || !granted(publisher, now))
        return 0;
    return publisher->sending & publisher->sends & (source_mask)~publisher->muted & receiver->receives;
}

bool model_may_admit(const struct model *m, usec_t now, int person)
{
    const struct model_person *p = &m->people[person];
    usec_t minute = 60 * USEC_PER_SEC;
    if (!guest(p) || !p->connected || p->removed || !model_open(m, now) || !has(m, ROLE_CLIENT) ||
        m->closes < now + minute)
        return false;
    if (p->role == ROLE_INTERPRETER)
        return true;
    if (!p->agreed || !granted(p, now) || p->grant_until < now + minute)
        return false;
    return !p->segment_until || p->segment_until >= now + minute;
}

void model_joined(struct model *m, usec_t now, int person)
{
    struct model_person *p = &m->people[person];
    p->connected = true;
    p->sending = 0;
    if (p->resumable_until && model_may_admit(m, now, person))
        p->admitted = true;
    p->resumable_until = 0;
}

void model_gone(struct model *m, usec_t now, int person)
{
    struct model_person *p = &m->people[person];
    bool was_in = p->admitted;
    p->connected = false;
    if (guest(p)) {
        model_out(m, person);
        if (was_in)
            p->resumable_until = now + 30 * USEC_PER_SEC;
    }
    p->sending = 0;
    if (!has(m, ROLE_THERAPIST) || !has(m, ROLE_CLIENT))
        everybody_out(m);
}

void model_admitted(struct model *m, usec_t now, int person, unsigned minutes)
{
    struct model_person *p = &m->people[person];
    p->admitted = true;
    p->sending = 0;
    if (p->role != ROLE_LOVED_ONE || p->segment_until)
        return;
    unsigned most = 20;
    p->segment_until = now + (minutes && minutes < most ? minutes : most) * 60 * USEC_PER_SEC;
    if (p->segment_until > m->closes)
        p->segment_until = m->closes;
}
