#include "auth/keyring.h"

#include <jansson.h>
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/err.h>
#undef ERR_STATE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JWK_TEXT_MAX = 1024 };

struct keyring {
    jose_cfg_t *config;
    json_t *keys; /* an array of JWKs that passed check_key */
};

/* Of one JWK, a JWKS or an array of JWKs: Jansson frees strings as they are, so the private parts are wiped before. */
static void discard_keys(json_t *json)
{
    json_t *set = json_is_array(json) ? json : json_object_get(json, "keys");
    size_t count = set ? json_array_size(set) : 1;
    for (size_t i = 0; i < count; i++) {
        json_t *d = json_object_get(set ? json_array_get(set, i) : json, "d");
        if (json_is_string(d))
            bytes_wipe((char *)json_string_value(d), json_string_length(d));
    }
    json_decref(json);
}

static bool is_text(const char *text, const char *wanted)
{
    return strcmp(text, wanted) == 0;
}

static enum status check_key(jose_cfg_t *config, json_t *key)
{
    const char *kty, *crv, *kid, *x, *y, *d = NULL, *use = "sig", *alg = "ES256";
    size_t kid_len;
    if (json_unpack(key, "{s:s, s:s, s:s%, s:s, s:s, s?s, s?s, s?s}", "kty", &kty, "crv", &crv, "kid", &kid, &kid_len,
                    "x", &x, "y", &y, "d", &d, "use", &use, "alg", &alg) != 0)
        return ERR_UNSUPPORTED;
    if (!is_text(kty, "EC") || !is_text(crv, "P-256") || !is_text(use, "sig") || !is_text(alg, "ES256"))
        return ERR_UNSUPPORTED;
    if (kid_len == 0 || kid_len > KEYRING_KID_MAX || jwk_bits(config, key) == 0)
        return ERR_UNSUPPORTED;
    return OK;
}

static json_t *find_key(const json_t *keys, struct bytes kid)
{
    size_t i;
    json_t *key;
    json_array_foreach(keys, i, key)
    {
        const json_t *name = json_object_get(key, "kid");
        struct bytes known = { (const uint8_t *)json_string_value(name), json_string_length(name) };
        if (bytes_equal(known, kid))
            return key;
    }
    return NULL;
}

/* Moves what json holds (one JWK or a JWKS) to the ring's array, each key checked. */
static enum status add_keys(struct keyring *ring, json_t *json)
{
    json_t *set = json_object_get(json, "keys");
    size_t count = set ? json_array_size(set) : 1;
    if (!json_is_object(json) || count == 0)
        return ERR_MALFORMED;
    if (count > KEYRING_MAX_KEYS)
        return ERR_FULL;
    for (size_t i = 0; i < count; i++) {
        json_t *key = set ? json_array_get(set, i) : json;
        TRY(check_key(ring->config, key));
        if (find_key(ring->keys, bytes_of(json_string_value(json_object_get(key, "kid")))))
            return ERR_MALFORMED;
        if (json_array_append(ring->keys, key) != 0)
            return ERR_NO_MEMORY;
    }
    return OK;
}

enum status keyring_create(struct keyring **created, struct bytes text)
{
    json_t *json = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, NULL);
    if (!json)
        return ERR_MALFORMED;
    enum status status = ERR_NO_MEMORY;
    struct keyring *ring = calloc(1, sizeof *ring);
    if (!ring)
        goto out;
    ring->config = jwk_config();
    ring->keys = json_array();
    if (ring->config && ring->keys)
        status = add_keys(ring, json);
out:
    if (status == OK) {
        json_decref(json); /* the ring holds the keys */
        *created = ring;
        return OK;
    }
    keyring_destroy(ring);
    discard_keys(json);
    return status;
}

void keyring_destroy(struct keyring *ring)
{
    if (!ring)
        return;
    discard_keys(ring->keys);
    if (ring->config)
        jose_cfg_decref(ring->config);
    free(ring);
}

enum status keyring_generate(char **json)
{
    enum status status = ERR_SYSTEM;
    jose_cfg_t *config = jwk_config();
    json_t *key = json_pack("{s:s}", "alg", "ES256");
    char *text = calloc(1, JWK_TEXT_MAX);
    if (!config || !key || !text) {
        status = ERR_NO_MEMORY;
        goto out;
    }
    if (!jose_jwk_gen(config, key) || json_object_set_new(key, "kid", jose_jwk_thp(config, key, "S256")) != 0)
        goto out;
    /* Into one buffer: json_dumps grows its own and frees the outgrown copies of d unwiped. */
    size_t len = json_dumpb(key, text, JWK_TEXT_MAX - 1, JSON_COMPACT);
    if (len == 0 || len >= JWK_TEXT_MAX)
        goto out;
    *json = text;
    text = NULL;
    status = OK;
out:
    ERR_clear_error();
    if (text)
        bytes_wipe(text, JWK_TEXT_MAX);
    free(text);
    discard_keys(key);
    if (config)
        jose_cfg_decref(config);
    return status;
}

enum status keyring_verify(const struct keyring *ring, struct bytes kid, struct jws jws)
{
    json_t *key = find_key(ring->keys, kid);
    if (!key)
        return ERR_AUTH;
    return jwk_signed(ring->config, key, jws) ? OK : ERR_AUTH;
}

static json_t *first_private(const struct keyring *ring)
{
    size_t i;
    json_t *key;
    json_array_foreach(ring->keys, i, key) if (json_object_get(key, "d")) return key;
    return NULL;
}

/* "header.payload.signature" of a flattened JWS. */
static enum status compact_of(const json_t *jws, char **compact)
{
    const char *header, *payload, *signature;
    if (json_unpack((json_t *)jws, "{s:s, s:s, s:s}", "protected", &header, "payload", &payload, "signature",
                    &signature) != 0)
        return ERR_SYSTEM;
    size_t size = strlen(header) + strlen(payload) + strlen(signature) + sizeof "..";
    char *text = malloc(size);
    if (!text)
        return ERR_NO_MEMORY;
    snprintf(text, size, "%s.%s.%s", header, payload, signature);
    *compact = text;
    return OK;
}

enum status keyring_sign(const struct keyring *ring, struct bytes payload, char **compact)
{
    json_t *key = first_private(ring);
    if (!key)
        return ERR_UNKNOWN;
    enum status status = ERR_SYSTEM;
    json_t *jws = json_pack("{s:o}", "payload", jose_b64_enc(payload.at, payload.len));
    json_t *signature =
        json_pack("{s:{s:s, s:s, s:O}}", "protected", "alg", "ES256", "typ", "JWT", "kid", json_object_get(key, "kid"));
    if (jws && signature && jose_jws_sig(ring->config, jws, signature, key))
        status = compact_of(jws, compact);
    json_decref(signature);
    json_decref(jws);
    ERR_clear_error();
    return status;
}
