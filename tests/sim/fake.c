#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/rtcp.h"
#include "media/rtp.h"
#include "sim/parts.h"
#include "transport/transport.h"

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
        return;
    }
    struct rtp rtp;
    if (rtp_parse(packet, &rtp) != OK)
        world_violation(w, "%s got a broken packet", world_id(w->receiving));
    else if (rtp.extension.len > 0)
        world_violation(w, "%s got a header extension", world_id(w->receiving));
    else if (rtp.payload.len >= 4 && rtp.payload.at[rtp.payload.len - 3] == 'K')
        check_delivered(w, w->receiving, rtp.payload.at[rtp.payload.len - 2], rtp.payload.at[rtp.payload.len - 1]);
}

void on_peer_send(void *context, const struct address *from, struct bytes data)
{
    struct world *w = context;
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
    write_bytes(&body, (struct bytes){ (const uint8_t[]){ 7, 7, 'K', (uint8_t)person, (uint8_t)(1 << track) }, 5 });

    struct writer packet = writer_over(buffer, sizeof buffer);
    write_u8(&packet, 0x90); /* version 2, an extension */
    write_u8(&packet, (uint8_t)(0x80 | (video ? 96 : 111)));
    write_be16(&packet, actor->seq[track]++);
    write_be32(&packet, actor->time[track] += video ? 3000 : 960);
    write_be32(&packet, (uint32_t)(1000 * (person + 1) + track));
    write_be16(&packet, 0xbede);
    write_be16(&packet, 1);
    write_be32(&packet, 0x40000000u | (uint32_t)('0' + track) << 16); /* id 4, one byte: the MID */
    write_bytes(&packet, writer_bytes(&body));
    peer_send_rtp(actor->peer, writer_bytes(&packet));
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
}
void take_answer(struct world *w, int person, const char *sdp)
{
    struct actor *actor = &w->actors[person];
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
