/* Any text to sdp_parse_offer: what is taken keeps its rules, can be answered, and the answer reads back section by
 * section. */
#include "signaling/sdp.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rules(const struct sdp_offer *offer, struct bytes text)
{
    assert(offer->section_count <= SDP_SECTIONS_MAX);
    assert(offer->ufrag.at >= text.at && offer->ufrag.at + offer->ufrag.len <= text.at + text.len);
    assert(offer->pwd.len >= 22 && offer->ufrag.len >= 4);
    for (size_t i = 0; i < offer->section_count; i++) {
        const struct sdp_section *section = &offer->sections[i];
        assert(section->ssrc_count <= SDP_SSRCS_MAX && section->mid_extension <= 14 && section->level_extension <= 14);
        assert(section->codec_count <= SDP_CODECS_MAX && section->rid_count <= SDP_RIDS_MAX);
        assert(section->media != SDP_OTHER || section->codec_count == 0);
        for (size_t k = 0; k < section->codec_count; k++) {
            uint8_t type = section->codecs[k].payload_type;
            assert(type > 0 && type < 128 && (type < 64 || type > 95));
            assert(codec_is_video(section->codecs[k].codec) == (section->media == SDP_VIDEO));
        }
        assert(section->rejected || section->mid[0]);
    }
}

static size_t accept_all(const struct sdp_offer *offer, struct sdp_answer *answer)
{
    size_t accepted = 0;
    for (size_t i = 0; i < offer->section_count; i++) {
        struct sdp_answer_section *ours = &answer->sections[i];
        if (offer->sections[i].rejected || offer->sections[i].codec_count == 0)
            continue;
        *ours = (struct sdp_answer_section){ .accepted = true, .direction = SDP_SENDONLY, .ssrc = (uint32_t)i + 1 };
        for (; ours->codec_count < offer->sections[i].codec_count; ours->codec_count++)
            ours->codecs[ours->codec_count] = &offer->sections[i].codecs[ours->codec_count];
        snprintf(ours->stream, sizeof ours->stream, "slot-%s", offer->sections[i].mid);
        accepted++;
    }
    return accepted;
}

static void check_codec(const struct sdp_codec *ours, const struct sdp_codec *theirs)
{
    assert(ours->codec == theirs->codec && ours->payload_type == theirs->payload_type);
    assert(ours->repair_type == theirs->repair_type && ours->profile_level == theirs->profile_level);
    assert(ours->codec == CODEC_OPUS || (ours->nack_pli == theirs->nack_pli && ours->ccm_fir == theirs->ccm_fir));
}

/* An answer is an offer but for its setup. */
static void read_back(struct writer *w, const struct sdp_offer *offer, const struct sdp_answer *answer)
{
    for (char *at = (char *)w->at; (at = strstr(at, "setup:passive")); at += 7)
        memcpy(at, "setup:actpass", 13);
    static struct sdp_offer back;
    const char *why = NULL;
    assert(sdp_parse_offer(writer_bytes(w), &back, &why) == OK);
    assert(back.section_count == offer->section_count && bytes_equal(back.ufrag, bytes_of(answer->ufrag)));
    assert(memcmp(back.fingerprint, answer->fingerprint, 32) == 0);
    for (size_t i = 0; i < offer->section_count; i++) {
        const struct sdp_section *theirs = &offer->sections[i], *ours = &back.sections[i];
        assert(strcmp(theirs->mid, ours->mid) == 0 && theirs->media == ours->media);
        assert(ours->rejected == !answer->sections[i].accepted);
        if (ours->rejected)
            continue;
        assert(ours->codec_count == theirs->codec_count && ours->mid_extension == theirs->mid_extension);
        for (size_t k = 0; k < ours->codec_count; k++)
            check_codec(&ours->codecs[k], &theirs->codecs[k]);
        assert(ours->direction == SDP_SENDONLY && ours->ssrc_count == 1 && ours->ssrcs[0] == i + 1);
        assert(ours->dtx == theirs->dtx);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sdp_offer offer;
    static uint8_t text[1 << 17];
    struct bytes given = { data, size };
    const char *why = NULL;
    enum status status = sdp_parse_offer(given, &offer, &why);
    if (status != OK) {
        assert(why && (status == ERR_MALFORMED || status == ERR_UNSUPPORTED));
        return 0;
    }
    check_rules(&offer, given);
    struct sdp_answer answer = { .ufrag = "ours",
                                 .pwd = "ourpassword0123456789ab",
                                 .fingerprint = offer.fingerprint,
                                 .candidate_count = 1,
                                 .session = size };
    address_parse_ip("2001:db8::1", &answer.candidates[0]);
    size_t accepted = accept_all(&offer, &answer);
    struct writer w = writer_over(text, sizeof text);
    status = sdp_write_answer(&w, &offer, &answer);
    assert(status == OK || (status == ERR_FULL && w.len == 0 && size > 1000));
    if (status == OK && accepted > 0)
        read_back(&w, &offer, &answer);
    return 0;
}
