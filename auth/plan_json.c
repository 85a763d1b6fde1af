#include "auth/plan_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { STEP_MINUTES_MAX = 600 };
/* 9999-12-31T23:59:59Z: what RFC 3339 can still write. */
#define LAST_SECOND INT64_C(253402300799)

struct json_place json_place_at(char *why, size_t why_size)
{
    return (struct json_place){ .why = why, .why_size = why_size };
}

enum status json_place_bad(const struct json_place *place, const char *format, ...)
{
    char why[280];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    snprintf(place->why, place->why_size, "%s%s%s", place->text, *place->text ? ": " : "", why);
    return ERR_MALFORMED;
}

struct json_place json_place_below(const struct json_place *place, const char *name, size_t index)
{
    struct json_place inner = { .why = place->why, .why_size = place->why_size };
    snprintf(inner.text, sizeof inner.text, "%.60s%s%s[%zu]", place->text, *place->text ? "." : "", name, index);
    return inner;
}

/* ---- Reading ---- */

static enum status take_id(const struct json_place *place, const char *key, const char *text, struct id *id)
{
    if (!id_parse(bytes_of(text), id))
        return json_place_bad(place, "'%s' must be " ID_RULE ", unlike '%.40s'", key, text);
    return OK;
}

static enum status take_id_or_none(const struct json_place *place, const char *key, const char *text, struct id *id)
{
    *id = (struct id){ 0 };
    return text ? take_id(place, key, text, id) : OK;
}

/* A list of words to a set of terms. */
static enum status take_set(const struct json_place *place, const char *key, const json_t *list,
                            int (*parse)(struct bytes), term_set *set)
{
    size_t i;
    json_t *word;
    *set = 0;
    json_array_foreach(list, i, word)
    {
        int value = json_is_string(word) ? parse(bytes_of(json_string_value(word))) : 0;
        if (!value)
            return json_place_bad(place, "'%s' holds an unknown word", key);
        *set |= term_bit(value);
    }
    return *set ? OK : json_place_bad(place, "'%s' must be a list with at least one word", key);
}

static int parse_kind(struct bytes word)
{
    return (int)kind_parse(word);
}
static int parse_mode(struct bytes word)
{
    return (int)mode_parse(word);
}
static int parse_topic(struct bytes word)
{
    return (int)topic_parse(word);
}

static enum status take_name(const struct json_place *place, const char *key, const char *text,
                             char to[NAME_MAX_BYTES + 1])
{
    size_t len = strlen(text);
    if (len == 0 || len > NAME_MAX_BYTES)
        return json_place_bad(place, "'%s' must be 1 to %d bytes long", key, NAME_MAX_BYTES);
    for (size_t i = 0; i < len; i++)
        if ((uint8_t)text[i] < ' ' || text[i] == 0x7f)
            return json_place_bad(place, "'%s' must hold no control characters", key);
    memcpy(to, text, len + 1);
    return OK;
}

static enum status take_person(const struct json_place *place, json_t *json, struct plan_person *person)
{
    const char *participation, *who, *role, *name, *client = NULL, *alias = NULL;
    json_error_t error;
    if (json_unpack_ex(json, &error, JSON_STRICT, "{s:s, s:s, s:s, s:s, s?s, s?s}", "participation", &participation,
                       "person", &who, "role", &role, "name", &name, "client", &client, "alias", &alias))
        return json_place_bad(place, "%s", error.text);
    TRY(take_id(place, "participation", participation, &person->participation));
    TRY(take_id(place, "person", who, &person->person));
    TRY(take_id_or_none(place, "client", client, &person->client));
    person->role = role_parse(bytes_of(role));
    if (!person->role)
        return json_place_bad(place, "'role' must be client, therapist, loved_one, interpreter or admin, not '%.40s'",
                              role);
    TRY(take_name(place, "name", name, person->name));
    return alias ? take_name(place, "alias", alias, person->alias) : OK;
}

/* Printable and short: a code or a reference, no prose. */
static enum status take_text(const struct json_place *place, const char *key, const char *text, char *to, size_t max)
{
    size_t len = strlen(text);
    bool printable = true;
    for (size_t i = 0; i < len; i++)
        printable = printable && text[i] > ' ' && text[i] <= '~';
    if (len == 0 || len > max || !printable)
        return json_place_bad(place, "'%s' must be 1 to %zu printable characters without spaces", key, max);
    memcpy(to, text, len + 1);
    return OK;
}

/* What may be left out and still be a complete consent: yes to nothing more, active. */
struct grant_options {
    json_t *topics;
    int chat, client_absent_ok;
    const char *status;
};

static enum status take_grant_options(const struct json_place *place, const struct grant_options *o,
                                      struct grant *grant)
{
    if (o->topics && json_array_size(o->topics) > 0)
        TRY(take_set(place, "topics", o->topics, parse_topic, &grant->topics));
    else if (o->topics && !json_is_array(o->topics))
        return json_place_bad(place, "'topics' must be a list");
    grant->chat = o->chat != 0;
    grant->client_absent_ok = o->client_absent_ok != 0;
    grant->status = o->status ? grant_status_parse(bytes_of(o->status)) : GRANT_ACTIVE;
    if (!grant->status)
        return json_place_bad(place, "'status' must be active, withdrawn or grants_nothing, not '%.40s'", o->status);
    return OK;
}

enum status grant_json_read(const struct json_place *place, json_t *json, enum plan_json_form form, struct grant *grant)
{
    const char *id = NULL, *client, *person, *granted_by, *purpose, *notice_version, *evidence;
    json_t *kinds, *modes;
    json_int_t epoch = 0, not_before, expires;
    struct grant_options o = { 0 };
    bool whole = form == PLAN_JSON_FILE;
    json_error_t error;
    if (json_unpack_ex(json, &error, JSON_STRICT,
                       whole ? "{s:s, s:I, s:s, s:s, s:s, s:o, s:o, s:s, s:I, s:I, s:s, s:s, s?o, s?b, s?b, s?s}"
                             : "{s?s, s?I, s:s, s:s, s:s, s:o, s:o, s:s, s:I, s:I, s:s, s:s, s?o, s?b, s?b, s?s}",
                       "id", &id, "epoch", &epoch, "client", &client, "person", &person, "granted_by", &granted_by,
                       "kinds", &kinds, "modes", &modes, "purpose", &purpose, "not_before", &not_before, "expires",
                       &expires, "notice_version", &notice_version, "evidence", &evidence, "topics", &o.topics, "chat",
                       &o.chat, "client_absent_ok", &o.client_absent_ok, "status", &o.status))
        return json_place_bad(place, "%s", error.text);
    *grant = (struct grant){ 0 };
    TRY(take_id_or_none(place, "id", id, &grant->id));
    TRY(take_id(place, "client", client, &grant->client));
    TRY(take_id(place, "person", person, &grant->person));
    TRY(take_set(place, "kinds", kinds, parse_kind, &grant->kinds));
    TRY(take_set(place, "modes", modes, parse_mode, &grant->modes));
    TRY(take_text(place, "purpose", purpose, grant->purpose, GRANT_TEXT_MAX));
    TRY(take_text(place, "notice_version", notice_version, grant->notice_version, GRANT_TEXT_MAX));
    TRY(take_text(place, "evidence", evidence, grant->evidence, EVIDENCE_MAX));
    TRY(take_grant_options(place, &o, grant));
    bool unsaid = !whole && !json_object_get(json, "epoch");
    if ((!unsaid && epoch < 1) || epoch > UINT32_MAX)
        return json_place_bad(place, "'epoch' must be 1 or more");
    if (expires <= not_before)
        return json_place_bad(place, "'expires' must be later than 'not_before'");
    grant->epoch = (uint32_t)epoch;
    grant->granted_by = granted_by_parse(bytes_of(granted_by));
    grant->not_before = not_before;
    grant->expires = expires;
    /* What the address will say. */
    struct grant complete = *grant;
    if (!complete.id.text[0])
        strcpy(complete.id.text, "unsaid");
    if (unsaid)
        complete.epoch = 1;
    const char *missing = consent_missing(&complete);
    return missing ? json_place_bad(place, "'%s' is unknown or out of range", missing) : OK;
}

static enum status take_people(const struct json_place *place, const json_t *list, struct plan *plan)
{
    size_t i;
    json_t *json;
    if (!json_is_array(list) || json_array_size(list) > PLAN_PEOPLE_MAX)
        return json_place_bad(place, "'people' must be a list of at most %d", PLAN_PEOPLE_MAX);
    json_array_foreach(list, i, json)
    {
        struct json_place inner = json_place_below(place, "people", i);
        struct plan_person person = { 0 };
        TRY(take_person(&inner, json, &person));
        for (size_t before = 0; before < i; before++)
            if (id_equal(&plan->people[before].participation, &person.participation))
                return json_place_bad(&inner, "'participation' %s is there twice", person.participation.text);
        if (person.role == ROLE_CLIENT && !id_equal(&person.person, &plan->client))
            return json_place_bad(&inner, "a client who is not the session's 'client'");
        TRY(plan_add_person(plan, &person));
    }
    return OK;
}

static enum status take_grants(const struct json_place *place, const json_t *list, struct plan *plan)
{
    size_t i;
    json_t *json;
    if (!json_is_array(list) || json_array_size(list) > PLAN_GRANTS_MAX)
        return json_place_bad(place, "'grants' must be a list of at most %d", PLAN_GRANTS_MAX);
    json_array_foreach(list, i, json)
    {
        struct json_place inner = json_place_below(place, "grants", i);
        struct grant grant;
        TRY(grant_json_read(&inner, json, PLAN_JSON_FILE, &grant));
        TRY(plan_add_grant(plan, &grant));
    }
    return OK;
}

static enum status take_agenda(const struct json_place *place, const json_t *list, struct plan *plan)
{
    size_t i;
    json_t *json;
    if (!json_is_array(list) || json_array_size(list) > PLAN_STEPS_MAX)
        return json_place_bad(place, "'agenda' must be a list of at most %d", PLAN_STEPS_MAX);
    json_array_foreach(list, i, json)
    {
        struct json_place inner = json_place_below(place, "agenda", i);
        const char *title;
        json_int_t minutes;
        json_error_t error;
        if (json_unpack_ex(json, &error, JSON_STRICT, "{s:s, s:I}", "title", &title, "minutes", &minutes))
            return json_place_bad(&inner, "%s", error.text);
        TRY(take_name(&inner, "title", title, plan->agenda[i].title));
        if (minutes < 1 || minutes > STEP_MINUTES_MAX)
            return json_place_bad(&inner, "'minutes' must be 1 to %d", STEP_MINUTES_MAX);
        plan->agenda[i].minutes = (uint32_t)minutes;
        plan->step_count++;
    }
    return OK;
}

/* What may be left out of any session. */
struct session_options {
    json_t *agenda;
    const char *guidance_version, *notice_version;
};

static enum status take_session_options(const struct json_place *place, const struct session_options *o,
                                        struct plan *plan)
{
    if (o->agenda)
        TRY(take_agenda(place, o->agenda, plan));
    if (o->guidance_version)
        TRY(take_text(place, "guidance_version", o->guidance_version, plan->guidance_version, GRANT_TEXT_MAX));
    return o->notice_version
               ? take_text(place, "notice_version", o->notice_version, plan->notice_version, GRANT_TEXT_MAX)
               : OK;
}

static enum status take_box(const struct json_place *place, json_int_t opens_at, json_int_t closes_at,
                            struct plan *plan)
{
    if (closes_at <= opens_at)
        return json_place_bad(place, "'closes_at' must be later than 'opens_at'");
    if (opens_at < 0 || closes_at > LAST_SECOND)
        return json_place_bad(place, "'opens_at' and 'closes_at' must be seconds of the years 1970 to 9999");
    plan->opens_at = opens_at;
    plan->closes_at = closes_at;
    return OK;
}

static enum status take_plan(const struct json_place *place, json_t *json, enum plan_json_form form, struct plan *plan)
{
    const char *id = NULL, *kind, *client;
    json_int_t opens_at, closes_at;
    json_t *people, *grants = NULL;
    struct session_options o = { 0 };
    json_error_t error;
    /* Either form's own two come last, and are taken by the other for unknown keys. */
    int bad = form == PLAN_JSON_FILE
                  ? json_unpack_ex(json, &error, JSON_STRICT, "{s:s, s:I, s:I, s:s, s:o, s?o, s?s, s?s, s:s, s:o}",
                                   "kind", &kind, "opens_at", &opens_at, "closes_at", &closes_at, "client", &client,
                                   "people", &people, "agenda", &o.agenda, "guidance_version", &o.guidance_version,
                                   "notice_version", &o.notice_version, "id", &id, "grants", &grants)
                  : json_unpack_ex(json, &error, JSON_STRICT, "{s:s, s:I, s:I, s:s, s:o, s?o, s?s, s?s, s?s}", "kind",
                                   &kind, "opens_at", &opens_at, "closes_at", &closes_at, "client", &client, "people",
                                   &people, "agenda", &o.agenda, "guidance_version", &o.guidance_version,
                                   "notice_version", &o.notice_version, "id", &id);
    if (bad)
        return json_place_bad(place, "%s", error.text);
    TRY(take_id_or_none(place, "id", id, &plan->session));
    TRY(take_id(place, "client", client, &plan->client));
    plan->kind = kind_parse(bytes_of(kind));
    if (!plan->kind)
        return json_place_bad(
            place, "'kind' must be individual, family, workshop, check_in, discharge or group, not '%.40s'", kind);
    TRY(take_box(place, opens_at, closes_at, plan));
    TRY(take_people(place, people, plan));
    TRY(take_session_options(place, &o, plan));
    return grants ? take_grants(place, grants, plan) : OK;
}

enum status plan_json_read(const struct json_place *place, json_t *json, enum plan_json_form form, struct plan *plan)
{
    struct plan read = { .guidance_version = GUIDANCE_CURRENT, .notice_version = NOTICE_CURRENT };
    enum status status = take_plan(place, json, form, &read);
    if (status == OK)
        *plan = read;
    else
        plan_deinit(&read);
    return status;
}

/* ---- Writing ---- */

static void put_text(json_t *object, const char *key, const char *text)
{
    if (*text)
        json_object_set_new(object, key, json_string(text));
}

static json_t *words_of(term_set set, const char *(*name)(int))
{
    json_t *list = json_array();
    for (int value = 1; value < 32; value++)
        if (term_in(set, value))
            json_array_append_new(list, json_string(name(value)));
    return list;
}

static const char *name_kind(int value)
{
    return kind_name((enum session_kind)value);
}
static const char *name_mode(int value)
{
    return mode_name((enum mode)value);
}
static const char *name_topic(int value)
{
    return topic_name((enum topic)value);
}

static json_t *person_json(const struct plan_person *person)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "participation", person->participation.text, "person",
                             person->person.text, "role", role_name(person->role), "name", person->name);
    if (json) {
        put_text(json, "client", person->client.text);
        put_text(json, "alias", person->alias);
    }
    return json;
}

json_t *plan_json_write(const struct plan *plan)
{
    json_t *people = json_array(), *agenda = json_array();
    for (size_t i = 0; i < plan->people_count; i++)
        json_array_append_new(people, person_json(&plan->people[i]));
    for (size_t i = 0; i < plan->step_count; i++)
        json_array_append_new(agenda, json_pack("{s:s, s:I}", "title", plan->agenda[i].title, "minutes",
                                                (json_int_t)plan->agenda[i].minutes));
    json_t *json =
        json_pack("{s:s, s:s, s:I, s:I, s:s, s:o, s:o}", "id", plan->session.text, "kind", kind_name(plan->kind),
                  "opens_at", (json_int_t)plan->opens_at, "closes_at", (json_int_t)plan->closes_at, "client",
                  plan->client.text, "people", people, "agenda", agenda);
    if (json) {
        put_text(json, "guidance_version", plan->guidance_version);
        put_text(json, "notice_version", plan->notice_version);
    }
    return json;
}

json_t *grant_json_write(const struct grant *grant)
{
    json_t *json = json_pack("{s:s, s:I, s:s, s:o, s:o, s:o, s:b, s:b, s:I, s:I, s:s}", "id", grant->id.text, "epoch",
                             (json_int_t)grant->epoch, "status", grant_status_name(grant->status), "kinds",
                             words_of(grant->kinds, name_kind), "modes", words_of(grant->modes, name_mode), "topics",
                             words_of(grant->topics, name_topic), "chat", grant->chat, "client_absent_ok",
                             grant->client_absent_ok, "not_before", (json_int_t)grant->not_before, "expires",
                             (json_int_t)grant->expires, "client", grant->client.text);
    /* A record that grants nothing has none of these. */
    if (json) {
        put_text(json, "person", grant->person.text);
        put_text(json, "granted_by", grant->granted_by ? granted_by_name(grant->granted_by) : "");
        put_text(json, "purpose", grant->purpose);
        put_text(json, "notice_version", grant->notice_version);
        put_text(json, "evidence", grant->evidence);
    }
    return json;
}
