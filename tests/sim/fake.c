#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/rtcp.h"
#include "media/rtp.h"
#include "sim/parts.h"
#include "transport/transport.h"

enum { MARK_LEN = 8 + 4 }; /* at the end of each payload: when, which flow, 'K', who, what */

enum { MID = 4, RID = 5, REPAIRED_RID = 6, NUMBER = 7, LEVEL = 8 }; /* header extensions, as in the offer (world.c) */

static const struct {
    source_mask source;
    char mid, rid; /* rid 0: none */
} flows[FLOWS] = {
    [FLOW_MIC] = { SOURCE_MIC, '0', 0 },
    [FLOW_CAMERA_LOW] = { SOURCE_CAMERA, '1', 'l' },
    [FLOW_CAMERA_HIGH] = { SOURCE_CAMERA, '1', 'h' },
    [FLOW_SCREEN] = { SOURCE_SCREEN, '2', 0 },
};

/* How loud (RFC 6464). People take turns, and some talk at once. */
static uint8_t level_of(uint32_t time, uint32_t ssrc)
{
    enum { TURN = 3 * 48000 / 2 };
    return (time / TURN + ssrc / 1000) % 4 < 2 ? 0x80 | 30 : 127;
}

/* As every browser's: one-byte header extensions with the MID, and the RID of a simulcast layer (rid: its id), or
 * the level beside sound. */
static void write_header(struct writer *w, uint8_t type, uint16_t seq, uint32_t time, uint32_t ssrc, int flow,
                         uint8_t rid)
{
    write_u8(w, 0x90); /* version 2, an extension */
    write_u8(w, 0x80 | type);
    write_be16(w, seq);
    write_be32(w, time);
    write_be32(w, ssrc);
    write_be16(w, 0xbede);
    write_be16(w, 1);
    write_u8(w, MID << 4);
    write_u8(w, (uint8_t)flows[flow].mid);
    write_u8(w, (uint8_t)((flow == FLOW_MIC ? LEVEL : flows[flow].rid ? rid : 0) << 4));
    write_u8(w, flow == FLOW_MIC ? level_of(time, ssrc) : (uint8_t)flows[flow].rid);
}

static uint32_t ssrc_of(int person, int flow)
{
    return (uint32_t)(1000 * (person + 1) + flow);
}

/* RFC 4588: on a stream of its own, which names its track by the MID. */
static void send_again(struct world *w, int person, int flow, uint16_t seq)
{
    struct actor *actor = &w->actors[person];
    const struct kept *kept = &actor->kept[flow][seq % KEPT];
    uint8_t buffer[200];
    struct writer packet = writer_over(buffer, sizeof buffer);
    if (kept->seq != seq || kept->len == 0)
        return;
    write_header(&packet, 97, actor->repair_seq++, kept->time, ssrc_of(person, flow) + 100, flow, REPAIRED_RID);
    write_be16(&packet, seq);
    write_bytes(&packet, (struct bytes){ kept->payload, kept->len });
    peer_send_rtp(actor->peer, writer_bytes(&packet));
    w->counts.repairs_asked++;
}

static void answer_nack(struct world *w, int person, const struct rtcp_packet *nack)
{
    struct reader lost = reader_over(nack->lost);
    uint16_t seqs[RTCP_NACK_MAX];
    size_t count;
    while ((count = rtcp_nack_next(&lost, seqs)) > 0)
        for (size_t i = 0; i < count; i++)
            for (int flow = FLOW_CAMERA_LOW; flow < FLOWS; flow++)
                if (nack->media_ssrc == ssrc_of(person, flow))
                    send_again(w, person, flow, seqs[i]);
}

static void note_stream(struct actor *actor, const struct rtp *rtp)
{
    size_t i = 0;
    while (i < actor->stream_count && actor->streams[i].ssrc != rtp->ssrc)
        i++;
    if (i == STREAMS)
        return;
    if (i == actor->stream_count)
        actor->streams[actor->stream_count++].ssrc = rtp->ssrc;
    actor->streams[i].highest = rtp->seq;
}

/* Once more what they may have lost, and what they never had: the latest, and any at all. */
static void ask_again(struct world *w, struct actor *actor)
{
    uint8_t buffer[200];
    for (size_t i = 0; i < actor->stream_count; i++) {
        struct writer compound = writer_over(buffer, sizeof buffer);
        uint16_t seqs[20], any = (uint16_t)chance_below(&w->chance, 65536);
        for (uint16_t k = 0; k < 10; k++) {
            seqs[k] = (uint16_t)(actor->streams[i].highest - 10 + k);
            seqs[10 + k] = (uint16_t)(any + k);
        }
        rtcp_write_rr(&compound, 1, NULL, 0);
        rtcp_write_nack(&compound, 1, actor->streams[i].ssrc, seqs, 20);
        peer_send_rtcp(actor->peer, writer_bytes(&compound));
    }
}

static void take_pli(struct actor *actor, int person, uint32_t ssrc)
{
    for (int flow = FLOW_CAMERA_LOW; flow < FLOWS; flow++)
        if (ssrc == ssrc_of(person, flow))
            actor->keyframe[flow] = true;
}

/* What came and when, as browsers tell it. */
static void tell_arrivals(struct actor *actor)
{
    uint8_t buffer[1200];
    struct writer compound = writer_over(buffer, sizeof buffer);
    if (!actor->twcc.news)
        return;
    rtcp_write_rr(&compound, 1, NULL, 0);
    if (twcc_write(&actor->twcc, &compound, 1, 1))
        peer_send_rtcp(actor->peer, writer_bytes(&compound));
}

/* When it is through a narrow path, which has a queue of 300 ms; 0: never. */
static usec_t through(struct world *w, struct actor *actor, size_t len)
{
    if (actor->taken_until < w->now_us)
        actor->taken_until = w->now_us;
    if (actor->takes_bps && actor->taken_until > w->now_us + 300 * USEC_PER_MSEC)
        return 0;
    actor->taken_until += actor->takes_bps ? len * 8 * USEC_PER_SEC / actor->takes_bps : 0;
    return actor->taken_until;
}

/* All that we send them carries a transport-wide number, and nothing else of anybody. Some say that less came than
 * did. */
static void note_number(struct world *w, struct actor *actor, const struct rtp *rtp)
{
    enum { HEADERS = 12 + 8 + 16 + 28 };
    struct bytes number = rtp_extension_find(rtp, NUMBER);
    usec_t came = through(w, actor, rtp->payload.len + HEADERS);
    if (number.len != 2 || rtp->extension.len != 4)
        world_violation(w, "%s got a packet without a number, or with more than that", world_id(w->receiving));
    else if (came && !chance_in(&w->chance, w->calm ? 0 : actor->deaf))
        twcc_packet(&actor->twcc, came, load_be16(number.at));
}

void on_peer_media(void *context, enum packet_kind kind, struct bytes packet)
{
    struct world *w = context;
    struct actor *actor = &w->actors[w->receiving];
    if (kind == PACKET_RTCP) {
        struct reader reader = reader_over(packet);
        struct rtcp_packet rtcp;
        while (rtcp_next(&reader, &rtcp))
            if (rtcp.kind == RTCP_PLI)
                take_pli(actor, w->receiving, rtcp.media_ssrc);
            else if (rtcp.kind == RTCP_NACK)
                answer_nack(w, w->receiving, &rtcp);
        return;
    }
    struct rtp rtp;
    if (rtp_parse(packet, &rtp) != OK) {
        world_violation(w, "%s got a broken packet", world_id(w->receiving));
        return;
    }
    note_number(w, actor, &rtp);
    if (rtp.payload.len >= MARK_LEN && rtp.payload.at[rtp.payload.len - 3] == 'K') {
        int from = rtp.payload.at[rtp.payload.len - 2];
        bool again = rtp.payload_type == 97;
        w->counts.repairs_delivered += again;
        actor->heard[from] += !again;
        actor->flows[from][rtp.payload.at[rtp.payload.len - 4] % FLOWS] += !again;
        note_stream(actor, &rtp);
        struct reader mark = reader_over((struct bytes){ rtp.payload.at + rtp.payload.len - MARK_LEN, MARK_LEN });
        check_delivered(w, w->receiving, from, rtp.payload.at[rtp.payload.len - 1], read_be64(&mark));
    }
}

void on_peer_send(void *context, const struct address *from, struct bytes data)
{
    struct world *w = context;
    int person = person_at(from);
    if (person >= 0 && w->actors[person].cut)
        return;
    network_send(w->network, w->now_us, TO_BROKER, from, data, 0);
}

/* VP8 in two temporal layers: X, S; I with 15 bits, T; then the frame's first byte, whose lowest bit is clear in a
 * keyframe. Every second picture is of the upper layer, which may be taken from any of them on. */
static void write_vp8(struct actor *actor, int flow, struct writer *body)
{
    uint16_t picture = actor->picture[flow]++;
    bool upper = picture % 2 && !actor->keyframe[flow];
    write_u8(body, 0x90);
    write_u8(body, 0xa0);
    write_be16(body, 0x8000 | (picture & 0x7fff));
    write_u8(body, upper ? 0x60 : 0);
    write_u8(body, actor->keyframe[flow] ? 0x00 : 0x01);
    actor->keyframe[flow] = false;
}

static void speak(struct world *w, int person, int flow)
{
    struct actor *actor = &w->actors[person];
    bool video = flow != FLOW_MIC;
    uint8_t buffer[200], payload[KEPT_BYTES] = { 0 };
    struct writer body = writer_over(payload, sizeof payload);
    if (video)
        write_vp8(actor, flow, &body);
    write_be64(&body, w->now_us);
    write_bytes(&body, (struct bytes){
                           (const uint8_t[]){ (uint8_t)flow, 'K', (uint8_t)person, (uint8_t)flows[flow].source }, 4 });

    struct writer packet = writer_over(buffer, sizeof buffer);
    uint16_t seq = actor->seq[flow]++;
    actor->time[flow] += video ? 3000 : 960;
    write_header(&packet, video ? 96 : 111, seq, actor->time[flow], ssrc_of(person, flow), flow, RID);
    write_bytes(&packet, writer_bytes(&body));
    peer_send_rtp(actor->peer, writer_bytes(&packet));
    struct kept *kept = &actor->kept[flow][seq % KEPT];
    *kept = (struct kept){ .seq = seq, .time = actor->time[flow], .len = body.len };
    memcpy(kept->payload, payload, body.len);
}

static void speak_pictures(struct world *w, int person)
{
    struct actor *actor = &w->actors[person];
    if (actor->high_forbidden)
        actor->high_stopped = true;
    else if (chance_in(&w->chance, 5) || (w->calm && actor->high_stopped))
        actor->high_stopped = !actor->high_stopped && !w->calm;
    speak(w, person, FLOW_CAMERA_LOW);
    if (!actor->high_stopped)
        speak(w, person, FLOW_CAMERA_HIGH);
    speak(w, person, FLOW_SCREEN);
}

void speak_all(struct world *w, int person)
{
    struct actor *actor = &w->actors[person];
    if (!actor->peer || !peer_is_ready(actor->peer))
        return;
    if (w->now_us >= actor->next_audio) {
        speak(w, person, FLOW_MIC);
        actor->next_audio = w->now_us + 20 * USEC_PER_MSEC;
    }
    if (w->now_us >= actor->next_video) {
        speak_pictures(w, person);
        actor->next_video = w->now_us + 33 * USEC_PER_MSEC;
    }
    if (w->now_us >= actor->next_nack) {
        ask_again(w, actor);
        actor->next_nack = w->now_us + 150 * USEC_PER_MSEC;
    }
    if (w->now_us >= actor->next_twcc) {
        tell_arrivals(actor);
        actor->next_twcc = w->now_us + 50 * USEC_PER_MSEC;
    }
}
void take_answer(struct world *w, int person, const char *sdp, const char *link)
{
    struct actor *actor = &w->actors[person];
    snprintf(actor->link, sizeof actor->link, "%s", link);
    char ufrag[64] = "", pwd[128] = "";
    uint8_t fingerprint[FINGERPRINT_LEN] = { 0 };
    const char *at = strstr(sdp, "a=fingerprint:sha-256 ");
    sscanf(strstr(sdp, "a=ice-ufrag:"), "a=ice-ufrag:%63s", ufrag);
    sscanf(strstr(sdp, "a=ice-pwd:"), "a=ice-pwd:%127s", pwd);
    for (int i = 0; i < FINGERPRINT_LEN; i++)
        fingerprint[i] = (uint8_t)strtoul(at + 22 + 3 * i, NULL, 16);
    peer_connect(actor->peer, now_of(w), ufrag, pwd, fingerprint);
    w->counts.handshakes++;
    actor->negotiated = true;
}
