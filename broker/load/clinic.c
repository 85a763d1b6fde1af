#include "load/clinic.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "auth/service_token.h"
#include "auth/token.h"

enum { KEYS_FILE_MAX = 1 << 20, URL_LEN = 512, ANSWER_MAX = 4096, BOX_S = 3 * 3600, SLACK_S = 60 };

struct clinic {
    const struct load_config *config;
    struct keyring *keyring;
    CURL *curl;
    struct curl_slist *headers;
    char run[9]; /* tells the sessions of this run from others' */
    char answer[ANSWER_MAX];
    size_t answer_len;
};

/* ---- Life ---- */

static enum status read_keys(const char *path, struct keyring **keyring)
{
    enum status status = ERR_NO_MEMORY;
    FILE *file = fopen(path, "rb");
    uint8_t *at = malloc(KEYS_FILE_MAX);
    if (file && at)
        status = keyring_create(keyring, (struct bytes){ at, fread(at, 1, KEYS_FILE_MAX, file) });
    if (status != OK)
        fprintf(stderr, "kinroom: --keys: the file must hold a JWK or JWKS with a private P-256 key\n");
    if (at)
        bytes_wipe(at, KEYS_FILE_MAX);
    free(at);
    if (file)
        fclose(file);
    return status;
}

static struct id random_id(void)
{
    struct id id = { 0 };
    uint64_t random[2];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        abort();
    snprintf(id.text, sizeof id.text, "%016llx%016llx", (unsigned long long)random[0], (unsigned long long)random[1]);
    return id;
}

static enum status add_header(struct clinic *c, const char *text)
{
    struct curl_slist *grown = curl_slist_append(c->headers, text);
    c->headers = grown ? grown : c->headers;
    return grown ? OK : ERR_NO_MEMORY;
}

static enum status sign_in(struct clinic *c)
{
    struct service_claims claims = { .token = random_id(),
                                     .scopes = SCOPE_SESSIONS_WRITE | SCOPE_MODERATE,
                                     .not_before = time(NULL),
                                     .expires = time(NULL) + BOX_S };
    char header[TOKEN_MAX + 32], *token = NULL;
    strcpy(claims.service.text, "load");
    TRY(service_token_issue(c->keyring, c->config->issuer, &claims, &token));
    snprintf(header, sizeof header, "Authorization: Bearer %s", token);
    free(token);
    TRY(add_header(c, header));
    return add_header(c, "Content-Type: application/json");
}

static enum status fill(struct clinic *c)
{
    TRY(read_keys(c->config->keys, &c->keyring));
    TRY(sign_in(c));
    snprintf(c->run, sizeof c->run, "%.8s", random_id().text);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    c->curl = curl_easy_init();
    return c->curl ? OK : ERR_NO_MEMORY;
}

enum status clinic_create(struct clinic **created, const struct load_config *config)
{
    struct clinic *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NO_MEMORY;
    c->config = config;
    enum status status = fill(c);
    if (status != OK)
        clinic_destroy(c);
    else
        *created = c;
    return status;
}

void clinic_destroy(struct clinic *c)
{
    if (!c)
        return;
    curl_easy_cleanup(c->curl);
    curl_slist_free_all(c->headers);
    keyring_destroy(c->keyring);
    free(c);
}

/* ---- One call ---- */

static size_t take_answer(char *at, size_t size, size_t count, void *context)
{
    struct clinic *c = context;
    size_t len = size * count, room = sizeof c->answer - 1 - c->answer_len;
    memcpy(c->answer + c->answer_len, at, len < room ? len : room);
    c->answer_len += len < room ? len : room;
    return len;
}

/* wss://HOST is https://HOST for the API. */
static void address_of(const struct clinic *c, const char *path, char url[static URL_LEN])
{
    const char *host = strstr(c->config->url, "://");
    snprintf(url, URL_LEN, "https://%s%s", host ? host + 3 : c->config->url, path);
}

static enum status post(struct clinic *c, const char *path, json_t *body)
{
    char url[URL_LEN], *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    long code = 0;
    json_decref(body);
    if (!text)
        return ERR_NO_MEMORY;
    address_of(c, path, url);
    c->answer_len = 0;
    curl_easy_setopt(c->curl, CURLOPT_URL, url);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, text);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYPEER, c->config->insecure ? 0L : 1L);
    curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYHOST, c->config->insecure ? 0L : 2L);
    if (c->config->ca)
        curl_easy_setopt(c->curl, CURLOPT_CAINFO, c->config->ca);
    CURLcode result = curl_easy_perform(c->curl);
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &code);
    c->answer[c->answer_len] = '\0';
    if (result != CURLE_OK)
        fprintf(stderr, "kinroom: %s: %s\n", url, curl_easy_strerror(result));
    else if (code / 100 != 2)
        fprintf(stderr, "kinroom: %s: status %ld: %s\n", url, code, c->answer);
    free(text);
    return result == CURLE_OK && code / 100 == 2 ? OK : ERR_SYSTEM;
}

/* ---- Sessions ---- */

static struct id session_of(const struct clinic *c, unsigned room)
{
    struct id id;
    snprintf(id.text, sizeof id.text, "load-%s-%u", c->run, room);
    return id;
}

static struct id participation_of(const struct clinic *c, unsigned room, unsigned person)
{
    struct id id;
    snprintf(id.text, sizeof id.text, "load-%s-%u-%u", c->run, room, person);
    return id;
}

static json_t *person_of(const struct clinic *c, unsigned room, unsigned person)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "participation", participation_of(c, room, person).text, "person",
                     person ? "load-client" : "load-therapist", "role", person ? "client" : "therapist", "name",
                     person ? "Client" : "Therapist");
}

enum status clinic_schedule(struct clinic *c, unsigned room, unsigned people)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < people; i++)
        json_array_append_new(list, person_of(c, room, i));
    json_int_t now = time(NULL);
    return post(c, "/api/v1/sessions?conflicts=accept", /* the same people in all of them */
                json_pack("{s:s, s:s, s:I, s:I, s:s, s:o}", "id", session_of(c, room).text, "kind", "group", "opens_at",
                          now - SLACK_S, "closes_at", now + BOX_S - SLACK_S, "client", "load-client", "people", list));
}

void clinic_end(struct clinic *c, unsigned room)
{
    char path[128];
    snprintf(path, sizeof path, "/api/v1/sessions/%s/moderation", session_of(c, room).text);
    post(c, path, json_pack("{s:s}", "action", "end"));
}

enum status clinic_token(struct clinic *c, unsigned room, unsigned person, char **token)
{
    struct claims claims = { .participation = participation_of(c, room, person),
                             .session = session_of(c, room),
                             .token = random_id(),
                             .role = person ? ROLE_CLIENT : ROLE_THERAPIST,
                             .not_before = time(NULL),
                             .expires = time(NULL) + BOX_S };
    return token_issue(c->keyring, c->config->issuer, &claims, token);
}
