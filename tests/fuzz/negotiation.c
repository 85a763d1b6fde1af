/* The first byte says how many slots of each kind we have (a nibble each), the second how much room the answer gets;
 * the rest is the offer. Refusal changes nothing; agreement is within bounds, and names only what was offered. */
#include "signaling/negotiation.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const enum codec video_codecs[CODEC_VIDEO_COUNT] = { CODEC_H264, CODEC_VP8, CODEC_AV1, CODEC_VP9 };

static const struct sdp_section *section_of(const struct sdp_offer *offer, const char *mid)
{
    for (size_t i = 0; i < offer->section_count; i++)
        if (!offer->sections[i].rejected && strcmp(offer->sections[i].mid, mid) == 0)
            return &offer->sections[i];
    return NULL;
}

/* Ours, each once and in our order, under usable types. */
static void check_codecs(const struct negotiated_codec *codecs, size_t count, const struct sdp_section *section)
{
    size_t at = 0;
    assert(count > 0 && count <= SDP_CODECS_MAX);
    for (size_t i = 0; i < count; i++) {
        uint8_t type = codecs[i].payload_type;
        assert(type > 0 && type < 128 && (type < 64 || type > 95));
        assert(negotiated_by_type(codecs, count, type) == &codecs[i]);
        assert(negotiated_by_codec(codecs, count, codecs[i].codec) == &codecs[i]);
        if (section->media == SDP_AUDIO) {
            assert(count == 1 && codecs[i].codec == CODEC_OPUS);
            continue;
        }
        while (at < CODEC_VIDEO_COUNT && video_codecs[at] != codecs[i].codec)
            at++;
        assert(at++ < CODEC_VIDEO_COUNT);
    }
}

static void check_sources(const struct negotiated *agreed, const struct sdp_offer *remote)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        const struct negotiated_source *source = &agreed->sources[i];
        if (!source->offered)
            continue;
        const struct sdp_section *section = section_of(remote, source->mid);
        assert(section && section->direction == SDP_SENDONLY);
        assert(section->media == (i == 0 ? SDP_AUDIO : SDP_VIDEO));
        assert(source->mid_extension != 0 || source->ssrc_count > 0);
        check_codecs(source->codecs, source->codec_count, section);
        assert(source->rid_count <= SDP_RIDS_MAX && (source->rid_count == 0 || source->rid_extension != 0));
        for (size_t k = 0; k < source->rid_count; k++)
            assert(source->rids[k][0] && strlen(source->rids[k]) <= SDP_RID_MAX);
    }
    assert(agreed->sources[1].offered || !agreed->sources[2].offered); /* the first video is the camera */
}

static void check_slots(const struct negotiated *agreed, const struct sdp_offer *remote,
                        const struct negotiation_ours *ours)
{
    uint32_t audio = 0, video = 0;
    assert(agreed->slot_count <= NEGOTIATION_SLOTS_MAX);
    for (size_t i = 0; i < agreed->slot_count; i++) {
        const struct negotiated_slot *slot = &agreed->slots[i];
        const struct sdp_section *section = section_of(remote, slot->mid);
        assert(section && section->direction == SDP_RECVONLY);
        check_codecs(slot->codecs, slot->codec_count, section);
        assert(slot->video == (section->media == SDP_VIDEO) && slot->ssrc == ours->first_ssrc + 2 * i);
        assert(!slot->repair_ssrc || slot->repair_ssrc == slot->ssrc + 1);
        audio += !slot->video;
        video += slot->video;
    }
    assert(audio <= ours->audio_slots && video <= ours->video_slots);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t text[65536];
    static const uint8_t fingerprint[32] = { 7 };
    static struct negotiated agreed, before;
    static struct sdp_offer remote, remote_before;
    if (size < 2)
        return 0;
    struct address candidate = { .family = ADDRESS_IPV4, .port = 40000, .ip = { 192, 0, 2, 1 } };
    struct negotiation_ours ours = {
        .ufrag = "ours",
        .pwd = "ourpassword0123456789ab",
        .fingerprint = fingerprint,
        .candidates = &candidate,
        .candidate_count = 1,
        .first_ssrc = 100,
        .audio_slots = data[0] & 15,
        .video_slots = data[0] >> 4,
        .video_codecs = video_codecs,
        .video_codec_count = CODEC_VIDEO_COUNT,
    };
    memset(&before, 0x5a, sizeof before);
    memset(&remote_before, 0x5a, sizeof remote_before);
    agreed = before;
    remote = remote_before;
    struct writer answer = writer_over(text, (size_t)(data[1] + 1) * 256);
    const char *why = NULL;
    if (negotiate((struct bytes){ data + 2, size - 2 }, &ours, &agreed, &remote, &answer, &why) != OK) {
        assert(why && answer.len == 0 && !answer.bad);
        assert(memcmp(&agreed, &before, sizeof agreed) == 0 && memcmp(&remote, &remote_before, sizeof remote) == 0);
        return 0;
    }
    assert(answer.at[answer.len] == 0 && strlen((char *)answer.at) == answer.len);
    check_sources(&agreed, &remote);
    check_slots(&agreed, &remote, &ours);
    return 0;
}
