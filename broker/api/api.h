/* api.h - what the clinic's systems may ask for: sessions, grants, FHIR Consents and links, over HTTP. Pure: a request
 * and the time go in; a response comes out, and what the rooms must be told before it may be written.
 *
 * A request is done in two steps, with the rooms in between, so that an answer is never ahead of its effect:
 *
 *   api_handle(api, now, &request, &response, &effects);
 *   outcome = (hand the effects to the shards, wait until they are done)
 *   api_settle(api, now, outcome, &response);
 *
 * One at a time: api_settle ends what api_handle began. docs/openapi.json is the contract; docs/API.md has the reasons.
 */
#pragma once

#include "auth/keyring.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "ledger/store.h"

struct api;

struct api_config {
    struct store *store;           /* of the thread that calls; outlives the api */
    const struct keyring *keyring; /* the same */
    const char *issuer;            /* of all tokens; copied, like base_url */
    const char *base_url;          /* where people's browsers find us, without a last slash */
    struct entropy entropy;
};

enum status api_create(struct api **, const struct api_config *);
void api_destroy(struct api *); /* NULL is fine */

enum {
    API_BODY_MAX = 256 << 10,
    API_KEY_MAX = 128, /* of an Idempotency-Key */
    API_BUNDLE_MAX = 64,
    API_LINK_TTL_MAX_S = 30 * 24 * 3600,
    API_REPLY_KEPT_S = 24 * 3600,
};

/* Borrowed; what is not there is empty, never NULL. */
struct api_request {
    const char *method, *path;
    const char *query;         /* decoded, "a=1&b=2" */
    const char *authorization; /* the whole header */
    const char *idempotency_key, *content_type;
    struct bytes body;
};

struct api_response {
    int status;
    const char *content_type;                      /* constant; NULL without a body */
    char location[STORE_PLACE_MAX + 1], allow[32]; /* headers, empty for none */
    char *body;                                    /* NUL-terminated; the caller frees it with api_response_deinit */
};
void api_response_deinit(struct api_response *);

/* Grants go to every shard, a plan to its own. */
struct api_effects {
    struct grant grants[API_BUNDLE_MAX];
    size_t grant_count;
    bool has_plan;
    struct plan plan;
};

/* The response is whole, except for what depends on a plan. */
void api_handle(struct api *, struct now, const struct api_request *, struct api_response *, struct api_effects *);
/* The outcome of the plan, as broker_plan has it; OK without one. */
void api_settle(struct api *, struct now, enum status outcome, struct api_response *);

/* One for a request that never got as far as api_handle: a status of problem.h's table. */
void api_refuse(int status, struct api_response *);

/* docs/openapi.json. */
extern const char *const api_document;
