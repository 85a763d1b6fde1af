/* api.h - what is asked of us over HTTP: by the clinic's systems and staff, sessions, grants, FHIR Consents,
 * invitations, moderation and texts; by people with a link, to be let as far as the door. Pure: a request and the time
 * go in; a response comes out, and what the rooms must be told before it may be written.
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
#include "api/delivery.h"
#include "api/pulse.h"
#include "auth/attendance.h"
#include "auth/moderation.h"
#include "auth/oidc.h"
#include "ledger/store.h"

struct api;

struct api_config {
    struct store *store;           /* of the thread that calls; outlives the api */
    const struct keyring *keyring; /* the same */
    const char *issuer;            /* of all tokens; copied, like base_url */
    const char *base_url;          /* where people's browsers find us, without a last slash */
    struct entropy entropy;
    struct oidc *oidc; /* of the thread that calls; NULL: no staff signs in here */
    /* What is denied for good, as the ledger has it: this participation, or this device, in this session. */
    bool (*denied)(const void *context, const struct id *session, const struct id *participation,
                   const struct id *device);
    const void *denied_context;
    bool delivers; /* whether a delivery goes anywhere */
    /* What waits in the outbox of a demo; NULL where there is none. */
    const struct delivery *(*deliveries)(const void *context, size_t *count);
    const void *deliveries_context;
    const struct pulse *pulse; /* how the shards are doing */
    struct id node;            /* what this server is called among others */
    usec_t started_us;         /* on the monotonic clock */
    uint64_t capacity;         /* packets a second that may be booked (capacity.h) */
    /* Whether the ledger can't be written just now; may be NULL. */
    bool (*failing)(const void *context);
    const void *failing_context;
    /* Addresses of pages that may ask on a person's behalf, as browsers send them; outlive the api. */
    const char *const *origins;
    size_t origin_count;
};

enum status api_create(struct api **, const struct api_config *);
void api_destroy(struct api *); /* NULL is fine */

enum {
    API_BODY_MAX = 256 << 10,
    API_KEY_MAX = 128, /* of an Idempotency-Key */
    API_BUNDLE_MAX = 64,
    API_LINK_LIFE_S = 24 * 3600, /* of a staff member's own link, at most */
    API_AFTER_BOX_S = 3600,      /* what lets people in ends so long after the box: the longest extension (room.h) */
    API_REPLY_KEPT_S = 24 * 3600,
    API_COOKIE_MAX = 191,
};

/* Borrowed; what is not there is empty, never NULL. */
struct api_request {
    const char *method, *path;
    const char *query;         /* decoded, "a=1&b=2" */
    const char *authorization; /* the whole header */
    const char *proof;         /* the DPoP header (RFC 9449 4.1) */
    const char *origin;        /* of the page that asks; empty when it is no page */
    const char *fetch_site;    /* the browser's word on that page (Fetch Metadata: Sec-Fetch-Site) */
    const char *cookie;        /* the value of admin.h's; empty without one */
    const char *idempotency_key, *content_type;
    struct bytes body;
};

struct api_response {
    int status;
    const char *content_type;                      /* constant; NULL without a body */
    char location[STORE_PLACE_MAX + 1], allow[32]; /* headers, empty for none */
    char cookie[API_COOKIE_MAX + 1];               /* Set-Cookie, likewise; it may hold a secret */
    char *body;                                    /* NUL-terminated; the caller frees it with api_response_deinit */
};
void api_response_deinit(struct api_response *);

/* What a code came to, for the therapists of a room. */
struct code_news {
    struct id session, participation;
    enum code_state state;
};

/* What must happen before the answer: grants go to every shard, all else to the session's own. A request has grants, or
 * one of the others. */
struct api_effects {
    struct grant grants[API_BUNDLE_MAX];
    size_t grant_count;
    bool has_moderation, has_question, has_code;
    struct plan *plan; /* the api's, until api_settle; NULL: none. What the ledger knows is the caller's to fill in */
    struct moderation moderation;
    struct id question; /* whose attendance is wanted */
    struct code_news code;
    /* Beside the answer, which does not wait for them: */
    bool has_delivery;
    struct delivery delivery;
    bool wants_keys; /* somebody signed in by a key that the JWKS may have by now */
};

/* What the shards made of it. */
struct api_outcome {
    enum status status; /* of the plan or the order; OK without one */
    struct attendance attendance;
};

/* The response is whole, except for what depends on the shards. */
void api_handle(struct api *, struct now, const struct api_request *, struct api_response *, struct api_effects *);
void api_settle(struct api *, struct now, const struct api_outcome *, struct api_response *);

/* One for a request that never got as far as api_handle: a status of problem.h's table. */
void api_refuse(int status, struct api_response *);

/* docs/openapi.json. */
extern const char *const api_document;
