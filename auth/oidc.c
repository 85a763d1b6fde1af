#define _POSIX_C_SOURCE 200809L /* strcasecmp */

#include "auth/oidc.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/jwt.h"

enum { RSA_BITS_LEAST = 2048, RSA_BITS_MOST = 4096, P256_BITS = 256 };

struct oidc {
    jose_cfg_t *config;
    char *issuer, *audience;
    json_t *keys; /* an array of JWKs that passed usable(); NULL before the first set */
};

static char *copy(const char *text)
{
    char *made = malloc(strlen(text) + 1);
    return made ? strcpy(made, text) : NULL;
}

enum status oidc_create(struct oidc **created, const char *issuer, const char *audience)
{
    struct oidc *oidc = calloc(1, sizeof *oidc);
    if (!oidc)
        return ERR_NO_MEMORY;
    oidc->config = jwk_config();
    oidc->issuer = copy(issuer);
    oidc->audience = copy(audience);
    if (!oidc->config || !oidc->issuer || !oidc->audience) {
        oidc_destroy(oidc);
        return ERR_NO_MEMORY;
    }
    *created = oidc;
    return OK;
}

void oidc_destroy(struct oidc *oidc)
{
    if (!oidc)
        return;
    if (oidc->config)
        jose_cfg_decref(oidc->config);
    free(oidc->issuer);
    free(oidc->audience);
    json_decref(oidc->keys);
    free(oidc);
}

/* ---- Keys ---- */

/* RFC 8725 3.1: a key is good for algorithms of its own kind, and for one alone where it names one. */
static const struct {
    const char *alg, *kty;
    int least, most; /* bits */
} algorithms[] = {
    { "RS256", "RSA", RSA_BITS_LEAST, RSA_BITS_MOST },
    { "PS256", "RSA", RSA_BITS_LEAST, RSA_BITS_MOST },
    { "ES256", "EC", P256_BITS, P256_BITS },
};
enum { ALGORITHMS = sizeof algorithms / sizeof *algorithms };

static bool suits(const json_t *key, int bits, size_t algorithm)
{
    const json_t *alg = json_object_get(key, "alg");
    return jwt_text_is(json_object_get(key, "kty"), algorithms[algorithm].kty) &&
           (!alg || jwt_text_is(alg, algorithms[algorithm].alg)) && bits >= algorithms[algorithm].least &&
           bits <= algorithms[algorithm].most;
}

/* Only what verifying needs: no member of the set's steers libjose. */
static json_t *public_part(const json_t *key)
{
    static const char *const names[] = { "kty", "alg", "kid", "n", "e", "crv", "x", "y" };
    json_t *made = json_object();
    for (size_t i = 0; made && i < sizeof names / sizeof *names; i++) {
        json_t *value = json_object_get(key, names[i]);
        if (value && json_object_set(made, names[i], value) != 0) {
            json_decref(made);
            return NULL;
        }
    }
    return made;
}

static bool usable(struct oidc *oidc, const json_t *key)
{
    const json_t *use = json_object_get(key, "use"), *crv = json_object_get(key, "crv");
    if (!json_is_object(key) || (use && !jwt_text_is(use, "sig")) || (crv && !jwt_text_is(crv, "P-256")))
        return false;
    int bits = jwk_bits(oidc->config, key);
    for (size_t i = 0; i < ALGORITHMS; i++)
        if (suits(key, bits, i))
            return true;
    return false;
}

enum status oidc_set_keys(struct oidc *oidc, struct bytes text)
{
    if (text.len > OIDC_JWKS_MAX)
        return ERR_MALFORMED;
    json_t *set = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, NULL);
    json_t *keys = json_array(), *key;
    size_t i;
    json_array_foreach(json_object_get(set, "keys"), i, key)
    {
        json_t *made = public_part(key);
        if (made && json_array_size(keys) < OIDC_KEYS_MAX && usable(oidc, key))
            json_array_append(keys, made);
        json_decref(made);
    }
    json_decref(set);
    if (json_array_size(keys) == 0) {
        json_decref(keys);
        return ERR_MALFORMED;
    }
    json_decref(oidc->keys);
    oidc->keys = keys;
    return OK;
}

/* By its kid; without one, the only key there is. */
static const json_t *find_key(const struct oidc *oidc, const json_t *kid)
{
    size_t i;
    json_t *key;
    if (!kid)
        return json_array_size(oidc->keys) == 1 ? json_array_get(oidc->keys, 0) : NULL;
    json_array_foreach(oidc->keys, i, key)
    {
        const json_t *name = json_object_get(key, "kid");
        if (json_is_string(name) && json_is_string(kid) && bytes_equal(jwt_text(name), jwt_text(kid)))
            return key;
    }
    return NULL;
}

/* ---- Tokens ---- */

/* RFC 8725 3.11: what says that it is another kind of token (a logout token, a proof) is none that lets somebody in.
 * Access tokens (RFC 9068 2.1) say it, ID tokens may say nothing. */
static bool is_known_type(const json_t *typ)
{
    static const char *const types[] = { "JWT", "at+jwt", "application/at+jwt" };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (json_is_string(typ) && strcasecmp(json_string_value(typ), types[i]) == 0)
            return true;
    return !typ;
}

static enum status check_signature(const struct oidc *oidc, struct jws jws)
{
    json_t *header = jws_object(jws.header);
    const json_t *alg = json_object_get(header, "alg"), *key = find_key(oidc, json_object_get(header, "kid"));
    enum status status = !header ? ERR_MALFORMED : !key ? ERR_UNKNOWN : ERR_AUTH;
    int bits = key ? jwk_bits(oidc->config, key) : 0;
    bool readable = is_known_type(json_object_get(header, "typ")) && !json_object_get(header, "crit");
    for (size_t i = 0; i < ALGORITHMS && key && readable; i++)
        if (jwt_text_is(alg, algorithms[i].alg) && suits(key, bits, i) && jwk_signed(oidc->config, key, jws))
            status = OK;
    json_decref(header);
    return status;
}

/* OpenID Connect Core 3.1.3.7 and RFC 9068 4. nbf and iat may be absent there; exp may not. */
static enum status check_times(const json_t *payload, int64_t unix_s, int64_t *expires)
{
    const json_t *exp = json_object_get(payload, "exp"), *nbf = json_object_get(payload, "nbf"),
                 *iat = json_object_get(payload, "iat");
    if (!json_is_integer(exp) || (nbf && !json_is_integer(nbf)) || (iat && !json_is_integer(iat)))
        return ERR_MALFORMED;
    int64_t until = json_integer_value(exp);
    if (until < 0 || until > JWT_LAST_SECOND)
        return ERR_MALFORMED;
    if (unix_s >= until + JWT_LEEWAY_S || (nbf && json_integer_value(nbf) > unix_s + JWT_LEEWAY_S) ||
        (iat && json_integer_value(iat) > unix_s + JWT_LEEWAY_S))
        return ERR_EXPIRED;
    *expires = until;
    return OK;
}

/* OpenID Connect Core 3.1.3.7: a token for others too was made for the one it names as azp, and that must be us. */
static enum status check_authorized(const struct oidc *oidc, const json_t *payload)
{
    bool shared = json_array_size(json_object_get(payload, "aud")) > 1;
    return !shared || jwt_text_is(json_object_get(payload, "azp"), oidc->audience) ? OK : ERR_AUTH;
}

static enum status read_claims(const struct oidc *oidc, const json_t *payload, int64_t unix_s,
                               struct staff_claims *claims)
{
    struct staff_claims read = { 0 };
    TRY(jwt_check_parties(payload, oidc->issuer, oidc->audience));
    TRY(check_authorized(oidc, payload));
    TRY(check_times(payload, unix_s, &read.expires));
    if (!id_parse(jwt_text(json_object_get(payload, "sub")), &read.person))
        return ERR_MALFORMED;
    read.scopes = scope_parse(jwt_text(json_object_get(payload, "scope")));
    *claims = read;
    return OK;
}

enum status oidc_verify(const struct oidc *oidc, struct bytes token, int64_t unix_s, struct staff_claims *claims)
{
    struct jws jws;
    TRY(jws_split(token, OIDC_TOKEN_MAX, &jws));
    TRY(check_signature(oidc, jws));
    json_t *payload = jws_object(jws.payload);
    enum status status = payload ? read_claims(oidc, payload, unix_s, claims) : ERR_MALFORMED;
    json_decref(payload);
    return status;
}
