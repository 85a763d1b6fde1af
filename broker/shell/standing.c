#include "shell/standing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { FACTS_FIRST = 64 };

enum fact_kind {
    FACT_REMOVED = 1,
    FACT_ENDED,
    FACT_ACKNOWLEDGED,
};

struct standing_fact {
    enum fact_kind kind;
    size_t next;     /* in its chain: 1 + index; 0: the last */
    struct id about; /* the session; of an acknowledgement, the person */
    union {
        struct {
            struct id participation, device;
        } removed;
        struct {
            int64_t at; /* Unix seconds */
        } ended;
        struct acknowledgement acknowledged;
    };
};

void standing_deinit(struct standing *s)
{
    free(s->facts);
    free(s->heads);
    *s = (struct standing){ 0 };
}

/* ---- Chains ---- */

static size_t *chain_of(const struct standing *s, const struct id *about)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (const char *at = about->text; *at; at++)
        hash = (hash ^ (uint8_t)*at) * 0x100000001b3u;
    return &s->heads[(hash ^ hash >> 32) % (2 * s->cap)];
}

static void link_fact(struct standing *s, size_t index)
{
    size_t *head = chain_of(s, &s->facts[index].about);
    s->facts[index].next = *head;
    *head = 1 + index;
}

static enum status grow(struct standing *s)
{
    size_t cap = s->cap ? 2 * s->cap : FACTS_FIRST;
    size_t *heads = calloc(2 * cap, sizeof *heads);
    struct standing_fact *facts = heads ? realloc(s->facts, cap * sizeof *facts) : NULL;
    if (!facts) {
        free(heads);
        return ERR_NO_MEMORY;
    }
    free(s->heads);
    s->facts = facts;
    s->heads = heads;
    s->cap = cap;
    for (size_t i = 0; i < s->count; i++)
        link_fact(s, i);
    return OK;
}

static enum status add(struct standing *s, const struct standing_fact *fact)
{
    if (s->count == s->cap)
        TRY(grow(s));
    s->facts[s->count] = *fact;
    link_fact(s, s->count++);
    return OK;
}

/* The next of this kind about this id; after NULL, the first. */
static struct standing_fact *next_fact(const struct standing *s, enum fact_kind kind, const struct id *about,
                                       const struct standing_fact *after)
{
    size_t at = after ? after->next : s->cap ? *chain_of(s, about) : 0;
    for (; at; at = s->facts[at - 1].next) {
        struct standing_fact *fact = &s->facts[at - 1];
        if (fact->kind == kind && id_equal(&fact->about, about))
            return fact;
    }
    return NULL;
}

/* ---- What a record decides ---- */

static enum status note_removed(struct standing *s, const struct record *record)
{
    struct standing_fact fact = { .kind = FACT_REMOVED,
                                  .about = record->session,
                                  .removed = { record->participation, record->device } };
    return add(s, &fact);
}

/* One that was cancelled never began: the box it was to have is at most a lobby away, and counts as ended from its
 * first second. */
static int64_t ended_at(const struct record *record)
{
    int64_t unix_s = record->unix_us / (int64_t)USEC_PER_SEC;
    if (strcmp(record->reason, "cancelled") == 0)
        return unix_s + PLAN_LOBBY_S;
    return strcmp(record->reason, "ended") == 0 ? unix_s : 0;
}

static enum status note_ended(struct standing *s, const struct record *record)
{
    struct standing_fact fact = { .kind = FACT_ENDED, .about = record->session, .ended = { ended_at(record) } };
    if (fact.ended.at == 0)
        return OK;
    struct standing_fact *known = next_fact(s, FACT_ENDED, &record->session, NULL);
    if (!known)
        return add(s, &fact);
    if (known->ended.at < fact.ended.at)
        known->ended = fact.ended;
    return OK;
}

static bool is_same(const struct acknowledgement *a, const struct acknowledgement *b)
{
    return a->kind == b->kind && strcmp(a->guidance_version, b->guidance_version) == 0 &&
           strcmp(a->notice_version, b->notice_version) == 0;
}

/* The one that is known already; NULL: none is. */
static const struct acknowledgement *known_as(const struct standing *s, const struct acknowledgement *acknowledged)
{
    const struct standing_fact *fact = NULL;
    while ((fact = next_fact(s, FACT_ACKNOWLEDGED, &acknowledged->person, fact)))
        if (is_same(&fact->acknowledged, acknowledged))
            return &fact->acknowledged;
    return NULL;
}

bool standing_acknowledgement(const struct record *record, struct acknowledgement *acknowledged)
{
    if (record->kind != RECORD_ACKNOWLEDGED)
        return false;
    *acknowledged = (struct acknowledgement){ .person = record->person,
                                              .kind = kind_parse(bytes_of(record->reason)),
                                              .at = record->unix_us / (int64_t)USEC_PER_SEC };
    snprintf(acknowledged->guidance_version, sizeof acknowledged->guidance_version, "%s", record->guidance_version);
    snprintf(acknowledged->notice_version, sizeof acknowledged->notice_version, "%s", record->notice_version);
    return acknowledged->kind != 0 && acknowledged->person.text[0];
}

static enum status note_acknowledged(struct standing *s, const struct record *record)
{
    struct standing_fact fact = { .kind = FACT_ACKNOWLEDGED, .about = record->person };
    if (!standing_acknowledgement(record, &fact.acknowledged) || known_as(s, &fact.acknowledged))
        return OK;
    return add(s, &fact);
}

enum status standing_note(struct standing *s, const struct record *record)
{
    switch (record->kind) {
    case RECORD_REMOVED:
        return note_removed(s, record);
    case RECORD_SESSION:
        return note_ended(s, record);
    case RECORD_ACKNOWLEDGED:
        return note_acknowledged(s, record);
    default:
        return OK;
    }
}

/* ---- Asking ---- */

bool standing_denied(const void *standing, const struct id *session, const struct id *participation,
                     const struct id *device)
{
    const struct standing_fact *fact = NULL;
    while ((fact = next_fact(standing, FACT_REMOVED, session, fact)))
        if (id_equal(&fact->removed.participation, participation) ||
            (device->text[0] && id_equal(&fact->removed.device, device)))
            return true;
    return false;
}

static const struct acknowledgement *acknowledged_by(const struct standing *s, const struct plan *plan,
                                                     const struct plan_person *person)
{
    struct acknowledgement asked = { .person = person->person, .kind = plan->kind };
    memcpy(asked.guidance_version, plan->guidance_version, sizeof asked.guidance_version);
    memcpy(asked.notice_version, plan->notice_version, sizeof asked.notice_version);
    return person->role == ROLE_LOVED_ONE ? known_as(s, &asked) : NULL;
}

void standing_fill(const struct standing *s, struct plan *plan)
{
    static const struct id no_device;
    const struct standing_fact *ended = next_fact(s, FACT_ENDED, &plan->session, NULL);
    plan->ended_at = ended ? ended->ended.at : 0;
    for (size_t i = 0; i < plan->people_count; i++) {
        struct plan_person *person = &plan->people[i];
        person->denied = standing_denied(s, &plan->session, &person->participation, &no_device);
        const struct acknowledgement *acknowledged = acknowledged_by(s, plan, person);
        person->acknowledged = acknowledged;
        person->acknowledged_at = acknowledged ? acknowledged->at : 0;
    }
    const struct standing_fact *removed = NULL;
    plan->denied_device_count = 0;
    while ((removed = next_fact(s, FACT_REMOVED, &plan->session, removed)))
        plan_deny_device(plan, &removed->removed.device);
}
