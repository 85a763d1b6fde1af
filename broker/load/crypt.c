#include "load/crypt.h"

#include <stdlib.h>
#include <string.h>

#include "transport/sealer.h"

struct crypt {
    struct sealer *out;
    struct aead in;
};

static enum status fill(struct crypt *c, const uint8_t *material)
{
    enum { KEYS = 0, SALTS = 2 * GCM_KEY_LEN };
    struct aead_keys ours, theirs;
    enum status status = aead_keys_derive(&ours, material + KEYS, material + SALTS);
    if (status == OK)
        status = aead_keys_derive(&theirs, material + KEYS + GCM_KEY_LEN, material + SALTS + AEAD_SALT_LEN);
    if (status == OK)
        status = sealer_create(&c->out, &ours);
    if (status == OK)
        status = aead_init(&c->in, &theirs);
    bytes_wipe(&ours, sizeof ours);
    bytes_wipe(&theirs, sizeof theirs);
    return status;
}

enum status crypt_create(struct crypt **created, const uint8_t material[static CRYPT_MATERIAL_LEN])
{
    struct crypt *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NO_MEMORY;
    enum status status = fill(c, material);
    if (status != OK) {
        crypt_destroy(c);
        return status;
    }
    *created = c;
    return OK;
}

void crypt_destroy(struct crypt *c)
{
    if (!c)
        return;
    sealer_destroy(c->out);
    aead_deinit(&c->in);
    free(c);
}

enum status crypt_seal_rtp(struct crypt *c, uint8_t *packet, size_t *len, size_t cap)
{
    return sealer_seal(c->out, packet, len, cap);
}

enum status crypt_seal_rtcp(struct crypt *c, uint8_t *packet, size_t *len, size_t cap)
{
    return sealer_seal_rtcp(c->out, packet, len, cap);
}

enum status crypt_open_rtp(struct crypt *c, int64_t index, uint8_t *packet, size_t *len)
{
    if (*len < AEAD_RTP_HEADER_LEN + AEAD_RTP_TRAILER || index < 0)
        return ERR_MALFORMED;
    size_t plain = *len - AEAD_RTP_TRAILER, header = aead_header_len(packet, plain);
    if (header == 0)
        return ERR_MALFORMED;
    TRY(aead_open_rtp(&c->in, index, packet, header, plain));
    *len = plain;
    return OK;
}

enum status crypt_open_rtcp(struct crypt *c, uint8_t *packet, size_t *len)
{
    uint32_t index;
    if (*len < AEAD_RTCP_HEADER_LEN + AEAD_RTCP_TRAILER)
        return ERR_MALFORMED;
    size_t plain = *len - AEAD_RTCP_TRAILER;
    TRY(aead_rtcp_index(packet, plain, &index));
    TRY(aead_open_rtcp(&c->in, packet, plain));
    *len = plain;
    return OK;
}
