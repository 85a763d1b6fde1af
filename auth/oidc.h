/* oidc.h - staff who signed in elsewhere: tokens of the clinic's identity provider (OpenID Connect Core 1.0, RFC 9068),
 * verified against its JWKS (RFC 7517).
 *
 * RS256, PS256 and ES256; which one is the key's, never the token's, to say. Keys come and go: a set that was read
 * replaces the one before whole, and one that can't be read replaces nothing. For one thread. */
#pragma once

#include "auth/service_token.h"

struct oidc;

enum { OIDC_KEYS_MAX = 64, OIDC_JWKS_MAX = 256 << 10, OIDC_TOKEN_MAX = 3000 };

struct staff_claims {
    struct id person; /* sub; must be an id: what plans name as `person` */
    scope_set scopes; /* of the API, from `scope`; may be empty: then only their own sessions are open to them */
    int64_t expires;  /* Unix seconds */
};

/* issuer, audience: as tokens must name them; copied. Without keys nobody gets in. */
enum status oidc_create(struct oidc **, const char *issuer, const char *audience);
void oidc_destroy(struct oidc *); /* NULL is fine */
/* A JWKS. Keys of other types, uses or algorithms are passed over; ERR_MALFORMED when it is none or has no key for us.
 */
enum status oidc_set_keys(struct oidc *, struct bytes jwks);
/* ERR_UNKNOWN: signed by a key that we don't have (it may be a new one); ERR_MALFORMED, ERR_AUTH, ERR_EXPIRED. A `kid`
 * must be there when the set has more than one key. */
enum status oidc_verify(const struct oidc *, struct bytes token, int64_t unix_s, struct staff_claims *);
