#include "api/calls.h"
#include "api/texts.h"

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#undef ERR_STATE
#include <stdlib.h>
#include <string.h>

/* ---- The table ---- */

enum body_type { BODY_NONE, BODY_JSON, BODY_FHIR };

/* No scope of a token's: who signed in as a person has it, whatever their token says. */
static const scope_set STAFF = (scope_set)1 << 31;

static const struct route {
    const char *method, *pattern; /* `*` stands for an id */
    scope_set scope;              /* any of these; 0: for everybody */
    enum body_type body;
    bool remake; /* the answer holds a name or a secret: it is not kept, but made again of the same request */
    void (*handle)(struct call *);
} routes[] = {
    { "GET", "/api/v1/sessions", SCOPE_SESSIONS_READ, BODY_NONE, false, on_sessions_list },
    { "POST", "/api/v1/sessions", SCOPE_SESSIONS_WRITE, BODY_JSON, true, on_session_post },
    { "GET", "/api/v1/sessions/*", SCOPE_SESSIONS_READ, BODY_NONE, false, on_session_get },
    { "PUT", "/api/v1/sessions/*", SCOPE_SESSIONS_WRITE, BODY_JSON, false, on_session_put },
    { "GET", "/api/v1/sessions/*.ics", SCOPE_SESSIONS_READ, BODY_NONE, false, on_session_ics },
    { "GET", "/api/v1/sessions/*/participations", SCOPE_SESSIONS_READ, BODY_NONE, false, on_participations_get },
    { "POST", "/api/v1/sessions/*/moderation", SCOPE_MODERATE, BODY_JSON, false, on_moderation_post },
    { "POST", "/api/v1/sessions/*/links", STAFF, BODY_NONE, true, on_link_post },
    { "GET", "/api/v1/sessions/*/invitations", SCOPE_INVITATIONS_READ, BODY_NONE, false, on_invitations_list },
    { "POST", "/api/v1/sessions/*/invitations", SCOPE_INVITATIONS_WRITE, BODY_JSON, true, on_invitation_post },
    { "DELETE", "/api/v1/invitations/*", SCOPE_INVITATIONS_WRITE, BODY_NONE, false, on_invitation_delete },
    { "POST", "/api/v1/invitations/*/deliver", SCOPE_INVITATIONS_WRITE, BODY_NONE, true, on_invitation_deliver },
    { "GET", "/api/v1/deliveries", SCOPE_DELIVERIES_READ, BODY_NONE, false, on_deliveries_list },
    { "GET", "/api/v1/grants/*", SCOPE_GRANTS_READ, BODY_NONE, false, on_grant_get },
    { "PUT", "/api/v1/grants/*", SCOPE_GRANTS_WRITE, BODY_JSON, false, on_grant_put },
    { "DELETE", "/api/v1/grants/*", SCOPE_GRANTS_WRITE, BODY_NONE, false, on_grant_delete },
    { "GET", "/api/v1/texts", SCOPE_GUIDANCE_WRITE | SCOPE_SESSIONS_READ, BODY_NONE, false, on_texts_list },
    { "PUT", "/api/v1/texts/guidance/*", SCOPE_GUIDANCE_WRITE, BODY_JSON, false, on_guidance_put },
    { "PUT", "/api/v1/texts/notice/*", SCOPE_GUIDANCE_WRITE, BODY_JSON, false, on_notice_put },
    { "GET", "/fhir/Consent/*", SCOPE_GRANTS_READ, BODY_NONE, false, on_consent_get },
    { "PUT", "/fhir/Consent/*", SCOPE_GRANTS_WRITE, BODY_FHIR, false, on_consent_put },
    { "DELETE", "/fhir/Consent/*", SCOPE_GRANTS_WRITE, BODY_NONE, false, on_consent_delete },
    { "POST", "/fhir", SCOPE_GRANTS_WRITE, BODY_FHIR, false, on_bundle_post },
    { "POST", "/join/open", 0, BODY_JSON, false, on_join_open },
    { "POST", "/join/code", 0, BODY_JSON, false, on_join_code },
    { "GET", "/texts/guidance/*", 0, BODY_NONE, false, on_guidance_get },
    { "GET", "/texts/notice/*", 0, BODY_NONE, false, on_notice_get },
    { "GET", "/api/v1/live", SCOPE_DASHBOARD_READ, BODY_NONE, false, on_live_get },
    { "GET", "/api/v1/history", SCOPE_DASHBOARD_READ, BODY_NONE, false, on_history_get },
    { "GET", "/api/v1/capacity", SCOPE_DASHBOARD_READ | SCOPE_SESSIONS_READ, BODY_NONE, false, on_capacity_get },
    { "POST", "/admin/session", SCOPE_DASHBOARD_READ, BODY_NONE, true, on_admin_post },
    { "GET", "/admin/session", SCOPE_DASHBOARD_READ, BODY_NONE, false, on_admin_get },
    { "DELETE", "/admin/session", SCOPE_DASHBOARD_READ, BODY_NONE, false, on_admin_delete },
    { "GET", "/api/v1/openapi.json", 0, BODY_NONE, false, on_document_get },
};

enum { ROUTES = sizeof routes / sizeof *routes };

/* Up to the next slash. Ids may hold dots, so `.ics` at the end is never taken for a part of one. */
static struct bytes id_text(const char *path)
{
    static const char calendar[] = ".ics";
    const size_t suffix = sizeof calendar - 1;
    size_t len = strcspn(path, "/");
    if (len >= suffix && memcmp(path + len - suffix, calendar, suffix) == 0)
        len -= suffix;
    return (struct bytes){ (const uint8_t *)path, len };
}

static bool matches(const char *pattern, const char *path, struct id *id)
{
    struct id found = { 0 };
    for (; *pattern; pattern++) {
        if (*pattern != '*') {
            if (*path++ != *pattern)
                return false;
            continue;
        }
        struct bytes text = id_text(path);
        if (!id_parse(text, &found))
            return false;
        path += text.len;
    }
    if (*path)
        return false;
    *id = found;
    return true;
}

/* PROBLEM_NONE with the route, or what is wrong with the address; then with a route only if that is for everybody. */
static enum problem find_route(const struct api_request *request, const struct route **found, struct id *id,
                               struct api_response *response)
{
    struct writer allow = writer_over((uint8_t *)response->allow, sizeof response->allow - 1);
    for (size_t i = 0; i < ROUTES; i++) {
        if (!matches(routes[i].pattern, request->path, id))
            continue;
        if (strcmp(routes[i].method, request->method) == 0) {
            *found = &routes[i];
            memset(response->allow, 0, sizeof response->allow);
            return PROBLEM_NONE;
        }
        if (!routes[i].scope) /* everybody knows of it anyway */
            *found = &routes[i];
        write_format(&allow, "%s%s", allow.len ? ", " : "", routes[i].method);
    }
    return allow.len ? PROBLEM_METHOD : PROBLEM_NOT_FOUND;
}

/* ---- Who asks ---- */

/* RFC 6750 2.1. The scheme's case does not matter (RFC 9110 11.1). */
static bool bearer(const char *authorization, struct bytes *token)
{
    static const char scheme[] = "bearer ";
    for (size_t i = 0; scheme[i]; i++)
        if ((authorization[i] | 0x20) != scheme[i] && authorization[i] != scheme[i])
            return false;
    *token = bytes_of(authorization + sizeof scheme - 1);
    return true;
}

/* A system by our own token, or else a person by the identity provider's. Each is for an audience that the other is
 * not, so the order decides nothing. */
static enum status identify(struct call *call, struct bytes token)
{
    struct api *api = call->api;
    struct service_claims service;
    struct staff_claims staff;
    enum status status = service_token_verify(api->keyring, api->issuer, token, now_unix_s(call->now), &service);
    if (status == OK)
        call->caller = (struct caller){ .who = service.service, .scopes = service.scopes, .expires = service.expires };
    if (status == OK || !api->oidc)
        return status;
    status = oidc_verify(api->oidc, token, now_unix_s(call->now), &staff);
    if (status == OK)
        call->caller = (struct caller){
            .who = staff.person, .scopes = staff.scopes | STAFF, .is_staff = true, .expires = staff.expires
        };
    call->effects->wants_keys = status == ERR_UNKNOWN;
    return status;
}

bool api_is_ours(const struct api *api, const char *origin)
{
    bool ours = !*origin;
    for (size_t i = 0; i < api->origin_count; i++)
        ours |= strcmp(api->origins[i], origin) == 0;
    return ours;
}

/* A browser sends its cookies whoever's page asks, so the page must be of the same origin by the browser's own word: it
 * says so with each request (Sec-Fetch-Site), and older ones by Origin with all but GET. A request that says neither
 * is nobody's. */
static bool is_same_origin(const struct call *call)
{
    const struct api_request *r = call->request;
    bool said = *r->fetch_site ? strcmp(r->fetch_site, "same-origin") == 0 : *r->origin != 0;
    return said && api_is_ours(call->api, r->origin);
}

static enum status identify_by_cookie(struct call *call)
{
    struct admin_session *session =
        is_same_origin(call) ? admins_find(&call->api->admins, call->now, call->request->cookie) : NULL;
    if (!session)
        return ERR_AUTH;
    call->caller = (struct caller){ .who = session->who,
                                    .scopes = session->scopes,
                                    .is_staff = session->is_staff,
                                    .expires = session->expires,
                                    .cookie = session };
    return OK;
}

/* A token that is no good is not made up for by a cookie. */
static enum status identify_caller(struct call *call)
{
    struct bytes token;
    if (!*call->request->authorization)
        return identify_by_cookie(call);
    return bearer(call->request->authorization, &token) ? identify(call, token) : ERR_AUTH;
}

static enum problem check_caller(struct call *call, const struct route *route)
{
    if (route && !route->scope)
        return PROBLEM_NONE;
    if (identify_caller(call) != OK)
        return PROBLEM_UNAUTHORIZED;
    return !route || (call->caller.scopes & route->scope) ? PROBLEM_NONE : PROBLEM_FORBIDDEN;
}

/* ---- What is asked ---- */

/* The media type, whatever its parameters. */
static bool is_type(const char *content_type, const char *wanted)
{
    size_t len = strlen(wanted);
    for (size_t i = 0; i < len; i++)
        if ((content_type[i] | 0x20) != wanted[i] && content_type[i] != wanted[i])
            return false;
    return content_type[len] == 0 || content_type[len] == ';' || content_type[len] == ' ';
}

static enum problem read_body(struct call *call, enum body_type type)
{
    const struct api_request *r = call->request;
    if (type == BODY_NONE)
        return PROBLEM_NONE;
    if (r->body.len > API_BODY_MAX)
        return PROBLEM_TOO_LARGE;
    if (!is_type(r->content_type, "application/json") &&
        !(type == BODY_FHIR && is_type(r->content_type, "application/fhir+json")))
        return PROBLEM_MEDIA_TYPE;
    if (type == BODY_FHIR) /* by auth/fhir, which has words of its own for what is wrong */
        return PROBLEM_NONE;
    call->body = json_loadb((const char *)r->body.at, r->body.len, JSON_REJECT_DUPLICATES, NULL);
    return json_is_object(call->body) ? PROBLEM_NONE : PROBLEM_NOT_JSON;
}

/* ---- Idempotency (draft-ietf-httpapi-idempotency-key-header) ---- */

static void hash_of(uint8_t hash[STORE_HASH_LEN], const struct bytes *parts, size_t count)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    for (size_t i = 0; i < count && done; i++) {
        uint8_t len[8]; /* so that no two lists of parts read alike */
        struct writer w = writer_over(len, sizeof len);
        write_be64(&w, parts[i].len);
        done = EVP_DigestUpdate(context, len, sizeof len) && EVP_DigestUpdate(context, parts[i].at, parts[i].len);
    }
    /* Without memory, a hash that fits nothing that is stored. */
    memset(hash, 0, STORE_HASH_LEN);
    if (done)
        EVP_DigestFinal_ex(context, hash, NULL);
    EVP_MD_CTX_free(context);
}

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

static enum problem replay(struct call *call, const struct route *route, struct store_reply *kept, bool *answered)
{
    struct api *api = call->api;
    if (memcmp(kept->request, api->reply.request, STORE_HASH_LEN) != 0)
        return PROBLEM_KEY_REUSED;
    call->made_at = kept->made_at;
    call->replayed = true;
    if (route->remake)
        return PROBLEM_NONE;
    struct api_response *response = call->response;
    response->status = kept->status;
    response->content_type =
        strcmp(kept->content_type, "application/fhir+json") == 0 ? "application/fhir+json" : "application/json";
    memcpy(response->location, kept->location, sizeof response->location);
    response->body = kept->body;
    kept->body = NULL;
    *answered = true;
    return PROBLEM_NONE;
}

/* Each system and each person has keys of their own. Where everybody may ask there are none. */
static enum problem look_for_reply(struct call *call, const struct route *route, bool *answered)
{
    struct api *api = call->api;
    const struct api_request *r = call->request;
    struct store_reply kept = { 0 };
    if (strcmp(r->method, "POST") != 0 || !*r->idempotency_key || !route->scope)
        return PROBLEM_NONE;
    if (strlen(r->idempotency_key) > API_KEY_MAX || !is_printable(r->idempotency_key))
        return PROBLEM_BAD_KEY;
    const struct bytes key[] = { bytes_of(call->caller.is_staff ? "kinroom-reply-staff" : "kinroom-reply"),
                                 bytes_of(call->caller.who.text), bytes_of(r->idempotency_key) };
    const struct bytes asked[] = { bytes_of(r->method), bytes_of(r->path), r->body };
    hash_of(call->key, key, sizeof key / sizeof *key);
    memcpy(api->reply.key, call->key, STORE_HASH_LEN);
    hash_of(api->reply.request, asked, sizeof asked / sizeof *asked);
    call->keyed = api->keep_reply = true;
    api->remake = route->remake;
    enum status status = api->store->ops->reply_get(api->store, call->key, &kept);
    enum problem problem = status == OK || status == ERR_UNKNOWN ? PROBLEM_NONE : PROBLEM_UNAVAILABLE;
    if (status == OK && kept.made_at > call->made_at - API_REPLY_KEPT_S) {
        api->keep_reply = false;
        problem = replay(call, route, &kept, answered);
    }
    api->reply.made_at = call->made_at;
    free(kept.body);
    return problem;
}

static void keep_reply(struct api *api, struct api_response *response)
{
    struct store_reply *reply = &api->reply;
    if (!api->keep_reply || response->status >= 300)
        return;
    reply->status = response->status;
    strcpy(reply->content_type, response->content_type ? response->content_type : "");
    memcpy(reply->location, response->location, sizeof reply->location);
    reply->body = api->remake || !response->body ? "" : response->body;
    if (api->store->ops->reply_put(api->store, reply, reply->made_at - API_REPLY_KEPT_S) != OK)
        problem_answer(response, PROBLEM_UNAVAILABLE, NULL);
}

/* ---- The two steps ---- */

/* Whoever has no token learns nothing of which addresses there are. */
static enum problem answer(struct call *call)
{
    const struct route *route = NULL;
    bool answered = false;
    enum problem lost = find_route(call->request, &route, &call->id, call->response);
    enum problem problem = check_caller(call, route);
    if (!problem)
        problem = lost;
    if (!problem)
        problem = read_body(call, route->body);
    if (!problem)
        problem = look_for_reply(call, route, &answered);
    if (!problem && !answered)
        route->handle(call);
    return problem;
}

void api_handle(struct api *api, struct now now, const struct api_request *request, struct api_response *response,
                struct api_effects *effects)
{
    struct call call = {
        .api = api,
        .now = now,
        .request = request,
        .made_at = now_unix_s(now),
        .response = response,
        .effects = effects,
    };
    *response = (struct api_response){ 0 };
    bytes_wipe(&effects->delivery, sizeof effects->delivery); /* the secret of the request before */
    effects->grant_count = 0;
    effects->plan = NULL;
    effects->has_moderation = effects->has_question = effects->has_code = false;
    effects->has_delivery = effects->wants_keys = false;
    api->settle = NULL;
    api->keep_reply = api->remake = false;
    plan_deinit(&api->plan);
    enum problem problem = answer(&call);
    json_decref(call.body);
    plan_deinit(&call.plan);
    if (problem == PROBLEM_UNAUTHORIZED)
        memset(response->allow, 0, sizeof response->allow);
    if (problem)
        problem_answer(response, problem, NULL);
}

void api_settle(struct api *api, struct now now, const struct api_outcome *outcome, struct api_response *response)
{
    struct call call = { .api = api, .now = now, .response = response };
    if (api->settle)
        api->settle(&call, outcome);
    api->settle = NULL;
    keep_reply(api, response);
    api->keep_reply = false;
}

/* ---- For the handlers ---- */

void call_answer(struct call *call, int status, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (!text) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
        return;
    }
    call->response->status = status;
    call->response->content_type = "application/json";
    call->response->body = text;
}

void call_answer_text(struct call *call, int status, const char *content_type, struct bytes text)
{
    char *copy = malloc(text.len + 1);
    if (!copy) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
        return;
    }
    memcpy(copy, text.at, text.len);
    copy[text.len] = 0;
    call->response->status = status;
    call->response->content_type = content_type;
    call->response->body = copy;
}

void call_fail(struct call *call, enum problem problem, const char *detail)
{
    problem_answer(call->response, problem, detail);
}

void call_fail_with(struct call *call, enum problem problem, const char *detail, json_t *members)
{
    problem_answer_with(call->response, problem, detail, members);
}

void call_fail_invalid(struct call *call, char *why)
{
    static const char *const values[] = { ", not '", ", unlike '" };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char *value = strstr(why, values[i]);
        if (value)
            *value = 0;
    }
    call_fail(call, PROBLEM_INVALID, why);
}

const struct plan *call_find_plan(struct call *call)
{
    enum status status = call->api->store->ops->plan_get(call->api->store, &call->id, &call->plan);
    if (status == OK)
        return &call->plan;
    call_fail(call, status == ERR_UNKNOWN ? PROBLEM_NOT_FOUND : PROBLEM_UNAVAILABLE, NULL);
    return NULL;
}

const struct plan_person *call_find_person(const struct plan *plan, const char *participation)
{
    for (size_t i = 0; i < plan->people_count; i++)
        if (strcmp(plan->people[i].participation.text, participation) == 0)
            return &plan->people[i];
    return NULL;
}

bool call_is_denied(const struct call *call, const struct id *session, const struct id *participation,
                    const struct id *device)
{
    const struct api *api = call->api;
    return api->denied && api->denied(api->denied_context, session, participation, device);
}

struct id call_fresh_id(const struct call *call, const char *use)
{
    uint8_t bytes[STORE_HASH_LEN];
    struct id id = { 0 };
    struct writer w = writer_over((uint8_t *)id.text, sizeof id.text);
    if (call->keyed)
        hash_of(bytes,
                (const struct bytes[]){
                    { call->key, STORE_HASH_LEN }, { call->api->reply.request, STORE_HASH_LEN }, bytes_of(use) },
                3);
    else
        entropy_fill(&call->api->entropy, bytes, sizeof bytes);
    for (size_t i = 0; i < ID_FRESH_BYTES; i++)
        write_format(&w, "%02x", bytes[i]);
    return id;
}

void on_document_get(struct call *call)
{
    call_answer_text(call, 200, "application/json", bytes_of(api_document));
}

/* ---- Making ---- */

static char *joined(const char *a, const char *b)
{
    size_t size = strlen(a) + strlen(b) + 1;
    char *text = malloc(size);
    if (text) {
        strcpy(text, a);
        strcat(text, b);
    }
    return text;
}

enum status api_create(struct api **created, const struct api_config *config)
{
    struct api *api = calloc(1, sizeof *api);
    if (!api)
        return ERR_NO_MEMORY;
    api->store = config->store;
    api->keyring = config->keyring;
    api->entropy = config->entropy;
    api->oidc = config->oidc;
    api->denied = config->denied;
    api->denied_context = config->denied_context;
    api->delivers = config->delivers;
    api->deliveries = config->deliveries;
    api->deliveries_context = config->deliveries_context;
    api->origins = config->origins;
    api->origin_count = config->origin_count;
    api->pulse = config->pulse;
    api->node.id = config->node;
    api->node.started_us = config->started_us;
    api->capacity = config->capacity;
    api->failing = config->failing;
    api->failing_context = config->failing_context;
    api->issuer = joined(config->issuer, "");
    api->base_url = joined(config->base_url, "");
    api->fhir_base = joined(config->base_url, "/fhir");
    enum status status = api->issuer && api->base_url && api->fhir_base ? texts_bring(api->store) : ERR_NO_MEMORY;
    if (status != OK) {
        api_destroy(api);
        return status;
    }
    *created = api;
    return OK;
}

void api_destroy(struct api *api)
{
    if (!api)
        return;
    plan_deinit(&api->plan);
    bytes_wipe(&api->admins, sizeof api->admins);
    free(api->issuer);
    free(api->base_url);
    free(api->fhir_base);
    free(api);
}

void api_response_deinit(struct api_response *response)
{
    /* It may hold a link. */
    if (response->body)
        bytes_wipe(response->body, strlen(response->body));
    free(response->body);
    bytes_wipe(response->cookie, sizeof response->cookie);
    *response = (struct api_response){ 0 };
}
