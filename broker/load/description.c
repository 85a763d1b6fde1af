#include "load/description.h"

#include <stdio.h>
#include <string.h>

#include "load/traffic.h"

enum { TWCC_ID = 3, MID_ID = 4, LINE_LEN = 1024 };
#define MID_URI "urn:ietf:params:rtp-hdrext:sdes:mid"
#define TWCC_URI "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

/* ---- Ours ---- */

static void write_transport(struct writer *w, const struct description_self *self, const char *setup)
{
    write_format(w, "c=IN IP4 0.0.0.0\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 ", self->ufrag,
                 self->pwd);
    for (size_t i = 0; i < 32; i++)
        write_format(w, "%02X%s", self->fingerprint[i], i < 31 ? ":" : "\r\n");
    write_format(w, "a=setup:%s\r\na=rtcp-mux\r\n", setup);
}

static void write_codec(struct writer *w, bool video, unsigned type, unsigned repair, bool feedback)
{
    if (!video) {
        write_format(w, "a=rtpmap:%u opus/48000/2\r\na=fmtp:%u minptime=10;useinbandfec=1\r\n", type, type);
    } else {
        write_format(w, "a=rtpmap:%u VP8/90000\r\n", type);
        write_format(w, "a=rtcp-fb:%u ccm fir\r\na=rtcp-fb:%u nack\r\na=rtcp-fb:%u nack pli\r\n", type, type, type);
    }
    if (feedback)
        write_format(w, "a=rtcp-fb:%u transport-cc\r\n", type);
    if (repair)
        write_format(w, "a=rtpmap:%u rtx/90000\r\na=fmtp:%u apt=%u\r\n", repair, repair, type);
}

static void write_head(struct writer *w)
{
    write_text(w, "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE");
}

static void write_section(struct writer *w, const struct description_self *self, const struct load_section *s,
                          size_t mid, uint32_t ssrc)
{
    write_text(w, s->video ? "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n" : "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n");
    write_transport(w, self, "actpass");
    write_format(w, "a=mid:%zu\r\na=%s\r\n", mid, s->sends ? "sendonly" : "recvonly");
    write_format(w, "a=extmap:%d %s\r\n", MID_ID, MID_URI);
    if (self->feedback)
        write_format(w, "a=extmap:%d %s\r\n", TWCC_ID, TWCC_URI);
    write_codec(w, s->video, s->video ? TRAFFIC_VP8 : TRAFFIC_OPUS, s->video ? TRAFFIC_RTX : 0, self->feedback);
    if (s->sends)
        write_format(w, "a=msid:- track%zu\r\n", mid);
    if (s->carries)
        write_format(w, "a=ssrc:%u cname:%s\r\n", ssrc, self->cname);
}

enum status description_offer(struct writer *w, const struct description_self *self,
                              const struct load_section *sections, size_t count, uint32_t sound, uint32_t picture)
{
    write_head(w);
    for (size_t i = 0; i < count; i++)
        write_format(w, " %zu", i);
    write_text(w, "\r\na=msid-semantic: WMS\r\n");
    for (size_t i = 0; i < count; i++)
        write_section(w, self, &sections[i], i, sections[i].video ? picture : sound);
    return w->bad ? ERR_FULL : OK;
}

/* ---- Theirs ---- */

struct reading {
    struct description_remote *remote;
    struct description_section *section;      /* NULL: before the first */
    bool has_ufrag, has_pwd, has_fingerprint; /* the first of each, as all are in one BUNDLE group */
    uint8_t twcc_id;
    unsigned transport_cc; /* a payload type that has it */
};

static void read_fingerprint(struct reading *r, const char *hex)
{
    for (size_t i = 0; i < sizeof r->remote->fingerprint; i++, hex += 3)
        if (sscanf(hex, "%2hhx", &r->remote->fingerprint[i]) != 1)
            return;
    r->has_fingerprint = true;
}

static void read_candidate(struct reading *r, const char *line)
{
    char protocol[8], ip[ADDRESS_TEXT_MAX];
    unsigned component;
    struct address address = { 0 };
    if (r->remote->candidate.family == ADDRESS_NONE &&
        sscanf(line, "a=candidate:%*s %u %7s %*s %63s %hu", &component, protocol, ip, &address.port) == 4 &&
        component == 1 && (strcmp(protocol, "udp") == 0 || strcmp(protocol, "UDP") == 0) &&
        address_parse_ip(ip, &address))
        r->remote->candidate = address;
}

static void read_media(struct reading *r, const char *line)
{
    char kind[16];
    unsigned port, type;
    if (sscanf(line, "m=%15s %u %*s %u", kind, &port, &type) != 3 || r->remote->count == LOAD_SECTIONS_MAX) {
        r->section = NULL;
        return;
    }
    r->section = &r->remote->sections[r->remote->count++];
    *r->section = (struct description_section){
        .video = strcmp(kind, "video") == 0, .live = port != 0, .sends = true, .first_type = (uint8_t)type
    };
    r->twcc_id = 0;
    r->transport_cc = 0;
}

static void read_attribute(struct reading *r, const char *line)
{
    struct description_section *s = r->section;
    unsigned id, type, of;
    char word[80];
    if (sscanf(line, "a=mid:%16s", s->mid) == 1)
        return;
    if (strcmp(line, "a=inactive") == 0)
        s->live = false;
    else if (strcmp(line, "a=recvonly") == 0)
        s->sends = false;
    else if (sscanf(line, "a=rtpmap:%u %79s", &type, word) == 2 && s->payload_type == 0 &&
             strcmp(word, s->video ? "VP8/90000" : "opus/48000/2") == 0)
        s->payload_type = (uint8_t)type;
    else if (sscanf(line, "a=fmtp:%u apt=%u", &type, &of) == 2 && s->payload_type && of == s->payload_type)
        s->repair_type = (uint8_t)type;
    else if (sscanf(line, "a=extmap:%u%*[^ ] %79s", &id, word) == 2 || sscanf(line, "a=extmap:%u %79s", &id, word) == 2)
        r->twcc_id = strcmp(word, TWCC_URI) == 0 && id < 15 ? (uint8_t)id : r->twcc_id;
    else if (sscanf(line, "a=rtcp-fb:%u %79s", &type, word) == 2 && strcmp(word, "transport-cc") == 0)
        r->transport_cc = type;
    if (s->payload_type && r->twcc_id && r->transport_cc == s->payload_type)
        s->twcc_extension = r->twcc_id;
}

static void read_line(struct reading *r, const char *line)
{
    static const char sha256[] = "a=fingerprint:sha-256 ", sha256_loud[] = "a=fingerprint:SHA-256 ";
    struct description_remote *remote = r->remote;
    if (strncmp(line, "m=", 2) == 0)
        read_media(r, line);
    else if (strncmp(line, "a=candidate:", 12) == 0)
        read_candidate(r, line);
    else if (!r->has_ufrag && sscanf(line, "a=ice-ufrag:%256s", remote->ufrag) == 1)
        r->has_ufrag = true;
    else if (!r->has_pwd && sscanf(line, "a=ice-pwd:%256s", remote->pwd) == 1)
        r->has_pwd = true;
    else if (!r->has_fingerprint &&
             (strncmp(line, sha256, sizeof sha256 - 1) == 0 || strncmp(line, sha256_loud, sizeof sha256 - 1) == 0))
        read_fingerprint(r, line + sizeof sha256 - 1);
    else if (r->section)
        read_attribute(r, line);
}

enum status description_read(const char *sdp, struct description_remote *remote)
{
    struct reading r = { .remote = remote };
    *remote = (struct description_remote){ 0 };
    while (*sdp) {
        char line[LINE_LEN];
        size_t len = strcspn(sdp, "\r\n");
        snprintf(line, sizeof line, "%.*s", (int)len, sdp);
        read_line(&r, line);
        sdp += len;
        sdp += strspn(sdp, "\r\n");
    }
    bool whole = r.has_ufrag && r.has_pwd && r.has_fingerprint && remote->candidate.family != ADDRESS_NONE;
    return whole && remote->count > 0 ? OK : ERR_MALFORMED;
}

/* ---- Our answer ---- */

static bool takes(const struct description_section *s)
{
    return s->live && s->payload_type;
}

static void answer_section(struct writer *w, const struct description_self *self, const struct description_section *s)
{
    const char *kind = s->video ? "video" : "audio";
    if (!takes(s)) {
        write_format(w, "m=%s 0 UDP/TLS/RTP/SAVPF %u\r\nc=IN IP4 0.0.0.0\r\na=mid:%s\r\na=inactive\r\n", kind,
                     s->first_type, s->mid);
        return;
    }
    bool feedback = self->feedback && s->twcc_extension;
    write_format(w, "m=%s 9 UDP/TLS/RTP/SAVPF %u", kind, s->payload_type);
    if (s->repair_type)
        write_format(w, " %u", s->repair_type);
    write_text(w, "\r\n");
    write_transport(w, self, "active");
    write_format(w, "a=mid:%s\r\na=%s\r\n", s->mid, s->sends ? "recvonly" : "inactive");
    if (feedback)
        write_format(w, "a=extmap:%u %s\r\n", s->twcc_extension, TWCC_URI);
    write_codec(w, s->video, s->payload_type, s->repair_type, feedback);
}

enum status description_answer(struct writer *w, const struct description_self *self,
                               const struct description_remote *remote)
{
    write_head(w);
    for (size_t i = 0; i < remote->count; i++)
        if (takes(&remote->sections[i]))
            write_format(w, " %s", remote->sections[i].mid);
    write_text(w, "\r\na=msid-semantic: WMS\r\n");
    for (size_t i = 0; i < remote->count; i++)
        answer_section(w, self, &remote->sections[i]);
    return w->bad ? ERR_FULL : OK;
}
