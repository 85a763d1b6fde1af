#include "transport/sealer.h"

#include <stdlib.h>

struct source {
    uint32_t ssrc;
    int64_t newest; /* the highest index sealed: rollover counter * 2^16 + sequence number */
};

struct sealer {
    struct aead aead;
    int64_t rtcp_newest; /* the index of the last RTCP packet, 0 before the first */
    struct source *sources;
    size_t source_count, source_cap;
};

enum { FIRST_CAP = 4 };

enum status sealer_create(struct sealer **created, const struct aead_keys *keys)
{
    struct sealer *sealer = calloc(1, sizeof *sealer);
    if (!sealer)
        return ERR_NO_MEMORY;
    enum status status = aead_init(&sealer->aead, keys);
    if (status != OK) {
        sealer_destroy(sealer);
        return status;
    }
    *created = sealer;
    return OK;
}

void sealer_destroy(struct sealer *sealer)
{
    if (!sealer)
        return;
    aead_deinit(&sealer->aead);
    free(sealer->sources);
    free(sealer);
}

/* NULL for an SSRC that is new. */
static struct source *source_find(struct sealer *sealer, uint32_t ssrc)
{
    for (size_t i = 0; i < sealer->source_count; i++)
        if (sealer->sources[i].ssrc == ssrc)
            return &sealer->sources[i];
    return NULL;
}

/* A place for one more. */
static enum status make_room(struct sealer *sealer)
{
    if (sealer->source_count == SEALER_SOURCES_MAX)
        return ERR_FULL;
    if (sealer->source_count < sealer->source_cap)
        return OK;
    size_t cap = sealer->source_cap ? sealer->source_cap * 2 : FIRST_CAP;
    struct source *sources = realloc(sealer->sources, cap * sizeof *sources);
    if (!sources)
        return ERR_NO_MEMORY;
    sealer->sources = sources;
    sealer->source_cap = cap;
    return OK;
}

enum status sealer_seal(struct sealer *sealer, uint8_t *packet, size_t *len, size_t cap)
{
    size_t header = aead_header_len(packet, *len);
    if (header == 0)
        return ERR_MALFORMED;
    if (*len > AEAD_PACKET_MAX || cap < *len + AEAD_RTP_TRAILER)
        return ERR_FULL;

    uint16_t seq = load_be16(packet + 2);
    uint32_t ssrc = load_be32(packet + 8);
    struct source *source = source_find(sealer, ssrc);
    if (!source)
        TRY(make_room(sealer));

    /* A retransmission from before a wrap gets the rollover counter that it had at first. Beyond the window a step back
     * is no retransmission but a jump of over half the number space, and its index would be guessed wrong: refused, so
     * that no index is met twice that way. */
    int64_t index = !source ? seq : aead_nearest_index(source->newest, seq);
    if (index < 0 || index >= AEAD_RTP_INDEX_END || (source && source->newest - index >= SEALER_WINDOW))
        return ERR_EXPIRED;

    TRY(aead_seal_rtp(&sealer->aead, index, packet, header, *len));
    *len += AEAD_RTP_TRAILER;
    if (!source)
        sealer->sources[sealer->source_count++] = (struct source){ ssrc, index };
    else if (index > source->newest)
        source->newest = index;
    return OK;
}

enum status sealer_seal_rtcp(struct sealer *sealer, uint8_t *packet, size_t *len, size_t cap)
{
    if (*len < AEAD_RTCP_HEADER_LEN || *len > AEAD_PACKET_MAX)
        return ERR_MALFORMED;
    if (cap < *len + AEAD_RTCP_TRAILER)
        return ERR_FULL;
    int64_t index = sealer->rtcp_newest + 1;
    if (index >= AEAD_RTCP_INDEX_END)
        return ERR_EXPIRED;
    sealer->rtcp_newest = index; /* before it is used: never twice, whatever happens */
    TRY(aead_seal_rtcp(&sealer->aead, (uint32_t)index, packet, *len));
    *len += AEAD_RTCP_TRAILER;
    return OK;
}
