#include "auth/device_proof.h"

#include <jose/b64.h>
#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#undef ERR_STATE
#include <string.h>

#include "auth/jwt.h"

enum { SHA256_LEN = 32, SHA256_CHARS = 43, COORDINATE_CHARS = 43, JTI_MAX = 128 };

/* RFC 9449 4.2: the key in the header is the device's, public and nothing more. What is made of it holds only what a
 * P-256 key needs, so that no member of the sender's steers libjose. NULL when it is none. */
static json_t *public_key(const json_t *header)
{
    const json_t *jwk = json_object_get(header, "jwk");
    const char *x, *y;
    if (!jwt_text_is(json_object_get(header, "typ"), "dpop+jwt") ||
        !jwt_text_is(json_object_get(header, "alg"), "ES256") || json_object_get(header, "crit") ||
        !jwt_text_is(json_object_get(jwk, "kty"), "EC") || !jwt_text_is(json_object_get(jwk, "crv"), "P-256") ||
        json_object_get(jwk, "d") || json_unpack((json_t *)jwk, "{s:s, s:s}", "x", &x, "y", &y) != 0)
        return NULL;
    return json_pack("{s:s, s:s, s:s, s:s}", "kty", "EC", "crv", "P-256", "x", x, "y", y);
}

/* RFC 7518 6.2.1.2: coordinates have their full length. With zeros before them one key would have several names. */
static bool is_spelled_once(const json_t *key)
{
    return json_string_length(json_object_get(key, "x")) == COORDINATE_CHARS &&
           json_string_length(json_object_get(key, "y")) == COORDINATE_CHARS;
}

/* RFC 9449 4.2: ath is the base64url of the token's SHA-256. */
static bool names_token(const json_t *ath, struct bytes token)
{
    uint8_t hash[SHA256_LEN];
    char text[SHA256_CHARS + 1] = "";
    if (EVP_Digest(token.at, token.len, hash, NULL, EVP_sha256(), NULL) != 1)
        return false;
    jose_b64_enc_buf(hash, sizeof hash, text, SHA256_CHARS);
    return jwt_text_is(ath, text);
}

/* RFC 9449 4.3. A nonce of ours is fresher than any clock of theirs, which may be wrong by an hour. */
static enum status check_claims(const json_t *payload, const struct device_claim *claim, int64_t unix_s)
{
    const json_t *iat = json_object_get(payload, "iat");
    size_t jti_len = json_string_length(json_object_get(payload, "jti"));
    if (!json_is_integer(iat) || jti_len == 0 || jti_len > JTI_MAX)
        return ERR_MALFORMED;
    if (!jwt_text_is(json_object_get(payload, "htm"), claim->method) ||
        !jwt_text_is(json_object_get(payload, "htu"), claim->url))
        return ERR_AUTH;
    if (claim->token.len > 0 && !names_token(json_object_get(payload, "ath"), claim->token))
        return ERR_AUTH;
    if (claim->nonce)
        return jwt_text_is(json_object_get(payload, "nonce"), claim->nonce) ? OK : ERR_AUTH;
    int64_t made = json_integer_value(iat);
    return made >= unix_s - DEVICE_PROOF_AGE_S && made <= unix_s + DEVICE_PROOF_AGE_S ? OK : ERR_EXPIRED;
}

static enum status check_signature(const json_t *header, struct jws jws, struct id *device)
{
    json_t *key = public_key(header);
    jose_cfg_t *config = jwk_config();
    enum status status = !key ? ERR_MALFORMED : !config ? ERR_NO_MEMORY : ERR_AUTH;
    if (key && config && is_spelled_once(key) && jwk_bits(config, key) > 0 && jwk_signed(config, key, jws) &&
        jwk_thumbprint(config, key, device))
        status = OK;
    json_decref(key);
    if (config)
        jose_cfg_decref(config);
    return status;
}

enum status device_proof_verify(struct bytes proof, const struct device_claim *claim, int64_t unix_s, struct id *device)
{
    struct jws jws;
    struct id found;
    TRY(jws_split(proof, DEVICE_PROOF_MAX, &jws));
    json_t *header = jws_object(jws.header), *payload = NULL;
    enum status status = header ? check_signature(header, jws, &found) : ERR_MALFORMED;
    if (status == OK && !(payload = jws_object(jws.payload)))
        status = ERR_MALFORMED;
    if (status == OK)
        status = check_claims(payload, claim, unix_s);
    json_decref(header);
    json_decref(payload);
    if (status == OK)
        *device = found;
    return status;
}
