#include "api/admin.h"

#include <string.h>

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#undef ERR_STATE

static bool hash_of(const char *secret, uint8_t hash[ADMIN_HASH_LEN])
{
    return EVP_Digest(secret, strlen(secret), hash, NULL, EVP_sha256(), NULL) == 1;
}

void admins_close(struct admin_session *session)
{
    bytes_wipe(session, sizeof *session);
}

static bool is_over(const struct admin_session *s, struct now now)
{
    return s->scopes == 0 || now.mono_us >= s->ends_us || now_unix_s(now) >= s->expires ||
           now.mono_us >= s->used_us + ADMIN_IDLE_S * USEC_PER_SEC;
}

static struct admin_session *place_for_one(struct admins *admins, struct now now)
{
    struct admin_session *idlest = &admins->at[0];
    for (size_t i = 0; i < ADMIN_SESSIONS_MAX; i++) {
        if (is_over(&admins->at[i], now))
            return &admins->at[i];
        if (admins->at[i].used_us < idlest->used_us)
            idlest = &admins->at[i];
    }
    return idlest;
}

enum status admins_open(struct admins *admins, const struct entropy *entropy, struct now now,
                        const struct admin_session *wanted, char secret[ADMIN_SECRET_LEN + 1])
{
    struct admin_session session = *wanted;
    uint8_t random[ADMIN_SECRET_LEN / 2];
    struct writer w = writer_over((uint8_t *)secret, ADMIN_SECRET_LEN + 1);
    int64_t left = session.expires - now_unix_s(now);
    if (left <= 0)
        return ERR_EXPIRED;
    session.scopes &= ADMIN_SCOPES;
    if (!(session.scopes & SCOPE_DASHBOARD_READ))
        return ERR_FORBIDDEN;
    entropy_fill(entropy, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        write_format(&w, "%02x", random[i]);
    secret[ADMIN_SECRET_LEN] = 0;
    bytes_wipe(random, sizeof random);
    if (!hash_of(secret, session.hash))
        return ERR_NO_MEMORY;
    session.used_us = now.mono_us;
    session.ends_us = now.mono_us + (usec_t)(left < ADMIN_LIFE_S ? left : ADMIN_LIFE_S) * USEC_PER_SEC;
    *place_for_one(admins, now) = session;
    return OK;
}

/* All are compared, and those that are over let go of. */
struct admin_session *admins_find(struct admins *admins, struct now now, const char *secret)
{
    uint8_t hash[ADMIN_HASH_LEN];
    struct admin_session *found = NULL;
    if (strlen(secret) != ADMIN_SECRET_LEN || !hash_of(secret, hash))
        return NULL;
    for (size_t i = 0; i < ADMIN_SESSIONS_MAX; i++) {
        struct admin_session *s = &admins->at[i];
        if (is_over(s, now))
            admins_close(s);
        else if (bytes_equal_secret((struct bytes){ s->hash, ADMIN_HASH_LEN }, (struct bytes){ hash, ADMIN_HASH_LEN }))
            found = s;
    }
    if (found)
        found->used_us = now.mono_us;
    return found;
}
