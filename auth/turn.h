/* turn.h - credentials for a TURN server that shares a secret with us: good until a moment, and about nobody
 * (draft-uberti-behave-turn-rest-00; coturn's `use-auth-secret`).
 *
 *   username = EXPIRES ":" ID        Unix seconds; random, so that the server's log tells of no participation
 *   password = base64(HMAC-SHA1(secret, username))
 *
 * SHA-1 is what these servers know; an HMAC does not need a hash without collisions. */
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/status.h"

enum {
    TURN_URLS_MAX = 8,
    TURN_SECRET_MIN = 16, /* bytes: whoever guesses it relays what they like through the server */
    TURN_LIFE_MAX_S = 24 * 3600,
};

/* What the operator has; none with url_count 0. */
struct turn_service {
    const char *urls[TURN_URLS_MAX]; /* RFC 7065, checked by whoever read them; borrowed */
    size_t url_count;
    struct bytes secret; /* borrowed */
};

struct turn_credential {
    char username[48], password[32]; /* NUL-terminated; to be wiped after use */
};

/* Good from now until `until` (Unix seconds), but no longer than TURN_LIFE_MAX_S. ERR_SYSTEM: OpenSSL refuses SHA-1. */
enum status turn_credential_make(const struct turn_service *, const struct entropy *, int64_t now_unix_s, int64_t until,
                                 struct turn_credential *);
