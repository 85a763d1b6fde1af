#include "auth/fhir_provision.h"

#include <stdio.h>
#include <string.h>

#include "auth/fhir_date.h"
#include "auth/matrix.h"

#define ACT_REASON "http://terminology.hl7.org/CodeSystem/v3-ActReason"
#define PARTICIPATION "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
#define CONSENT_ACTION "http://terminology.hl7.org/CodeSystem/consentaction"

enum { DEPTH_MAX = 16, PURPOSES_MAX = 8 };

enum option { OPTION_CHAT = 1, OPTION_CLIENT_ABSENT_OK };

/* ---- Our own codes ---- */

static int kind_of(struct bytes word)
{
    enum session_kind kind = kind_parse(word);
    return matrix_row(kind, ROLE_LOVED_ONE)->needs_grant ? (int)kind : 0;
}
static int mode_of(struct bytes word)
{
    return (int)mode_parse(word);
}
static int topic_of(struct bytes word)
{
    return (int)topic_parse(word);
}
static int option_of(struct bytes word)
{
    return bytes_equal(word, bytes_of("chat"))               ? OPTION_CHAT
           : bytes_equal(word, bytes_of("client_absent_ok")) ? OPTION_CLIENT_ABSENT_OK
                                                             : 0;
}

enum vocabulary { KINDS, MODES, TOPICS, OPTIONS, VOCABULARIES };
static const struct {
    const char *system;
    int (*parse)(struct bytes);
} vocabularies[VOCABULARIES] = {
    [KINDS] = { FHIR_SYSTEMS "session-kind", kind_of },
    [MODES] = { FHIR_SYSTEMS "session-mode", mode_of },
    [TOPICS] = { FHIR_SYSTEMS "session-topic", topic_of },
    [OPTIONS] = { FHIR_SYSTEMS "session-option", option_of },
};

/* What one provision covers, within what its parents cover. */
struct cover {
    struct id person;
    int people;      /* loved ones named as recipients: 0, 1, or 2 for more than one */
    bool recipients; /* names any recipient, of whatever kind */
    bool named[VOCABULARIES];
    term_set sets[VOCABULARIES];
    bool foreign_class; /* a class that is none of ours */
    bool purposes_named;
    int purpose_count;
    const char *purposes[PURPOSES_MAX]; /* known ones */
    int64_t from, until;                /* read narrowly */
    bool has_end;
    enum fhir_reason fault; /* makes it no permit, whatever else it says */
    const char *where;
};

static void fail(struct cover *c, enum fhir_reason reason, const char *where)
{
    if (c->fault)
        return;
    c->fault = reason;
    c->where = where;
}

static void read_coding(struct fhir_reading *r, const json_t *coding, struct cover *own, bool is_class)
{
    for (int v = 0; v < VOCABULARIES; v++) {
        const char *system = fhir_text(r, coding, "system");
        if (!system || strcmp(system, vocabularies[v].system) != 0)
            continue;
        const char *code = fhir_text(r, coding, "code");
        int value = code ? vocabularies[v].parse(bytes_of(code)) : 0;
        if (!value || is_class != (v == KINDS))
            fail(own, FHIR_UNKNOWN_CODE, is_class ? "Consent.provision.class" : "Consent.provision.code");
        else
            own->sets[v] |= term_bit(value);
        own->named[v] = true;
        return;
    }
    own->foreign_class = own->foreign_class || is_class;
}

/* Session kinds are a `class`, everything else of ours a `code`. */
static void read_codes(struct fhir_reading *r, const json_t *provision, struct cover *own)
{
    const json_t *item, *coding;
    size_t i, j;
    json_array_foreach((json_t *)fhir_list(r, provision, "class"), i, item) read_coding(r, item, own, true);
    const json_t *codes = fhir_list(r, provision, "code");
    json_array_foreach((json_t *)codes, i, item) json_array_foreach((json_t *)fhir_list(r, item, "coding"), j, coding)
        read_coding(r, coding, own, false);
    /* Classes and codes of others alone mean some records: no kind of session is among them. */
    if (own->foreign_class && !own->named[KINDS])
        own->named[KINDS] = true;
    if (json_array_size(codes) > 0 && !own->named[MODES] && !own->named[TOPICS] && !own->named[OPTIONS])
        fail(own, FHIR_NARROWER, "Consent.provision.code");
}

/* A recipient is told by the role. A custodian only says whose records they are; any other role, such as an author's,
 * makes a rule about some records. */
static bool is_recipient(struct fhir_reading *r, const json_t *actor)
{
    const json_t *role = fhir_object(r, actor, "role");
    return fhir_concept_has(r, role, PARTICIPATION, "IRCP") || fhir_concept_has(r, role, PARTICIPATION, "PRCP");
}

static void read_people(struct fhir_reading *r, const json_t *provision, struct cover *own)
{
    const json_t *actor;
    size_t i;
    json_array_foreach((json_t *)fhir_list(r, provision, "actor"), i, actor)
    {
        struct id id;
        if (!is_recipient(r, actor)) {
            if (!fhir_concept_has(r, fhir_object(r, actor, "role"), PARTICIPATION, "CST"))
                fail(own, FHIR_NARROWER, "Consent.provision.actor.role");
            continue;
        }
        own->recipients = true;
        if (!fhir_reference(r, fhir_object(r, actor, "reference"), "RelatedPerson", &id))
            continue;
        if (own->people == 1 && id_equal(&own->person, &id))
            continue;
        own->person = id;
        own->people = own->people ? 2 : 1;
    }
}

static void read_purposes(struct fhir_reading *r, const json_t *provision, struct cover *own)
{
    const json_t *list = fhir_list(r, provision, "purpose"), *coding;
    size_t i;
    own->purposes_named = json_array_size(list) > 0;
    json_array_foreach((json_t *)list, i, coding)
    {
        const char *code = fhir_code(r, coding, ACT_REASON);
        if (code && consent_purpose_known(code) && own->purpose_count < PURPOSES_MAX)
            own->purposes[own->purpose_count++] = code;
    }
}

static void read_period(struct fhir_reading *r, const json_t *provision, struct cover *own)
{
    const json_t *period = fhir_object(r, provision, "period");
    const char *start = fhir_text(r, period, "start"), *end = fhir_text(r, period, "end");
    struct fhir_date date;
    if (start && !fhir_date_parse(start, &date))
        fail(own, FHIR_BAD_PERIOD, "Consent.provision.period.start");
    else if (start)
        own->from = date.latest;
    if (end && !fhir_date_parse(end, &date))
        fail(own, FHIR_BAD_PERIOD, "Consent.provision.period.end");
    else if (end)
        own->until = date.ends_earliest;
    own->has_end = end != NULL;
}

/* A session can't be held to some records, labels or dates, nor to an action that is neither access nor disclosure. */
static void read_limits(struct fhir_reading *r, const json_t *provision, struct cover *own)
{
    const json_t *actions = fhir_list(r, provision, "action"), *action;
    bool suits = json_array_size(actions) == 0;
    size_t i;
    json_array_foreach((json_t *)actions, i, action) suits = suits ||
                                                             fhir_concept_has(r, action, CONSENT_ACTION, "access") ||
                                                             fhir_concept_has(r, action, CONSENT_ACTION, "disclose");
    if (!suits)
        fail(own, FHIR_NARROWER, "Consent.provision.action");
    if (json_object_get(provision, "data"))
        fail(own, FHIR_NARROWER, "Consent.provision.data");
    if (json_object_get(provision, "dataPeriod"))
        fail(own, FHIR_NARROWER, "Consent.provision.dataPeriod");
    if (json_object_get(provision, "securityLabel"))
        fail(own, FHIR_NARROWER, "Consent.provision.securityLabel");
}

static struct cover read_cover(struct fhir_reading *r, const json_t *provision)
{
    struct cover own = { .from = INT64_MIN, .until = INT64_MAX };
    read_codes(r, provision, &own);
    read_people(r, provision, &own);
    read_purposes(r, provision, &own);
    read_period(r, provision, &own);
    read_limits(r, provision, &own);
    return own;
}

static void narrow_purposes(const struct cover *outer, struct cover *own)
{
    if (!outer->purposes_named)
        return;
    struct cover both = { 0 };
    for (int i = 0; i < outer->purpose_count; i++) {
        bool shared = !own->purposes_named;
        for (int j = 0; j < own->purpose_count; j++)
            shared = shared || strcmp(outer->purposes[i], own->purposes[j]) == 0;
        if (shared)
            both.purposes[both.purpose_count++] = outer->purposes[i];
    }
    memcpy(own->purposes, both.purposes, sizeof own->purposes);
    own->purpose_count = both.purpose_count;
    own->purposes_named = true;
}

/* What a provision names goes for everybody below it: who is named below must be among them. */
static void narrow_people(const struct cover *outer, struct cover *own)
{
    if (!outer->recipients)
        return;
    if (!own->recipients) {
        own->person = outer->person;
        own->people = outer->people;
        own->recipients = true;
    } else if (outer->people == 0 || (own->people && !id_equal(&own->person, &outer->person))) {
        fail(own, FHIR_NO_PERSON, "Consent.provision.actor");
    }
}

/* Keeps of a provision what its parents cover too. */
static void narrow(const struct cover *outer, struct cover *own)
{
    narrow_people(outer, own);
    for (int v = 0; v < VOCABULARIES; v++)
        if (outer->named[v]) {
            own->sets[v] = own->named[v] ? own->sets[v] & outer->sets[v] : outer->sets[v];
            own->named[v] = true;
        }
    narrow_purposes(outer, own);
    own->from = own->from > outer->from ? own->from : outer->from;
    own->until = own->until < outer->until ? own->until : outer->until;
    own->has_end = own->has_end || outer->has_end;
    if (outer->fault)
        fail(own, outer->fault, outer->where);
}

/* ---- The tree ---- */

enum effect { EFFECT_FRAME, EFFECT_PERMIT, EFFECT_DENY };

static enum effect effect_of(struct fhir_reading *r, const json_t *provision, int depth)
{
    const char *type = fhir_text(r, provision, "type");
    if (!type)
        return depth == 0 ? EFFECT_FRAME : EFFECT_DENY;
    if (strcmp(type, "permit") != 0 && strcmp(type, "deny") != 0 && !r->bad)
        r->bad = "type";
    return strcmp(type, "permit") == 0 ? EFFECT_PERMIT : EFFECT_DENY;
}

/* Why this permit is not a grant: the parts in the order in which they are reported. */
static struct fhir_finding flaw_of(const struct cover *c)
{
    const struct {
        bool there;
        struct fhir_finding otherwise;
    } parts[] = {
        { !c->fault, { c->fault, c->where, 0 } },
        { c->people > 0, { FHIR_NO_PERSON, "Consent.provision.actor", 0 } },
        { c->people < 2, { FHIR_TWO_PEOPLE, "Consent.provision.actor", 0 } },
        { c->has_end, { FHIR_NO_END, "Consent.provision.period.end", 0 } },
        { c->from < c->until, { FHIR_BAD_PERIOD, "Consent.provision.period", 0 } },
        { c->purpose_count > 0, { FHIR_NO_PURPOSE, "Consent.provision.purpose", 0 } },
        { c->sets[KINDS] != 0, { FHIR_NO_KIND, "Consent.provision.class", 0 } },
        { c->sets[MODES] != 0, { FHIR_NO_MODE, "Consent.provision.code", 0 } },
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!parts[i].there)
            return parts[i].otherwise;
    return (struct fhir_finding){ 0 };
}

struct search {
    struct cover found;
    int count;                /* of permits that are whole */
    struct fhir_finding flaw; /* of the last one that is not */
    bool too_deep;
};

static void find_permits(struct fhir_reading *r, const json_t *provision, const struct cover *outer, int depth,
                         struct search *s)
{
    struct cover cover = read_cover(r, provision);
    if (outer)
        narrow(outer, &cover);
    if (effect_of(r, provision, depth) == EFFECT_PERMIT) {
        struct fhir_finding flaw = flaw_of(&cover);
        if (flaw.reason)
            s->flaw = flaw;
        else if (s->count++ == 0)
            s->found = cover;
    }
    const json_t *list = fhir_list(r, provision, "provision"), *inner;
    size_t i;
    s->too_deep = s->too_deep || (depth == DEPTH_MAX && list);
    if (depth < DEPTH_MAX)
        json_array_foreach((json_t *)list, i, inner) find_permits(r, inner, &cover, depth + 1, s);
}

/* Does the provision say of each of its actors that it is another named loved one, as recipient? */
static bool is_about_others(struct fhir_reading *r, const json_t *provision, const struct id *person)
{
    const json_t *list = fhir_list(r, provision, "actor"), *actor;
    size_t i;
    json_array_foreach((json_t *)list, i, actor)
    {
        struct id id;
        bool named =
            is_recipient(r, actor) && fhir_reference(r, fhir_object(r, actor, "reference"), "RelatedPerson", &id);
        if (!named || id_equal(&id, person))
            return false;
    }
    return json_array_size(list) > 0;
}

/* Its period, read as long as its dates can mean, does not touch the permit's. */
static bool is_another_time(struct fhir_reading *r, const json_t *provision, const struct cover *permit)
{
    const json_t *period = fhir_object(r, provision, "period");
    const char *start = fhir_text(r, period, "start"), *end = fhir_text(r, period, "end");
    struct fhir_date date;
    bool begins_after = start && fhir_date_parse(start, &date) && date.earliest >= permit->until;
    bool ended_before = end && fhir_date_parse(end, &date) && date.ends_latest <= permit->from;
    return begins_after || ended_before;
}

static bool is_denied(struct fhir_reading *r, const json_t *provision, const struct cover *permit, int depth)
{
    const json_t *inner;
    size_t i;
    if (effect_of(r, provision, depth) == EFFECT_DENY) {
        struct cover cover = read_cover(r, provision);
        bool other_kinds = cover.named[KINDS] && !cover.foreign_class && cover.fault != FHIR_UNKNOWN_CODE &&
                           !(cover.sets[KINDS] & permit->sets[KINDS]);
        if (!other_kinds && !is_about_others(r, provision, &permit->person) && !is_another_time(r, provision, permit))
            return true;
    }
    json_array_foreach((json_t *)fhir_list(r, provision, "provision"), i,
                       inner) if (is_denied(r, inner, permit, depth + 1)) return true;
    return false;
}

struct fhir_finding fhir_provision_read(struct fhir_reading *r, const json_t *provision, struct fhir_permit *permit)
{
    struct search s = { .flaw = { FHIR_NO_PERMIT, "Consent.provision", 0 } };
    if (!provision)
        return s.flaw;
    find_permits(r, provision, NULL, 0, &s);
    if (s.too_deep)
        return (struct fhir_finding){ FHIR_TOO_DEEP, "Consent.provision", 0 };
    if (s.count == 0)
        return s.flaw;
    if (s.count > 1)
        return (struct fhir_finding){ FHIR_TWO_PERMITS, "Consent.provision", 0 };
    if (is_denied(r, provision, &s.found, 0))
        return (struct fhir_finding){ FHIR_DENIED, "Consent.provision", 0 };
    *permit = (struct fhir_permit){
        .person = s.found.person,
        .kinds = s.found.sets[KINDS],
        .modes = s.found.sets[MODES],
        .topics = s.found.sets[TOPICS],
        .chat = term_in(s.found.sets[OPTIONS], OPTION_CHAT),
        .client_absent_ok = term_in(s.found.sets[OPTIONS], OPTION_CLIENT_ABSENT_OK),
        .not_before = s.found.from,
        .expires = s.found.until,
    };
    snprintf(permit->purpose, sizeof permit->purpose, "%s", s.found.purposes[0]);
    return (struct fhir_finding){ 0 };
}
