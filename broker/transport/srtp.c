#include <srtp2/srtp.h>

#include "transport/srtp.h"
#include "transport/sealer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { RTP_HEADER_LEN = 12, RTP_SSRC_AT = 8, RTCP_HEADER_LEN = 8, RTCP_SSRC_AT = 4 };

typedef srtp_err_status_t step_function(srtp_t, void *, int *);

/* The SSRCs that a libsrtp2 session has met. It allocates a stream for each new one and sets no bound, so we do. */
struct sources {
    size_t count;
    uint32_t ssrc[SRTP_SOURCES_MAX];
};

struct srtp {
    const struct profile *profile;
    srtp_t in, out;        /* out: RTCP, and RTP unless there is a sealer */
    struct sealer *sealer; /* GCM only */
    struct sources heard, sent;
};

static const struct profile {
    void (*policy)(srtp_crypto_policy_t *);
    size_t salt_len;
    size_t rtp_trailer,
        rtcp_trailer; /* what sealing adds: the tag, and for RTCP its index (RFC 3711 3.4, RFC 7714 9.2) */
    bool own_sealer;
} profiles[] = {
    /* libsrtp2's default is AES_CM_128_HMAC_SHA1_80 */
    [SRTP_AES128_CM_SHA1_80_PROFILE] = { srtp_crypto_policy_set_rtp_default, 14, 10, 14, false },
    [SRTP_AEAD_AES_128_GCM_PROFILE] = { srtp_crypto_policy_set_aes_gcm_128_16_auth, 12, 16, 20, true },
};

static enum status status_of(srtp_err_status_t error)
{
    switch (error) {
    case srtp_err_status_ok:
        return OK;
    case srtp_err_status_auth_fail:
    case srtp_err_status_cipher_fail: /* what GCM on NSS says of a wrong tag */
        return ERR_AUTH;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old:
    case srtp_err_status_key_expired:
        return ERR_EXPIRED;
    case srtp_err_status_alloc_fail:
        return ERR_NO_MEMORY;
    case srtp_err_status_init_fail:
        return ERR_STATE;
    default:
        return ERR_MALFORMED;
    }
}

static enum status session_create(srtp_t *session, const struct profile *profile, srtp_ssrc_type_t direction,
                                  const uint8_t *key, const uint8_t *salt)
{
    uint8_t joined[SRTP_KEY_LEN + SRTP_SALT_MAX];
    memcpy(joined, key, SRTP_KEY_LEN);
    memcpy(joined + SRTP_KEY_LEN, salt, profile->salt_len);
    srtp_policy_t policy = {
        .ssrc.type = direction,
        .key = joined,
        .window_size = SEALER_WINDOW,
        .allow_repeat_tx = 1, /* a retransmission without RTX is the same packet again */
    };
    profile->policy(&policy.rtp);
    profile->policy(&policy.rtcp);
    enum status status = status_of(srtp_create(session, &policy));
    bytes_wipe(joined, sizeof joined);
    return status;
}

/* libsrtp2 says neither whether it was started nor OK the second time, but it makes sessions only once started. */
static enum status probe(void)
{
    const uint8_t zeros[SRTP_KEY_LEN] = { 0 };
    srtp_t session;
    TRY(session_create(&session, &profiles[SRTP_AEAD_AES_128_GCM_PROFILE], ssrc_any_inbound, zeros, zeros));
    srtp_dealloc(session);
    return OK;
}

enum status srtp_start(void)
{
    if (probe() == OK)
        return OK;
    return srtp_init() == srtp_err_status_ok && probe() == OK ? OK : ERR_SYSTEM;
}

static enum status sealer_from(struct sealer **sealer, const struct srtp_keys *keys)
{
    uint8_t padded[SEALER_MASTER_SALT_LEN] = { 0 };
    memcpy(padded, keys->local_salt, SEALER_SALT_LEN);
    uint8_t key[SEALER_KEY_LEN], salt[SEALER_SALT_LEN];
    enum status status = sealer_derive(keys->local_key, padded, SEALER_LABEL_KEY, key, sizeof key);
    if (status == OK)
        status = sealer_derive(keys->local_key, padded, SEALER_LABEL_SALT, salt, sizeof salt);
    if (status == OK)
        status = sealer_create(sealer, key, salt);
    bytes_wipe(key, sizeof key);
    bytes_wipe(salt, sizeof salt);
    bytes_wipe(padded, sizeof padded);
    return status;
}

enum status srtp_session_create(struct srtp **created, const struct srtp_keys *keys)
{
    if (keys->profile != SRTP_AES128_CM_SHA1_80_PROFILE && keys->profile != SRTP_AEAD_AES_128_GCM_PROFILE)
        return ERR_UNSUPPORTED;
    const struct profile *profile = &profiles[keys->profile];
    struct srtp *srtp = calloc(1, sizeof *srtp);
    if (!srtp)
        return ERR_NO_MEMORY;
    srtp->profile = profile;
    enum status status = session_create(&srtp->in, profile, ssrc_any_inbound, keys->remote_key, keys->remote_salt);
    if (status == OK)
        status = session_create(&srtp->out, profile, ssrc_any_outbound, keys->local_key, keys->local_salt);
    if (status == OK && profile->own_sealer)
        status = sealer_from(&srtp->sealer, keys);
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
    if (srtp->in)
        srtp_dealloc(srtp->in);
    if (srtp->out)
        srtp_dealloc(srtp->out);
    sealer_destroy(srtp->sealer);
    free(srtp);
}

static bool sources_has(const struct sources *sources, uint32_t ssrc)
{
    for (size_t i = 0; i < sources->count; i++)
        if (sources->ssrc[i] == ssrc)
            return true;
    return false;
}

/* One call into libsrtp2. A source counts once it has succeeded, which is also when libsrtp2 allocates for it: forged
 * packets cannot use up the places. */
static enum status step(step_function *function, srtp_t session, struct sources *sources, uint32_t ssrc,
                        uint8_t *packet, size_t *len)
{
    bool known = sources_has(sources, ssrc);
    if (!known && sources->count == SRTP_SOURCES_MAX)
        return ERR_FULL;
    int new_len = (int)*len;
    TRY(status_of(function(session, packet, &new_len)));
    assert(new_len >= 0);
    *len = (size_t)new_len;
    if (!known)
        sources->ssrc[sources->count++] = ssrc;
    return OK;
}

/* The least that a packet holds; the length must also fit libsrtp2's int. */
static bool len_ok(size_t len, size_t least)
{
    return len >= least && len <= UINT16_MAX;
}

enum status srtp_open_rtp(struct srtp *srtp, uint8_t *packet, size_t *len)
{
    if (!len_ok(*len, RTP_HEADER_LEN + srtp->profile->rtp_trailer))
        return ERR_MALFORMED;
    return step(srtp_unprotect, srtp->in, &srtp->heard, load_be32(packet + RTP_SSRC_AT), packet, len);
}

enum status srtp_open_rtcp(struct srtp *srtp, uint8_t *packet, size_t *len)
{
    if (!len_ok(*len, RTCP_HEADER_LEN + srtp->profile->rtcp_trailer))
        return ERR_MALFORMED;
    return step(srtp_unprotect_rtcp, srtp->in, &srtp->heard, load_be32(packet + RTCP_SSRC_AT), packet, len);
}

enum status srtp_seal_rtp(struct srtp *srtp, uint8_t *packet, size_t *len, size_t cap)
{
    if (srtp->sealer)
        return sealer_seal(srtp->sealer, packet, len, cap);
    if (!len_ok(*len, RTP_HEADER_LEN))
        return ERR_MALFORMED;
    if (cap < *len + srtp->profile->rtp_trailer)
        return ERR_FULL;
    return step(srtp_protect, srtp->out, &srtp->sent, load_be32(packet + RTP_SSRC_AT), packet, len);
}

enum status srtp_seal_rtcp(struct srtp *srtp, uint8_t *packet, size_t *len, size_t cap)
{
    if (!len_ok(*len, RTCP_HEADER_LEN))
        return ERR_MALFORMED;
    if (cap < *len + srtp->profile->rtcp_trailer)
        return ERR_FULL;
    return step(srtp_protect_rtcp, srtp->out, &srtp->sent, load_be32(packet + RTCP_SSRC_AT), packet, len);
}
