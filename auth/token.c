#include "auth/token.h"

#include "auth/jwt.h"

_Static_assert((int)TOKEN_MAX == (int)JWT_MAX && (int)TOKEN_LEEWAY_S == (int)JWT_LEEWAY_S, "the same bounds");

static const char audience[] = "kinroom";

/* Absent: a bearer token. One that is there binds, so one that can't be read is no token. */
static enum status read_device(const json_t *cnf, struct id *device)
{
    if (!cnf)
        return OK;
    return id_parse(jwt_text(json_object_get(cnf, "jkt")), device) ? OK : ERR_MALFORMED;
}

/* Claims beyond ours, such as iat, are ignored (RFC 7519 4); none of ours may be absent or of another type. */
static enum status read_claims(const json_t *payload, const char *issuer, int64_t unix_s, struct claims *claims)
{
    struct claims read = { 0 };
    TRY(jwt_check_parties(payload, issuer, audience));
    if (!id_parse(jwt_text(json_object_get(payload, "sub")), &read.participation) ||
        !id_parse(jwt_text(json_object_get(payload, "room")), &read.session) ||
        !id_parse(jwt_text(json_object_get(payload, "jti")), &read.token))
        return ERR_MALFORMED;
    read.role = role_parse(jwt_text(json_object_get(payload, "role")));
    if (!read.role)
        return ERR_MALFORMED;
    TRY(read_device(json_object_get(payload, "cnf"), &read.device));
    TRY(jwt_check_times(payload, unix_s, &read.not_before, &read.expires));
    *claims = read;
    return OK;
}

enum status token_verify(const struct keyring *keys, const char *issuer, struct bytes token, int64_t unix_s,
                         struct claims *claims)
{
    json_t *payload;
    TRY(jwt_open(keys, token, &payload));
    enum status status = read_claims(payload, issuer, unix_s, claims);
    json_decref(payload);
    return status;
}

enum status token_issue(const struct keyring *keys, const char *issuer, const struct claims *claims, char **token)
{
    json_t *cnf = claims->device.text[0] ? json_pack("{s:s}", "jkt", claims->device.text) : NULL;
    return jwt_sign(keys,
                    json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:o*}", "iss", issuer, "aud", audience, "sub",
                              claims->participation.text, "room", claims->session.text, "role", role_name(claims->role),
                              "nbf", (json_int_t)claims->not_before, "exp", (json_int_t)claims->expires, "jti",
                              claims->token.text, "cnf", cnf),
                    token);
}
