#include "auth/turn.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#undef ERR_STATE

enum { SHA1_LEN = 20, BASE64_LEN = 28 };
_Static_assert(sizeof((struct turn_credential *)0)->password > BASE64_LEN, "a password fits");

enum status turn_credential_make(const struct turn_service *service, const struct entropy *entropy, int64_t now_unix_s,
                                 int64_t until, struct turn_credential *credential)
{
    uint8_t id[8], hmac[SHA1_LEN];
    unsigned len = 0;
    struct turn_credential made = { 0 };
    int64_t latest = now_unix_s + TURN_LIFE_MAX_S;
    entropy_fill(entropy, id, sizeof id);
    snprintf(made.username, sizeof made.username, "%" PRId64 ":%08" PRIx32 "%08" PRIx32,
             until < latest ? until : latest, load_be32(id), load_be32(id + 4));
    if (!HMAC(EVP_sha1(), service->secret.at, (int)service->secret.len, (const uint8_t *)made.username,
              strlen(made.username), hmac, &len) ||
        len != sizeof hmac)
        return ERR_SYSTEM;
    EVP_EncodeBlock((uint8_t *)made.password, hmac, sizeof hmac);
    *credential = made;
    bytes_wipe(hmac, sizeof hmac);
    bytes_wipe(&made, sizeof made);
    return OK;
}
