#include "transport/opener.h"

#include <stdlib.h>

#include "transport/replay.h"

enum { FIRST_CAP = 2 };

struct source {
    uint32_t ssrc;
    struct replay replay;
};

struct sources {
    struct source *at;
    size_t count, cap;
};

struct opener {
    struct aead aead;
    struct sources rtp, rtcp;
};

enum status opener_create(struct opener **created, const struct aead_keys *keys)
{
    struct opener *opener = calloc(1, sizeof *opener);
    if (!opener)
        return ERR_NO_MEMORY;
    enum status status = aead_init(&opener->aead, keys);
    if (status != OK) {
        opener_destroy(opener);
        return status;
    }
    *created = opener;
    return OK;
}

void opener_destroy(struct opener *opener)
{
    if (!opener)
        return;
    aead_deinit(&opener->aead);
    free(opener->rtp.at);
    free(opener->rtcp.at);
    free(opener);
}

/* --- Sources. ----------------------------------------------------------------------------------------------------- */

static struct source *sources_find(const struct sources *sources, uint32_t ssrc)
{
    for (size_t i = 0; i < sources->count; i++)
        if (sources->at[i].ssrc == ssrc)
            return &sources->at[i];
    return NULL;
}

static enum status sources_add(struct sources *sources, uint32_t ssrc, struct source **added)
{
    if (sources->count == sources->cap) {
        size_t cap = sources->cap ? sources->cap * 2 : FIRST_CAP;
        struct source *at = realloc(sources->at, cap * sizeof *at);
        if (!at)
            return ERR_NO_MEMORY;
        sources->at = at;
        sources->cap = cap;
    }
    *added = &sources->at[sources->count++];
    **added = (struct source){ ssrc, REPLAY_EMPTY };
    return OK;
}

/* `source` is NULL for an SSRC that is new. */
static enum status sources_note(struct sources *sources, struct source *source, uint32_t ssrc, int64_t index)
{
    if (!source)
        TRY(sources_add(sources, ssrc, &source));
    replay_note(&source->replay, index);
    return OK;
}

static bool has_no_place(const struct sources *sources, const struct source *source)
{
    return !source && sources->count == OPENER_SOURCES_MAX;
}

static bool is_replay(const struct source *source, int64_t index)
{
    return source && !replay_is_new(&source->replay, index);
}

/* --- Packets. ----------------------------------------------------------------------------------------------------- */

/* RFC 3711 3.3.1. A step back to before the first index can't be: no sender starts with a rollover counter below 0. So
 * it is a step forward of over half the number space, as libsrtp2 takes it, too. */
static int64_t index_of(const struct source *source, uint16_t seq)
{
    int64_t index = source ? aead_nearest_index(source->replay.newest, seq) : seq;
    return index < 0 ? seq : index;
}

enum status opener_open(struct opener *opener, uint8_t *packet, size_t *len)
{
    if (*len < AEAD_RTP_HEADER_LEN + AEAD_RTP_TRAILER || *len > AEAD_PACKET_MAX)
        return ERR_MALFORMED;
    size_t plain = *len - AEAD_RTP_TRAILER, header = aead_header_len(packet, plain);
    if (header == 0)
        return ERR_MALFORMED;
    uint32_t ssrc = load_be32(packet + 8);
    struct source *source = sources_find(&opener->rtp, ssrc);
    int64_t index = index_of(source, load_be16(packet + 2));
    if (has_no_place(&opener->rtp, source))
        return ERR_FULL;
    if (index >= AEAD_RTP_INDEX_END || is_replay(source, index))
        return ERR_EXPIRED;
    TRY(aead_open_rtp(&opener->aead, index, packet, header, plain));
    TRY(sources_note(&opener->rtp, source, ssrc, index));
    *len = plain;
    return OK;
}

enum status opener_open_rtcp(struct opener *opener, uint8_t *packet, size_t *len)
{
    if (*len < AEAD_RTCP_HEADER_LEN + AEAD_RTCP_TRAILER || *len > AEAD_PACKET_MAX)
        return ERR_MALFORMED;
    size_t plain = *len - AEAD_RTCP_TRAILER;
    uint32_t ssrc = load_be32(packet + 4), index;
    TRY(aead_rtcp_index(packet, plain, &index));
    struct source *source = sources_find(&opener->rtcp, ssrc);
    if (has_no_place(&opener->rtcp, source))
        return ERR_FULL;
    if (is_replay(source, index))
        return ERR_EXPIRED;
    TRY(aead_open_rtcp(&opener->aead, packet, plain));
    TRY(sources_note(&opener->rtcp, source, ssrc, index));
    *len = plain;
    return OK;
}
