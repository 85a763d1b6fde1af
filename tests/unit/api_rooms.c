#define _GNU_SOURCE /* strdup */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/token.h"
#include "support/api_bench.h"

/* ---- Who is there ---- */

static void people_of_a_session_that_does_not_run(void **state)
{
    struct bench *b = *state;
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/s-1/participations", NULL), 404);
    assert_false(b->effects->has_question);
    ask(b, "PUT", "/api/v1/sessions/s-1", SESSION);
    strcpy(b->denied_participation.text, "p-2");
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/s-1/participations", NULL), 200);
    assert_true(b->effects->has_question);
    assert_string_equal(b->effects->question.text, "s-1");
    assert_says(b, "{\"phase\":\"not_running\",\"opens_at\":1790000100,\"closes_at\":1790003000,\"people\":["
                   "{\"participation\":\"p-1\",\"person\":\"alex\",\"role\":\"client\",\"removed\":false,"
                   "\"connected\":false},{\"participation\":\"p-2\",\"person\":\"sam\",\"role\":\"loved_one\","
                   "\"removed\":true,\"connected\":false}");
    assert_null(strstr(b->response.body, "Sam"));
}

static void people_of_a_session_as_its_room_sees_them(void **state)
{
    struct bench *b = *state;
    ask(b, "PUT", "/api/v1/sessions/s-1", SESSION);
    b->rooms.attendance = (struct attendance){
        .phase = "open",
        .opens_at = 1790000100,
        .closes_at = 1790003600,
        .people = { { { "p-2" }, ROLE_LOVED_ONE, "waiting", true, true, CODE_PASSED },
                    { { "p-1" }, ROLE_CLIENT, "absent", false, true, CODE_NONE } },
        .count = 2,
    };
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/s-1/participations", NULL), 200);
    assert_says(b, "{\"phase\":\"open\",\"opens_at\":1790000100,\"closes_at\":1790003600,");
    assert_says(b, "\"person\":\"sam\",\"role\":\"loved_one\",\"removed\":false,\"connected\":true,\"seat\":"
                   "\"waiting\",\"prepared\":true,\"code\":\"passed\"}");
    assert_says(b, "\"person\":\"rivera\",\"role\":\"therapist\",\"removed\":false,\"connected\":false}]}");
    assert_int_equal(ask_rooms(b, ERR_SYSTEM, "GET", "/api/v1/sessions/s-1/participations", NULL), 503);
}

/* ---- Orders ---- */

static void an_order_goes_to_its_room(void **state)
{
    struct bench *b = *state;
    const char *path = "/api/v1/sessions/s-1/moderation";
    static const struct {
        const char *body;
        enum moderation_act act;
        const char *participation, *reason;
    } orders[] = {
        { "{\"action\":\"step_out\",\"participation\":\"p-2\"}", MODERATION_STEP_OUT, "p-2", "" },
        { "{\"action\":\"step_out_everyone\"}", MODERATION_STEP_OUT_EVERYONE, "", "" },
        { "{\"action\":\"remove\",\"participation\":\"p-2\",\"reason\":\"safety_threat\"}", MODERATION_REMOVE, "p-2",
          "safety_threat" },
        { "{\"action\":\"remove\",\"participation\":\"p-2\",\"reason\":\"safety_impersonation\"}", MODERATION_REMOVE,
          "p-2", "safety_impersonation" },
        { "{\"action\":\"remove\",\"participation\":\"p-2\",\"reason\":\"safety_conduct\"}", MODERATION_REMOVE, "p-2",
          "safety_conduct" },
        { "{\"action\":\"remove\",\"participation\":\"p-2\",\"reason\":\"safety_other\"}", MODERATION_REMOVE, "p-2",
          "safety_other" },
        { "{\"action\":\"end\"}", MODERATION_END, "", "" },
    };
    ask(b, "PUT", "/api/v1/sessions/s-1", SESSION);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        assert_int_equal(ask(b, "POST", path, orders[i].body), 200);
        assert_string_equal(b->response.body, "{}");
        assert_true(b->effects->has_moderation);
        assert_string_equal(b->effects->moderation.session.text, "s-1");
        assert_int_equal(b->effects->moderation.act, orders[i].act);
        assert_string_equal(b->effects->moderation.participation.text, orders[i].participation);
        assert_string_equal(b->effects->moderation.reason, orders[i].reason);
    }
    assert_int_equal(ask_rooms(b, ERR_STATE, "POST", path, orders[0].body), 409);
    assert_says(b, "problem:nothing_to_do");
    assert_int_equal(ask_rooms(b, ERR_UNKNOWN, "POST", path, orders[0].body), 409);
    assert_int_equal(ask_rooms(b, ERR_SYSTEM, "POST", path, orders[0].body), 503);
    assert_int_equal(ask(b, "POST", "/api/v1/sessions/s-9/moderation", orders[0].body), 404);
    assert_int_equal(ask(b, "POST", path, "{\"action\":\"step_out\",\"participation\":\"p-9\"}"), 404);
    assert_false(b->effects->has_moderation);
}

static void what_is_no_order(void **state)
{
    struct bench *b = *state;
    static const char *const wrong[] = {
        "{}",
        "{\"action\":\"admit\",\"participation\":\"p-2\"}",
        "{\"action\":\"\"}",
        "{\"action\":\"step_out\"}",
        "{\"action\":\"end\",\"participation\":\"p-2\"}",
        "{\"action\":\"step_out\",\"participation\":\"p-2\",\"reason\":\"safety_threat\"}",
        "{\"action\":\"remove\",\"participation\":\"p-2\"}",
        "{\"action\":\"remove\",\"participation\":\"p-2\",\"reason\":\"he shouted\"}",
        "{\"action\":\"remove\",\"participation\":\"\",\"reason\":\"safety_other\"}",
        "{\"action\":\"end\",\"now\":true}",
    };
    ask(b, "PUT", "/api/v1/sessions/s-1", SESSION);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(ask(b, "POST", "/api/v1/sessions/s-1/moderation", wrong[i]), 422);
        assert_false(b->effects->has_moderation);
    }
}

static void an_order_with_a_key_is_given_once(void **state)
{
    struct bench *b = *state;
    const char *path = "/api/v1/sessions/s-1/moderation", *end = "{\"action\":\"end\"}";
    ask(b, "PUT", "/api/v1/sessions/s-1", SESSION);
    b->key = "end";
    assert_int_equal(ask_rooms(b, ERR_SYSTEM, "POST", path, end), 503);
    assert_int_equal(ask(b, "POST", path, end), 200);
    assert_true(b->effects->has_moderation);
    assert_int_equal(ask(b, "POST", path, end), 200);
    assert_false(b->effects->has_moderation);
    assert_string_equal(b->response.body, "{}");
}

/* ---- Staff ---- */

/* An identity provider with one key, whose public part we have. */
struct provider {
    struct keyring *keyring;
    struct oidc *oidc;
};

static struct provider provider_create(struct bench *b)
{
    struct provider p;
    char *key;
    assert_int_equal(keyring_generate(&key), OK);
    assert_int_equal(keyring_create(&p.keyring, bytes_of(key)), OK);
    json_t *jwk = json_loads(key, 0, NULL);
    json_object_del(jwk, "d");
    json_t *jwks = json_pack("{s:[o]}", "keys", jwk);
    char *text = json_dumps(jwks, JSON_COMPACT);
    assert_int_equal(oidc_create(&p.oidc, "https://id.example", "kinroom-staff"), OK);
    assert_int_equal(oidc_set_keys(p.oidc, bytes_of(text)), OK);
    bench_reopen(b, p.oidc);
    json_decref(jwks);
    free(text);
    free(key);
    return p;
}

static void provider_destroy(struct provider *p, struct bench *b)
{
    bench_reopen(b, NULL);
    oidc_destroy(p->oidc);
    keyring_destroy(p->keyring);
}

static char *sign_in(const struct keyring *keyring, const char *person, const char *scope)
{
    char payload[512], *token;
    snprintf(payload, sizeof payload,
             "{\"iss\":\"https://id.example\",\"aud\":\"kinroom-staff\",\"sub\":\"%s\",\"iat\":%d,\"exp\":%d,"
             "\"scope\":\"openid %s\"}",
             person, NOW, NOW + 600, scope);
    assert_int_equal(keyring_sign(keyring, bytes_of(payload), &token), OK);
    return token;
}

static void as_person(struct bench *b, const struct keyring *keyring, const char *person, const char *scope)
{
    free(b->token);
    b->token = sign_in(keyring, person, scope);
}

static void a_therapist_gets_a_link_to_their_own_session_alone(void **state)
{
    struct bench *b = *state;
    struct claims claims;
    const char *path = "/api/v1/sessions/s-1/links";
    ask(b, "PUT", "/api/v1/sessions/s-1", SESSION);
    assert_int_equal(ask(b, "POST", path, NULL), 403); /* a system is nobody's self */
    struct provider p = provider_create(b);
    as_person(b, p.keyring, "rivera", "");
    assert_int_equal(ask(b, "POST", path, NULL), 201);
    const char *url = said(b, "url"), *prefix = "https://rooms.example/#token=";
    assert_memory_equal(url, prefix, strlen(prefix));
    assert_int_equal(token_verify(b->keyring, "kinroom", bytes_of(url + strlen(prefix)), NOW, &claims), OK);
    assert_string_equal(claims.participation.text, "p-3");
    assert_string_equal(claims.device.text, "");
    assert_int_equal(claims.role, ROLE_THERAPIST);
    assert_int_equal(claims.expires, 1790006600);
    assert_false(bench_holds(b, url + strlen(prefix)));

    /* Without a scope that is all; and of others' sessions they learn nothing. */
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/s-1", NULL), 403);
    assert_int_equal(ask(b, "POST", "/api/v1/sessions/s-1/moderation", "{\"action\":\"end\"}"), 403);
    char *none = (ask(b, "POST", "/api/v1/sessions/s-9/links", NULL), strdup(b->response.body));
    as_person(b, p.keyring, "alex", ""); /* the client of the session */
    assert_int_equal(ask(b, "POST", path, NULL), 404);
    assert_string_equal(b->response.body, none);
    free(none);

    as_person(b, p.keyring, "rivera", "sessions:read moderate");
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/s-1", NULL), 200);
    assert_int_equal(ask(b, "POST", "/api/v1/sessions/s-1/moderation", "{\"action\":\"end\"}"), 200);
    assert_int_equal(ask(b, "PUT", "/api/v1/sessions/s-1", SESSION), 403);
    strcpy(b->denied_participation.text, "p-3");
    assert_int_equal(ask(b, "POST", path, NULL), 409);
    provider_destroy(&p, b);
}

static void a_link_of_ones_own_lasts_a_day_at_most(void **state)
{
    struct bench *b = *state;
    struct provider p = provider_create(b);
    assert_int_equal(ask(b, "PUT", "/api/v1/sessions/s-1",
                         "{\"kind\":\"group\",\"opens_at\":1790200000,\"closes_at\":1790203000,\"client\":\"alex\","
                         "\"people\":[{\"participation\":\"p-3\",\"person\":\"rivera\",\"role\":\"therapist\","
                         "\"name\":\"R\"}]}"),
                     201);
    as_person(b, p.keyring, "rivera", "");
    assert_int_equal(ask(b, "POST", "/api/v1/sessions/s-1/links", NULL), 201);
    assert_says(b, "\"expires\":1790086400");
    provider_destroy(&p, b);
}

/* OpenID Connect Core 3.1.3.7. */
static void a_token_for_several_was_made_for_us(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *parties;
        int status;
    } cases[] = {
        { "\"aud\":[\"kinroom-staff\"]", 200 },
        { "\"aud\":[\"other\"]", 401 },
        { "\"aud\":[\"kinroom-staff\",\"other\"]", 401 },
        { "\"aud\":[\"kinroom-staff\",\"other\"],\"azp\":\"other\"", 401 },
        { "\"aud\":[\"kinroom-staff\",\"other\"],\"azp\":\"kinroom-staff\"", 200 },
        { "\"aud\":\"kinroom-staff\",\"azp\":\"a-page\"", 200 }, /* an access token names its client so (RFC 9068) */
    };
    ask(b, "PUT", "/api/v1/sessions/s-1", SESSION);
    struct provider p = provider_create(b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char payload[512];
        snprintf(payload, sizeof payload,
                 "{\"iss\":\"https://id.example\",%s,\"sub\":\"rivera\",\"exp\":%d,\"scope\":\"sessions:read\"}",
                 cases[i].parties, NOW + 600);
        free(b->token);
        assert_int_equal(keyring_sign(p.keyring, bytes_of(payload), &b->token), OK);
        assert_int_equal(ask(b, "GET", "/api/v1/sessions/s-1", NULL), cases[i].status);
    }
    provider_destroy(&p, b);
}

static void a_stranger_who_signed_in_elsewhere(void **state)
{
    struct bench *b = *state;
    char *key, *same;
    struct keyring *strange;
    ask(b, "PUT", "/api/v1/sessions/s-1", SESSION);
    struct provider p = provider_create(b);
    assert_int_equal(keyring_generate(&key), OK);
    assert_int_equal(keyring_create(&strange, bytes_of(key)), OK);
    same = strdup(b->token);

    as_person(b, strange, "rivera", "sessions:read");
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/s-1", NULL), 401);
    assert_true(b->effects->wants_keys); /* perhaps a new key of the provider's */
    as_person(b, p.keyring, "rivera", "sessions:read");
    bench_wait(b, 7200);
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/s-1", NULL), 401);
    assert_false(b->effects->wants_keys);
    free(b->token);
    b->token = same;
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/s-1", NULL), 200); /* systems as ever */
    assert_false(b->effects->wants_keys);
    keyring_destroy(strange);
    free(key);
    provider_destroy(&p, b);
}

static void persons_and_systems_have_keys_of_their_own(void **state)
{
    struct bench *b = *state;
    struct provider p = provider_create(b);
    free(b->token);
    b->token = bench_token(b, EVERY_SCOPE, "rivera");
    b->key = "once";
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", SESSION), 201);
    char *first = strdup(said(b, "id"));
    as_person(b, p.keyring, "rivera", "sessions:write");
    assert_int_equal(ask(b, "POST", "/api/v1/sessions?conflicts=accept", SESSION), 201);
    assert_string_not_equal(said(b, "id"), first);
    free(first);
    provider_destroy(&p, b);
}

/* ---- Texts ---- */

#define TEXT_WITH(language, title)                                                                                     \
    "{\"language\":\"" language "\",\"title\":\"" title "\",\"parts\":[{\"title\":\"A\",\"points\":[\"one\",\"two\"]}" \
    "]}"

static void a_text_is_put_once_and_read_by_everybody(void **state)
{
    struct bench *b = *state;
    const char *put = "/api/v1/texts/guidance/2026-2";
    assert_int_equal(ask(b, "PUT", put, TEXT_WITH("en", "Hello")), 201);
    assert_int_equal(ask(b, "PUT", put, TEXT_WITH("en", "Hello")), 200);
    assert_int_equal(ask(b, "PUT", put, TEXT_WITH("en", "Hallo")), 409);
    assert_int_equal(ask(b, "PUT", put, TEXT_WITH("es", "Hola")), 201);
    assert_int_equal(ask(b, "PUT", "/api/v1/texts/notice/2026-2", TEXT_WITH("en", "Notice")), 201);
    *b->token = 0;
    assert_int_equal(ask(b, "GET", "/texts/guidance/2026-2?lang=en", NULL), 200);
    assert_string_equal(b->response.body, "{\"text\":\"guidance\",\"version\":\"2026-2\",\"language\":\"en\","
                                          "\"title\":\"Hello\",\"parts\":[{\"title\":\"A\",\"points\":[\"one\","
                                          "\"two\"]}]}");
    static const struct {
        const char *query, *title;
    } languages[] = { { "", "Hello" },
                      { "?lang=es", "Hola" },
                      { "?lang=es-MX", "Hola" },
                      { "?lang=de", "Hello" },
                      { "?lang=en-GB", "Hello" } };
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        char path[96];
        snprintf(path, sizeof path, "/texts/guidance/2026-2%s", languages[i].query);
        assert_int_equal(ask(b, "GET", path, NULL), 200);
        assert_string_equal(said(b, "title"), languages[i].title);
    }
    assert_int_equal(ask(b, "GET", "/texts/guidance/2026-9", NULL), 404);
    assert_int_equal(ask(b, "GET", "/texts/guidance/2026-2?lang=", NULL), 400);
    assert_int_equal(ask(b, "GET", "/texts/guidance/2026-2?lang=en&x=1", NULL), 400);
    assert_int_equal(ask(b, "GET", "/texts/guidance/2026-2?language=en", NULL), 400);
    assert_int_equal(ask(b, "PUT", put, TEXT_WITH("en", "Hello")), 401);
}

static void the_program_brings_the_texts_of_a_session_that_names_none(void **state)
{
    struct bench *b = *state;
    assert_int_equal(ask(b, "GET", "/texts/guidance/" GUIDANCE_CURRENT, NULL), 200);
    assert_says(b, "What to expect");
    assert_int_equal(ask(b, "GET", "/texts/notice/" NOTICE_CURRENT, NULL), 200);
    assert_says(b, "42 CFR part 2 prohibits unauthorized use or disclosure of these records.");
    assert_int_equal(ask(b, "PUT", "/api/v1/texts/notice/" NOTICE_CURRENT, TEXT_WITH("en", "Other")), 409);
    bench_reopen(b, NULL);
    assert_int_equal(ask(b, "GET", "/api/v1/texts?limit=1", NULL), 200);
    assert_says(b, "\"version\":\"2026-1\"");
    assert_string_equal(said(b, "next"), "1");
}

static enum status is_another(struct store *store, const struct store_guidance *text)
{
    (void)store, (void)text;
    return ERR_STATE;
}

/* What people have read stays as they read it, whatever a later program brings. */
static void a_text_that_is_there_is_kept_and_a_store_that_fails_is_noticed(void **state)
{
    struct bench *b = *state;
    struct api *other;
    struct store_ops kept = *b->real_ops;
    struct api_config config = {
        .store = b->real, .keyring = b->keyring, .issuer = "kinroom", .base_url = "https://rooms.example"
    };
    kept.guidance_put = is_another;
    b->real->ops = &kept;
    assert_int_equal(api_create(&other, &config), OK);
    api_destroy(other);
    b->real->ops = &b->full;
    assert_int_equal(api_create(&other, &config), ERR_FULL);
    b->real->ops = b->real_ops;
}

static void every_text_is_listed_once(void **state)
{
    struct bench *b = *state;
    size_t count = 0;
    char path[64] = "/api/v1/texts?limit=1";
    assert_int_equal(ask(b, "PUT", "/api/v1/texts/notice/2026-2", TEXT_WITH("en", "Notice")), 201);
    do {
        assert_int_equal(ask(b, "GET", path, NULL), 200);
        snprintf(path, sizeof path, "/api/v1/texts?limit=1&cursor=%s", said(b, "next"));
        count++;
    } while (*said(b, "next") && count < 9);
    assert_int_equal(ask(b, "GET", "/api/v1/texts", NULL), 200);
    json_t *all = json_loads(b->response.body, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(all, "items")), count);
    assert_true(count >= 3);
    json_decref(all);
    assert_says(b, "{\"text\":\"notice\",\"version\":\"2026-2\",\"language\":\"en\",\"made_at\":1790000000}");
}

static void what_is_no_text(void **state)
{
    struct bench *b = *state;
    static const char *const wrong[] = {
        "{}",
        TEXT_WITH("EN", "x"),
        TEXT_WITH("e", "x"),
        TEXT_WITH("english", "x"),
        TEXT_WITH("en-", "x"),
        TEXT_WITH("en_GB", "x"),
        TEXT_WITH("en", ""),
        TEXT_WITH("en", "a\\nb"),
        "{\"language\":\"en\",\"title\":\"x\",\"parts\":[]}",
        "{\"language\":\"en\",\"title\":\"x\",\"parts\":[{\"title\":\"A\",\"points\":[]}]}",
        "{\"language\":\"en\",\"title\":\"x\",\"parts\":[{\"title\":\"A\",\"points\":[1]}]}",
        "{\"language\":\"en\",\"title\":\"x\",\"parts\":[{\"title\":\"A\"}]}",
        "{\"language\":\"en\",\"title\":\"x\",\"parts\":[{\"title\":\"A\",\"points\":[\"a\"],\"b\":1}]}",
        "{\"language\":\"en\",\"title\":\"x\",\"parts\":{}}",
        "{\"text\":\"notice\",\"language\":\"en\",\"title\":\"x\",\"parts\":[{\"title\":\"A\",\"points\":[\"a\"]}]}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (ask(b, "PUT", "/api/v1/texts/guidance/v", wrong[i]) != 422)
            fail_msg("%s: %d", wrong[i], b->response.status);
    assert_int_equal(ask(b, "PUT", "/api/v1/texts/poem/v", TEXT_WITH("en", "x")), 404);
    /* Longer than GUIDANCE_BODY_MAX, though each line is short enough. */
    json_t *points = json_array(), *part, *body;
    char line[1900];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = 0;
    for (int i = 0; i < 20; i++)
        json_array_append_new(points, json_string(line));
    part = json_pack("{s:s, s:o}", "title", "A", "points", points);
    body = json_pack("{s:s, s:s, s:[o]}", "language", "en", "title", "x", "parts", part);
    char *text = json_dumps(body, 0);
    assert_int_equal(ask(b, "PUT", "/api/v1/texts/guidance/v", text), 422);
    free(text);
    json_decref(body);
    b->real->ops = &b->full;
    assert_int_equal(ask(b, "PUT", "/api/v1/texts/guidance/v", TEXT_WITH("en", "x")), 503);
    b->real->ops = b->real_ops;
    assert_int_equal(ask(b, "GET", "/texts/guidance/v", NULL), 404);
}

static void a_session_asks_for_texts_that_are_there(void **state)
{
    struct bench *b = *state;
    const char *wants = SESSION_WITH(",\"guidance_version\":\"2026-2\",\"notice_version\":\"n\"");
    assert_int_equal(ask(b, "PUT", "/api/v1/sessions/s-1", wants), 422);
    assert_says(b, "guidance_version");
    assert_int_equal(ask(b, "PUT", "/api/v1/texts/guidance/2026-2", TEXT_WITH("es", "x")), 201);
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", wants), 422);
    assert_says(b, "notice_version");
    assert_false(b->effects->plan != NULL);
    assert_int_equal(ask(b, "PUT", "/api/v1/texts/notice/n", TEXT_WITH("en", "x")), 201);
    assert_int_equal(ask(b, "POST", "/api/v1/sessions", wants), 201);
}

/* ---- The outbox ---- */

static void an_outbox_is_there_in_a_demo_alone(void **state)
{
    struct bench *b = *state;
    assert_int_equal(ask(b, "GET", "/api/v1/deliveries", NULL), 404);
    b->outbox[0] = (struct delivery){ DELIVERY_INVITATION, { "i" },     { "s-1" }, { "p-2" },
                                      "mailto:a@b",        "https://x", NOW,       NOW + 9 };
    b->outbox[1] = (struct delivery){ DELIVERY_CODE, { "i" }, { "s-1" }, { "p-2" }, "", "123456", NOW + 1, NOW + 5 };
    b->has_outbox = true;
    bench_reopen(b, NULL);
    assert_int_equal(ask(b, "GET", "/api/v1/deliveries", NULL), 200);
    assert_string_equal(b->response.body,
                        "{\"items\":[{\"kind\":\"invitation\",\"session\":\"s-1\",\"participation\":\"p-2\","
                        "\"contact\":\"mailto:a@b\",\"secret\":\"https://x\",\"made_at\":1790000000,"
                        "\"expires\":1790000009},{\"kind\":\"code\",\"session\":\"s-1\",\"participation\":\"p-2\","
                        "\"secret\":\"123456\",\"made_at\":1790000001,\"expires\":1790000005}],\"next\":null}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(people_of_a_session_that_does_not_run),
        TEST(people_of_a_session_as_its_room_sees_them),
        TEST(an_order_goes_to_its_room),
        TEST(what_is_no_order),
        TEST(an_order_with_a_key_is_given_once),
        TEST(a_therapist_gets_a_link_to_their_own_session_alone),
        TEST(a_link_of_ones_own_lasts_a_day_at_most),
        TEST(a_token_for_several_was_made_for_us),
        TEST(a_stranger_who_signed_in_elsewhere),
        TEST(persons_and_systems_have_keys_of_their_own),
        TEST(a_text_is_put_once_and_read_by_everybody),
        TEST(the_program_brings_the_texts_of_a_session_that_names_none),
        TEST(a_text_that_is_there_is_kept_and_a_store_that_fails_is_noticed),
        TEST(every_text_is_listed_once),
        TEST(what_is_no_text),
        TEST(a_session_asks_for_texts_that_are_there),
        TEST(an_outbox_is_there_in_a_demo_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
