#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/rtcp.h"
#include "media/rtp.h"
#include "sim/parts.h"
#include "transport/transport.h"

enum { MARK_LEN = 8 + 3 }; /* at the end of each payload: when, 'K', who, what */

/* As every browser's first header extension here: id 4, one byte, the MID. */
static void write_header(struct writer *w, uint8_t type, uint16_t seq, uint32_t time, uint32_t ssrc, int track)
{
    write_u8(w, 0x90); /* version 2, an extension */
    write_u8(w, 0x80 | type);
    write_be16(w, seq);
    write_be32(w, time);
    write_be32(w, ssrc);
    write_be16(w, 0xbede);
    write_be16(w, 1);
    write_be32(w, 0x40000000u | (uint32_t)('0' + track) << 16);
}

static uint32_t ssrc_of(int person, int track)
{
    return (uint32_t)(1000 * (person + 1) + track);
}

/* RFC 4588: on a stream of its own, which names its track by the MID. */
static void send_again(struct world *w, int person, int track, uint16_t seq)
{
    struct actor *actor = &w->actors[person];
    const struct kept *kept = &actor->kept[track][seq % KEPT];
    uint8_t buffer[200];
    struct writer packet = writer_over(buffer, sizeof buffer);
    if (kept->seq != seq || kept->len == 0)
        return;
    write_header(&packet, 97, actor->repair_seq++, kept->time, ssrc_of(person, track) + 100, track);
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
            for (int track = 1; track < TRACKS; track++)
                if (nack->media_ssrc == ssrc_of(person, track))
                    send_again(w, person, track, seqs[i]);
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

void on_peer_media(void *context, enum packet_kind kind, struct bytes packet)
{
    struct world *w = context;
    struct actor *actor = &w->actors[w->receiving];
    if (kind == PACKET_RTCP) {
        struct reader reader = reader_over(packet);
        struct rtcp_packet rtcp;
        while (rtcp_next(&reader, &rtcp))
            if (rtcp.kind == RTCP_PLI)
                actor->keyframe[1] = actor->keyframe[2] = true;
            else if (rtcp.kind == RTCP_NACK)
                answer_nack(w, w->receiving, &rtcp);
        return;
    }
    struct rtp rtp;
    if (rtp_parse(packet, &rtp) != OK)
        world_violation(w, "%s got a broken packet", world_id(w->receiving));
    else if (rtp.extension.len > 0)
        world_violation(w, "%s got a header extension", world_id(w->receiving));
    else if (rtp.payload.len >= MARK_LEN && rtp.payload.at[rtp.payload.len - 3] == 'K') {
        int from = rtp.payload.at[rtp.payload.len - 2];
        bool again = rtp.payload_type == 97;
        w->counts.repairs_delivered += again;
        actor->heard[from] += !again;
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

static void speak(struct world *w, int person, int track)
{
    struct actor *actor = &w->actors[person];
    bool video = track > 0;
    uint8_t buffer[200], payload[64] = { 0 };
    struct writer body = writer_over(payload, sizeof payload);
    if (video) { /* VP8: X, S; I with 15 bits; then the frame's first byte, whose lowest bit is clear in a keyframe */
        write_u8(&body, 0x90);
        write_u8(&body, 0x80);
        write_be16(&body, 0x8000 | (actor->picture++ & 0x7fff));
        write_u8(&body, actor->keyframe[track] ? 0x00 : 0x01);
        actor->keyframe[track] = false;
    }
    write_be64(&body, w->now_us);
    write_bytes(&body, (struct bytes){ (const uint8_t[]){ 'K', (uint8_t)person, (uint8_t)(1 << track) }, 3 });

    struct writer packet = writer_over(buffer, sizeof buffer);
    uint16_t seq = actor->seq[track]++;
    actor->time[track] += video ? 3000 : 960;
    write_header(&packet, video ? 96 : 111, seq, actor->time[track], ssrc_of(person, track), track);
    write_bytes(&packet, writer_bytes(&body));
    peer_send_rtp(actor->peer, writer_bytes(&packet));
    struct kept *kept = &actor->kept[track][seq % KEPT];
    *kept = (struct kept){ .seq = seq, .time = actor->time[track], .len = body.len };
    memcpy(kept->payload, payload, body.len);
}

void speak_all(struct world *w, int person)
{
    struct actor *actor = &w->actors[person];
    if (!actor->peer || !peer_is_ready(actor->peer))
        return;
    if (w->now_us >= actor->next_audio) {
        speak(w, person, 0);
        actor->next_audio = w->now_us + 20 * USEC_PER_MSEC;
    }
    if (w->now_us >= actor->next_video) {
        speak(w, person, 1);
        speak(w, person, 2);
        actor->next_video = w->now_us + 33 * USEC_PER_MSEC;
    }
    if (w->now_us >= actor->next_nack) {
        ask_again(w, actor);
        actor->next_nack = w->now_us + 150 * USEC_PER_MSEC;
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
