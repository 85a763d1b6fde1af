#include "auth/service_token.h"

#include <string.h>

#include "auth/jwt.h"

static const char audience[] = "kinroom-api";

static const struct {
    enum scope scope;
    const char *word;
} scopes[] = {
    { SCOPE_SESSIONS_READ, "sessions:read" },
    { SCOPE_SESSIONS_WRITE, "sessions:write" },
    { SCOPE_GRANTS_READ, "grants:read" },
    { SCOPE_GRANTS_WRITE, "grants:write" },
    { SCOPE_INVITATIONS_READ, "invitations:read" },
    { SCOPE_INVITATIONS_WRITE, "invitations:write" },
    { SCOPE_MODERATE, "moderate" },
    { SCOPE_GUIDANCE_WRITE, "guidance:write" },
    { SCOPE_DELIVERIES_READ, "deliveries:read" },
    { SCOPE_DASHBOARD_READ, "dashboard:read" },
};

enum { SCOPES = sizeof scopes / sizeof *scopes, SCOPE_TEXT_MAX = 256 };

/* The next word, taken off the front; empty at the end. */
static struct bytes next_word(struct bytes *words)
{
    while (words->len > 0 && *words->at == ' ')
        *words = (struct bytes){ words->at + 1, words->len - 1 };
    if (words->len == 0) /* there may be no memory behind it */
        return *words;
    const uint8_t *space = memchr(words->at, ' ', words->len);
    struct bytes word = { words->at, space ? (size_t)(space - words->at) : words->len };
    *words = (struct bytes){ words->at + word.len, words->len - word.len };
    return word;
}

static scope_set scope_of(struct bytes word)
{
    for (size_t i = 0; i < SCOPES; i++)
        if (bytes_equal(word, bytes_of(scopes[i].word)))
            return scopes[i].scope;
    return 0;
}

scope_set scope_parse(struct bytes words)
{
    scope_set set = 0;
    for (struct bytes word = next_word(&words); word.len > 0; word = next_word(&words))
        set |= scope_of(word);
    return set;
}

bool scope_is_known(struct bytes words)
{
    bool known = true;
    for (struct bytes word = next_word(&words); word.len > 0; word = next_word(&words))
        known = known && scope_of(word);
    return known;
}

static enum status read_claims(const json_t *payload, const char *issuer, int64_t unix_s, struct service_claims *claims)
{
    struct service_claims read = { 0 };
    TRY(jwt_check_parties(payload, issuer, audience));
    if (!id_parse(jwt_text(json_object_get(payload, "sub")), &read.service) ||
        !id_parse(jwt_text(json_object_get(payload, "jti")), &read.token))
        return ERR_MALFORMED;
    read.scopes = scope_parse(jwt_text(json_object_get(payload, "scope")));
    if (!read.scopes)
        return ERR_MALFORMED;
    TRY(jwt_check_times(payload, unix_s, &read.not_before, &read.expires));
    *claims = read;
    return OK;
}

enum status service_token_verify(const struct keyring *keys, const char *issuer, struct bytes token, int64_t unix_s,
                                 struct service_claims *claims)
{
    json_t *payload;
    TRY(jwt_open(keys, token, &payload));
    enum status status = read_claims(payload, issuer, unix_s, claims);
    json_decref(payload);
    return status;
}

enum status service_token_issue(const struct keyring *keys, const char *issuer, const struct service_claims *claims,
                                char **token)
{
    uint8_t text[SCOPE_TEXT_MAX];
    struct writer words = writer_over(text, sizeof text);
    for (size_t i = 0; i < SCOPES; i++)
        if (claims->scopes & scopes[i].scope)
            write_format(&words, "%s%s", words.len ? " " : "", scopes[i].word);
    return jwt_sign(keys,
                    json_pack("{s:s, s:s, s:s, s:s%, s:I, s:I, s:s}", "iss", issuer, "aud", audience, "sub",
                              claims->service.text, "scope", text, words.len, "nbf", (json_int_t)claims->not_before,
                              "exp", (json_int_t)claims->expires, "jti", claims->token.text),
                    token);
}
