#include "shell/plan_file.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where in the file we are, for the problem: "sessions[2].people[0]". */
struct place {
    char text[96];
    struct problem *problem;
};

static enum status bad(const struct place *place, const char *format, ...) __attribute__((format(printf, 2, 3)));
static enum status bad(const struct place *place, const char *format, ...)
{
    char why[280];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    snprintf(place->problem->text, sizeof place->problem->text, "%s: %s", place->text, why);
    return ERR_MALFORMED;
}

static struct place below(const struct place *place, const char *name, size_t index)
{
    struct place inner = { .problem = place->problem };
    snprintf(inner.text, sizeof inner.text, "%.60s%s%s[%zu]", place->text, *place->text ? "." : "", name, index);
    return inner;
}

static enum status take_id(const struct place *place, const char *key, const char *text, struct id *id)
{
    if (!id_parse(bytes_of(text), id))
        return bad(place, "'%s' must be 1 to 32 of letters, digits, '-' and '_', not '%.40s'", key, text);
    return OK;
}

/* A list of words to a set of terms. */
static enum status take_set(const struct place *place, const char *key, const json_t *list, int (*parse)(struct bytes),
                            term_set *set)
{
    size_t i;
    json_t *word;
    *set = 0;
    json_array_foreach(list, i, word)
    {
        int value = json_is_string(word) ? parse(bytes_of(json_string_value(word))) : 0;
        if (!value)
            return bad(place, "'%s' holds an unknown word", key);
        *set |= term_bit(value);
    }
    return *set ? OK : bad(place, "'%s' must be a list with at least one word", key);
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

static enum status take_person(const struct place *place, json_t *json, struct plan_person *person)
{
    const char *participation, *who, *role, *name;
    json_error_t error;
    if (json_unpack_ex(json, &error, JSON_STRICT, "{s:s, s:s, s:s, s:s}", "participation", &participation, "person",
                       &who, "role", &role, "name", &name))
        return bad(place, "%s", error.text);
    TRY(take_id(place, "participation", participation, &person->participation));
    TRY(take_id(place, "person", who, &person->person));
    person->role = role_parse(bytes_of(role));
    if (!person->role)
        return bad(place, "'role' must be client, therapist, loved_one, interpreter or admin, not '%.40s'", role);
    if (!*name || strlen(name) > NAME_MAX_BYTES)
        return bad(place, "'name' must be 1 to %d bytes long", NAME_MAX_BYTES);
    strcpy(person->name, name);
    return OK;
}

/* Printable and short: a code or a reference, no prose. */
static enum status take_text(const struct place *place, const char *key, const char *text, char to[GRANT_TEXT_MAX + 1])
{
    size_t len = strlen(text);
    bool printable = true;
    for (size_t i = 0; i < len; i++)
        printable = printable && text[i] > ' ' && text[i] <= '~';
    if (len == 0 || len > GRANT_TEXT_MAX || !printable)
        return bad(place, "'%s' must be 1 to %d printable characters without spaces", key, GRANT_TEXT_MAX);
    memcpy(to, text, len + 1);
    return OK;
}

/* What may be left out and still be a complete consent: yes to nothing more, active. */
struct grant_options {
    json_t *topics;
    int chat, client_absent_ok;
    const char *status;
};

static enum status take_grant_options(const struct place *place, const struct grant_options *o, struct grant *grant)
{
    if (o->topics && json_array_size(o->topics) > 0)
        TRY(take_set(place, "topics", o->topics, parse_topic, &grant->topics));
    else if (o->topics && !json_is_array(o->topics))
        return bad(place, "'topics' must be a list");
    grant->chat = o->chat != 0;
    grant->client_absent_ok = o->client_absent_ok != 0;
    grant->status = o->status ? grant_status_parse(bytes_of(o->status)) : GRANT_ACTIVE;
    if (!grant->status)
        return bad(place, "'status' must be active, withdrawn or grants_nothing, not '%.40s'", o->status);
    return OK;
}

static enum status take_grant(const struct place *place, json_t *json, struct grant *grant)
{
    const char *id, *client, *person, *granted_by, *purpose, *notice_version, *evidence;
    json_t *kinds, *modes;
    json_int_t epoch, not_before, expires;
    struct grant_options o = { 0 };
    json_error_t error;
    if (json_unpack_ex(json, &error, JSON_STRICT,
                       "{s:s, s:I, s:s, s:s, s:s, s:o, s:o, s:s, s:I, s:I, s:s, s:s, s?o, s?b, s?b, s?s}", "id", &id,
                       "epoch", &epoch, "client", &client, "person", &person, "granted_by", &granted_by, "kinds",
                       &kinds, "modes", &modes, "purpose", &purpose, "not_before", &not_before, "expires", &expires,
                       "notice_version", &notice_version, "evidence", &evidence, "topics", &o.topics, "chat", &o.chat,
                       "client_absent_ok", &o.client_absent_ok, "status", &o.status))
        return bad(place, "%s", error.text);
    TRY(take_id(place, "id", id, &grant->id));
    TRY(take_id(place, "client", client, &grant->client));
    TRY(take_id(place, "person", person, &grant->person));
    TRY(take_set(place, "kinds", kinds, parse_kind, &grant->kinds));
    TRY(take_set(place, "modes", modes, parse_mode, &grant->modes));
    TRY(take_text(place, "purpose", purpose, grant->purpose));
    TRY(take_text(place, "notice_version", notice_version, grant->notice_version));
    TRY(take_text(place, "evidence", evidence, grant->evidence));
    TRY(take_grant_options(place, &o, grant));
    if (epoch < 1 || epoch > UINT32_MAX)
        return bad(place, "'epoch' must be 1 or more");
    if (expires <= not_before)
        return bad(place, "'expires' must be later than 'not_before'");
    grant->epoch = (uint32_t)epoch;
    grant->granted_by = granted_by_parse(bytes_of(granted_by));
    grant->not_before = not_before;
    grant->expires = expires;
    const char *missing = consent_missing(grant);
    return missing ? bad(place, "'%s' is unknown or out of range", missing) : OK;
}

static enum status take_people(const struct place *place, const json_t *list, struct plan *plan)
{
    size_t i;
    json_t *json;
    if (!json_is_array(list) || json_array_size(list) > PLAN_PEOPLE_MAX)
        return bad(place, "'people' must be a list of at most %d", PLAN_PEOPLE_MAX);
    json_array_foreach(list, i, json)
    {
        struct place inner = below(place, "people", i);
        struct plan_person *person = &plan->people[i];
        TRY(take_person(&inner, json, person));
        for (size_t before = 0; before < i; before++)
            if (id_equal(&plan->people[before].participation, &person->participation))
                return bad(&inner, "'participation' %s is there twice", person->participation.text);
        if (person->role == ROLE_CLIENT && !id_equal(&person->person, &plan->client))
            return bad(&inner, "a client who is not the session's 'client'");
        plan->people_count++;
    }
    return OK;
}

static enum status take_grants(const struct place *place, const json_t *list, struct plan *plan)
{
    size_t i;
    json_t *json;
    if (!json_is_array(list) || json_array_size(list) > PLAN_GRANTS_MAX)
        return bad(place, "'grants' must be a list of at most %d", PLAN_GRANTS_MAX);
    json_array_foreach(list, i, json)
    {
        struct place inner = below(place, "grants", i);
        TRY(take_grant(&inner, json, &plan->grants[plan->grant_count++]));
    }
    return OK;
}

static enum status take_session(const struct place *place, json_t *json, struct plan *plan)
{
    const char *id, *kind, *client;
    json_int_t opens_at, closes_at;
    json_t *people, *grants;
    json_error_t error;
    if (json_unpack_ex(json, &error, JSON_STRICT, "{s:s, s:s, s:I, s:I, s:s, s:o, s:o}", "id", &id, "kind", &kind,
                       "opens_at", &opens_at, "closes_at", &closes_at, "client", &client, "people", &people, "grants",
                       &grants))
        return bad(place, "%s", error.text);
    TRY(take_id(place, "id", id, &plan->session));
    TRY(take_id(place, "client", client, &plan->client));
    plan->kind = kind_parse(bytes_of(kind));
    if (!plan->kind)
        return bad(place, "'kind' must be individual, family, workshop, check_in, discharge or group, not '%.40s'",
                   kind);
    if (closes_at <= opens_at)
        return bad(place, "'closes_at' must be later than 'opens_at'");
    plan->opens_at = opens_at;
    plan->closes_at = closes_at;
    TRY(take_people(place, people, plan));
    return take_grants(place, grants, plan);
}

static enum status take_sessions(const struct place *root, const json_t *list, struct plan_list *plans)
{
    size_t i;
    json_t *json;
    json_array_foreach(list, i, json)
    {
        struct place place = below(root, "sessions", i);
        TRY(take_session(&place, json, &plans->at[i]));
        for (size_t before = 0; before < i; before++)
            if (id_equal(&plans->at[before].session, &plans->at[i].session))
                return bad(&place, "'id' %s is there twice", plans->at[i].session.text);
        plans->count++;
    }
    return OK;
}

enum status plan_file_parse(struct bytes text, struct plan_list *out, struct problem *problem)
{
    struct place root = { .problem = problem };
    struct plan_list plans = { 0 };
    enum status status = ERR_MALFORMED;
    json_error_t error;
    json_t *sessions, *json = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!json) {
        snprintf(problem->text, sizeof problem->text, "line %d: %.200s", error.line, error.text);
        return ERR_MALFORMED;
    }
    if (json_unpack_ex(json, &error, JSON_STRICT, "{s:o}", "sessions", &sessions) || !json_is_array(sessions)) {
        snprintf(problem->text, sizeof problem->text, "must be one object with the list 'sessions' and nothing else");
        goto out;
    }
    status = ERR_NO_MEMORY;
    plans.at = calloc(json_array_size(sessions) + 1, sizeof *plans.at);
    if (!plans.at)
        goto out;
    status = take_sessions(&root, sessions, &plans);
    if (status == OK)
        *out = plans;
out:
    if (status != OK)
        plan_list_deinit(&plans);
    json_decref(json);
    return status;
}

void plan_list_deinit(struct plan_list *plans)
{
    free(plans->at);
    *plans = (struct plan_list){ 0 };
}
