#include "support/hall.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/rtcp.h"
#include "transport/dtls.h"
#include "transport/srtp.h"

#define EPOCH_UNIX_S 1790000000
#define AUDIO_US (20 * USEC_PER_MSEC)
#define VIDEO_US (40 * USEC_PER_MSEC)
enum { SLOTS_OF_SOUND = 6, SLOTS_OF_PICTURES = 7, MARK = 'K' };

static void fill(void *context, uint8_t *at, size_t len)
{
    static uint32_t random = 12345;
    (void)context;
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)((random = random * 1664525u + 1013904223u) >> 24);
}

static void require(bool right, const char *what)
{
    if (!right) {
        fprintf(stderr, "hall: %s\n", what);
        abort();
    }
}

/* ---- What people get ---- */

static int person_named(const char *id)
{
    return id ? atoi(id + 2) : HALL_NOBODY; /* "p-7" */
}

static void take_rtp(struct hall_person *p, struct bytes packet)
{
    struct rtp rtp;
    require(rtp_parse(packet, &rtp) == OK, "a broken packet");
    p->repairs += rtp.payload_type == HALL_RTX;
    if (rtp.payload.len < 3 || rtp.payload.at[rtp.payload.len - 2] != MARK || rtp.payload_type == HALL_RTX)
        return;
    int from = rtp.payload.at[rtp.payload.len - 1];
    bool video = rtp.payload_type == HALL_VP8;
    usec_t *at = video ? &p->seen_at_us[from] : &p->heard_at_us[from];
    if ((*(video ? &p->seen[from] : &p->heard[from]))++ == 0)
        *at = p->hall->now.mono_us;
    *(video ? &p->seen_on[from] : &p->heard_on[from]) = rtp.ssrc;
    *(video ? &p->seen_seq : &p->heard_seq) = rtp.seq;
}

static void on_media(void *context, enum packet_kind kind, struct bytes packet)
{
    struct hall_person *p = context;
    struct reader reader = reader_over(packet);
    struct rtcp_packet rtcp;
    if (kind == PACKET_RTP)
        take_rtp(p, packet);
    p->compounds += kind == PACKET_RTCP;
    while (kind == PACKET_RTCP && rtcp_next(&reader, &rtcp)) {
        p->reports += rtcp.kind == RTCP_SR;
        p->plis += rtcp.kind == RTCP_PLI;
        p->nacks += rtcp.kind == RTCP_NACK;
        p->keyframe_wanted |= rtcp.kind == RTCP_PLI;
    }
}

static void take_answer(struct hall_person *p, const char *sdp)
{
    uint8_t fingerprint[PEER_FINGERPRINT_LEN];
    const char *at = strstr(sdp, "a=fingerprint:sha-256 ");
    sscanf(strstr(sdp, "a=ice-ufrag:"), "a=ice-ufrag:%63s", p->ufrag);
    sscanf(strstr(sdp, "a=ice-pwd:"), "a=ice-pwd:%127s", p->pwd);
    for (int i = 0; i < PEER_FINGERPRINT_LEN; i++)
        fingerprint[i] = (uint8_t)strtoul(at + 22 + 3 * i, NULL, 16);
    peer_connect(p->peer, p->hall->now, p->ufrag, p->pwd, fingerprint);
}

static void take_text(struct hall_person *p, struct bytes text)
{
    json_t *message = json_loadb((const char *)text.at, text.len, 0, NULL);
    const char *type = json_string_value(json_object_get(message, "type"));
    require(type != NULL, "a message without a type");
    p->slots_told += strcmp(type, "slots") == 0;
    if (strcmp(type, "speaker") == 0) {
        p->speaker = person_named(json_string_value(json_object_get(message, "participant")));
        p->speaker_told++;
    } else if (strcmp(type, "answer") == 0) {
        take_answer(p, json_string_value(json_object_get(message, "sdp")));
    }
    json_decref(message);
}

static struct hall_person *person_at(struct hall *h, const struct address *address)
{
    for (int i = 0; i < h->count; i++)
        if (address_equal(&h->people[i].address, address))
            return &h->people[i];
    return NULL;
}

/* A copy goes on its way, as whoever gets it may send at once, and the outbox is filled again. */
static void drain(struct hall *h)
{
    static struct hall_datagram sent[4096];
    static int depth;
    require(depth == 0, "drained while draining");
    depth++;
    size_t count = outbox_datagram_count(h->outbox);
    require(count <= sizeof sent / sizeof *sent, "too many datagrams at once");
    for (size_t i = 0; i < count; i++) {
        struct datagram d = outbox_datagram_at(h->outbox, i);
        sent[i] = (struct hall_datagram){ .from = d.peer, .len = d.data.len };
        memcpy(sent[i].data, d.data.at, d.data.len);
    }
    for (size_t i = 0; i < outbox_message_count(h->outbox); i++) {
        struct message m = outbox_message_at(h->outbox, i);
        struct hall_person *p = &h->people[m.client - 1];
        if (m.kind == MESSAGE_TEXT)
            take_text(p, m.text);
        p->gone |= m.kind == MESSAGE_CLOSE;
    }
    outbox_clear(h->outbox);
    for (size_t i = 0; i < count; i++) {
        struct hall_person *p = person_at(h, &sent[i].from);
        h->out_bytes += sent[i].len;
        if (p) {
            peer_datagram(p->peer, h->now, (struct bytes){ sent[i].data, sent[i].len });
        } else {
            h->stranger_bytes += sent[i].len;
            h->stranger = sent[i].from;
        }
    }
    depth--;
}

/* ---- What people send ---- */

static struct {
    struct hall_datagram at[1024];
    size_t first, count;
} wire;

static void on_send(void *context, const struct address *from, struct bytes data)
{
    struct hall_person *p = context;
    struct hall_datagram d = { .from = *from, .len = data.len };
    require(data.len <= sizeof d.data && wire.count < sizeof wire.at / sizeof *wire.at, "too much on the wire");
    memcpy(d.data, data.at, data.len);
    p->last[demux(data)] = d;
    if (!p->hall->held)
        wire.at[(wire.first + wire.count++) % (sizeof wire.at / sizeof *wire.at)] = d;
}

static void carry(struct hall *h)
{
    do {
        drain(h);
        if (wire.count == 0)
            continue;
        struct hall_datagram d = wire.at[wire.first];
        wire.first = (wire.first + 1) % (sizeof wire.at / sizeof *wire.at);
        wire.count--;
        broker_datagram(h->broker, h->now, &d.from, d.data, d.len, h->outbox);
    } while (wire.count > 0 || outbox_datagram_count(h->outbox) > 0 || outbox_message_count(h->outbox) > 0);
}

uint64_t hall_datagram(struct hall *h, const struct address *from, struct bytes data)
{
    uint8_t copy[65536];
    uint64_t bytes = 0;
    memcpy(copy, data.at, data.len);
    broker_datagram(h->broker, h->now, from, copy, data.len, h->outbox);
    for (size_t i = 0; i < outbox_datagram_count(h->outbox); i++)
        bytes += outbox_datagram_at(h->outbox, i).data.len;
    carry(h);
    return bytes;
}

void hall_say(struct hall *h, int person, struct bytes rtp)
{
    peer_send_rtp(h->people[person].peer, rtp);
    carry(h);
}

void hall_say_rtcp(struct hall *h, int person, struct bytes compound)
{
    peer_send_rtcp(h->people[person].peer, compound);
    carry(h);
}

static void write_extensions(struct writer *w, const char *mid, const char *rid, bool video, uint8_t level)
{
    uint8_t elements[8] = { 0 };
    struct writer e = writer_over(elements, sizeof elements);
    if (mid[0]) {
        write_u8(&e, HALL_MID_ID << 4);
        write_u8(&e, (uint8_t)mid[0]);
    }
    if (rid[0]) {
        write_u8(&e, HALL_RID_ID << 4);
        write_u8(&e, (uint8_t)rid[0]);
    }
    if (!video) {
        write_u8(&e, HALL_LEVEL_ID << 4);
        write_u8(&e, level);
    }
    write_be16(w, 0xbede);
    write_be16(w, sizeof elements / 4);
    write_bytes(w, (struct bytes){ elements, sizeof elements });
}

/* VP8 as it must look: X, S; I with 15 bits; then the frame's first byte, whose lowest bit is clear in a keyframe. */
static void send_packet(struct hall *h, int person, bool video, uint32_t ssrc, const char *mid, const char *rid)
{
    struct hall_person *p = &h->people[person];
    uint8_t buffer[200];
    struct writer w = writer_over(buffer, sizeof buffer);
    write_u8(&w, 0x90);
    write_u8(&w, (uint8_t)(video ? 0x80 | HALL_VP8 : HALL_OPUS));
    write_be16(&w, p->seq[video]++);
    write_be32(&w, p->time[video] += video ? 3600 : 960);
    write_be32(&w, ssrc);
    write_extensions(&w, mid, rid, video, p->level);
    if (video) {
        write_be16(&w, 0x9080);
        write_be16(&w, (uint16_t)(0x8000 | p->seq[1]));
        write_u8(&w, p->keyframe_wanted ? 0x10 : 0x11);
        write_be16(&w, 0);
        write_bytes(&w, (struct bytes){ (const uint8_t[]){ 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01 }, 7 });
        p->keyframe_wanted = false;
    } else {
        write_u8(&w, 0x78);
    }
    write_u8(&w, MARK);
    write_u8(&w, (uint8_t)person);
    hall_say(h, person, writer_bytes(&w));
}

void hall_packet_as(struct hall *h, int person, bool video, uint32_t ssrc, const char *mid)
{
    send_packet(h, person, video, ssrc, mid, "");
}

void hall_layer_as(struct hall *h, int person, uint32_t ssrc, const char *mid, const char *rid)
{
    send_packet(h, person, true, ssrc, mid, rid);
}

static void tick(struct hall *h)
{
    for (int i = 0; i < h->count; i++)
        if (h->people[i].peer)
            peer_tick(h->people[i].peer, h->now);
    broker_tick(h->broker, h->now, h->outbox);
    carry(h);
}

void hall_run(struct hall *h, usec_t span_us)
{
    for (usec_t end = h->now.mono_us + span_us; h->now.mono_us < end;) {
        h->now.mono_us += AUDIO_US / 4;
        h->now.unix_us += (int64_t)AUDIO_US / 4;
        tick(h);
        for (int i = 0; i < h->count; i++) {
            struct hall_person *p = &h->people[i];
            if (!p->peer || !peer_is_ready(p->peer))
                continue;
            if (p->sound && h->now.mono_us % AUDIO_US == 0)
                hall_packet_as(h, i, false, p->ssrc[0], "0");
            if (p->picture && h->now.mono_us % VIDEO_US == 0)
                hall_layer_as(h, i, p->ssrc[1], "1", h->layered ? "l" : "");
        }
    }
}

void hall_forget(struct hall *h)
{
    h->out_bytes = h->stranger_bytes = 0;
    for (int i = 0; i < h->count; i++) {
        struct hall_person *p = &h->people[i];
        memset(p->heard, 0, sizeof p->heard);
        memset(p->seen, 0, sizeof p->seen);
        p->speaker_told = p->slots_told = p->compounds = p->reports = p->plis = p->nacks = p->repairs = 0;
    }
}

/* ---- Coming ---- */

static bool done_in_outbox(const struct hall *h, client_id client)
{
    char mark[40];
    snprintf(mark, sizeof mark, "\"id\":%u", h->request);
    for (size_t i = 0; i < outbox_message_count(h->outbox); i++) {
        struct message m = outbox_message_at(h->outbox, i);
        char text[65536];
        snprintf(text, sizeof text, "%.*s", (int)m.text.len, (const char *)m.text.at);
        if (m.client == client && m.kind == MESSAGE_TEXT && strstr(text, mark))
            return !strstr(text, "\"error\"");
    }
    return false;
}

bool hall_ask(struct hall *h, int person, const char *json)
{
    static char text[40000];
    client_id client = h->people[person].client;
    int len = snprintf(text, sizeof text, "{\"id\":%u,%s}", ++h->request, json);
    broker_text(h->broker, h->now, client, (struct bytes){ (uint8_t *)text, (size_t)len }, h->outbox);
    bool done = done_in_outbox(h, client);
    carry(h);
    return done;
}

/* "\\r\\n" is JSON's spelling of a line's end. */
static void write_section(struct writer *w, int mid, bool video, bool sends, bool layered, const char *credentials)
{
    write_format(w, "m=%s 9 UDP/TLS/RTP/SAVPF %s\\r\\nc=IN IP4 0.0.0.0\\r\\n%sa=setup:actpass\\r\\na=mid:%d\\r\\n",
                 video ? "video" : "audio", video ? "96 97" : "111", credentials, mid);
    write_format(w, "a=extmap:%d urn:ietf:params:rtp-hdrext:sdes:mid\\r\\n", HALL_MID_ID);
    if (sends) /* of what they are sent they tell nothing, and so it is not limited */
        write_format(w,
                     "a=extmap:%d http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\\r\\n"
                     "a=rtcp-fb:%d transport-cc\\r\\n",
                     HALL_TWCC_ID, video ? HALL_VP8 : HALL_OPUS);
    if (!video)
        write_format(w, "a=extmap:%d urn:ietf:params:rtp-hdrext:ssrc-audio-level\\r\\n", HALL_LEVEL_ID);
    if (video && sends && layered)
        write_format(
            w,
            "a=extmap:%d urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\\r\\na=rid:l send\\r\\na=rid:h send\\r\\n"
            "a=simulcast:send l;h\\r\\n",
            HALL_RID_ID);
    write_format(w, "a=%s\\r\\na=rtcp-mux\\r\\na=rtpmap:%s\\r\\n", sends ? "sendonly" : "recvonly",
                 video ? "96 VP8/90000\\r\\na=rtcp-fb:96 nack\\r\\na=rtcp-fb:96 nack pli\\r\\na=rtpmap:97 rtx/90000"
                         "\\r\\na=fmtp:97 apt=96"
                       : "111 opus/48000/2");
}

static void negotiate(struct hall *h, int person)
{
    struct hall_person *p = &h->people[person];
    static uint8_t json[40000];
    char fingerprint[3 * PEER_FINGERPRINT_LEN + 1], credentials[400];
    struct writer w = writer_over(json, sizeof json - 1);
    for (int i = 0; i < PEER_FINGERPRINT_LEN; i++)
        snprintf(fingerprint + 3 * i, 4, "%02X:", peer_fingerprint()[i]);
    fingerprint[3 * PEER_FINGERPRINT_LEN - 1] = '\0';
    snprintf(credentials, sizeof credentials, "a=ice-ufrag:%s\\r\\na=ice-pwd:%s\\r\\na=fingerprint:sha-256 %s\\r\\n",
             peer_ufrag(p->peer), peer_pwd(p->peer), fingerprint);
    write_text(
        &w, "\"type\":\"offer\",\"sdp\":\"v=0\\r\\no=- 1 1 IN IP4 127.0.0.1\\r\\ns=-\\r\\nt=0 0\\r\\na=group:BUNDLE");
    for (int mid = 0; mid < 2 + SLOTS_OF_SOUND + SLOTS_OF_PICTURES; mid++)
        write_format(&w, " %d", mid);
    write_text(&w, "\\r\\n");
    for (int mid = 0; mid < 2 + SLOTS_OF_SOUND + SLOTS_OF_PICTURES; mid++)
        write_section(&w, mid, mid == 1 || mid >= 2 + SLOTS_OF_SOUND, mid < 2, h->layered, credentials);
    write_text(&w, "\"");
    json[w.len] = '\0';
    require(!w.bad && hall_ask(h, person, (const char *)json), "an offer was refused");
}

void hall_join(struct hall *h, int person)
{
    struct hall_person *p = &h->people[person];
    struct claims claims = { .role = person == HALL_THERAPIST ? ROLE_THERAPIST : ROLE_CLIENT,
                             .not_before = EPOCH_UNIX_S - 60,
                             .expires = EPOCH_UNIX_S + 86400 };
    snprintf(claims.participation.text, sizeof claims.participation.text, "p-%d", person);
    id_parse(bytes_of("s-1"), &claims.session);
    id_parse(bytes_of("j-1"), &claims.token);
    p->client = (client_id)person + 1;
    struct joining joining = { .claims = claims, .request = ++h->request };
    broker_join(h->broker, h->now, p->client, &joining, h->outbox);
    require(done_in_outbox(h, p->client), "a join was refused");
    carry(h);
    struct peer_config config = {
        .seed = (uint64_t)person + 1, .address = p->address, .send = on_send, .media = on_media, .context = p
    };
    require(peer_create(&p->peer, &config) == OK, "no memory");
}

void hall_come(struct hall *h, int person)
{
    hall_join(h, person);
    if (person != HALL_THERAPIST)
        require(hall_ask(h, person, "\"type\":\"locate\",\"address\":\"12 Elm St\",\"phone\":\"555 0100\""), "locate");
    negotiate(h, person);
    require(hall_ask(h, person, "\"type\":\"media\",\"mic\":true,\"camera\":true,\"screen\":false"), "media");
}

void hall_all_come(struct hall *h)
{
    for (int i = 0; i < h->count; i++)
        hall_come(h, i);
    for (int i = 0; i < 200 && !peer_is_ready(h->people[h->count - 1].peer); i++)
        hall_run(h, AUDIO_US);
    for (int i = 0; i < h->count; i++)
        require(peer_is_ready(h->people[i].peer), "somebody's media is not ready");
}

static void plan_person(struct plan *plan, int person)
{
    struct plan_person p = { .role = person == HALL_THERAPIST ? ROLE_THERAPIST : ROLE_CLIENT };
    snprintf(p.participation.text, sizeof p.participation.text, "p-%d", person);
    snprintf(p.person.text, sizeof p.person.text, "person-%d", person);
    snprintf(p.name, sizeof p.name, "Name %d", person);
    require(plan_add_person(plan, &p) == OK, "no place for a person");
}

struct hall *hall_open(enum session_kind kind, int people)
{
    struct hall *h = calloc(1, sizeof *h);
    require(h && people <= HALL_MOST, "no such hall");
    h->count = people;
    h->now = (struct now){ 100 * USEC_PER_SEC, (int64_t)EPOCH_UNIX_S * (int64_t)USEC_PER_SEC };
    wire.count = 0;
    struct address here = { .family = ADDRESS_IPV4, .port = 40000, .ip = { 10, 0, 0, 200 } };
    struct broker_config config = { .video_codecs = { { CODEC_VP8 }, 1 },
                                    .entropy = { fill, NULL },
                                    .candidates = &here,
                                    .candidate_count = 1,
                                    .rooms_max = 1,
                                    .clients_max = HALL_MOST };
    struct plan plan = { .kind = kind, .opens_at = EPOCH_UNIX_S - 60, .closes_at = EPOCH_UNIX_S + 3600 };
    id_parse(bytes_of("s-1"), &plan.session);
    id_parse(bytes_of("person-1"), &plan.client);
    for (int i = 0; i < people; i++) {
        h->people[i] = (struct hall_person){
            .hall = h,
            .address = { .family = ADDRESS_IPV4, .port = 5000, .ip = { 10, 0, 0, (uint8_t)(i + 1) } },
            .level = HALL_QUIET,
            .sound = true,
            .ssrc = { (uint32_t)(1000 * (i + 1)), (uint32_t)(1000 * (i + 1) + 1) },
            .keyframe_wanted = true,
            .speaker = HALL_NOBODY,
        };
        plan_person(&plan, i);
    }
    require(srtp_start() == OK && dtls_identity_create(&h->identity, EPOCH_UNIX_S) == OK, "no identity");
    config.identity = h->identity;
    require(outbox_create(&h->outbox, 1 << 22, 8192) == OK && broker_create(&h->broker, &config) == OK &&
                broker_plan(h->broker, &plan) == OK,
            "no broker");
    plan_deinit(&plan);
    return h;
}

void hall_close(struct hall *h)
{
    for (int i = 0; i < h->count; i++)
        peer_destroy(h->people[i].peer);
    broker_destroy(h->broker);
    outbox_destroy(h->outbox);
    dtls_identity_destroy(h->identity);
    free(h);
}
