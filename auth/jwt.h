/* jwt.h - what our kinds of token share: JWT (RFC 7519) in a compact JWS (RFC 7515), ours signed ES256. For token.c,
 * service_token.c, device_proof.c and oidc.c. */
#pragma once

#include <jansson.h>

#include "auth/keyring.h"

enum { JWT_MAX = 2048, JWT_LEEWAY_S = 60 };
/* 9999-12-31T23:59:59Z. Times beyond it are nonsense, and within it sums with the leeway can't overflow. */
#define JWT_LAST_SECOND INT64_C(253402300799)

/* A compact JWS of at most `max` characters, taken apart: nothing of it is believed yet. ERR_MALFORMED. */
enum status jws_split(struct bytes text, size_t max, struct jws *);
/* The JSON object in one part; NULL when it is none, or names a member twice. The caller's. */
json_t *jws_object(struct bytes part);
/* The payload of a token whose signature is good; an object without duplicate names, the caller's. Nothing of it was
 * parsed before. ERR_MALFORMED, ERR_AUTH. */
enum status jwt_open(const struct keyring *, struct bytes token, json_t **payload);
/* RFC 7519 4.1.1 and 4.1.3: this issuer, and an audience that is ours or holds ours. ERR_MALFORMED, ERR_AUTH. */
enum status jwt_check_parties(const json_t *payload, const char *issuer, const char *audience);
/* RFC 7519 4.1.4 and 4.1.5: valid from nbf on and before exp, each give or take the leeway. ERR_MALFORMED (a time is
 * absent, beyond the year 9999, or they are not in order), ERR_EXPIRED. */
enum status jwt_check_times(const json_t *payload, int64_t unix_s, int64_t *not_before, int64_t *expires);
/* Takes the payload, NULL included. The caller frees the string. */
enum status jwt_sign(const struct keyring *, json_t *payload, char **token);
/* Borrowed; empty when it is no string. */
struct bytes jwt_text(const json_t *string);
/* Whether it is this string; NULL is none. */
bool jwt_text_is(const json_t *, const char *text);
