#include "auth/jwt.h"

#include <jose/b64.h>
#include <stdlib.h>
#include <string.h>

struct bytes jwt_text(const json_t *string)
{
    return (struct bytes){ (const uint8_t *)json_string_value(string), json_string_length(string) };
}

bool jwt_text_is(const json_t *json, const char *text)
{
    return json_is_string(json) && bytes_equal(jwt_text(json), bytes_of(text));
}

/* Up to the next dot, which is dropped, or to the end. Anything but base64url (RFC 4648 5, no padding) is bad. */
static struct bytes read_part(struct reader *r, bool last)
{
    struct bytes part = { r->at, 0 };
    while (!r->bad && r->left > 0 && *r->at != '.') { /* a bad reader doesn't move on */
        uint8_t c = read_u8(r);
        part.len++;
        r->bad = !memchr(JOSE_B64_MAP, c, sizeof JOSE_B64_MAP - 1);
    }
    if (last ? r->left != 0 : read_u8(r) != '.')
        r->bad = true;
    return part;
}

enum status jws_split(struct bytes token, size_t max, struct jws *jws)
{
    if (token.len > max)
        return ERR_MALFORMED;
    struct reader r = reader_over(token);
    struct jws parts = { .header = read_part(&r, false) };
    parts.payload = read_part(&r, false);
    parts.signature = read_part(&r, true);
    if (r.bad || parts.header.len == 0 || parts.payload.len == 0)
        return ERR_MALFORMED;
    *jws = parts;
    return OK;
}

json_t *jws_object(struct bytes part)
{
    char *text = malloc(part.len + 1);
    size_t len = text ? jose_b64_dec_buf(part.at, part.len, text, part.len) : SIZE_MAX;
    json_t *json = len <= part.len ? json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    free(text);
    if (json && !json_is_object(json)) {
        json_decref(json);
        return NULL;
    }
    return json;
}

/* RFC 8725 3.1: the algorithm is ours to choose. A key or an address in the header (jwk, jku, x5c) is never looked at;
 * a critical extension is one that we don't know (RFC 7515 4.1.11), and refused. */
static enum status check_header(const struct keyring *keys, struct jws jws)
{
    json_t *header = jws_object(jws.header);
    const char *alg, *kid;
    size_t alg_len, kid_len;
    enum status status = ERR_MALFORMED;
    if (!header || json_unpack(header, "{s:s%, s:s%}", "alg", &alg, &alg_len, "kid", &kid, &kid_len) != 0)
        goto out;
    status = ERR_AUTH;
    if (!bytes_equal((struct bytes){ (const uint8_t *)alg, alg_len }, bytes_of("ES256")) ||
        json_object_get(header, "crit"))
        goto out;
    status = keyring_verify(keys, (struct bytes){ (const uint8_t *)kid, kid_len }, jws);
out:
    json_decref(header);
    return status;
}

enum status jwt_open(const struct keyring *keys, struct bytes token, json_t **payload)
{
    struct jws jws;
    TRY(jws_split(token, JWT_MAX, &jws));
    TRY(check_header(keys, jws));
    json_t *json = jws_object(jws.payload);
    if (!json)
        return ERR_MALFORMED;
    *payload = json;
    return OK;
}

/* RFC 7519 4.1.3: a string, or an array of strings that holds ours. */
static bool names_us(const json_t *aud, const char *audience)
{
    if (json_is_string(aud))
        return bytes_equal(jwt_text(aud), bytes_of(audience));
    bool found = false;
    size_t i;
    json_t *one;
    json_array_foreach(aud, i, one)
    {
        if (!json_is_string(one))
            return false;
        found = found || bytes_equal(jwt_text(one), bytes_of(audience));
    }
    return found;
}

enum status jwt_check_parties(const json_t *payload, const char *issuer, const char *audience)
{
    const json_t *iss = json_object_get(payload, "iss"), *aud = json_object_get(payload, "aud");
    if (!json_is_string(iss) || !(json_is_string(aud) || json_is_array(aud)))
        return ERR_MALFORMED;
    return bytes_equal(jwt_text(iss), bytes_of(issuer)) && names_us(aud, audience) ? OK : ERR_AUTH;
}

enum status jwt_check_times(const json_t *payload, int64_t unix_s, int64_t *not_before, int64_t *expires)
{
    const json_t *nbf = json_object_get(payload, "nbf"), *exp = json_object_get(payload, "exp");
    if (!json_is_integer(nbf) || !json_is_integer(exp))
        return ERR_MALFORMED;
    int64_t from = json_integer_value(nbf), until = json_integer_value(exp);
    if (from < 0 || until <= from || until > JWT_LAST_SECOND)
        return ERR_MALFORMED;
    if (unix_s < from - JWT_LEEWAY_S || unix_s >= until + JWT_LEEWAY_S)
        return ERR_EXPIRED;
    *not_before = from;
    *expires = until;
    return OK;
}

enum status jwt_sign(const struct keyring *keys, json_t *payload, char **token)
{
    char *text = payload ? json_dumps(payload, JSON_COMPACT) : NULL;
    json_decref(payload);
    if (!text)
        return ERR_NO_MEMORY;
    enum status status = keyring_sign(keys, bytes_of(text), token);
    free(text);
    return status;
}
