/* calls.h - one request on its way: what a handler reads and writes. For api.c and the handlers of calls_*.c. */
#pragma once

#include <jansson.h>

#include "api/problem.h"
#include "auth/fhir.h"
#include "auth/service_token.h"

struct api {
    struct store *store;
    const struct keyring *keyring;
    char *issuer, *base_url, *fhir_base;
    struct entropy entropy;
    /* Of the request between api_handle and api_settle. */
    bool keep_reply, remake;
    struct store_reply reply; /* key, request and time of the one to keep */
    bool has_plan, replaces;
    struct plan plan; /* to be stored when its room has taken it */
};

struct call {
    struct api *api;
    struct now now;
    const struct api_request *request;
    struct id id;    /* what stood for `*` in the path; empty without one */
    json_t *body;    /* of a request with JSON */
    int64_t made_at; /* Unix seconds: when a request with this Idempotency-Key first came; else now */
    bool replayed;   /* it was done then: the answer is all that is wanted */
    bool keyed;      /* there is such a key, and ids are made of it: */
    uint8_t key[STORE_HASH_LEN];
    struct api_response *response;
    struct api_effects *effects;
};

/* Takes the JSON, NULL included (then it is 503). */
void call_answer(struct call *, int status, json_t *);
void call_answer_text(struct call *, int status, const char *content_type, struct bytes);
void call_fail(struct call *, enum problem, const char *detail);
/* A fresh opaque id: random, or the same each time for the same Idempotency-Key and use. */
struct id call_fresh_id(const struct call *, const char *use);

/* Handlers; each answers. */
void on_sessions_list(struct call *);
void on_session_post(struct call *);
void on_session_put(struct call *);
void on_session_get(struct call *);
void on_session_ics(struct call *);
void on_link_post(struct call *);
void on_grant_put(struct call *);
void on_grant_get(struct call *);
void on_grant_delete(struct call *);
void on_consent_put(struct call *);
void on_consent_get(struct call *);
void on_consent_delete(struct call *);
void on_bundle_post(struct call *);
void on_document_get(struct call *);
