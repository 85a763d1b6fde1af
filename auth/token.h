/* token.h - admission tokens: JWT (RFC 7519) signed ES256 (RFC 7518 3.4) through libjose. No personal data: opaque ids
 * only.
 *
 *   {"iss":"<issuer>","aud":"kinroom","sub":"<participation>","room":"<session>","role":"loved_one","nbf":…,"exp":…,"jti":"…",
 *    "cnf":{"jkt":"<thumbprint of the device's key>"}}
 */
#pragma once

#include "auth/keyring.h"
#include "base/clock.h"
#include "base/terms.h"

struct claims {
    struct id participation; /* sub */
    struct id session;       /* room */
    struct id token;         /* jti */
    struct id device;        /* cnf.jkt (RFC 7800 3, RFC 9449 6.1): whose key must be proved; empty: a bearer token */
    enum role role;
    int64_t not_before, expires; /* Unix seconds; both required. exp also ends a running connection's rights */
};

enum { TOKEN_MAX = 2048, TOKEN_LEEWAY_S = 60 };

/* Every claim is required and typed; alg must be ES256 and kid known, whatever the header says otherwise.
 * ERR_MALFORMED, ERR_AUTH (signature, key, issuer, audience), ERR_EXPIRED (too late, or too early, beyond the leeway).
 */
enum status token_verify(const struct keyring *, const char *issuer, struct bytes token, int64_t unix_s,
                         struct claims *);
/* Signs with the keyring's first private key. The caller frees the string. */
enum status token_issue(const struct keyring *, const char *issuer, const struct claims *, char **token);
