#include "signaling/sdp_formats.h"

#include <string.h>

#include "signaling/sdp_words.h"

enum {
    H264_PROFILE_UNSAID = 0x42000a, /* Baseline, level 1: RFC 6184 section 8.1 */
    H264_BASELINE = 0x42,
    H264_CONSTRAINED = 0x40, /* constraint_set1_flag of profile-iop */
    H264_RESERVED = 0x0f,    /* and its bits that must be zero: RFC 6184 table 5 */
    HEX_PROFILE_LEN = 6,
};

void sdp_formats_start(struct sdp_formats *formats)
{
    *formats = (struct sdp_formats){ 0 };
}

/* Data channels have formats that are words. */
void sdp_formats_list(struct sdp_formats *formats, struct bytes words)
{
    uint32_t type;
    for (struct bytes word; (word = sdp_next_word(&words)).len > 0;)
        if (sdp_number(word, SDP_FORMATS - 1, &type) && formats->at[type].place == 0)
            formats->at[type].place = ++formats->listed;
}

/* --- lines --- */

static const struct {
    enum sdp_media media;
    const char *name;
    enum codec codec;
} codec_names[] = {
    { SDP_AUDIO, "opus/48000/2", CODEC_OPUS }, { SDP_VIDEO, "vp8/90000", CODEC_VP8 },
    { SDP_VIDEO, "h264/90000", CODEC_H264 },   { SDP_VIDEO, "vp9/90000", CODEC_VP9 },
    { SDP_VIDEO, "av1/90000", CODEC_AV1 },
};

/* "111 opus/48000/2". */
enum status sdp_formats_rtpmap(struct sdp_formats *formats, enum sdp_media media, struct bytes value)
{
    struct bytes type_word = sdp_next_word(&value), name = sdp_next_word(&value);
    uint32_t type;
    if (!sdp_number(type_word, SDP_FORMATS - 1, &type) || name.len == 0)
        return ERR_MALFORMED;
    struct sdp_format *format = &formats->at[type];
    for (size_t i = 0; i < sizeof codec_names / sizeof *codec_names; i++)
        if (codec_names[i].media == media && sdp_is_anycase(name, codec_names[i].name))
            format->codec = codec_names[i].codec;
    format->rtx |= media == SDP_VIDEO && sdp_is_anycase(name, "rtx/90000");
    format->red |= media == SDP_AUDIO && sdp_is_anycase(name, "red/48000/2");
    return OK;
}

/* "96 nack pli"; "*" is every format: RFC 4585 section 4.2. */
enum status sdp_formats_feedback(struct sdp_formats *formats, struct bytes value)
{
    struct bytes type_word = sdp_next_word(&value), kind = sdp_next_word(&value), detail = sdp_next_word(&value);
    struct sdp_feedback *feedback = &formats->of_all;
    if (!sdp_is(type_word, "*")) {
        uint32_t type;
        if (!sdp_number(type_word, SDP_FORMATS - 1, &type))
            return ERR_MALFORMED;
        feedback = &formats->at[type].feedback;
    }
    feedback->nack_pli |= sdp_is(kind, "nack") && sdp_is(detail, "pli");
    feedback->nack |= sdp_is(kind, "nack") && detail.len == 0;
    feedback->ccm_fir |= sdp_is(kind, "ccm") && sdp_is(detail, "fir");
    feedback->transport_cc |= sdp_is(kind, "transport-cc") && detail.len == 0;
    return OK;
}

/* "111/111": RFC 2198 5. 0 when it is no such list, or they differ. */
static uint8_t block_type(struct bytes list)
{
    uint32_t type = 0, next;
    while (list.len > 0) {
        if (!sdp_number(sdp_cut(&list, '/'), SDP_FORMATS - 1, &next) || (type && next != type))
            return 0;
        type = next;
    }
    return (uint8_t)type;
}

/* profile_idc, profile-iop and level_idc in hex; UINT32_MAX, which we can't take, when it is none. */
static uint32_t h264_profile(struct bytes word)
{
    uint32_t profile = 0;
    if (word.len != HEX_PROFILE_LEN)
        return UINT32_MAX;
    for (size_t i = 0; i < word.len; i++) {
        int digit = sdp_hex_digit(word.at[i]);
        if (digit < 0)
            return UINT32_MAX;
        profile = profile << 4 | (uint32_t)digit;
    }
    return profile;
}

enum status sdp_formats_fmtp(struct sdp_formats *formats, struct bytes value)
{
    uint32_t type, number;
    if (!sdp_number(sdp_next_word(&value), SDP_FORMATS - 1, &type))
        return OK; /* data channels have formats that are words */
    struct sdp_format *format = &formats->at[type];
    format->blocks = block_type(value);
    while (value.len > 0) {
        struct bytes parameter = sdp_cut(&value, ';'), word = sdp_next_word(&parameter);
        struct bytes name = sdp_cut(&word, '=');
        if (sdp_is(name, "profile-level-id"))
            format->h264_profile = h264_profile(word);
        if (!sdp_number(word, UINT32_MAX, &number))
            continue;
        format->dtx |= sdp_is(name, "usedtx") && number == 1;
        if (sdp_is(name, "apt") && number < SDP_FORMATS)
            format->repaired = (uint8_t)number;
        if (sdp_is(name, "packetization-mode"))
            format->h264_mode = number;
        if (sdp_is(name, "profile-id"))
            format->vp9_profile = number;
        if (sdp_is(name, "profile"))
            format->av1_profile = number;
    }
    return OK;
}

/* Letters, digits, "-" and "_" (RFC 8851 section 10), no longer than we keep. */
static bool is_rid(struct bytes word)
{
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return word.len > 0 && word.len <= SDP_RID_MAX;
}

static bool rids_have(const struct sdp_rid_list *list, struct bytes rid)
{
    for (size_t i = 0; i < list->count; i++)
        if (bytes_equal(list->at[i], rid))
            return true;
    return false;
}

static void rids_add(struct sdp_rid_list *list, struct bytes rid)
{
    if (is_rid(rid) && list->count < SDP_RIDS_READ_MAX && !rids_have(list, rid))
        list->at[list->count++] = rid;
}

/* "h send max-fps=30": RFC 8851 section 10. Its restrictions are theirs to keep. */
enum status sdp_formats_rid(struct sdp_formats *formats, struct bytes value)
{
    struct bytes rid = sdp_next_word(&value);
    if (sdp_is(sdp_next_word(&value), "send"))
        rids_add(&formats->rids, rid);
    return OK;
}

/* "send l;m,n;~h recv x": streams between semicolons, each a list of alternatives, of which we take the first; one that
 * is paused for now has a tilde: RFC 8853 section 5.1. */
enum status sdp_formats_simulcast(struct sdp_formats *formats, struct bytes value)
{
    if (formats->has_simulcast)
        return ERR_MALFORMED;
    formats->has_simulcast = true;
    for (struct bytes way; (way = sdp_next_word(&value)).len > 0;) {
        struct bytes streams = sdp_next_word(&value);
        while (sdp_is(way, "send") && streams.len > 0) {
            struct bytes stream = sdp_cut(&streams, ';'), rid = sdp_cut(&stream, ',');
            if (rid.len > 0 && rid.at[0] == '~')
                rid = (struct bytes){ rid.at + 1, rid.len - 1 };
            rids_add(&formats->simulcast, rid);
        }
    }
    return OK;
}

/* --- joined --- */

/* Types 64 to 95 would look like RTCP: RFC 5761 section 4. */
static bool is_usable(const struct sdp_formats *formats, unsigned type)
{
    return type != 0 && (type < 64 || type > 95) && formats->at[type].place > 0;
}

static uint32_t h264_profile_of(const struct sdp_format *format)
{
    return format->h264_profile ? format->h264_profile : H264_PROFILE_UNSAID;
}

/* How well we like a format; 0: we can't take it. Browsers offer H.264 several times over. Constrained baseline with
 * fragments is what all can decode; what names itself baseline is, from browsers, the same (they never use the tools in
 * which the two differ), and comes second. */
static int rank(const struct sdp_format *format)
{
    switch (format->codec) {
    case CODEC_OPUS:
    case CODEC_VP8:
        return 1;
    case CODEC_VP9:
        return format->vp9_profile == 0;
    case CODEC_AV1:
        return format->av1_profile == 0;
    case CODEC_H264: {
        uint32_t profile = h264_profile_of(format);
        uint32_t idc = profile >> 16, iop = profile >> 8 & 0xff;
        if (idc != H264_BASELINE || (iop & H264_RESERVED) || format->h264_mode != 1)
            return 0;
        return iop & H264_CONSTRAINED ? 2 : 1;
    }
    default:
        return 0;
    }
}

/* Our best type of each codec; of equals the first on the m= line. */
static void choose_types(const struct sdp_formats *formats, uint8_t best[CODEC_AV1 + 1])
{
    for (unsigned type = 1; type < SDP_FORMATS; type++) {
        const struct sdp_format *format = &formats->at[type];
        int its = rank(format);
        if (!its || !is_usable(formats, type))
            continue;
        const struct sdp_format *had = &formats->at[best[format->codec]];
        int before = best[format->codec] ? rank(had) : 0;
        if (its > before || (its == before && format->place < had->place))
            best[format->codec] = (uint8_t)type;
    }
}

static void insert_codec(const struct sdp_formats *formats, struct sdp_section *section, uint8_t type)
{
    const struct sdp_format *format = &formats->at[type];
    size_t at = section->codec_count++;
    for (; at > 0 && formats->at[section->codecs[at - 1].payload_type].place > format->place; at--)
        section->codecs[at] = section->codecs[at - 1];
    section->codecs[at] = (struct sdp_codec){
        .codec = format->codec,
        .payload_type = type,
        .nack = format->feedback.nack || formats->of_all.nack,
        .nack_pli = format->feedback.nack_pli || formats->of_all.nack_pli,
        .ccm_fir = format->feedback.ccm_fir || formats->of_all.ccm_fir,
        .transport_cc = format->feedback.transport_cc || formats->of_all.transport_cc,
        .profile_level = format->codec == CODEC_H264 ? h264_profile_of(format) : 0,
    };
}

/* Retransmissions of no use without a way to ask for them. The first type that fits wins, for redundancy too. */
static void take_companions(const struct sdp_formats *formats, struct sdp_section *section)
{
    for (unsigned type = SDP_FORMATS - 1; type > 0; type--) {
        const struct sdp_format *format = &formats->at[type];
        if (!is_usable(formats, type))
            continue;
        for (size_t i = 0; i < section->codec_count; i++) {
            struct sdp_codec *codec = &section->codecs[i];
            if (format->rtx && codec->nack && format->repaired == codec->payload_type)
                codec->repair_type = (uint8_t)type;
            if (format->red && format->blocks == codec->payload_type)
                section->red_type = (uint8_t)type;
        }
    }
}

/* A layer counts when its RID is declared, and can be told from each packet. */
static void take_layers(const struct sdp_formats *formats, struct sdp_section *section)
{
    if (section->media != SDP_VIDEO || !section->mid_extension || !section->rid_extension)
        return;
    for (size_t i = 0; i < formats->simulcast.count && section->rid_count < SDP_RIDS_MAX; i++) {
        struct bytes rid = formats->simulcast.at[i];
        if (rids_have(&formats->rids, rid))
            memcpy(section->rids[section->rid_count++], rid.at, rid.len);
    }
}

void sdp_formats_end(const struct sdp_formats *formats, struct sdp_section *section)
{
    uint8_t best[CODEC_AV1 + 1] = { 0 };
    choose_types(formats, best);
    for (int codec = CODEC_OPUS; codec <= CODEC_AV1; codec++)
        if (best[codec])
            insert_codec(formats, section, best[codec]);
    take_companions(formats, section);
    if (section->media == SDP_AUDIO && section->codec_count > 0)
        section->dtx = formats->at[section->codecs[0].payload_type].dtx;
    take_layers(formats, section);
}
