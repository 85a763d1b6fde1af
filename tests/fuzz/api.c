/* api.c - requests over HTTP, one after the other, on a small store in memory. The input is lines of text:
 *   WHO HOW METHOD TARGET      WHO: 's' a system with every scope, 'p' a therapist who signed in, 'c' an admin's page
 *                              with the last cookie that was given, 'n' nobody
 *   BODY                       HOW: '-' plainly, a digit: with that Idempotency-Key, 'f' the store is full, 'r' the
 *                              rooms refuse
 * and each BODY, of any number of lines, ends at a line of "%". In it '~' stands for the last link's token, '^' for the
 * last code; who is nobody comes with a good proof of a device's key.
 *
 * Whatever is asked: an answer that is whole, in JSON where it says so; nobody moves anything but at the door; and a
 * store that is full lets nothing through. The keys are made at start. */
#include <assert.h>
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#undef ERR_STATE

#include "api/admin.h"
#include "api/api.h"

enum { NOW = 1790000000, PLANS = 4, LINKS = 16, FINDINGS = 80, REPLIES = 4, TEXTS = 8, LINES_MAX = 48 };
#define BASE "https://h.example"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- A store ---- */

static struct {
    struct store store;
    bool full;
    size_t writes;
    struct plan plans[PLANS];
    struct invitation links[LINKS];
    struct store_finding findings[FINDINGS];
    struct store_reply replies[REPLIES];
    struct store_guidance texts[TEXTS];
    size_t plan_count, link_count, finding_count, reply_count, text_count;
} disk;

/* The place of this one, or the next free one; NULL when there is none left, or the disk is said to be full. */
#define PLACE(list, count, max, same)                                                                                  \
    do {                                                                                                               \
        size_t at_ = 0;                                                                                                \
        while (at_ < disk.count && !(same(&disk.list[at_])))                                                           \
            at_++;                                                                                                     \
        place = disk.full || at_ == (max) ? NULL : &disk.list[at_];                                                    \
        if (place && at_ == disk.count)                                                                                \
            disk.count++;                                                                                              \
        disk.writes += place != NULL;                                                                                  \
    } while (0)

static enum status plan_put(struct store *store, const struct plan *plan)
{
    struct plan *place;
    (void)store;
#define SAME(p) id_equal(&(p)->session, &plan->session)
    PLACE(plans, plan_count, PLANS, SAME);
#undef SAME
    if (!place)
        return ERR_FULL;
    plan_deinit(place);
    return plan_copy(place, plan);
}

static enum status plan_get(struct store *store, const struct id *id, struct plan *plan)
{
    (void)store;
    for (size_t i = 0; i < disk.plan_count; i++)
        if (id_equal(&disk.plans[i].session, id))
            return plan_copy(plan, &disk.plans[i]);
    return ERR_UNKNOWN;
}

static enum status plans_after(struct store *store, const struct id *after, size_t limit, struct store_plans plans)
{
    (void)store;
    for (size_t i = 0; i < disk.plan_count && limit > 0; i++)
        if (strcmp(disk.plans[i].session.text, after->text) > 0) {
            TRY(plans.plan(plans.context, &disk.plans[i]));
            limit--;
        }
    return OK;
}

static enum status plan_grants(struct store *store, struct plan *plan)
{
    (void)store;
    plan->grant_count = 0;
    for (size_t i = 0; i < disk.finding_count; i++)
        if (id_equal(&disk.findings[i].grant.client, &plan->client))
            TRY(plan_add_grant(plan, &disk.findings[i].grant));
    return OK;
}

static enum status bookings_each(struct store *store, int64_t from, int64_t to, struct store_bookings bookings)
{
    (void)store;
    for (size_t i = 0; i < disk.plan_count; i++) {
        const struct plan *plan = &disk.plans[i];
        struct store_booking b = { plan->session, { "" }, plan->kind, 0, plan->opens_at, plan->closes_at };
        for (size_t j = 0; j < plan->people_count && b.closes_at > from && b.opens_at < to; j++) {
            b.person = plan->people[j].person;
            b.role = plan->people[j].role;
            TRY(bookings.booking(bookings.context, &b));
        }
    }
    return OK;
}

static enum status history_each(struct store *store, const struct history_range *range, struct store_history history)
{
    struct history_row row = { .at = range->from, .covered_s = range->to % 3, .packets_out = range->step_s };
    (void)store;
    assert(range->from < range->to && range->step_s >= HISTORY_STEP_S && range->from % range->step_s == 0);
    return history.row(history.context, &row);
}

static enum status finding_get(struct store *store, const struct id *id, struct store_finding *found)
{
    (void)store;
    for (size_t i = 0; i < disk.finding_count; i++)
        if (id_equal(&disk.findings[i].grant.id, id)) {
            *found = disk.findings[i];
            return OK;
        }
    return ERR_UNKNOWN;
}

static enum status findings_put(struct store *store, const struct store_finding *findings, size_t count)
{
    struct store_finding before, *place;
    for (size_t i = 0; i < count; i++)
        if (finding_get(store, &findings[i].grant.id, &before) == OK && before.grant.epoch >= findings[i].grant.epoch)
            return ERR_STATE;
    if (disk.full || disk.finding_count + count > FINDINGS)
        return ERR_FULL;
    for (size_t i = 0; i < count; i++) {
#define SAME(f) id_equal(&(f)->grant.id, &findings[i].grant.id)
        PLACE(findings, finding_count, FINDINGS, SAME);
#undef SAME
        *place = findings[i];
    }
    return OK;
}

static enum status reply_put(struct store *store, const struct store_reply *reply, int64_t forget_before)
{
    struct store_reply *place;
    (void)store, (void)forget_before;
#define SAME(r) (memcmp((r)->key, reply->key, STORE_HASH_LEN) == 0)
    PLACE(replies, reply_count, REPLIES, SAME);
#undef SAME
    if (!place)
        return ERR_FULL;
    free(place->body);
    *place = *reply;
    place->body = strcpy(malloc(strlen(reply->body) + 1), reply->body);
    return OK;
}

static enum status reply_get(struct store *store, const uint8_t key[STORE_HASH_LEN], struct store_reply *reply)
{
    (void)store;
    for (size_t i = 0; i < disk.reply_count; i++)
        if (memcmp(disk.replies[i].key, key, STORE_HASH_LEN) == 0) {
            *reply = disk.replies[i];
            reply->body = strcpy(malloc(strlen(reply->body) + 1), reply->body);
            return OK;
        }
    return ERR_UNKNOWN;
}

static enum status invitation_put(struct store *store, const struct invitation *link)
{
    struct invitation *place;
    (void)store;
#define SAME(l) id_equal(&(l)->id, &link->id)
    PLACE(links, link_count, LINKS, SAME);
#undef SAME
    if (!place)
        return ERR_FULL;
    *place = *link;
    for (size_t i = 0; i < disk.link_count && !link->revoked; i++)
        disk.links[i].revoked |= &disk.links[i] != place && id_equal(&disk.links[i].session, &link->session) &&
                                 id_equal(&disk.links[i].participation, &link->participation);
    return OK;
}

static enum status invitation_get(struct store *store, const struct id *id, struct invitation *link)
{
    (void)store;
    for (size_t i = 0; i < disk.link_count; i++)
        if (id_equal(&disk.links[i].id, id)) {
            *link = disk.links[i];
            return OK;
        }
    return ERR_UNKNOWN;
}

static enum status invitation_find(struct store *store, const uint8_t token[SECRET_HASH_LEN], struct invitation *link)
{
    (void)store;
    for (size_t i = 0; i < disk.link_count; i++)
        if (memcmp(disk.links[i].token, token, SECRET_HASH_LEN) == 0) {
            *link = disk.links[i];
            return OK;
        }
    return ERR_UNKNOWN;
}

static enum status invitations_after(struct store *store, const struct id *session, const struct id *after,
                                     size_t limit, struct store_invitations links)
{
    (void)store;
    for (size_t i = 0; i < disk.link_count && limit > 0; i++)
        if (id_equal(&disk.links[i].session, session) && strcmp(disk.links[i].id.text, after->text) > 0) {
            TRY(links.invitation(links.context, &disk.links[i]));
            limit--;
        }
    return OK;
}

static enum status guidance_get(struct store *store, enum guidance_text text, const char *version, const char *language,
                                struct store_guidance *found)
{
    (void)store;
    for (size_t i = 0; i < disk.text_count; i++) {
        const struct store_guidance *t = &disk.texts[i];
        if (t->text != text || strcmp(t->version, version) != 0 || (*language && strcmp(t->language, language) != 0))
            continue;
        *found = *t;
        found->body = strcpy(malloc(strlen(t->body) + 1), t->body);
        return OK;
    }
    return ERR_UNKNOWN;
}

static enum status guidance_put(struct store *store, const struct store_guidance *text)
{
    struct store_guidance before, *place;
    if (guidance_get(store, text->text, text->version, text->language, &before) == OK) {
        bool same = strcmp(before.body, text->body) == 0;
        free(before.body);
        return same ? OK : ERR_STATE;
    }
#define SAME(t) false
    PLACE(texts, text_count, TEXTS, SAME);
#undef SAME
    if (!place)
        return ERR_FULL;
    *place = *text;
    place->number = disk.text_count;
    place->body = strcpy(malloc(strlen(text->body) + 1), text->body);
    return OK;
}

static enum status guidances_after(struct store *store, uint64_t number, size_t limit, struct store_guidances texts)
{
    (void)store;
    for (size_t i = number; i < disk.text_count && limit > 0; i++, limit--)
        TRY(texts.guidance(texts.context, &disk.texts[i]));
    return OK;
}

static const struct store_ops ops = {
    .plan_put = plan_put,
    .plan_get = plan_get,
    .plans_after = plans_after,
    .plan_grants = plan_grants,
    .bookings_each = bookings_each,
    .history_each = history_each,
    .findings_put = findings_put,
    .finding_get = finding_get,
    .reply_put = reply_put,
    .reply_get = reply_get,
    .invitation_put = invitation_put,
    .invitation_get = invitation_get,
    .invitation_find = invitation_find,
    .invitations_after = invitations_after,
    .guidance_put = guidance_put,
    .guidance_get = guidance_get,
    .guidances_after = guidances_after,
};

static void disk_wipe(void)
{
    for (size_t i = 0; i < disk.reply_count; i++)
        free(disk.replies[i].body);
    for (size_t i = 0; i < disk.text_count; i++)
        free(disk.texts[i].body);
    for (size_t i = 0; i < disk.plan_count; i++)
        plan_deinit(&disk.plans[i]);
    memset(&disk, 0, sizeof disk);
    disk.store.ops = &ops;
}

/* ---- Who asks ---- */

static struct keyring *ring;
static json_t *device, *device_public;
static struct oidc *oidc;
static char system_bearer[2200], staff_bearer[2200];
static uint8_t randomness;

static void draw(void *context, uint8_t *at, size_t len)
{
    (void)context;
    memset(at, ++randomness % 250, len); /* 255s would draw codes for ever */
}

static void make_tokens(void)
{
    static const char payload[] = "{\"iss\":\"id\",\"aud\":\"staff\",\"sub\":\"rivera\",\"exp\":1790000600,"
                                  "\"scope\":\"moderate\"}";
    struct service_claims claims = {
        .service = { "ehr" }, .token = { "t" }, .scopes = 0x1ff, .not_before = NOW - 10, .expires = NOW + 10
    };
    char *token;
    assert(service_token_issue(ring, "i", &claims, &token) == OK);
    snprintf(system_bearer, sizeof system_bearer, "Bearer %s", token);
    free(token);
    assert(keyring_sign(ring, bytes_of(payload), &token) == OK);
    snprintf(staff_bearer, sizeof staff_bearer, "Bearer %s", token);
    free(token);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    char *key;
    assert(keyring_generate(&key) == OK && keyring_create(&ring, bytes_of(key)) == OK);
    json_t *set = json_pack("{s:[o]}", "keys", json_loads(key, 0, NULL));
    char *text = json_dumps(set, 0);
    assert(oidc_create(&oidc, "id", "staff") == OK && oidc_set_keys(oidc, bytes_of(text)) == OK);
    device = json_pack("{s:s}", "alg", "ES256");
    assert(jose_jwk_gen(NULL, device));
    device_public = json_pack("{s:s, s:s, s:O, s:O}", "kty", "EC", "crv", "P-256", "x", json_object_get(device, "x"),
                              "y", json_object_get(device, "y"));
    make_tokens();
    json_decref(set);
    free(text);
    free(key);
    return 0;
}

/* For this path and the token that the body names. The caller frees. */
static char *prove(const char *path, struct bytes body)
{
    json_t *json = json_loadb((const char *)body.at, body.len, JSON_REJECT_DUPLICATES, NULL);
    const char *token = json_string_value(json_object_get(json, "invitation"));
    uint8_t hash[32];
    EVP_Digest(token ? token : "", token ? strlen(token) : 0, hash, NULL, EVP_sha256(), NULL);
    json_t *claims = json_pack("{s:s, s:s+, s:i, s:s, s:o}", "htm", "POST", "htu", BASE, path, "iat", NOW, "jti", "j",
                               "ath", jose_b64_enc(hash, sizeof hash));
    json_t *shape =
        json_pack("{s:{s:s, s:s, s:O}}", "protected", "typ", "dpop+jwt", "alg", "ES256", "jwk", device_public);
    char *payload = claims ? json_dumps(claims, 0) : NULL, *proof = calloc(1, 1 << 17);
    json_t *jws = json_pack("{s:o}", "payload", jose_b64_enc(payload ? payload : "", payload ? strlen(payload) : 0));
    const char *parts[3];
    assert(proof && jose_jws_sig(NULL, jws, shape, device) &&
           json_unpack(jws, "{s:s, s:s, s:s}", "protected", &parts[0], "payload", &parts[1], "signature", &parts[2]) ==
               0);
    snprintf(proof, 1 << 17, "%s.%s.%s", parts[0], parts[1], parts[2]);
    free(payload);
    json_decref(claims);
    json_decref(shape);
    json_decref(jws);
    json_decref(json);
    return proof;
}

/* ---- Asking ---- */

static struct api_effects effects;
static char last_link[INVITATION_TOKEN_CHARS + 1], last_code[CODE_DIGITS + 1], last_cookie[ADMIN_SECRET_LEN + 1];

static bool is_door(const char *path)
{
    return strncmp(path, "/join/", 6) == 0;
}

static void check_answer(const struct api_response *r, bool refused)
{
    assert(r->status >= 200 && r->status < 600 && r->status != 500);
    assert(!r->body == !r->content_type);
    assert(r->status < 400 ||
           (r->body && (strstr(r->body, "\"urn:kinroom:problem:") || strstr(r->body, "\"OperationOutcome\""))));
    assert(r->status < 500 || refused || disk.plan_count == PLANS || disk.link_count == LINKS ||
           disk.finding_count + API_BUNDLE_MAX > FINDINGS || disk.reply_count == REPLIES || disk.text_count == TEXTS);
    if (r->body && strstr(r->content_type, "json")) {
        json_t *json = json_loads(r->body, JSON_REJECT_DUPLICATES, NULL);
        assert(json_is_object(json));
        json_decref(json);
    }
}

static void check_effects(const struct api_request *request, bool nobody, size_t writes)
{
    bool others = (effects.plan != NULL) || effects.has_moderation || effects.has_question || effects.has_code;
    assert(effects.grant_count <= API_BUNDLE_MAX && !(effects.grant_count && others));
    if (nobody && !is_door(request->path))
        assert(!effects.grant_count && !others && !effects.has_delivery && disk.writes == writes);
    if (disk.full)
        assert(!effects.grant_count && !effects.has_code && !effects.has_delivery && disk.writes == writes);
}

static void keep_secrets(const struct api_response *response)
{
    const char *from = effects.has_delivery ? effects.delivery.secret : response->body ? response->body : "";
    const char *link = strstr(from, "#i=");
    if (effects.has_delivery && effects.delivery.kind == DELIVERY_CODE) {
        assert(!response->body || !strstr(response->body, effects.delivery.secret));
        snprintf(last_code, sizeof last_code, "%s", from);
    } else if (link)
        snprintf(last_link, sizeof last_link, "%s", link + 3);
}

/* Only who has a token gets one. */
static void check_cookie(char who, const struct api_response *response)
{
    const char *value = strchr(response->cookie, '=');
    bool given = value && strcspn(++value, ";") == ADMIN_SECRET_LEN;
    assert(!given || (who == 's' && response->status == 201));
    if (given)
        snprintf(last_cookie, sizeof last_cookie, "%s", value);
}

static void ask(struct api *api, char who, char how, struct api_request *request)
{
    struct now now = { 0, (int64_t)NOW * (int64_t)USEC_PER_SEC };
    struct api_response response;
    char key[2] = { how, 0 };
    char *proof = who == 'n' && is_door(request->path) ? prove(request->path, request->body) : NULL;
    size_t writes = disk.writes;
    request->authorization = who == 's' ? system_bearer : who == 'p' ? staff_bearer : "";
    request->cookie = who == 'c' ? last_cookie : "";
    request->fetch_site = who == 'c' ? "same-origin" : "";
    request->idempotency_key = how >= '0' && how <= '9' ? key : "";
    request->proof = proof ? proof : "";
    disk.full = how == 'f';
    api_handle(api, now, request, &response, &effects);
    check_effects(request, who != 's' && who != 'p' && who != 'c', writes);
    check_cookie(who, &response);
    struct api_outcome outcome = { .status = how == 'r' ? ERR_STATE : OK };
    api_settle(api, now, &outcome, &response);
    check_answer(&response, how == 'f' || how == 'r');
    /* A plan is stored once the rooms have taken it. */
    assert(!effects.plan || how == '-' || (how >= '0' && how <= '9') || response.status >= 400);
    keep_secrets(&response);
    disk.full = false;
    api_response_deinit(&response);
    free(proof);
}

/* ---- Reading the input ---- */

static struct bytes next_line(struct bytes *text)
{
    const uint8_t *end = text->len ? memchr(text->at, '\n', text->len) : NULL;
    struct bytes line = { text->at, end ? (size_t)(end - text->at) : text->len };
    size_t used = line.len + (end != NULL);
    *text = (struct bytes){ text->at + used, text->len - used };
    return line;
}

static struct bytes next_body(struct bytes *text, struct writer *w)
{
    while (text->len > 0) {
        struct bytes line = next_line(text);
        if (bytes_equal(line, bytes_of("%")))
            break;
        for (size_t i = 0; i < line.len; i++)
            if (line.at[i] == '~' || line.at[i] == '^')
                write_text(w, line.at[i] == '~' ? last_link : last_code);
            else
                write_u8(w, line.at[i]);
        write_u8(w, '\n');
    }
    return writer_bytes(w);
}

/* "s- GET /api/v1/sessions?limit=3": as the shell, no longer than it lets in and without bytes that end a string. */
static void ask_next(struct api *api, struct bytes *text)
{
    static uint8_t body[API_BODY_MAX + 2];
    struct writer w = writer_over(body, sizeof body);
    char line[700] = "", method[16] = "", path[257] = "", query[513] = "";
    struct bytes first = next_line(text);
    struct bytes read = next_body(text, &w);
    memcpy(line, first.at, first.len < sizeof line ? first.len : sizeof line - 1);
    if (strlen(line) < 4 || sscanf(line + 3, "%15s %256[^? ]?%512[^\n]", method, path, query) < 2)
        return;
    struct api_request request = {
        .method = method,
        .path = path,
        .query = query,
        .origin = "",
        .content_type = strncmp(path, "/fhir", 5) == 0 ? "application/fhir+json" : "application/json",
        .body = read,
    };
    ask(api, line[0], line[1], &request);
}

static const struct delivery *outbox(const void *context, size_t *count)
{
    (void)context;
    *count = effects.has_delivery;
    return &effects.delivery;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = { data, size };
    static struct pulse *pulse;
    struct api *api;
    if (!pulse)
        assert(pulse_create(&pulse, 1, &(struct id){ "n" }) == OK);
    struct api_config config = {
        .store = &disk.store,
        .keyring = ring,
        .issuer = "i",
        .base_url = BASE,
        .entropy = { draw, NULL },
        .oidc = oidc,
        .delivers = true,
        .deliveries = outbox,
        .pulse = pulse,
        .node = { "n" },
        .capacity = 3000,
    };
    disk_wipe();
    randomness = 0;
    last_link[0] = last_code[0] = last_cookie[0] = 0;
    memset(&effects, 0, sizeof effects);
    assert(api_create(&api, &config) == OK);
    for (int i = 0; i < LINES_MAX && text.len > 0; i++)
        ask_next(api, &text);
    api_destroy(api);
    return 0;
}
