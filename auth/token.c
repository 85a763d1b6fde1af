#include "auth/token.h"

#include <jansson.h>
#include <jose/b64.h>
#include <stdlib.h>
#include <string.h>

static const char audience[] = "kinroom";

/* 9999-12-31T23:59:59Z. Times beyond it are nonsense, and within it sums with the leeway can't overflow. */
static const int64_t last_second = 253402300799;

static struct bytes bytes_of_json(const json_t *string)
{
    return (struct bytes){ (const uint8_t *)json_string_value(string), json_string_length(string) };
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

static enum status split(struct bytes token, struct jws *jws)
{
    if (token.len > TOKEN_MAX)
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

/* The JSON object in a part; NULL when it is none, or names a member twice. The caller frees it. */
static json_t *decode_object(struct bytes part)
{
    char text[TOKEN_MAX];
    size_t len = jose_b64_dec_buf(part.at, part.len, text, sizeof text);
    json_t *json = len <= sizeof text ? json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
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
    json_t *header = decode_object(jws.header);
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

/* RFC 7519 4.1.3: a string, or an array of strings that holds ours. */
static bool names_us(const json_t *aud)
{
    if (json_is_string(aud))
        return bytes_equal(bytes_of_json(aud), bytes_of(audience));
    bool found = false;
    size_t i;
    json_t *one;
    json_array_foreach(aud, i, one)
    {
        if (!json_is_string(one))
            return false;
        found = found || bytes_equal(bytes_of_json(one), bytes_of(audience));
    }
    return found;
}

/* Claims beyond ours, such as iat, are ignored (RFC 7519 4); none of ours may be absent or of another type. */
static enum status read_claims(json_t *payload, const char *issuer, struct claims *claims)
{
    struct claims read = { 0 };
    json_t *iss, *aud, *sub, *room, *role, *jti;
    json_int_t nbf, exp;
    json_error_t error;
    if (json_unpack_ex(payload, &error, 0, "{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I}", "iss", &iss, "aud", &aud, "sub",
                       &sub, "room", &room, "role", &role, "jti", &jti, "nbf", &nbf, "exp", &exp) != 0)
        return ERR_MALFORMED;
    if (!json_is_string(iss) || !(json_is_string(aud) || json_is_array(aud)))
        return ERR_MALFORMED;
    if (!bytes_equal(bytes_of_json(iss), bytes_of(issuer)) || !names_us(aud))
        return ERR_AUTH;
    if (!id_parse(bytes_of_json(sub), &read.participation) || !id_parse(bytes_of_json(room), &read.session) ||
        !id_parse(bytes_of_json(jti), &read.token))
        return ERR_MALFORMED;
    read.role = role_parse(bytes_of_json(role));
    if (!read.role || nbf < 0 || exp <= nbf || exp > last_second)
        return ERR_MALFORMED;
    read.not_before = nbf;
    read.expires = exp;
    *claims = read;
    return OK;
}

/* Nothing of the payload is parsed before its signature has been verified. */
enum status token_verify(const struct keyring *keys, const char *issuer, struct bytes token, int64_t unix_s,
                         struct claims *claims)
{
    struct jws jws;
    struct claims read;
    TRY(split(token, &jws));
    TRY(check_header(keys, jws));
    json_t *payload = decode_object(jws.payload);
    enum status status = payload ? read_claims(payload, issuer, &read) : ERR_MALFORMED;
    json_decref(payload);
    TRY(status);
    /* RFC 7519 4.1.4 and 4.1.5: valid from nbf on and before exp, each give or take the clocks' difference. */
    if (unix_s < read.not_before - TOKEN_LEEWAY_S || unix_s >= read.expires + TOKEN_LEEWAY_S)
        return ERR_EXPIRED;
    *claims = read;
    return OK;
}

enum status token_issue(const struct keyring *keys, const char *issuer, const struct claims *claims, char **token)
{
    json_t *payload =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s}", "iss", issuer, "aud", audience, "sub",
                  claims->participation.text, "room", claims->session.text, "role", role_name(claims->role), "nbf",
                  (json_int_t)claims->not_before, "exp", (json_int_t)claims->expires, "jti", claims->token.text);
    char *text = payload ? json_dumps(payload, JSON_COMPACT) : NULL;
    json_decref(payload);
    if (!text)
        return ERR_NO_MEMORY;
    enum status status = keyring_sign(keys, bytes_of(text), token);
    free(text);
    return status;
}
