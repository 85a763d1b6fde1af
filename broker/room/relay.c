#include "room/relay.h"

#include "media/rtcp.h"
#include "media/seq.h"
#include "media/video.h"
#include "room/feedback.h"
#include "room/repair.h"

#define REPORT_US USEC_PER_SEC
enum { COMPOUND_MAX = 1200 };

static const char cname[] = "kinroom"; /* one for all: a CNAME of their own would tell people apart */

static bool has_edges(const struct link *link)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        if (link->tracks[i].edge_count > 0)
            return true;
    for (size_t i = 0; i < link->slot_count; i++)
        if (link->slots[i].publisher != PUBLISHER_NONE)
            return true;
    return false;
}

/* Ready, and the peer still answers for its path. Asked before a slot gives out numbers, as a number once given is
 * spent. */
bool relay_can_send(const struct link *to, struct now now)
{
    return transport_is_ready(to->transport) &&
           now.mono_us < transport_last_consent(to->transport) + TRANSPORT_CONSENT_US;
}

/* A request for a keyframe can go out: there is a path and a stream to name. */
static bool can_ask(const struct link *publisher, const struct track *track)
{
    return track->ssrc != 0 && transport_is_ready(publisher->transport);
}

/* Writes one packet for one receiver straight into the outbox and seals it there. */
static void send_along(struct room *room, struct now now, struct track *track, const struct edge *edge,
                       const struct rtp *rtp, struct outbox *out)
{
    struct link *to = room->people[edge->receiver].link;
    if (!relay_can_send(to, now))
        return;
    size_t cap = RTP_HEADER_LEN + rtp->payload.len + TRANSPORT_SEAL_OVERHEAD;
    uint8_t *at = outbox_reserve(out, cap);
    if (!at)
        return; /* counted by the outbox */
    struct writer packet = writer_over(at, cap);
    bool needs_keyframe = false;
    struct slot *slot = &to->slots[edge->slot].stream;
    bool wrote = track_is_red(track, rtp) ? slot_write_red(slot, now.mono_us, rtp, &packet)
                                          : slot_write(slot, now.mono_us, rtp, &packet, &needs_keyframe);
    if (needs_keyframe)
        keyframe_want(&track->keyframe);
    struct address peer;
    size_t len = packet.len;
    if (wrote && transport_seal_rtp(to->transport, now, at, &len, cap, &peer) == OK) {
        outbox_commit(out, &peer, len);
        room->shared->counts.packets_out++;
    }
}

/* What a receiver of this stream may want once more. Without memory for it there is no repair, and a keyframe mends. */
static void keep(struct track *track, uint64_t seq, const struct rtp *rtp)
{
    if (track->edge_count == 0 || (!track->cache && cache_create(&track->cache) != OK))
        return;
    cache_put(track->cache, seq, rtp);
}

/* A packet that came by retransmission may be a second old: it fills gaps, and begins nothing, as somebody may have
 * been let in since. */
static void forward(struct room *room, struct now now, struct track *track, const struct rtp *rtp, bool restarted,
                    bool repaired, struct outbox *out)
{
    for (size_t i = 0; i < track->edge_count; i++) {
        const struct edge *edge = &track->edges[i];
        struct slot *slot = &room->people[edge->receiver].link->slots[edge->slot].stream;
        if (restarted)
            slot_switch(slot);
        if (!repaired || slot_has_begun(slot))
            send_along(room, now, track, edge, rtp, out);
    }
}

void relay_rtp(struct room *room, struct now now, struct participant *p, struct bytes packet, struct outbox *out)
{
    struct rtp rtp;
    bool restarted, repaired = false;
    struct track *track = NULL;
    if (participant_in(p) && rtp_parse(packet, &rtp) == OK) {
        feedback_arrival(room, now, p->link, &rtp);
        repaired = link_take_repair(p->link, &rtp);
        track = link_track_of(p->link, &rtp, &restarted);
    }
    if (!track) {
        room->shared->counts.packets_refused++;
        return;
    }
    room->shared->counts.packets_in++;
    /* A repair stream has reports of its own; to the stream that it repairs it is as if the packet had been late. */
    uint64_t seq = repaired ? seq_extend(track->reception.highest_seq, rtp.seq)
                            : reception_packet(&track->reception, now.mono_us, rtp.seq, rtp.time);
    if (track != &p->link->tracks[track_index(SOURCE_MIC)]) {
        struct video_packet vp8;
        bool keyframe_starts =
            video_read(CODEC_VP8, rtp.payload, (struct bytes){ 0 }, NULL, &vp8) == OK && vp8.keyframe_starts;
        if (keyframe_starts)
            keyframe_arrived(&track->keyframe);
        keep(track, seq, &rtp);
        feedback_packet(room, now, track, seq, keyframe_starts);
    }
    forward(room, now, track, &rtp, restarted, repaired, out);
    if (track->keyframe.wanted)
        relay_ask_keyframes(room, now, out);
}

/* A receiver's wish for a keyframe goes to whoever fills that slot now. */
static void want_keyframe(struct room *room, struct link *receiver, uint32_t slot_ssrc)
{
    struct receive_slot *slot = link_slot_by_ssrc(receiver, slot_ssrc);
    if (slot && slot->video && slot->publisher != PUBLISHER_NONE)
        keyframe_want(&room->people[slot->publisher].link->tracks[slot->track].keyframe);
}

void relay_rtcp(struct room *room, struct now now, struct participant *p, struct bytes compound, struct outbox *out)
{
    if (!participant_in(p) || rtcp_check(compound) != OK) {
        room->shared->counts.packets_refused++;
        return;
    }
    struct reader reader = reader_over(compound);
    struct rtcp_packet packet;
    while (rtcp_next(&reader, &packet)) {
        struct track *track;
        if (packet.kind == RTCP_SR && (track = link_track_by_ssrc(p->link, packet.ssrc)) != NULL) {
            reception_sender_report(&track->reception, now.mono_us, &packet.sender);
            sync_sender_report(&p->link->sync, now, packet.sender.ntp);
        } else if (packet.kind == RTCP_PLI || packet.kind == RTCP_FIR)
            want_keyframe(room, p->link, packet.media_ssrc);
        else if (packet.kind == RTCP_NACK)
            repair_serve(room, now, p, packet.media_ssrc, packet.lost, out);
    }
    relay_ask_keyframes(room, now, out);
}

void relay_ready(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    p->link->report_at = now.mono_us + REPORT_US;
    for (size_t i = 0; i < p->link->slot_count; i++) {
        struct receive_slot *slot = &p->link->slots[i];
        if (slot->video && slot->publisher != PUBLISHER_NONE)
            keyframe_want_now(&room->people[slot->publisher].link->tracks[slot->track].keyframe);
    }
    relay_ask_keyframes(room, now, out);
}

/* RFC 3550 6.1: a report first, be it empty, and who we are. */
void relay_begin_compound(const struct link *to, struct writer *compound)
{
    rtcp_write_rr(compound, to->feedback_ssrc, NULL, 0);
    rtcp_write_sdes(compound, to->feedback_ssrc, cname);
}

/* Seals one compound for its peer and sends it. */
void relay_send_rtcp(struct link *to, struct now now, struct writer *compound, struct outbox *out)
{
    struct address peer;
    size_t len = compound->len;
    if (!compound->bad && transport_seal_rtcp(to->transport, now, compound->at, &len, compound->cap, &peer) == OK)
        outbox_datagram(out, &peer, (struct bytes){ compound->at, len });
}

static void ask_keyframe(struct link *publisher, struct track *track, struct now now, struct outbox *out)
{
    if (!can_ask(publisher, track) || !keyframe_due(&track->keyframe, now.mono_us))
        return;
    uint8_t buffer[COMPOUND_MAX];
    struct writer compound = writer_over(buffer, sizeof buffer);
    relay_begin_compound(publisher, &compound);
    rtcp_write_pli(&compound, publisher->feedback_ssrc, track->ssrc);
    relay_send_rtcp(publisher, now, &compound, out);
}

void relay_ask_keyframes(struct room *room, struct now now, struct outbox *out)
{
    for (size_t i = 0; i < room->people_count; i++) {
        struct link *link = room->people[i].link;
        for (size_t j = 0; link && j < SOURCE_COUNT; j++) {
            struct track *track = &link->tracks[j];
            if (track->edge_count == 0)
                keyframe_arrived(&track->keyframe); /* nobody is left to want one */
            else if (track->keyframe.wanted)
                ask_keyframe(link, track, now, out);
        }
    }
    room_wake_at(room, relay_deadline(room));
}

/* What we received from them, in one report each. */
static void write_receiver_report(struct link *link, struct now now, struct writer *compound)
{
    struct rtcp_report reports[SOURCE_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        struct track *track = &link->tracks[i];
        if (reception_report(&track->reception, now.mono_us, track->ssrc, &reports[count]))
            count++;
    }
    rtcp_write_rr(compound, link->feedback_ssrc, reports, count);
    rtcp_write_sdes(compound, link->feedback_ssrc, cname);
}

/* What we sent them, slot by slot. */
static void write_sender_reports(struct room *room, struct link *link, struct now now, struct writer *compound)
{
    for (size_t i = 0; i < link->slot_count; i++) {
        struct receive_slot *slot = &link->slots[i];
        if (slot->publisher == PUBLISHER_NONE)
            continue;
        const struct link *publisher = room->people[slot->publisher].link;
        struct rtcp_sender sender;
        if (!slot_sender_report(&slot->stream, now, &publisher->tracks[slot->track].reception, &sender))
            continue;
        sender.ntp = sync_ntp(&publisher->sync, sender.ntp);
        rtcp_write_sr(compound, slot->stream.ssrc, &sender, NULL, 0);
        rtcp_write_sdes(compound, slot->stream.ssrc, cname);
    }
}

void relay_reports(struct room *room, struct now now, struct outbox *out)
{
    for (size_t i = 0; i < room->people_count; i++) {
        struct link *link = room->people[i].link;
        if (!link || !transport_is_ready(link->transport) || now.mono_us < link->report_at)
            continue;
        link->report_at = now.mono_us + REPORT_US;
        if (!participant_in(&room->people[i]) || !has_edges(link))
            continue;
        uint8_t buffer[COMPOUND_MAX + TRANSPORT_SEAL_OVERHEAD];
        struct writer compound = writer_over(buffer, COMPOUND_MAX);
        write_receiver_report(link, now, &compound);
        write_sender_reports(room, link, now, &compound);
        compound.cap = sizeof buffer;
        relay_send_rtcp(link, now, &compound, out);
    }
}

usec_t relay_deadline(const struct room *room)
{
    usec_t deadline = NEVER;
    for (size_t i = 0; i < room->people_count; i++) {
        const struct link *link = room->people[i].link;
        if (!link)
            continue;
        deadline = sooner(deadline, transport_deadline(link->transport));
        if (transport_is_ready(link->transport) && participant_in(&room->people[i]))
            deadline = sooner(deadline, link->report_at);
        deadline = sooner(deadline, feedback_deadline(&room->people[i]));
        for (size_t j = 0; j < SOURCE_COUNT; j++)
            if (link->tracks[j].edge_count > 0 && can_ask(link, &link->tracks[j]))
                deadline = sooner(deadline, keyframe_deadline(&link->tracks[j].keyframe));
    }
    return deadline;
}
