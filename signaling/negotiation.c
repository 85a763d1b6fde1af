#include "signaling/negotiation.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* The decision as it grows, section by section. */
struct table {
    struct negotiated agreed;
    struct sdp_answer answer;
    uint32_t audio_left, video_left; /* slots of each kind still to give */
    uint32_t next_ssrc;
    const enum codec *video_codecs;
    size_t video_codec_count;
    const char *why;
};

const struct negotiated_codec *negotiated_by_type(const struct negotiated_codec *codecs, size_t count,
                                                  uint8_t payload_type)
{
    for (size_t i = 0; i < count; i++)
        if (codecs[i].payload_type == payload_type)
            return &codecs[i];
    return NULL;
}

const struct negotiated_codec *negotiated_by_codec(const struct negotiated_codec *codecs, size_t count,
                                                   enum codec codec)
{
    for (size_t i = 0; i < count; i++)
        if (codecs[i].codec == codec)
            return &codecs[i];
    return NULL;
}

const struct negotiated_codec *negotiated_by_repair(const struct negotiated_codec *codecs, size_t count,
                                                    uint8_t repair_type)
{
    for (size_t i = 0; i < count && repair_type; i++)
        if (codecs[i].repair_type == repair_type)
            return &codecs[i];
    return NULL;
}

static enum status refuse(struct table *table, const char *why)
{
    table->why = why;
    return ERR_UNSUPPORTED;
}

/* The first free source of the kind, in the order of the masks' bits: mic; camera, screen. */
static struct negotiated_source *free_source(struct negotiated *agreed, enum sdp_media media)
{
    size_t first = media == SDP_AUDIO ? 0 : 1, end = media == SDP_AUDIO ? 1 : SOURCE_COUNT;
    for (size_t i = first; i < end; i++)
        if (!agreed->sources[i].offered)
            return &agreed->sources[i];
    return NULL;
}

static void take_codec(const struct sdp_section *section, enum codec codec, struct sdp_answer_section *ours)
{
    for (size_t i = 0; i < section->codec_count; i++)
        if (section->codecs[i].codec == codec)
            ours->codecs[ours->codec_count++] = &section->codecs[i];
}

/* What both sides have, in our order. */
static void take_codecs(const struct table *table, const struct sdp_section *section, struct sdp_answer_section *ours)
{
    if (section->media == SDP_AUDIO)
        take_codec(section, CODEC_OPUS, ours);
    for (size_t i = 0; i < table->video_codec_count && section->media == SDP_VIDEO; i++)
        take_codec(section, table->video_codecs[i], ours);
}

static size_t agree_codecs(struct negotiated_codec *agreed, const struct sdp_answer_section *ours)
{
    for (size_t i = 0; i < ours->codec_count; i++)
        agreed[i] = (struct negotiated_codec){
            .codec = ours->codecs[i]->codec,
            .payload_type = ours->codecs[i]->payload_type,
            .repair_type = ours->codecs[i]->repair_type,
        };
    return ours->codec_count;
}

static void agree_layers(struct negotiated_source *source, const struct sdp_section *section)
{
    source->rid_count = section->rid_count;
    if (section->rid_count == 0)
        return;
    memcpy(source->rids, section->rids, sizeof source->rids);
    source->rid_extension = section->rid_extension;
    source->repaired_rid_extension = section->repaired_rid_extension;
}

static enum status take_source(struct table *table, const struct sdp_section *section, struct sdp_answer_section *ours)
{
    struct negotiated_source *source = free_source(&table->agreed, section->media);
    if (!source)
        return refuse(table, "more sending sections than a microphone, a camera and a screen");
    if (!section->mid_extension && section->ssrc_count == 0)
        return refuse(table, "a sending section needs the mid extension or an SSRC");
    source->offered = true;
    memcpy(source->mid, section->mid, sizeof source->mid);
    source->codec_count = agree_codecs(source->codecs, ours);
    agree_layers(source, section);
    source->mid_extension = section->mid_extension;
    source->level_extension = section->level_extension;
    source->twcc_extension = sdp_is_numbered(section, ours) ? section->twcc_extension : 0;
    source->dependency_extension = section->media == SDP_VIDEO ? section->dependency_extension : 0;
    source->red_type = section->red_type;
    memcpy(source->ssrcs, section->ssrcs, sizeof source->ssrcs);
    memcpy(source->repairs, section->repairs, sizeof source->repairs);
    source->ssrc_count = section->ssrc_count;
    ours->direction = SDP_RECVONLY;
    return OK;
}

static bool is_repaired(const struct negotiated_slot *slot)
{
    for (size_t i = 0; i < slot->codec_count; i++)
        if (slot->codecs[i].repair_type)
            return true;
    return false;
}

static enum status take_slot(struct table *table, const struct sdp_section *section, struct sdp_answer_section *ours)
{
    uint32_t *left = section->media == SDP_VIDEO ? &table->video_left : &table->audio_left;
    if (*left == 0 || table->agreed.slot_count == NEGOTIATION_SLOTS_MAX)
        return refuse(table, "more receiving sections than the welcome named");
    --*left;
    struct negotiated_slot *slot = &table->agreed.slots[table->agreed.slot_count++];
    slot->video = section->media == SDP_VIDEO;
    memcpy(slot->mid, section->mid, sizeof slot->mid);
    slot->codec_count = agree_codecs(slot->codecs, ours);
    slot->twcc_extension = sdp_is_numbered(section, ours) ? section->twcc_extension : 0;
    slot->red_type = section->red_type;
    slot->ssrc = table->next_ssrc++;
    uint32_t repair_ssrc = table->next_ssrc++;
    slot->repair_ssrc = is_repaired(slot) ? repair_ssrc : 0;
    ours->direction = SDP_SENDONLY;
    ours->ssrc = slot->ssrc;
    ours->repair_ssrc = slot->repair_ssrc;
    /* A stream of its own: browsers play tracks of one stream in step, and slots have nothing to do with each other. */
    snprintf(ours->stream, sizeof ours->stream, "slot-%s", section->mid);
    return OK;
}

/* What isn't live media is answered with port 0: data channels, stopped and inactive sections. */
static enum status decide(struct table *table, const struct sdp_section *section, struct sdp_answer_section *ours)
{
    if (section->rejected || section->media == SDP_OTHER || section->direction == SDP_INACTIVE)
        return OK;
    if (section->direction == SDP_SENDRECV)
        return refuse(table, "a section sends or receives, never both");
    take_codecs(table, section, ours);
    if (ours->codec_count == 0)
        return refuse(table, section->media == SDP_AUDIO ? "an audio section is without Opus"
                                                         : "a video section has no codec that is taken here");
    ours->accepted = true;
    return section->direction == SDP_SENDONLY ? take_source(table, section, ours) : take_slot(table, section, ours);
}

static enum status decide_all(struct table *table, const struct sdp_offer *offer)
{
    bool any = false;
    for (size_t i = 0; i < offer->section_count; i++) {
        struct sdp_answer_section *ours = &table->answer.sections[i];
        TRY(decide(table, &offer->sections[i], ours));
        any = any || ours->accepted;
    }
    return any ? OK : refuse(table, "nothing to send or to receive");
}

static void bring(struct table *table, const struct negotiation_ours *ours)
{
    assert(ours->candidate_count <= SDP_CANDIDATES_MAX && ours->video_codec_count <= SDP_CODECS_MAX);
    table->audio_left = ours->audio_slots;
    table->video_left = ours->video_slots;
    table->next_ssrc = ours->first_ssrc;
    table->video_codecs = ours->video_codecs;
    table->video_codec_count = ours->video_codec_count;
    table->answer.ufrag = ours->ufrag;
    table->answer.pwd = ours->pwd;
    table->answer.fingerprint = ours->fingerprint;
    table->answer.session = ours->session;
    table->answer.candidate_count = ours->candidate_count;
    for (size_t i = 0; i < ours->candidate_count; i++)
        table->answer.candidates[i] = ours->candidates[i];
}

enum status negotiate(struct bytes text, const struct negotiation_ours *ours, struct negotiated *out,
                      struct sdp_offer *remote, struct writer *answer, const char **why)
{
    struct sdp_offer offer;
    TRY(sdp_parse_offer(text, &offer, why));
    struct table table = { 0 };
    bring(&table, ours);
    enum status status = decide_all(&table, &offer);
    if (status != OK) {
        *why = table.why;
        return status;
    }
    status = sdp_write_answer(answer, &offer, &table.answer);
    if (status != OK) {
        *why = "the answer does not fit";
        return status;
    }
    *out = table.agreed;
    *remote = offer;
    return OK;
}
