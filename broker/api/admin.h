/* admin.h - who is signed in to the admin's pages: a browser that once brought a good token has a cookie in its place,
 * so that no script of a page ever holds what lets it in.
 *
 * The cookie is random and opaque; it is kept as a hash, in memory, so a new start signs everybody out. It ends with
 * the token that it was given for, after ADMIN_LIFE_S at the latest, and when it was not used for ADMIN_IDLE_S. It
 * allows what the token did, less what no admin's page needs. */
#pragma once

#include "auth/service_token.h"
#include "base/clock.h"
#include "base/entropy.h"

#define ADMIN_COOKIE                                                                                                   \
    "__Host-kinroom-admin" /* the prefix: Secure, of this host alone, for every path (RFC 6265bis 4.1.3.2) */

enum {
    ADMIN_SECRET_LEN = 64, /* 32 bytes in hex */
    ADMIN_HASH_LEN = 32,
    ADMIN_SESSIONS_MAX = 64,
    ADMIN_LIFE_S = 8 * 3600,
    ADMIN_IDLE_S = 30 * 60,
    ADMIN_SCOPES = SCOPE_DASHBOARD_READ | SCOPE_SESSIONS_READ | SCOPE_SESSIONS_WRITE,
};

struct admin_session {
    uint8_t hash[ADMIN_HASH_LEN];
    struct id who;
    bool is_staff;
    scope_set scopes;        /* 0: a free place */
    int64_t expires;         /* Unix seconds: the token's end */
    usec_t ends_us, used_us; /* monotonic: a clock that is set back brings nobody back */
};

struct admins {
    struct admin_session at[ADMIN_SESSIONS_MAX];
};

/* A new cookie's value into secret, NUL-terminated. `session` says who, scopes and expires. Whoever has been idle
 * longest gives way when all places are taken. ERR_EXPIRED, ERR_FORBIDDEN: without the scope; ERR_NO_MEMORY. */
enum status admins_open(struct admins *, const struct entropy *, struct now, const struct admin_session *session,
                        char secret[ADMIN_SECRET_LEN + 1]);
/* Whose cookie this is, and it counts as used; NULL: nobody's any more. Borrowed until the next call. */
struct admin_session *admins_find(struct admins *, struct now, const char *secret);
void admins_close(struct admin_session *);
