/* calls.h - one request on its way: what a handler reads and writes. For api.c and the handlers of calls_*.c. */
#pragma once

#include <jansson.h>

#include "api/admin.h"
#include "api/problem.h"
#include "auth/fhir.h"
#include "auth/service_token.h"

struct call;

struct api {
    struct store *store;
    const struct keyring *keyring;
    char *issuer, *base_url, *fhir_base;
    struct entropy entropy;
    struct oidc *oidc; /* may be NULL, as the two calls below */
    bool delivers;
    bool (*denied)(const void *, const struct id *session, const struct id *participation, const struct id *device);
    const struct delivery *(*deliveries)(const void *, size_t *count);
    const void *denied_context, *deliveries_context;
    const char *const *origins;
    size_t origin_count;
    const struct pulse *pulse;
    struct {
        struct id id;
        usec_t started_us;
    } node;
    uint64_t capacity;
    bool (*failing)(const void *); /* may be NULL */
    const void *failing_context;
    struct admins admins;
    /* Of the request between api_handle and api_settle. */
    bool keep_reply, remake;
    struct store_reply reply;                                  /* key, request and time of the one to keep */
    void (*settle)(struct call *, const struct api_outcome *); /* what is left to do then; NULL: nothing */
    struct plan plan;                                          /* the session that it is about, until the next one */
};

/* Who asks. */
struct caller {
    struct id who; /* a system, or a person who signed in */
    scope_set scopes;
    bool is_staff;                /* a person */
    int64_t expires;              /* of their token; Unix seconds */
    struct admin_session *cookie; /* by which they come; NULL: by the token itself */
};

struct call {
    struct api *api;
    struct now now;
    const struct api_request *request;
    struct caller caller; /* empty where everybody may ask */
    struct id id;         /* what stood for `*` in the path; empty without one */
    json_t *body;         /* of a request with JSON */
    struct plan plan;     /* what a handler reads or finds, until it returns */
    int64_t made_at;      /* Unix seconds: when a request with this Idempotency-Key first came; else now */
    bool replayed;        /* it was done then: the answer is all that is wanted */
    bool keyed;           /* there is such a key, and ids are made of it: */
    uint8_t key[STORE_HASH_LEN];
    struct api_response *response;
    struct api_effects *effects;
};

/* Takes the JSON, NULL included (then it is 503). */
void call_answer(struct call *, int status, json_t *);
void call_answer_text(struct call *, int status, const char *content_type, struct bytes);
void call_fail(struct call *, enum problem, const char *detail);
/* With members of its own (RFC 9457 3.2), which it takes. */
void call_fail_with(struct call *, enum problem, const char *detail, json_t *members);
/* 422 in words of plan_json.h, less the value that was sent: it may hold what nobody should read in a log. */
void call_fail_invalid(struct call *, char *why);
/* The session of the address, until the handler returns; NULL: the call has failed. */
const struct plan *call_find_plan(struct call *);
/* NULL when they are none of its people. */
const struct plan_person *call_find_person(const struct plan *, const char *participation);
/* Whether they were removed from this session; device: empty when none is known. */
bool call_is_denied(const struct call *, const struct id *session, const struct id *participation,
                    const struct id *device);
/* A fresh opaque id: random, or the same each time for the same Idempotency-Key, request and use. A key that comes
 * again once its reply is forgotten, for something else, must not lead to what was made before. */
struct id call_fresh_id(const struct call *, const char *use);

/* Whether a page of this origin is one of ours; "": it is no page. */
bool api_is_ours(const struct api *, const char *origin);

/* Handlers; each answers. */
void on_sessions_list(struct call *);
void on_session_post(struct call *);
void on_session_put(struct call *);
void on_session_get(struct call *);
void on_session_ics(struct call *);
void on_grant_put(struct call *);
void on_grant_get(struct call *);
void on_grant_delete(struct call *);
void on_consent_put(struct call *);
void on_consent_get(struct call *);
void on_consent_delete(struct call *);
void on_bundle_post(struct call *);
void on_invitations_list(struct call *);
void on_invitation_post(struct call *);
void on_invitation_delete(struct call *);
void on_invitation_deliver(struct call *);
void on_deliveries_list(struct call *);
void on_join_open(struct call *);
void on_join_code(struct call *);
void on_participations_get(struct call *);
void on_moderation_post(struct call *);
void on_link_post(struct call *);
void on_texts_list(struct call *);
void on_guidance_put(struct call *);
void on_notice_put(struct call *);
void on_guidance_get(struct call *);
void on_notice_get(struct call *);
void on_live_get(struct call *);
void on_history_get(struct call *);
void on_capacity_get(struct call *);
void on_admin_post(struct call *);
void on_admin_get(struct call *);
void on_admin_delete(struct call *);
void on_document_get(struct call *);
