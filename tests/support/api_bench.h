/* api_bench.h - an API on a real store in a folder of its own, with rooms that answer what a test says; and a device
 * that proves its key. */
#pragma once

#include "api/api.h"
#include "auth/service_token.h"

enum { NOW = 1790000000, DAY_S = 24 * 3600, EVERY_SCOPE = 0x7fffffff };

struct bench {
    char folder[64];
    struct store *real;
    const struct store_ops *real_ops;
    struct store_ops full, counting; /* the real calls, but for those that write, which find the disk full; see below */
    struct keyring *keyring;
    struct api *api;
    struct api_response response;
    struct api_effects *effects;
    struct api_outcome rooms; /* what comes of the effects */
    char *token;
    const char *key; /* Idempotency-Key */
    const char *origin, *proof, *fetch_site, *cookie;
    struct pulse *pulse; /* of two shards */
    uint64_t capacity;
    bool failing;
    struct now now;
    uint8_t randomness;
    struct id denied_participation, denied_device; /* in every session; empty: nobody */
    struct delivery outbox[2];
    bool has_outbox, has_no_delivery;
};

int bench_set_up(void **state);
int bench_tear_down(void **state);
/* Again on the same store, with an identity provider. */
void bench_reopen(struct bench *, struct oidc *);

char *bench_token(const struct bench *, scope_set, const char *service);
/* As the shell does it; the status. */
int ask(struct bench *, const char *method, const char *target, const char *body);
/* With rooms that answer so. */
int ask_rooms(struct bench *, enum status outcome, const char *method, const char *target, const char *body);
void assert_says(const struct bench *, const char *words);
/* The value of a member of the last answer; "" when there is none. Good until the next call. */
const char *said(const struct bench *, const char *member);
/* How often links and sessions were looked up since the last call; from the first on it is counted. */
size_t bench_lookups(struct bench *);
void bench_wait(struct bench *, int64_t seconds);
/* Whether the store's files hold these bytes. */
bool bench_holds(const struct bench *, const char *bytes);

#define SESSION_WITH(more)                                                                                             \
    "{\"kind\":\"individual\",\"opens_at\":1790000100,\"closes_at\":1790003000,\"client\":\"alex\",\"people\":["       \
    "{\"participation\":\"p-1\",\"person\":\"alex\",\"role\":\"client\",\"name\":\"Alex\"},"                           \
    "{\"participation\":\"p-2\",\"person\":\"sam\",\"role\":\"loved_one\",\"name\":\"Sam\",\"alias\":\"Fox\"},"        \
    "{\"participation\":\"p-3\",\"person\":\"rivera\",\"role\":\"therapist\",\"name\":\"Dr. Rivera\"}]" more "}"
#define SESSION SESSION_WITH("")

/* A browser's key. */
struct device;
struct device *device_create(void);
void device_destroy(struct device *);
/* A proof for one address and token; `change` (may be NULL) is JSON that is put over its payload. The caller frees. */
char *device_prove(const struct device *, const char *url, const char *token, const char *change);
