#include "room/link.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/dtls.h"

enum { AUDIO_CLOCK = 48000, VIDEO_CLOCK = 90000 };

/* NULL without memory for it. */
static struct stream *track_layer(struct track *track, bool video, uint8_t layer)
{
    struct stream *stream = track->layers[layer];
    if (stream || (stream = calloc(1, sizeof *stream)) == NULL)
        return stream;
    reception_init(&stream->reception, video ? VIDEO_CLOCK : AUDIO_CLOCK);
    return track->layers[layer] = stream;
}

static enum status track_init(struct track *track, const struct negotiated_source *how, enum source source)
{
    *track = (struct track){ .how = *how };
    /* An SSRC in the offer is only a hint that saves waiting for a MID: packets under it are authenticated all the
     * same. With simulcast it does not say which layer it is. */
    if (how->ssrc_count == 0 || how->rid_count > 0)
        return OK;
    struct stream *stream = track_layer(track, source_is_video(source), 0);
    if (!stream)
        return ERR_NO_MEMORY;
    stream->ssrc = how->ssrcs[0];
    stream->repair_ssrc = how->repairs[0];
    return OK;
}

static void slot_of(struct receive_slot *slot, const struct negotiated_slot *how, const struct entropy *entropy)
{
    slot->video = how->video;
    slot->publisher = PUBLISHER_NONE;
    slot->layer = slot->wanted = LAYER_NONE;
    memcpy(slot->mid, how->mid, sizeof slot->mid);
    slot_init(&slot->stream, how->video, how->ssrc, entropy);
    for (size_t i = 0; i < how->codec_count; i++)
        slot_add_codec(&slot->stream, (struct slot_codec){
                                          .codec = how->codecs[i].codec,
                                          .payload_type = how->codecs[i].payload_type,
                                          .repair_type = how->codecs[i].repair_type,
                                      });
    slot->stream.red_payload_type = how->red_type;
    slot->stream.twcc_extension = how->twcc_extension;
    if (how->repair_ssrc)
        slot_set_repair(&slot->stream, how->repair_ssrc, entropy);
}

static enum status slots_init(struct link *link, const struct negotiated *agreed, const struct entropy *entropy)
{
    link->slots = calloc(agreed->slot_count, sizeof *link->slots);
    if (!link->slots && agreed->slot_count > 0)
        return ERR_NO_MEMORY;
    link->slot_count = agreed->slot_count;
    for (size_t i = 0; i < agreed->slot_count; i++)
        slot_of(&link->slots[i], &agreed->slots[i], entropy);
    return OK;
}

/* Whoever tells when our packets come is sent no more than their path bears. */
static enum status egress_init(struct link *link, struct now now)
{
    for (size_t i = 0; i < link->slot_count; i++)
        if (link->slots[i].stream.twcc_extension)
            return bandwidth_create(&link->bandwidth, now.mono_us);
    return OK;
}

static enum status negotiate_link(struct link *link, const struct link_config *config, struct now now,
                                  struct bytes offer, uint32_t audio_slots, uint32_t video_slots, struct writer *answer,
                                  const char **why)
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
        .video_codecs = config->video_codecs.at,
        .video_codec_count = config->video_codecs.count,
    };
    struct sdp_offer parsed;
    struct negotiated agreed;
    TRY(negotiate(offer, &ours, &agreed, &parsed, answer, why));

    struct transport_remote remote = { .ufrag = parsed.ufrag, .pwd = parsed.pwd };
    memcpy(remote.fingerprint, parsed.fingerprint, sizeof remote.fingerprint);
    TRY(transport_set_remote(link->transport, &remote));

    for (uint8_t i = 0; i < SOURCE_COUNT; i++)
        TRY(track_init(&link->tracks[i], &agreed.sources[i], track_source(i)));
    TRY(slots_init(link, &agreed, config->entropy));
    return egress_init(link, now);
}

enum status link_create(struct link **created, const struct link_config *config, struct now now, struct bytes offer,
                        uint32_t audio_slots, uint32_t video_slots, struct writer *answer, const char **why)
{
    *why = NULL;
    struct link *link = calloc(1, sizeof *link);
    if (!link)
        return ERR_NO_MEMORY;
    struct transport_config transport = { .entropy = config->entropy, .identity = config->identity };
    enum status status = transport_create(&link->transport, &transport);
    if (status == OK)
        status = negotiate_link(link, config, now, offer, audio_slots, video_slots, answer, why);
    if (status != OK) {
        link_destroy(link);
        return status;
    }
    link->twcc_at = link->allocate_at = NEVER;
    *created = link;
    return OK;
}

static void stream_forget(struct stream *stream)
{
    nack_deinit(&stream->nack);
    cache_destroy(stream->cache);
    stream->cache = NULL;
}

static void track_deinit(struct track *track)
{
    assert(track->edge_count == 0);
    free(track->edges);
    for (size_t i = 0; i < LAYERS_MAX; i++) {
        if (track->layers[i])
            stream_forget(track->layers[i]);
        free(track->layers[i]);
    }
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
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        track_deinit(&link->tracks[i]);
    bandwidth_destroy(link->bandwidth);
    pacer_deinit(&link->pacer);
    free(link->twcc);
    transport_destroy(link->transport);
    held_deinit(&link->held);
    for (size_t i = 0; i < link->slot_count; i++)
        slot_deinit(&link->slots[i].stream);
    free(link->slots);
    free(link);
}

#define BEHIND_US (250 * USEC_PER_MSEC)

bool track_layer_is_live(const struct track *track, const struct stream *stream)
{
    usec_t newest = 0;
    for (size_t i = 0; i < LAYERS_MAX; i++)
        if (track->layers[i] && track->layers[i]->last_at > newest)
            newest = track->layers[i]->last_at;
    return stream && stream->last_at > 0 && newest - stream->last_at < BEHIND_US;
}

void link_set_layer(struct link *to, struct receive_slot *slot, struct track *track, uint8_t layer)
{
    struct stream *before = slot->layer == LAYER_NONE ? NULL : track->layers[slot->layer];
    struct stream *after = layer == LAYER_NONE ? NULL : track->layers[layer];
    if (after)
        after->receivers++;
    if (before && --before->receivers == 0)
        stream_forget(before);
    slot->layer = layer;
    pacer_forget(&to->pacer, (uint8_t)(slot - to->slots));
    slot_switch(&slot->stream, after ? after->codec : CODEC_NONE);
}

/* ---- Whose packet is it? ---- */

static bool find_by_ssrc(struct link *link, uint32_t ssrc, struct origin *found)
{
    for (size_t i = 0; i < SOURCE_COUNT && ssrc != 0; i++)
        for (uint8_t j = 0; link->tracks[i].how.offered && j < LAYERS_MAX; j++) {
            struct stream *stream = link->tracks[i].layers[j];
            if (stream && stream->ssrc == ssrc) {
                *found = (struct origin){ .track = &link->tracks[i], .stream = stream, .layer = j };
                return true;
            }
        }
    return false;
}

struct stream *link_stream_by_ssrc(struct link *link, uint32_t ssrc)
{
    struct origin origin;
    return find_by_ssrc(link, ssrc, &origin) ? origin.stream : NULL;
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

/* Which layer a packet names in this extension; LAYER_NONE: none that was offered. */
static uint8_t layer_by_rid(const struct track *track, const struct rtp *rtp, uint8_t extension)
{
    if (track->how.rid_count == 0)
        return 0;
    struct bytes rid = rtp_extension_find(rtp, extension);
    for (uint8_t i = 0; i < track->how.rid_count; i++)
        if (rid.len > 0 && bytes_equal(rid, bytes_of(track->how.rids[i])))
            return i;
    return LAYER_NONE;
}

static const struct negotiated_codec *codec_of(const struct track *track, const struct rtp *rtp)
{
    return negotiated_by_type(track->how.codecs, track->how.codec_count, rtp->payload_type);
}

static bool is_its_media(const struct track *track, const struct rtp *rtp)
{
    return codec_of(track, rtp) != NULL || track_is_red(track, rtp);
}

/* The first packet under a new SSRC. A browser may start a stream anew under another one: what follows is a new stream
 * to our reports. */
static bool find_by_name(struct link *link, const struct rtp *rtp, struct origin *found)
{
    struct track *track = track_by_mid(link, rtp);
    /* A retransmission, which may carry the MID as well, names no new stream. */
    if (!track || !is_its_media(track, rtp))
        return false;
    uint8_t layer = layer_by_rid(track, rtp, track->how.rid_extension);
    if (layer == LAYER_NONE)
        return false;
    struct stream *stream = track_layer(track, track != &link->tracks[track_index(SOURCE_MIC)], layer);
    if (!stream)
        return false;
    *found = (struct origin){ .track = track, .stream = stream, .layer = layer, .restarted = true };
    return true;
}

/* As fresh, for those who receive it already. */
static void stream_restart(struct stream *stream, uint32_t ssrc)
{
    size_t receivers = stream->receivers;
    struct keyframe keyframe = stream->keyframe; /* its pace holds, however often somebody changes SSRCs */
    uint32_t clock_rate = stream->reception.clock_rate;
    stream_forget(stream);
    *stream = (struct stream){ 0 };
    reception_init(&stream->reception, clock_rate);
    stream->ssrc = ssrc;
    stream->receivers = receivers;
    stream->keyframe = keyframe;
}

bool link_origin_of(struct link *link, const struct rtp *rtp, struct origin *origin)
{
    if (find_by_ssrc(link, rtp->ssrc, origin)) {
        const struct negotiated_codec *codec = codec_of(origin->track, rtp);
        if (codec)
            origin->stream->codec = codec->codec;
        return is_its_media(origin->track, rtp);
    }
    if (!find_by_name(link, rtp, origin))
        return false;
    stream_restart(origin->stream, rtp->ssrc);
    const struct negotiated_codec *codec = codec_of(origin->track, rtp);
    origin->stream->codec = codec ? codec->codec : CODEC_OPUS; /* redundant audio is Opus, too */
    return true;
}

static struct stream *repaired_stream(struct link *link, const struct rtp *rtp, uint8_t *payload_type)
{
    struct track *named = track_by_mid(link, rtp);
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        struct track *track = &link->tracks[i];
        const struct negotiated_codec *codec =
            negotiated_by_repair(track->how.codecs, track->how.codec_count, rtp->payload_type);
        if (!codec)
            continue;
        *payload_type = codec->payload_type;
        for (size_t j = 0; j < LAYERS_MAX; j++)
            if (track->layers[j] && track->layers[j]->repair_ssrc == rtp->ssrc)
                return track->layers[j];
        uint8_t layer = track == named ? layer_by_rid(track, rtp, track->how.repaired_rid_extension) : LAYER_NONE;
        if (layer == LAYER_NONE || !track->layers[layer])
            continue;
        track->layers[layer]->repair_ssrc = rtp->ssrc;
        return track->layers[layer];
    }
    return NULL;
}

/* RFC 4588 4: the payload begins with the lost packet's sequence number. One of padding alone is a bandwidth probe. */
bool link_take_repair(struct link *link, struct rtp *rtp)
{
    enum { SEQ_LEN = 2 };
    uint8_t payload_type;
    const struct stream *stream = repaired_stream(link, rtp, &payload_type);
    if (!stream || !stream->ssrc || rtp->payload.len <= SEQ_LEN)
        return false;
    rtp->seq = load_be16(rtp->payload.at);
    rtp->payload = (struct bytes){ rtp->payload.at + SEQ_LEN, rtp->payload.len - SEQ_LEN };
    rtp->ssrc = stream->ssrc;
    rtp->payload_type = payload_type;
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
