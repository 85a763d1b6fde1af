#define _GNU_SOURCE /* mkdtemp, memmem */

#include "support/api_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <dirent.h>
#include <jansson.h>
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#undef ERR_STATE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/store_sqlite.h"

/* ---- A disk that is full ---- */

static enum status findings_put(struct store *store, const struct store_finding *findings, size_t count)
{
    (void)store, (void)findings, (void)count;
    return ERR_FULL;
}

static enum status plan_put(struct store *store, const struct plan *plan)
{
    (void)store, (void)plan;
    return ERR_FULL;
}

static enum status invitation_put(struct store *store, const struct invitation *invitation)
{
    (void)store, (void)invitation;
    return ERR_FULL;
}

static enum status guidance_put(struct store *store, const struct store_guidance *text)
{
    (void)store, (void)text;
    return ERR_FULL;
}

/* ---- How much is looked up ---- */

static const struct store_ops *counted;
static size_t lookups;

static enum status invitation_find(struct store *store, const uint8_t token[SECRET_HASH_LEN], struct invitation *found)
{
    lookups++;
    return counted->invitation_find(store, token, found);
}

static enum status plan_get(struct store *store, const struct id *id, struct plan *plan)
{
    lookups++;
    return counted->plan_get(store, id, plan);
}

size_t bench_lookups(struct bench *b)
{
    size_t since = lookups;
    lookups = 0;
    counted = b->real_ops;
    b->counting = *b->real_ops;
    b->counting.invitation_find = invitation_find;
    b->counting.plan_get = plan_get;
    b->real->ops = &b->counting;
    return since;
}

/* ---- What the shell would bring ---- */

static void count_up(void *context, uint8_t *at, size_t len)
{
    memset(at, ++((struct bench *)context)->randomness, len);
}

static bool denied(const void *context, const struct id *session, const struct id *participation,
                   const struct id *device)
{
    const struct bench *b = context;
    (void)session;
    return (b->denied_participation.text[0] && id_equal(participation, &b->denied_participation)) ||
           (b->denied_device.text[0] && id_equal(device, &b->denied_device));
}

static const struct delivery *outbox(const void *context, size_t *count)
{
    *count = 2;
    return ((const struct bench *)context)->outbox;
}

static bool failing(const void *context)
{
    return ((const struct bench *)context)->failing;
}

static const char *const origins[] = { "https://rooms.example", "https://call.example" };

static void open_api(struct bench *b, struct oidc *oidc)
{
    struct api_config config = {
        .store = b->real,
        .keyring = b->keyring,
        .issuer = "kinroom",
        .base_url = "https://rooms.example",
        .entropy = { count_up, b },
        .oidc = oidc,
        .denied = denied,
        .denied_context = b,
        .delivers = !b->has_no_delivery,
        .deliveries = b->has_outbox ? outbox : NULL,
        .deliveries_context = b,
        .pulse = b->pulse,
        .node = { "node-1" },
        .capacity = b->capacity,
        .failing = failing,
        .failing_context = b,
        .origins = origins,
        .origin_count = sizeof origins / sizeof *origins,
    };
    assert_int_equal(api_create(&b->api, &config), OK);
}

void bench_reopen(struct bench *b, struct oidc *oidc)
{
    api_destroy(b->api);
    open_api(b, oidc);
}

char *bench_token(const struct bench *b, scope_set scopes, const char *service)
{
    struct service_claims claims = { .scopes = scopes, .not_before = NOW - DAY_S, .expires = NOW + 9 * DAY_S };
    char *token;
    strcpy(claims.service.text, service);
    strcpy(claims.token.text, "t-1");
    assert_int_equal(service_token_issue(b->keyring, "kinroom", &claims, &token), OK);
    return token;
}

int bench_set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    struct id clinic = { "north" };
    char path[96], *key;
    strcpy(b->folder, "/tmp/kinroom-api-XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    snprintf(path, sizeof path, "%s/test.db", b->folder);
    assert_int_equal(store_sqlite_open(&b->real, path, &clinic, NULL), OK);
    assert_int_equal(keyring_generate(&key), OK);
    assert_int_equal(keyring_create(&b->keyring, bytes_of(key)), OK);
    free(key);
    assert_int_equal(pulse_create(&b->pulse, 2, &(struct id){ "node-1" }), OK);
    b->capacity = 100000;
    open_api(b, NULL);
    b->real_ops = b->real->ops;
    b->full = *b->real->ops;
    b->full.findings_put = findings_put;
    b->full.plan_put = plan_put;
    b->full.invitation_put = invitation_put;
    b->full.guidance_put = guidance_put;
    b->effects = calloc(1, sizeof *b->effects);
    b->token = bench_token(b, EVERY_SCOPE, "ehr");
    b->key = b->origin = b->proof = b->fetch_site = b->cookie = "";
    b->now = (struct now){ 0, (int64_t)NOW * (int64_t)USEC_PER_SEC };
    *state = b;
    return 0;
}

int bench_tear_down(void **state)
{
    struct bench *b = *state;
    char command[128];
    api_response_deinit(&b->response);
    api_destroy(b->api);
    pulse_destroy(b->pulse);
    keyring_destroy(b->keyring);
    b->real_ops->close(b->real);
    snprintf(command, sizeof command, "rm -rf %s", b->folder);
    int status = system(command);
    free(b->token);
    free(b->effects);
    free(b);
    return status;
}

void bench_wait(struct bench *b, int64_t seconds)
{
    b->now.unix_us += seconds * (int64_t)USEC_PER_SEC;
    b->now.mono_us += (usec_t)seconds * USEC_PER_SEC;
}

/* ---- Asking ---- */

int ask(struct bench *b, const char *method, const char *target, const char *body)
{
    char path[256], authorization[2100];
    const char *query = strchr(target, '?');
    snprintf(path, sizeof path, "%.*s", (int)strcspn(target, "?"), target);
    snprintf(authorization, sizeof authorization, "%s%s", *b->token ? "Bearer " : "", b->token);
    struct api_request request = {
        .method = method,
        .path = path,
        .query = query ? query + 1 : "",
        .authorization = authorization,
        .proof = b->proof,
        .origin = b->origin,
        .fetch_site = b->fetch_site,
        .cookie = b->cookie,
        .idempotency_key = b->key,
        .content_type = strncmp(path, "/fhir", 5) == 0 ? "application/fhir+json" : "application/json; charset=utf-8",
        .body = bytes_of(body ? body : ""),
    };
    api_response_deinit(&b->response);
    api_handle(b->api, b->now, &request, &b->response, b->effects);
    api_settle(b->api, b->now, &b->rooms, &b->response);
    return b->response.status;
}

int ask_rooms(struct bench *b, enum status outcome, const char *method, const char *target, const char *body)
{
    b->rooms.status = outcome;
    int status = ask(b, method, target, body);
    b->rooms.status = OK;
    return status;
}

void assert_says(const struct bench *b, const char *words)
{
    if (!b->response.body || !strstr(b->response.body, words))
        fail_msg("'%s' does not say '%s'", b->response.body ? b->response.body : "", words);
}

const char *said(const struct bench *b, const char *member)
{
    static char value[2200];
    json_t *json = json_loads(b->response.body ? b->response.body : "{}", 0, NULL);
    const char *text = json_string_value(json_object_get(json, member));
    snprintf(value, sizeof value, "%s", text ? text : "");
    json_decref(json);
    return value;
}

bool bench_holds(const struct bench *b, const char *bytes)
{
    bool found = false;
    DIR *folder = opendir(b->folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        char path[400];
        static char content[8 << 20];
        snprintf(path, sizeof path, "%s/%s", b->folder, entry->d_name);
        FILE *file = fopen(path, "r");
        size_t len = file ? fread(content, 1, sizeof content, file) : 0;
        if (file)
            fclose(file);
        assert_true(len < sizeof content);
        found |= memmem(content, len, bytes, strlen(bytes)) != NULL;
    }
    closedir(folder);
    return found;
}

/* ---- A device ---- */

struct device {
    json_t *key, *public;
};

struct device *device_create(void)
{
    struct device *d = calloc(1, sizeof *d);
    d->key = json_pack("{s:s}", "alg", "ES256");
    assert_true(jose_jwk_gen(NULL, d->key));
    d->public = json_deep_copy(d->key);
    assert_true(jose_jwk_pub(NULL, d->public));
    json_object_del(d->public, "alg");
    json_object_del(d->public, "key_ops");
    return d;
}

void device_destroy(struct device *d)
{
    json_decref(d->key);
    json_decref(d->public);
    free(d);
}

static json_t *hash_of(const char *token)
{
    uint8_t hash[32];
    assert_true(EVP_Digest(token, strlen(token), hash, NULL, EVP_sha256(), NULL));
    return jose_b64_enc(hash, sizeof hash);
}

char *device_prove(const struct device *d, const char *url, const char *token, const char *change)
{
    static unsigned serial;
    char id[16], *compact;
    snprintf(id, sizeof id, "j-%u", ++serial);
    json_t *claims = json_pack("{s:s, s:s, s:I, s:s, s:o}", "htm", "POST", "htu", url, "iat", (json_int_t)NOW, "jti",
                               id, "ath", hash_of(token));
    json_t *changes = change ? json_loads(change, 0, NULL) : json_object();
    json_object_update(claims, changes);
    char *payload = json_dumps(claims, JSON_COMPACT);
    json_t *jws = json_pack("{s:o}", "payload", jose_b64_enc(payload, strlen(payload)));
    json_t *shape = json_pack("{s:{s:s, s:s, s:O}}", "protected", "typ", "dpop+jwt", "alg", "ES256", "jwk", d->public);
    assert_true(jose_jws_sig(NULL, jws, shape, d->key));
    assert_true(asprintf(&compact, "%s.%s.%s", json_string_value(json_object_get(jws, "protected")),
                         json_string_value(json_object_get(jws, "payload")),
                         json_string_value(json_object_get(jws, "signature"))) > 0);
    free(payload);
    json_decref(jws);
    json_decref(shape);
    json_decref(claims);
    json_decref(changes);
    return compact;
}
