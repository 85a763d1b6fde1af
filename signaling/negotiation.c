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

static enum status take_source(struct table *table, const struct sdp_section *section, struct sdp_answer_section *ours)
{
    struct negotiated_source *source = free_source(&table->agreed, section->media);
    if (!source)
        return refuse(table, "more sending sections than a microphone, a camera and a screen");
    if (!section->mid_extension && section->ssrc_count == 0)
        return refuse(table, "a sending section needs the mid extension or an SSRC");
    source->offered = true;
    memcpy(source->mid, section->mid, sizeof source->mid);
    source->payload_type = section->payload_type;
    source->mid_extension = section->mid_extension;
    source->level_extension = section->level_extension;
    source->twcc_extension = section->transport_cc ? section->twcc_extension : 0;
    source->repair_type = section->repair_type;
    source->red_type = section->red_type;
    memcpy(source->ssrcs, section->ssrcs, sizeof source->ssrcs);
    memcpy(source->repairs, section->repairs, sizeof source->repairs);
    source->ssrc_count = section->ssrc_count;
    ours->direction = SDP_RECVONLY;
    return OK;
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
    slot->payload_type = section->payload_type;
    slot->repair_type = section->repair_type;
    slot->red_type = section->red_type;
    slot->ssrc = table->next_ssrc++;
    uint32_t repair_ssrc = table->next_ssrc++;
    slot->repair_ssrc = slot->repair_type ? repair_ssrc : 0;
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
    if (section->payload_type == 0)
        return refuse(table, section->media == SDP_AUDIO ? "an audio section is without Opus"
                                                         : "a video section is without VP8");
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
    assert(ours->candidate_count <= SDP_CANDIDATES_MAX);
    table->audio_left = ours->audio_slots;
    table->video_left = ours->video_slots;
    table->next_ssrc = ours->first_ssrc;
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
