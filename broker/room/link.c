#include "room/link.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/dtls.h"

enum { AUDIO_CLOCK = 48000, VIDEO_CLOCK = 90000 };

static void track_init(struct track *track, const struct negotiated_source *how, enum source source)
{
    *track = (struct track){ .how = *how };
    /* An SSRC in the offer is only a hint that saves waiting for a MID: packets under it are authenticated all the
     * same. */
    if (how->ssrc_count > 0) {
        track->ssrc = how->ssrcs[0];
        track->repair_ssrc = how->repairs[0];
    }
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
        slot->stream.red_payload_type = how->red_type;
        if (how->repair_type)
            slot_set_repair(&slot->stream, how->repair_ssrc, how->repair_type, entropy);
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
    link->twcc_at = NEVER;
    *created = link;
    return OK;
}

void link_name(const struct link_config *config, struct id *name)
{
    enum { NAME_BYTES = 16 };
    uint8_t drawn[NAME_BYTES];
    entropy_fill(config->entropy, drawn, sizeof drawn);
    for (size_t i = 0; i < NAME_BYTES; i++)
        snprintf(name->text + 2 * i, 3, "%02x", drawn[i]);
}

void link_destroy(struct link *link)
{
    if (!link)
        return;
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        assert(link->tracks[i].edge_count == 0);
        free(link->tracks[i].edges);
        cache_destroy(link->tracks[i].cache);
    }
    transport_destroy(link->transport);
    held_deinit(&link->held);
    free(link);
}

struct track *link_track_by_ssrc(struct link *link, uint32_t ssrc)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        if (link->tracks[i].how.offered && link->tracks[i].ssrc == ssrc && ssrc != 0)
            return &link->tracks[i];
    return NULL;
}

void track_forget(struct track *track)
{
    track->nack = (struct nack){ 0 };
    cache_destroy(track->cache);
    track->cache = NULL;
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

static bool is_its_media(const struct track *track, const struct rtp *rtp)
{
    return rtp->payload_type == track->how.payload_type || track_is_red(track, rtp);
}

struct track *link_track_of(struct link *link, const struct rtp *rtp, bool *restarted)
{
    *restarted = false;
    struct track *track = link_track_by_ssrc(link, rtp->ssrc);
    if (!track) {
        /* A retransmission, which may carry the MID as well, names no new stream. */
        track = track_by_mid(link, rtp);
        if (!track || !is_its_media(track, rtp))
            return NULL;
        /* A browser may start a stream anew under another SSRC: what follows is a new stream to our reports. */
        uint32_t clock_rate = track->reception.clock_rate;
        track->ssrc = rtp->ssrc;
        *restarted = true;
        track_forget(track);
        reception_init(&track->reception, clock_rate);
    }
    return is_its_media(track, rtp) ? track : NULL;
}

static struct track *repaired_track(struct link *link, const struct rtp *rtp)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        struct track *track = &link->tracks[i];
        if (track->how.repair_type && track->how.repair_type == rtp->payload_type && track->repair_ssrc == rtp->ssrc)
            return track;
    }
    struct track *track = track_by_mid(link, rtp);
    if (!track || !track->how.repair_type || track->how.repair_type != rtp->payload_type)
        return NULL;
    track->repair_ssrc = rtp->ssrc;
    return track;
}

/* RFC 4588 4: the payload begins with the lost packet's sequence number. One of padding alone is a bandwidth probe. */
bool link_take_repair(struct link *link, struct rtp *rtp)
{
    enum { SEQ_LEN = 2 };
    struct track *track = repaired_track(link, rtp);
    if (!track || !track->ssrc || rtp->payload.len <= SEQ_LEN)
        return false;
    rtp->seq = load_be16(rtp->payload.at);
    rtp->payload = (struct bytes){ rtp->payload.at + SEQ_LEN, rtp->payload.len - SEQ_LEN };
    rtp->ssrc = track->ssrc;
    rtp->payload_type = track->how.payload_type;
    return true;
}

bool link_twcc_of(const struct link *link, const struct rtp *rtp, uint16_t *seq)
{
    uint8_t id = 0;
    for (size_t i = 0; i < SOURCE_COUNT && !id; i++)
        id = link->tracks[i].how.twcc_extension; /* the same in every section: RFC 8843 10.2 */
    struct bytes number = id ? rtp_extension_find(rtp, id) : (struct bytes){ 0 };
    if (number.len != 2)
        return false;
    *seq = load_be16(number.at);
    return true;
}

struct receive_slot *link_slot_by_ssrc(struct link *link, uint32_t ssrc)
{
    for (size_t i = 0; i < link->slot_count; i++)
        if (link->slots[i].stream.ssrc == ssrc)
            return &link->slots[i];
    return NULL;
}
