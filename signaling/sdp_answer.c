/* The second half of sdp.h: our answer, line by line. */
#include "signaling/sdp.h"

#include <assert.h>
#include <inttypes.h>

static void write_session(struct writer *w, const struct sdp_offer *offer, const struct sdp_answer *answer)
{
    /* RFC 8829 5.2.1: the number's top bit is zero. */
    write_format(w, "v=0\r\no=- %" PRIu64 " 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", answer->session & INT64_MAX);
    write_text(w, "a=ice-lite\r\na=group:BUNDLE");
    for (size_t i = 0; i < offer->section_count; i++)
        if (answer->sections[i].accepted)
            write_format(w, " %s", offer->sections[i].mid);
    write_text(w, "\r\na=msid-semantic: WMS *\r\n");
}

static void write_rejected(struct writer *w, const struct sdp_section *section)
{
    write_text(w, "m=");
    write_bytes(w, section->media_word);
    write_text(w, " 0 ");
    write_bytes(w, section->protocol);
    write_text(w, " ");
    write_bytes(w, section->first_format);
    write_text(w, "\r\nc=IN IP4 0.0.0.0\r\n");
    if (section->mid[0])
        write_format(w, "a=mid:%s\r\n", section->mid);
    write_text(w, "a=inactive\r\n");
}

/* Every section of the bundle repeats the path: the standard wants it in the first alone, and older browsers in each.
 */
static void write_path(struct writer *w, const struct sdp_answer *answer)
{
    write_format(w, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 ", answer->ufrag, answer->pwd);
    for (size_t i = 0; i < 32; i++)
        write_format(w, i ? ":%02X" : "%02X", answer->fingerprint[i]);
    write_text(w, "\r\na=setup:passive\r\n");
}

/* RFC 8445 5.1.2.1: 2^24 * type preference (host: 126) + 2^8 * local preference + (256 - component). By TCP (RFC 6544
 * 4.2) the type preference is lower than by UDP, and the local one is 2^13 * 4 (passive) + 8191 at most: so TCP serves
 * where UDP does not get through. */
static uint32_t priority_of(const struct address *candidate, size_t index)
{
    enum { UDP_HOST = 126, TCP_HOST = 90, TCP_PASSIVE = 4 };
    if (address_is_tcp(candidate))
        return (uint32_t)TCP_HOST << 24 | ((uint32_t)TCP_PASSIVE << 13 | (uint32_t)(8191 - index)) << 8 | 255;
    return (uint32_t)UDP_HOST << 24 | (uint32_t)(65535 - index) << 8 | 255;
}

/* Each has a foundation of its own, as no two share address and transport (RFC 8445 5.1.1.3). */
static void write_candidates(struct writer *w, const struct sdp_answer *answer)
{
    assert(answer->candidate_count <= SDP_CANDIDATES_MAX);
    for (size_t i = 0; i < answer->candidate_count; i++) {
        const struct address *candidate = &answer->candidates[i];
        bool tcp = address_is_tcp(candidate);
        char ip[ADDRESS_TEXT_MAX];
        write_format(w, "a=candidate:%zu 1 %s %" PRIu32 " %s %u typ host%s\r\n", i + 1, tcp ? "tcp" : "udp",
                     priority_of(candidate, i), address_ip_text(candidate, ip), (unsigned)candidate->port,
                     tcp ? " tcptype passive" : "");
    }
    write_text(w, "a=end-of-candidates\r\n");
}

static void write_opus(struct writer *w, const struct sdp_section *section, unsigned type)
{
    write_format(w, "a=rtpmap:%u opus/48000/2\r\na=fmtp:%u minptime=10;useinbandfec=1%s\r\n", type, type,
                 section->dtx ? ";usedtx=1" : "");
    if (section->red_type)
        write_format(w, "a=rtpmap:%u red/48000/2\r\na=fmtp:%u %u/%u\r\n", (unsigned)section->red_type,
                     (unsigned)section->red_type, type, type);
}

/* AV1 without parameters is profile 0: AV1 RTP specification 7.2. */
static void write_video_codec(struct writer *w, const struct sdp_codec *codec)
{
    static const char *const names[] = {
        [CODEC_VP8] = "VP8", [CODEC_H264] = "H264", [CODEC_VP9] = "VP9", [CODEC_AV1] = "AV1"
    };
    unsigned type = codec->payload_type;
    write_format(w, "a=rtpmap:%u %s/90000\r\n", type, names[codec->codec]);
    if (codec->codec == CODEC_H264)
        write_format(w, "a=fmtp:%u level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=%06" PRIx32 "\r\n",
                     type, codec->profile_level);
    if (codec->codec == CODEC_VP9)
        write_format(w, "a=fmtp:%u profile-id=0\r\n", type);
    if (codec->repair_type)
        write_format(w, "a=rtcp-fb:%u nack\r\na=rtpmap:%u rtx/90000\r\na=fmtp:%u apt=%u\r\n", type,
                     (unsigned)codec->repair_type, (unsigned)codec->repair_type, type);
    if (codec->nack_pli)
        write_format(w, "a=rtcp-fb:%u nack pli\r\n", type);
    if (codec->ccm_fir)
        write_format(w, "a=rtcp-fb:%u ccm fir\r\n", type);
}

static void write_codec(struct writer *w, const struct sdp_section *section, const struct sdp_codec *codec)
{
    if (section->twcc_extension && codec->transport_cc)
        write_format(w, "a=rtcp-fb:%u transport-cc\r\n", (unsigned)codec->payload_type);
    if (codec->codec == CODEC_OPUS)
        write_opus(w, section, codec->payload_type);
    else
        write_video_codec(w, codec);
}

bool sdp_is_numbered(const struct sdp_section *section, const struct sdp_answer_section *ours)
{
    bool any = false;
    for (size_t i = 0; i < ours->codec_count; i++)
        any = any || ours->codecs[i]->transport_cc;
    return any && section->twcc_extension != 0;
}

static void write_extension(struct writer *w, uint8_t id, const char *uri)
{
    if (id)
        write_format(w, "a=extmap:%u %s\r\n", (unsigned)id, uri);
}

static void write_extensions(struct writer *w, const struct sdp_section *section, const struct sdp_answer_section *ours)
{
    write_extension(w, section->mid_extension, SDP_MID_URI);
    if (sdp_is_numbered(section, ours))
        write_extension(w, section->twcc_extension, SDP_TWCC_URI);
    if (ours->direction != SDP_RECVONLY)
        return;
    if (section->mixed_extensions)
        write_text(w, "a=extmap-allow-mixed\r\n");
    if (section->media == SDP_AUDIO)
        write_extension(w, section->level_extension, SDP_LEVEL_URI);
    else
        write_extension(w, section->dependency_extension, SDP_DEPENDENCY_URI);
    if (section->rid_count == 0)
        return;
    write_extension(w, section->rid_extension, SDP_RID_URI);
    write_extension(w, section->repaired_rid_extension, SDP_REPAIRED_RID_URI);
}

static void write_layers(struct writer *w, const struct sdp_section *section)
{
    for (size_t i = 0; i < section->rid_count; i++)
        write_format(w, "a=rid:%s recv\r\n", section->rids[i]);
    for (size_t i = 0; i < section->rid_count; i++)
        write_format(w, "%s%s", i ? ";" : "a=simulcast:recv ", section->rids[i]);
    if (section->rid_count)
        write_text(w, "\r\n");
}

static const char *const direction_names[] = {
    [SDP_SENDRECV] = "sendrecv",
    [SDP_SENDONLY] = "sendonly",
    [SDP_RECVONLY] = "recvonly",
    [SDP_INACTIVE] = "inactive",
};

static void write_types(struct writer *w, const struct sdp_codec *codec)
{
    write_format(w, " %u", (unsigned)codec->payload_type);
    if (codec->repair_type)
        write_format(w, " %u", (unsigned)codec->repair_type);
}

static void write_accepted(struct writer *w, const struct sdp_section *section, const struct sdp_answer *answer,
                           const struct sdp_answer_section *ours, bool first)
{
    assert(ours->codec_count > 0 && ours->direction >= SDP_SENDRECV && ours->direction <= SDP_INACTIVE);
    /* Port 9 and no address: the candidates say where (RFC 8829 5.2.1). */
    write_format(w, "m=%s 9 UDP/TLS/RTP/SAVPF", section->media == SDP_AUDIO ? "audio" : "video");
    if (section->red_type) /* ahead of what it repeats: the first is what they send */
        write_format(w, " %u", (unsigned)section->red_type);
    for (size_t i = 0; i < ours->codec_count; i++)
        write_types(w, ours->codecs[i]);
    write_format(w, "\r\nc=IN IP4 0.0.0.0\r\na=mid:%s\r\n", section->mid);
    write_format(w, "a=%s\r\na=rtcp-mux\r\n", direction_names[ours->direction]);
    write_path(w, answer);
    if (first)
        write_candidates(w, answer);
    write_extensions(w, section, ours);
    for (size_t i = 0; i < ours->codec_count; i++)
        write_codec(w, section, ours->codecs[i]);
    if (ours->direction == SDP_RECVONLY)
        write_layers(w, section);
    if (ours->stream[0])
        write_format(w, "a=msid:%s %s\r\n", ours->stream, ours->stream);
    if (ours->ssrc)
        write_format(w, "a=ssrc:%" PRIu32 " cname:kinroom\r\n", ours->ssrc);
    if (ours->repair_ssrc)
        write_format(w, "a=ssrc:%" PRIu32 " cname:kinroom\r\na=ssrc-group:FID %" PRIu32 " %" PRIu32 "\r\n",
                     ours->repair_ssrc, ours->ssrc, ours->repair_ssrc);
}

enum status sdp_write_answer(struct writer *out, const struct sdp_offer *offer, const struct sdp_answer *answer)
{
    struct writer w = *out;
    bool first = true;
    write_session(&w, offer, answer);
    for (size_t i = 0; i < offer->section_count; i++) {
        if (!answer->sections[i].accepted) {
            write_rejected(&w, &offer->sections[i]);
            continue;
        }
        write_accepted(&w, &offer->sections[i], answer, &answer->sections[i], first);
        first = false;
    }
    write_u8(&w, 0);
    if (w.bad)
        return ERR_FULL;
    w.len--;
    *out = w;
    return OK;
}
