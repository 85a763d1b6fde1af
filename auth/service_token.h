/* service_token.h - what lets one of the clinic's systems use the API: JWT signed ES256, for another audience than
 * admission tokens, so that neither is ever good for the other. No personal data.
 *
 *   {"iss":"<issuer>","aud":"kinroom-api","sub":"<system>","scope":"sessions:read
 * grants:write","nbf":…,"exp":…,"jti":"…"} */
#pragma once

#include "auth/keyring.h"
#include "base/terms.h"

/* Bits of a set. */
enum scope {
    SCOPE_SESSIONS_READ = 1,
    SCOPE_SESSIONS_WRITE = 2,
    SCOPE_GRANTS_READ = 4,
    SCOPE_GRANTS_WRITE = 8,
    SCOPE_INVITATIONS_READ = 16,
    SCOPE_INVITATIONS_WRITE = 32,
    SCOPE_MODERATE = 64,
    SCOPE_GUIDANCE_WRITE = 128,
    SCOPE_DELIVERIES_READ = 256,
    SCOPE_DASHBOARD_READ = 512, /* how the server is doing, and the admin's pages */
};
typedef uint32_t scope_set;

struct service_claims {
    struct id service;           /* sub */
    struct id token;             /* jti */
    scope_set scopes;            /* never empty */
    int64_t not_before, expires; /* Unix seconds */
};

/* Words with one space between (RFC 6749 3.3). Unknown words allow nothing; 0 when no word is known. */
scope_set scope_parse(struct bytes);
/* Whether each word is known. */
bool scope_is_known(struct bytes);

/* Every claim is required and typed. ERR_MALFORMED, ERR_AUTH, ERR_EXPIRED, as token_verify. */
enum status service_token_verify(const struct keyring *, const char *issuer, struct bytes token, int64_t unix_s,
                                 struct service_claims *);
/* With the keyring's first private key. The caller frees the string. */
enum status service_token_issue(const struct keyring *, const char *issuer, const struct service_claims *,
                                char **token);
