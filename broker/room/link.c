#include "room/link.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "transport/dtls.h"

enum { AUDIO_CLOCK = 48000, VIDEO_CLOCK = 90000 };

static void track_init(struct track *track, const struct negotiated_source *how, enum source source)
{
    *track = (struct track){ .how = *how };
    /* An SSRC in the offer is only a hint that saves waiting for a MID: packets under it are authenticated all the
     * same. */
    if (how->ssrc_count > 0)
        track->ssrc = how->ssrcs[0];
    reception_init(&track->reception, source_is_video(source) ? VIDEO_CLOCK : AUDIO_CLOCK);
}

static void slots_init(struct link *link, const struct negotiated *agreed, const struct entropy *entropy)
{
    link->slot_count = agreed->slot_count;
    for (size_t i = 0; i < agreed->slot_count; i++) {
        const struct negotiated_slot *how = &agreed->slots[i];
        struct receive_slot *slot = &link->slots[i];
        slot->video = how->video;
        slot->publisher = PUBLISHER_NONE;
        memcpy(slot->mid, how->mid, sizeof slot->mid);
        slot_init(&slot->stream, how->video ? SLOT_VP8 : SLOT_OPUS, how->ssrc, how->payload_type, entropy);
    }
}

static enum status negotiate_link(struct link *link, const struct link_config *config, struct bytes offer,
                                  uint32_t audio_slots, uint32_t video_slots, struct writer *answer, const char **why)
{
    uint32_t ssrc;
    uint64_t session;
    entropy_fill(config->entropy, &ssrc, sizeof ssrc);
    entropy_fill(config->entropy, &session, sizeof session);
    /* The feedback SSRC and one for each slot follow each other; none may be 0, and none may wrap. */
    ssrc = (ssrc | 1) & 0x7fffffff;
    link->feedback_ssrc = ssrc;

    struct negotiation_ours ours = {
        .ufrag = transport_ufrag(link->transport),
        .pwd = transport_pwd(link->transport),
        .fingerprint = config->fingerprint,
        .candidates = config->candidates,
        .candidate_count = config->candidate_count,
        .session = session >> 2, /* RFC 8829 5.2.1: 62 bits */
        .first_ssrc = ssrc + 1,
        .audio_slots = audio_slots,
        .video_slots = video_slots,
    };
    struct sdp_offer parsed;
    struct negotiated agreed;
    TRY(negotiate(offer, &ours, &agreed, &parsed, answer, why));

    struct transport_remote remote = { .ufrag = parsed.ufrag, .pwd = parsed.pwd };
    memcpy(remote.fingerprint, parsed.fingerprint, sizeof remote.fingerprint);
    TRY(transport_set_remote(link->transport, &remote));

    for (uint8_t i = 0; i < SOURCE_COUNT; i++)
        track_init(&link->tracks[i], &agreed.sources[i], track_source(i));
    slots_init(link, &agreed, config->entropy);
    return OK;
}

enum status link_create(struct link **created, const struct link_config *config, struct bytes offer,
                        uint32_t audio_slots, uint32_t video_slots, struct writer *answer, const char **why)
{
    *why = NULL;
    struct link *link = calloc(1, sizeof *link);
    if (!link)
        return ERR_NO_MEMORY;
    struct transport_config transport = { .entropy = config->entropy, .identity = config->identity };
    enum status status = transport_create(&link->transport, &transport);
    if (status == OK)
        status = negotiate_link(link, config, offer, audio_slots, video_slots, answer, why);
    if (status != OK) {
        link_destroy(link);
        return status;
    }
    *created = link;
    return OK;
}

void link_destroy(struct link *link)
{
    if (!link)
        return;
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        assert(link->tracks[i].edge_count == 0);
        free(link->tracks[i].edges);
    }
    transport_destroy(link->transport);
    free(link);
}

struct track *link_track_by_ssrc(struct link *link, uint32_t ssrc)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        if (link->tracks[i].how.offered && link->tracks[i].ssrc == ssrc && ssrc != 0)
            return &link->tracks[i];
    return NULL;
}

static struct track *track_by_mid(struct link *link, const struct rtp *rtp)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        struct track *track = &link->tracks[i];
        if (!track->how.offered || track->how.mid_extension == 0)
            continue;
        struct bytes mid = rtp_extension_find(rtp, track->how.mid_extension);
        if (mid.len > 0 && bytes_equal(mid, bytes_of(track->how.mid)))
            return track;
    }
    return NULL;
}

struct track *link_track_of(struct link *link, const struct rtp *rtp, bool *restarted)
{
    *restarted = false;
    struct track *track = link_track_by_ssrc(link, rtp->ssrc);
    if (!track) {
        track = track_by_mid(link, rtp);
        if (!track)
            return NULL;
        /* A browser may start a stream anew under another SSRC: what follows is a new stream to our reports. */
        uint32_t clock_rate = track->reception.clock_rate;
        track->ssrc = rtp->ssrc;
        *restarted = true;
        reception_init(&track->reception, clock_rate);
    }
    return rtp->payload_type == track->how.payload_type ? track : NULL;
}

struct receive_slot *link_slot_by_ssrc(struct link *link, uint32_t ssrc)
{
    for (size_t i = 0; i < link->slot_count; i++)
        if (link->slots[i].stream.ssrc == ssrc)
            return &link->slots[i];
    return NULL;
}
