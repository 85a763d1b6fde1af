#include <srtp2/srtp.h>

#include "transport/fallback.h"
#include "transport/sealer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { RTP_HEADER_LEN = 12, RTP_SSRC_AT = 8, RTCP_HEADER_LEN = 8, RTCP_SSRC_AT = 4 };
enum { RTP_TRAILER = 10, RTCP_TRAILER = 14 }; /* the tag, and for RTCP its index (RFC 3711 3.4) */

typedef srtp_err_status_t step_function(srtp_t, void *, int *);

/* The SSRCs that a libsrtp2 session has met. It allocates a stream for each new one and sets no bound, so we do. */
struct sources {
    size_t count;
    uint32_t ssrc[SRTP_SOURCES_MAX];
};

struct fallback {
    srtp_t in, out;
    struct sources heard, sent;
};

static enum status status_of(srtp_err_status_t error)
{
    switch (error) {
    case srtp_err_status_ok:
        return OK;
    case srtp_err_status_auth_fail:
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

static enum status session_create(srtp_t *session, srtp_ssrc_type_t direction, const uint8_t *key, const uint8_t *salt)
{
    uint8_t joined[SRTP_KEY_LEN + SRTP_SALT_MAX];
    memcpy(joined, key, SRTP_KEY_LEN);
    memcpy(joined + SRTP_KEY_LEN, salt, SRTP_SALT_MAX);
    srtp_policy_t policy = {
        .ssrc.type = direction,
        .key = joined,
        .window_size = SEALER_WINDOW,
        .allow_repeat_tx = 1, /* a retransmission without RTX is the same packet again */
    };
    srtp_crypto_policy_set_rtp_default(&policy.rtp); /* AES_CM_128_HMAC_SHA1_80 */
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    enum status status = status_of(srtp_create(session, &policy));
    bytes_wipe(joined, sizeof joined);
    return status;
}

/* libsrtp2 says neither whether it was started nor OK the second time, but it makes sessions only once started. */
static enum status probe(void)
{
    const uint8_t zeros[SRTP_KEY_LEN] = { 0 };
    srtp_t session;
    TRY(session_create(&session, ssrc_any_inbound, zeros, zeros));
    srtp_dealloc(session);
    return OK;
}

enum status fallback_start(void)
{
    if (probe() == OK)
        return OK;
    return srtp_init() == srtp_err_status_ok && probe() == OK ? OK : ERR_SYSTEM;
}

enum status fallback_create(struct fallback **created, const struct srtp_keys *keys)
{
    struct fallback *fallback = calloc(1, sizeof *fallback);
    if (!fallback)
        return ERR_NO_MEMORY;
    enum status status = session_create(&fallback->in, ssrc_any_inbound, keys->remote_key, keys->remote_salt);
    if (status == OK)
        status = session_create(&fallback->out, ssrc_any_outbound, keys->local_key, keys->local_salt);
    if (status != OK) {
        fallback_destroy(fallback);
        return status;
    }
    *created = fallback;
    return OK;
}

void fallback_destroy(struct fallback *fallback)
{
    if (!fallback)
        return;
    if (fallback->in)
        srtp_dealloc(fallback->in);
    if (fallback->out)
        srtp_dealloc(fallback->out);
    free(fallback);
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

enum status fallback_open_rtp(struct fallback *fallback, uint8_t *packet, size_t *len)
{
    if (!len_ok(*len, RTP_HEADER_LEN + RTP_TRAILER))
        return ERR_MALFORMED;
    return step(srtp_unprotect, fallback->in, &fallback->heard, load_be32(packet + RTP_SSRC_AT), packet, len);
}

enum status fallback_open_rtcp(struct fallback *fallback, uint8_t *packet, size_t *len)
{
    if (!len_ok(*len, RTCP_HEADER_LEN + RTCP_TRAILER))
        return ERR_MALFORMED;
    return step(srtp_unprotect_rtcp, fallback->in, &fallback->heard, load_be32(packet + RTCP_SSRC_AT), packet, len);
}

enum status fallback_seal_rtp(struct fallback *fallback, uint8_t *packet, size_t *len, size_t cap)
{
    if (!len_ok(*len, RTP_HEADER_LEN))
        return ERR_MALFORMED;
    if (cap < *len + RTP_TRAILER)
        return ERR_FULL;
    return step(srtp_protect, fallback->out, &fallback->sent, load_be32(packet + RTP_SSRC_AT), packet, len);
}

enum status fallback_seal_rtcp(struct fallback *fallback, uint8_t *packet, size_t *len, size_t cap)
{
    if (!len_ok(*len, RTCP_HEADER_LEN))
        return ERR_MALFORMED;
    if (cap < *len + RTCP_TRAILER)
        return ERR_FULL;
    return step(srtp_protect_rtcp, fallback->out, &fallback->sent, load_be32(packet + RTCP_SSRC_AT), packet, len);
}
