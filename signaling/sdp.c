#include "signaling/sdp.h"

#include <string.h>

/* A section may name more streams than we keep: simulcast munged into SSRCs, each with its repair stream. */
enum { STREAMS_MAX = 12, PAYLOAD_TYPES = 128 };

enum setup { SETUP_NONE = 0, SETUP_ACTPASS, SETUP_ACTIVE, SETUP_PASSIVE, SETUP_OTHER };

/* What JSEP allows at session level, in a section, or in both, where the section's own wins. */
struct path {
    struct bytes ufrag, pwd;
    bool has_fingerprint;
    uint8_t fingerprint[32];
    enum setup setup;
};

struct streams {
    uint32_t at[STREAMS_MAX];
    uint32_t repaired[STREAMS_MAX]; /* by each, of those that repair */
    size_t count;
};

struct parse {
    struct sdp_offer offer;      /* under construction */
    struct sdp_section *section; /* NULL at session level */
    struct path session, here, bundle;
    bool has_bundle_path;
    struct bytes group[SDP_SECTIONS_MAX]; /* the mids of the BUNDLE line */
    size_t group_count;
    bool has_group;
    /* Of the current section; attributes come in any order, so they are joined at its end. Lists are read once, into
     * tables: a list may be as long as the offer, and must not be gone through again for each line. */
    bool bundle_only, rtcp_mux, zero_port;
    bool formats[PAYLOAD_TYPES], nack[PAYLOAD_TYPES], pli[PAYLOAD_TYPES], fir[PAYLOAD_TYPES];
    bool transport_cc[PAYLOAD_TYPES], dtx[PAYLOAD_TYPES], rtx[PAYLOAD_TYPES], red[PAYLOAD_TYPES];
    uint8_t apt[PAYLOAD_TYPES];    /* which type one of RFC 4588 repairs; 0 none */
    uint8_t blocks[PAYLOAD_TYPES]; /* of which type alone one of RFC 2198 has blocks; 0 none */
    struct streams streams, repairs;
    const char *why;
};

static enum status refuse(struct parse *p, const char *why)
{
    p->why = why;
    return ERR_UNSUPPORTED;
}

/* --- words and numbers --- */

static struct bytes cut(struct bytes *rest, char mark)
{
    const uint8_t *at = rest->len ? memchr(rest->at, mark, rest->len) : NULL;
    size_t len = at ? (size_t)(at - rest->at) : rest->len;
    size_t past = at ? len + 1 : len;
    struct bytes head = { rest->at, len };
    if (past > 0)
        *rest = (struct bytes){ rest->at + past, rest->len - past };
    return head;
}

static struct bytes next_word(struct bytes *rest)
{
    struct bytes word = cut(rest, ' ');
    while (word.len == 0 && rest->len > 0)
        word = cut(rest, ' ');
    return word;
}

static bool is(struct bytes word, const char *text)
{
    return bytes_equal(word, bytes_of(text));
}

/* Names of codecs and hashes compare without case: RFC 8866 5.14, RFC 8122 5. */
static bool is_anycase(struct bytes word, const char *text)
{
    if (word.len != strlen(text))
        return false;
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.at[i];
        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != (uint8_t)text[i])
            return false;
    }
    return true;
}

static bool parse_number(struct bytes word, uint32_t max, uint32_t *out)
{
    uint64_t number = 0;
    if (word.len == 0 || word.len > 10)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] < '0' || word.at[i] > '9')
            return false;
        number = number * 10 + (word.at[i] - '0');
    }
    if (number > max)
        return false;
    *out = (uint32_t)number;
    return true;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* --- attributes --- */

static enum status on_mid(struct parse *p, struct bytes value)
{
    if (!p->section || value.len == 0 || p->section->mid[0])
        return ERR_MALFORMED;
    if (value.len > SDP_MID_MAX)
        return refuse(p, "a mid is too long");
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] <= ' ' || value.at[i] >= 0x7f) /* a token: RFC 5888 section 4 */
            return ERR_MALFORMED;
    memcpy(p->section->mid, value.at, value.len);
    return OK;
}

static enum status on_group(struct parse *p, struct bytes value)
{
    if (p->section)
        return ERR_MALFORMED;
    if (!is(next_word(&value), "BUNDLE"))
        return OK; /* LS and others: not ours to judge */
    if (p->has_group)
        return refuse(p, "more than one BUNDLE group");
    p->has_group = true;
    for (struct bytes mid; (mid = next_word(&value)).len > 0;) {
        if (p->group_count == SDP_SECTIONS_MAX)
            return refuse(p, "the BUNDLE group has too many sections");
        p->group[p->group_count++] = mid;
    }
    return OK;
}

static bool in_group(const struct parse *p, struct bytes mid)
{
    for (size_t i = 0; i < p->group_count; i++)
        if (bytes_equal(p->group[i], mid))
            return true;
    return false;
}

static struct path *path_here(struct parse *p)
{
    return p->section ? &p->here : &p->session;
}

static bool is_ice_text(struct bytes text, size_t min)
{
    if (text.len < min || text.len > 256)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
        /* Beyond the ice-char of RFC 8839 5.4, but seen in the wild and harmless. */
        if (!good && c != '-' && c != '_' && c != '=')
            return false;
    }
    return true;
}

static enum status on_ufrag(struct parse *p, struct bytes value)
{
    if (!is_ice_text(value, 4))
        return ERR_MALFORMED;
    path_here(p)->ufrag = value;
    return OK;
}

static enum status on_pwd(struct parse *p, struct bytes value)
{
    if (!is_ice_text(value, 22))
        return ERR_MALFORMED;
    path_here(p)->pwd = value;
    return OK;
}

/* Several lines with several hashes may stand for one certificate (RFC 8122 section 5): ours is SHA-256. */
static enum status on_fingerprint(struct parse *p, struct bytes value)
{
    struct path *path = path_here(p);
    if (!is_anycase(next_word(&value), "sha-256"))
        return OK;
    struct bytes hex = next_word(&value);
    uint8_t digest[32];
    if (hex.len != sizeof digest * 3 - 1)
        return ERR_MALFORMED;
    for (size_t i = 0; i < sizeof digest; i++) {
        int high = hex_digit(hex.at[3 * i]), low = hex_digit(hex.at[3 * i + 1]);
        if (high < 0 || low < 0 || (i > 0 && hex.at[3 * i - 1] != ':'))
            return ERR_MALFORMED;
        digest[i] = (uint8_t)(high << 4 | low);
    }
    if (path->has_fingerprint && memcmp(path->fingerprint, digest, sizeof digest) != 0)
        return refuse(p, "more than one SHA-256 fingerprint");
    memcpy(path->fingerprint, digest, sizeof digest);
    path->has_fingerprint = true;
    return OK;
}

static enum status on_setup(struct parse *p, struct bytes value)
{
    path_here(p)->setup = is(value, "actpass")   ? SETUP_ACTPASS
                          : is(value, "active")  ? SETUP_ACTIVE
                          : is(value, "passive") ? SETUP_PASSIVE
                                                 : SETUP_OTHER;
    return OK;
}

static enum status on_rtcp_mux(struct parse *p, struct bytes value)
{
    (void)value;
    p->rtcp_mux = true;
    return OK;
}

static enum status on_bundle_only(struct parse *p, struct bytes value)
{
    (void)value;
    p->bundle_only = true;
    return OK;
}

/* "111 opus/48000/2". The first one that fits wins. Payload types 64 to 95 would look like RTCP: RFC 5761 section 4. */
static enum status on_rtpmap(struct parse *p, struct bytes value)
{
    struct sdp_section *section = p->section;
    if (!section)
        return ERR_MALFORMED;
    struct bytes type_word = next_word(&value), codec = next_word(&value);
    uint32_t type;
    if (!parse_number(type_word, PAYLOAD_TYPES - 1, &type) || codec.len == 0)
        return ERR_MALFORMED;
    const char *wanted = section->media == SDP_AUDIO ? "opus/48000/2" : "vp8/90000";
    bool usable = type != 0 && (type < 64 || type > 95) && p->formats[type];
    if (usable && section->media == SDP_VIDEO && is_anycase(codec, "rtx/90000"))
        p->rtx[type] = true;
    if (usable && section->media == SDP_AUDIO && is_anycase(codec, "red/48000/2"))
        p->red[type] = true;
    if (usable && section->payload_type == 0 && section->media != SDP_OTHER && is_anycase(codec, wanted))
        section->payload_type = (uint8_t)type;
    return OK;
}

/* "96 nack pli"; "*" is every format: RFC 4585 section 4.2. */
static enum status on_feedback(struct parse *p, struct bytes value)
{
    struct bytes type_word = next_word(&value), kind = next_word(&value), detail = next_word(&value);
    bool *wanted = is(kind, "nack") && is(detail, "pli")         ? p->pli
                   : is(kind, "nack") && detail.len == 0         ? p->nack
                   : is(kind, "ccm") && is(detail, "fir")        ? p->fir
                   : is(kind, "transport-cc") && detail.len == 0 ? p->transport_cc
                                                                 : NULL;
    if (!wanted)
        return OK;
    uint32_t type;
    if (is(type_word, "*"))
        memset(wanted, true, PAYLOAD_TYPES);
    else if (parse_number(type_word, PAYLOAD_TYPES - 1, &type))
        wanted[type] = true;
    else
        return ERR_MALFORMED;
    return OK;
}

/* "111/111": RFC 2198 5. 0 when it is no such list, or they differ. */
static uint8_t block_type(struct bytes list)
{
    uint32_t type = 0, next;
    while (list.len > 0) {
        if (!parse_number(cut(&list, '/'), PAYLOAD_TYPES - 1, &next) || (type && next != type))
            return 0;
        type = next;
    }
    return (uint8_t)type;
}

static enum status on_fmtp(struct parse *p, struct bytes value)
{
    uint32_t type;
    if (!parse_number(next_word(&value), PAYLOAD_TYPES - 1, &type))
        return OK; /* data channels have formats that are words */
    p->blocks[type] = block_type(value);
    while (value.len > 0) {
        struct bytes parameter = cut(&value, ';'), word = next_word(&parameter);
        struct bytes name = cut(&word, '=');
        uint32_t number;
        if (is(name, "usedtx") && is(word, "1"))
            p->dtx[type] = true;
        if (is(name, "apt") && parse_number(word, PAYLOAD_TYPES - 1, &number))
            p->apt[type] = (uint8_t)number;
    }
    return OK;
}

/* "4 urn:..." or "4/sendonly urn:...". Ids above 14 need two-byte headers, which we don't read: RFC 8285 section 4.2.
 */
static enum status on_extmap(struct parse *p, struct bytes value)
{
    struct bytes id_word = next_word(&value), uri = next_word(&value);
    uint32_t id;
    if (!parse_number(cut(&id_word, '/'), 65535, &id) || id == 0 || uri.len == 0)
        return ERR_MALFORMED;
    if (!p->section || id > 14)
        return OK;
    if (is(uri, "urn:ietf:params:rtp-hdrext:sdes:mid"))
        p->section->mid_extension = (uint8_t)id;
    if (is(uri, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"))
        p->section->level_extension = (uint8_t)id;
    if (is(uri, SDP_TWCC_URI))
        p->section->twcc_extension = (uint8_t)id;
    return OK;
}

static bool streams_have(const struct streams *streams, uint32_t ssrc)
{
    for (size_t i = 0; i < streams->count; i++)
        if (streams->at[i] == ssrc)
            return true;
    return false;
}

static enum status streams_add(struct parse *p, struct streams *streams, struct bytes word)
{
    uint32_t ssrc;
    if (!p->section || !parse_number(word, UINT32_MAX, &ssrc))
        return ERR_MALFORMED;
    if (streams_have(streams, ssrc))
        return OK;
    if (streams->count == STREAMS_MAX)
        return refuse(p, "a section names too many streams");
    streams->at[streams->count++] = ssrc;
    return OK;
}

static enum status on_ssrc(struct parse *p, struct bytes value)
{
    return streams_add(p, &p->streams, next_word(&value));
}

/* "FID 1 2": 2 repairs 1 (RFC 4588, RFC 5576 section 4.2). */
static enum status on_ssrc_group(struct parse *p, struct bytes value)
{
    uint32_t repaired;
    if (!is(next_word(&value), "FID"))
        return OK;
    if (!parse_number(next_word(&value), UINT32_MAX, &repaired))
        return ERR_MALFORMED;
    size_t had = p->repairs.count;
    TRY(streams_add(p, &p->repairs, next_word(&value)));
    if (p->repairs.count > had)
        p->repairs.repaired[had] = repaired;
    return OK;
}

static enum sdp_direction direction_of(struct bytes name)
{
    static const char *const names[] = {
        [SDP_SENDRECV] = "sendrecv",
        [SDP_SENDONLY] = "sendonly",
        [SDP_RECVONLY] = "recvonly",
        [SDP_INACTIVE] = "inactive",
    };
    for (int direction = SDP_SENDRECV; direction <= SDP_INACTIVE; direction++)
        if (is(name, names[direction]))
            return (enum sdp_direction)direction;
    return 0;
}

/* What is not here is ignored, as RFC 8866 section 5.13 asks. */
static const struct {
    const char *name;
    enum status (*read)(struct parse *, struct bytes value);
} attributes[] = {
    { "mid", on_mid },
    { "group", on_group },
    { "ice-ufrag", on_ufrag },
    { "ice-pwd", on_pwd },
    { "fingerprint", on_fingerprint },
    { "setup", on_setup },
    { "rtcp-mux", on_rtcp_mux },
    { "bundle-only", on_bundle_only },
    { "rtpmap", on_rtpmap },
    { "rtcp-fb", on_feedback },
    { "fmtp", on_fmtp },
    { "extmap", on_extmap },
    { "ssrc", on_ssrc },
    { "ssrc-group", on_ssrc_group },
};

static enum status on_attribute(struct parse *p, struct bytes value)
{
    struct bytes name = cut(&value, ':');
    enum sdp_direction direction = direction_of(name);
    if (direction && p->section)
        p->section->direction = direction;
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        if (is(name, attributes[i].name))
            return attributes[i].read(p, value);
    return OK;
}

/* --- sections --- */

/* The section's own, else the session's. */
static struct path path_of_section(const struct parse *p)
{
    struct path path = p->session;
    if (p->here.ufrag.len)
        path.ufrag = p->here.ufrag;
    if (p->here.pwd.len)
        path.pwd = p->here.pwd;
    if (p->here.setup)
        path.setup = p->here.setup;
    if (p->here.has_fingerprint) {
        path.has_fingerprint = true;
        memcpy(path.fingerprint, p->here.fingerprint, sizeof path.fingerprint);
    }
    return path;
}

/* The first live section carries the bundle's path. Later ones repeat it (both browsers do), leave it out, or bring ICE
 * credentials of their own, for an answerer that knows no bundles: those count for nothing (RFC 9143 7.1.3). One
 * certificate for all, as it is one peer. */
static enum status join_bundle(struct parse *p)
{
    struct path path = path_of_section(p);
    if (!p->has_bundle_path) {
        if (!path.ufrag.len || !path.pwd.len)
            return refuse(p, "no ICE credentials");
        if (!path.has_fingerprint)
            return refuse(p, "no SHA-256 fingerprint");
        if (path.setup != SETUP_ACTPASS && path.setup != SETUP_ACTIVE)
            return refuse(p, "setup must be actpass or active");
        p->bundle = path;
        p->has_bundle_path = true;
        return OK;
    }
    if (path.has_fingerprint && memcmp(path.fingerprint, p->bundle.fingerprint, sizeof path.fingerprint) != 0)
        return refuse(p, "sections disagree on the fingerprint");
    if (path.setup && path.setup != p->bundle.setup)
        return refuse(p, "sections disagree on setup");
    return OK;
}

static uint32_t repair_of(const struct streams *repairs, uint32_t ssrc)
{
    for (size_t i = 0; i < repairs->count; i++)
        if (repairs->repaired[i] == ssrc)
            return repairs->at[i];
    return 0;
}

/* The first type that retransmits `type`. */
static uint8_t repair_type_of(const struct parse *p, uint8_t type)
{
    for (unsigned i = 1; i < PAYLOAD_TYPES && type; i++)
        if (p->rtx[i] && p->apt[i] == type)
            return (uint8_t)i;
    return 0;
}

static uint8_t red_type_of(const struct parse *p, uint8_t type)
{
    for (unsigned i = 1; i < PAYLOAD_TYPES && type; i++)
        if (p->red[i] && p->blocks[i] == type)
            return (uint8_t)i;
    return 0;
}

static enum status take_streams(struct parse *p)
{
    struct sdp_section *section = p->section;
    for (size_t i = 0; i < p->streams.count; i++) {
        if (streams_have(&p->repairs, p->streams.at[i]))
            continue;
        if (section->ssrc_count == SDP_SSRCS_MAX)
            return refuse(p, "a section names too many streams");
        section->repairs[section->ssrc_count] = repair_of(&p->repairs, p->streams.at[i]);
        section->ssrcs[section->ssrc_count++] = p->streams.at[i];
    }
    return OK;
}

static enum status end_section(struct parse *p)
{
    struct sdp_section *section = p->section;
    if (!section)
        return OK;
    section->rejected = p->zero_port && !p->bundle_only;
    if (section->rejected)
        return OK;
    if (!section->mid[0])
        return refuse(p, "a section has no mid");
    if (!in_group(p, bytes_of(section->mid)))
        return refuse(p, "a section is outside the BUNDLE group");
    TRY(join_bundle(p));
    if (section->media == SDP_OTHER)
        return OK;
    if (!p->rtcp_mux)
        return refuse(p, "a section is without rtcp-mux");
    if (!is(section->protocol, "UDP/TLS/RTP/SAVPF"))
        return refuse(p, "a section is not UDP/TLS/RTP/SAVPF");
    section->nack = p->nack[section->payload_type];
    section->transport_cc = p->transport_cc[section->payload_type];
    section->repair_type = section->nack ? repair_type_of(p, section->payload_type) : 0;
    section->red_type = red_type_of(p, section->payload_type);
    section->nack_pli = p->pli[section->payload_type];
    section->ccm_fir = p->fir[section->payload_type];
    section->dtx = section->media == SDP_AUDIO && p->dtx[section->payload_type];
    return take_streams(p);
}

static void start_section(struct parse *p)
{
    p->section = &p->offer.sections[p->offer.section_count++];
    *p->section = (struct sdp_section){ .direction = SDP_SENDRECV }; /* the default: RFC 8866 section 6.7 */
    p->here = (struct path){ 0 };
    p->bundle_only = p->rtcp_mux = false;
    memset(p->formats, 0, sizeof p->formats);
    memset(p->nack, 0, sizeof p->nack);
    memset(p->transport_cc, 0, sizeof p->transport_cc);
    memset(p->rtx, 0, sizeof p->rtx);
    memset(p->apt, 0, sizeof p->apt);
    memset(p->red, 0, sizeof p->red);
    memset(p->blocks, 0, sizeof p->blocks);
    memset(p->pli, 0, sizeof p->pli);
    memset(p->fir, 0, sizeof p->fir);
    memset(p->dtx, 0, sizeof p->dtx);
    p->streams.count = p->repairs.count = 0;
}

/* Data channels have formats that are words. */
static void note_formats(struct parse *p, struct bytes format, struct bytes others)
{
    for (uint32_t type; format.len > 0; format = next_word(&others))
        if (parse_number(format, PAYLOAD_TYPES - 1, &type))
            p->formats[type] = true;
}

/* "audio 9 UDP/TLS/RTP/SAVPF 111 63"; the port may be "9/2". */
static enum status on_media(struct parse *p, struct bytes value)
{
    TRY(end_section(p));
    if (p->offer.section_count == SDP_SECTIONS_MAX)
        return refuse(p, "too many sections");
    start_section(p);
    struct sdp_section *section = p->section;
    section->media_word = next_word(&value);
    struct bytes port_word = next_word(&value);
    section->protocol = next_word(&value);
    section->first_format = next_word(&value);
    note_formats(p, section->first_format, value);
    uint32_t port;
    if (!parse_number(cut(&port_word, '/'), 65535, &port) || section->first_format.len == 0)
        return ERR_MALFORMED;
    p->zero_port = port == 0;
    section->media = is(section->media_word, "audio")   ? SDP_AUDIO
                     : is(section->media_word, "video") ? SDP_VIDEO
                                                        : SDP_OTHER;
    return OK;
}

/* --- the whole --- */

/* A line without its end; CR, NUL and other controls have no place inside (a tab may stand in free text). */
static bool next_line(struct bytes *text, struct bytes *line)
{
    *line = cut(text, '\n');
    if (line->len > 0 && line->at[line->len - 1] == '\r')
        line->len--;
    for (size_t i = 0; i < line->len; i++)
        if (line->at[i] < ' ' && line->at[i] != '\t')
            return false;
    return true;
}

static enum status read_lines(struct parse *p, struct bytes text)
{
    struct bytes line;
    if (text.len == 0 || !next_line(&text, &line) || !is(line, "v=0"))
        return ERR_MALFORMED;
    while (text.len > 0) {
        if (!next_line(&text, &line))
            return ERR_MALFORMED;
        if (line.len == 0)
            continue;
        if (line.len < 2 || line.at[0] < 'a' || line.at[0] > 'z' || line.at[1] != '=')
            return ERR_MALFORMED;
        struct bytes value = { line.at + 2, line.len - 2 };
        if (line.at[0] == 'm')
            TRY(on_media(p, value));
        if (line.at[0] == 'a')
            TRY(on_attribute(p, value));
    }
    return end_section(p);
}

static bool ids_differ(uint8_t a, uint8_t b)
{
    return a && b && a != b;
}

static bool names_stream(const struct sdp_section *section, uint32_t ssrc)
{
    for (size_t i = 0; ssrc && i < section->ssrc_count; i++)
        if (section->ssrcs[i] == ssrc || section->repairs[i] == ssrc)
            return true;
    return false;
}

static bool share_a_stream(const struct sdp_section *a, const struct sdp_section *b)
{
    for (size_t i = 0; i < a->ssrc_count; i++)
        if (names_stream(b, a->ssrcs[i]) || names_stream(b, a->repairs[i]))
            return true;
    return false;
}

/* In a bundle all sections share one RTP session, so names must mean the same everywhere: RFC 8843 sections 9 and 10.
 */
static enum status check_pair(struct parse *p, const struct sdp_section *a, const struct sdp_section *b)
{
    if (strcmp(a->mid, b->mid) == 0)
        return refuse(p, "a mid is used twice");
    if (a->media != b->media && a->payload_type && a->payload_type == b->payload_type)
        return refuse(p, "a payload type means two codecs");
    if (ids_differ(a->mid_extension, b->mid_extension) || ids_differ(a->level_extension, b->level_extension) ||
        ids_differ(a->twcc_extension, b->twcc_extension))
        return refuse(p, "sections disagree on a header extension's id");
    if (share_a_stream(a, b))
        return refuse(p, "an SSRC is used twice");
    return OK;
}

static bool is_same_id(uint8_t a, uint8_t b)
{
    return a && a == b;
}

static bool shares_an_id(const struct sdp_section *s)
{
    return is_same_id(s->mid_extension, s->level_extension) || is_same_id(s->mid_extension, s->twcc_extension) ||
           is_same_id(s->level_extension, s->twcc_extension);
}

static enum status check_whole(struct parse *p)
{
    const struct sdp_offer *offer = &p->offer;
    if (!p->has_bundle_path)
        return refuse(p, "no live section");
    for (size_t i = 0; i < offer->section_count; i++) {
        const struct sdp_section *section = &offer->sections[i];
        if (section->rejected)
            continue;
        if (shares_an_id(section))
            return refuse(p, "a header extension id is used twice");
        for (size_t k = i + 1; k < offer->section_count; k++)
            if (!offer->sections[k].rejected)
                TRY(check_pair(p, section, &offer->sections[k]));
    }
    return OK;
}

enum status sdp_parse_offer(struct bytes text, struct sdp_offer *offer, const char **why)
{
    struct parse p = { 0 };
    enum status status = read_lines(&p, text);
    if (status == OK)
        status = check_whole(&p);
    if (status != OK) {
        *why = p.why && status == ERR_UNSUPPORTED ? p.why : "not a session description";
        return status;
    }
    p.offer.ufrag = p.bundle.ufrag;
    p.offer.pwd = p.bundle.pwd;
    memcpy(p.offer.fingerprint, p.bundle.fingerprint, sizeof p.offer.fingerprint);
    *offer = p.offer;
    return OK;
}
