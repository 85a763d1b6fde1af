#include "transport/srtp.h"

#include <stdlib.h>

#include "transport/aead.h"
#include "transport/fallback.h"
#include "transport/gcm.h"
#include "transport/opener.h"
#include "transport/sealer.h"

_Static_assert((int)SRTP_SOURCES_MAX == (int)SEALER_SOURCES_MAX && (int)SRTP_SOURCES_MAX == (int)OPENER_SOURCES_MAX,
               "one bound");
_Static_assert((int)SRTP_KEY_LEN == (int)GCM_KEY_LEN && (int)SRTP_SALT_MAX >= (int)AEAD_SALT_LEN,
               "the keys hold what GCM needs");

struct srtp {
    struct opener *opener; /* with the sealer, under GCM */
    struct sealer *sealer;
    struct fallback *fallback; /* in place of the two, under AES_CM */
};

enum status srtp_start(void)
{
    gcm_start();
    return fallback_start();
}

static enum status opener_from(struct opener **opener, const struct srtp_keys *keys)
{
    struct aead_keys derived;
    enum status status = aead_keys_derive(&derived, keys->remote_key, keys->remote_salt);
    if (status == OK)
        status = opener_create(opener, &derived);
    bytes_wipe(&derived, sizeof derived);
    return status;
}

static enum status sealer_from(struct sealer **sealer, const struct srtp_keys *keys)
{
    struct aead_keys derived;
    enum status status = aead_keys_derive(&derived, keys->local_key, keys->local_salt);
    if (status == OK)
        status = sealer_create(sealer, &derived);
    bytes_wipe(&derived, sizeof derived);
    return status;
}

static enum status fill(struct srtp *srtp, const struct srtp_keys *keys)
{
    switch (keys->profile) {
    case SRTP_AES128_CM_SHA1_80_PROFILE:
        return fallback_create(&srtp->fallback, keys);
    case SRTP_AEAD_AES_128_GCM_PROFILE:
        TRY(opener_from(&srtp->opener, keys));
        return sealer_from(&srtp->sealer, keys);
    default:
        return ERR_UNSUPPORTED;
    }
}

enum status srtp_session_create(struct srtp **created, const struct srtp_keys *keys)
{
    struct srtp *srtp = calloc(1, sizeof *srtp);
    if (!srtp)
        return ERR_NO_MEMORY;
    enum status status = fill(srtp, keys);
    if (status != OK) {
        srtp_destroy(srtp);
        return status;
    }
    *created = srtp;
    return OK;
}

void srtp_destroy(struct srtp *srtp)
{
    if (!srtp)
        return;
    opener_destroy(srtp->opener);
    sealer_destroy(srtp->sealer);
    fallback_destroy(srtp->fallback);
    free(srtp);
}

enum status srtp_open_rtp(struct srtp *srtp, uint8_t *packet, size_t *len)
{
    return srtp->fallback ? fallback_open_rtp(srtp->fallback, packet, len) : opener_open(srtp->opener, packet, len);
}

enum status srtp_open_rtcp(struct srtp *srtp, uint8_t *packet, size_t *len)
{
    return srtp->fallback ? fallback_open_rtcp(srtp->fallback, packet, len)
                          : opener_open_rtcp(srtp->opener, packet, len);
}

enum status srtp_seal_rtp(struct srtp *srtp, uint8_t *packet, size_t *len, size_t cap)
{
    return srtp->fallback ? fallback_seal_rtp(srtp->fallback, packet, len, cap)
                          : sealer_seal(srtp->sealer, packet, len, cap);
}

enum status srtp_seal_rtcp(struct srtp *srtp, uint8_t *packet, size_t *len, size_t cap)
{
    return srtp->fallback ? fallback_seal_rtcp(srtp->fallback, packet, len, cap)
                          : sealer_seal_rtcp(srtp->sealer, packet, len, cap);
}
