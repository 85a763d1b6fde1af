#include "room/relay.h"

#include "media/rtcp.h"
#include "media/seq.h"
#include "room/egress.h"
#include "room/feedback.h"
#include "room/repair.h"
#include "room/speakers.h"

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

/* A request for a keyframe can go out: there is a path and a stream to name. */
static bool can_ask(const struct link *publisher, const struct stream *stream)
{
    return stream->ssrc != 0 && transport_is_ready(publisher->transport);
}

/* ---- Against the stream: compounds and keyframe requests ---- */

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

/* One stream's request, if it is due, and when it is next: whoever wants a keyframe asks here, so that no packet has
 * everybody else looked at. */
static void ask_keyframe(struct room *room, struct now now, struct link *publisher, struct stream *stream,
                         struct outbox *out)
{
    bool can = can_ask(publisher, stream), due = can && keyframe_due(&stream->keyframe, now.mono_us);
    if (can)
        room_wake_at(room, keyframe_deadline(&stream->keyframe));
    if (!due)
        return;
    uint8_t buffer[COMPOUND_MAX];
    struct writer compound = writer_over(buffer, sizeof buffer);
    relay_begin_compound(publisher, &compound);
    rtcp_write_pli(&compound, publisher->feedback_ssrc, stream->ssrc);
    relay_send_rtcp(publisher, now, &compound, out);
}

/* ---- From a publisher to whoever the gate's edges lead to ---- */

static struct receive_slot *slot_at(struct room *room, const struct edge *edge)
{
    return &room->people[edge->receiver].link->slots[edge->slot];
}

static void relay_sound(struct room *room, struct now now, const struct origin *from, const struct rtp *rtp,
                        struct outbox *out)
{
    reception_packet(&from->stream->reception, now.mono_us, rtp->seq, rtp->time);
    for (size_t i = 0; i < from->track->edge_count; i++) {
        const struct edge *edge = &from->track->edges[i];
        struct receive_slot *slot = slot_at(room, edge);
        if (from->restarted)
            slot_switch(&slot->stream, CODEC_OPUS);
        egress_sound(room, now, room->people[edge->receiver].link, slot, from->track, rtp, out);
    }
}

/* A layer that is wanted feeds a slot from its next keyframe on; a slot that shows nothing yet takes what comes first,
 * if that is no more than it is to have. Never a packet that came by retransmission: it may be a second old, and
 * somebody may have been let in since. */
static bool begins(const struct origin *from, const struct receive_slot *slot)
{
    const struct stream *wanted = slot->wanted == LAYER_NONE ? NULL : from->track->layers[slot->wanted];
    if (slot->wanted == LAYER_NONE || !slot_takes(&slot->stream, from->stream->codec))
        return false;
    return from->layer == slot->wanted ||
           (slot->layer == LAYER_NONE && (from->layer < slot->wanted || !track_layer_is_live(from->track, wanted)));
}

/* The layer that a slot has goes on no more, as others do: its receiver is not to wait for the next look. */
static bool has_starved(const struct origin *from, const struct receive_slot *slot)
{
    return slot->layer != LAYER_NONE && slot->layer != from->layer && slot->wanted != from->layer &&
           !track_layer_is_live(from->track, from->track->layers[slot->layer]);
}

/* Which slots this packet's stream feeds from here on, and which not any more. */
static void follow_layers(struct room *room, struct now now, const struct origin *from, bool keyframe_starts)
{
    for (size_t i = 0; i < from->track->edge_count; i++) {
        const struct edge *edge = &from->track->edges[i];
        struct link *to = room->people[edge->receiver].link;
        struct receive_slot *slot = slot_at(room, edge);
        bool feeds = slot->layer == from->layer;
        if (feeds && (from->restarted || slot->stream.codec.codec != from->stream->codec)) {
            link_set_layer(to, slot, from->track, LAYER_NONE);
            feeds = false;
        }
        if (has_starved(from, slot)) {
            to->allocate_at = now.mono_us;
            room_wake_at(room, now.mono_us);
        }
        if (feeds || !begins(from, slot))
            continue;
        if (keyframe_starts)
            link_set_layer(to, slot, from->track, from->layer);
        else if (from->layer == slot->wanted)
            keyframe_want(&from->stream->keyframe);
    }
}

/* What a receiver of this stream may want once more. Without memory for it there is no repair, and a keyframe mends. */
static void keep(struct stream *stream, usec_t now_us, uint64_t seq, const struct rtp *rtp,
                 const struct video_packet *video)
{
    if (stream->receivers == 0 || (!stream->cache && cache_create(&stream->cache) != OK))
        return;
    cache_put(stream->cache, now_us, seq, rtp, video);
}

static void measure(struct stream *stream, usec_t now_us, const struct rtp *rtp, const struct video_packet *video)
{
    uint32_t len = (uint32_t)(RTP_HEADER_LEN + SLOT_EXTENSION_LEN + rtp->payload.len + EGRESS_OVERHEAD);
    stream->last_at = now_us;
    meter_add(&stream->rate, (int64_t)now_us, len);
    if (video->temporal == 0)
        meter_add(&stream->base, (int64_t)now_us, len);
    if (video->keyframe_starts || video->temporal > stream->temporal_most)
        stream->temporal_most = video->temporal;
}

static void relay_picture(struct room *room, struct now now, struct link *link, const struct origin *from,
                          const struct rtp *rtp, bool repaired, struct outbox *out)
{
    struct stream *stream = from->stream;
    /* A repair stream has reports of its own; to the stream that it repairs it is as if the packet had been late. */
    uint64_t seq = repaired ? seq_extend(stream->reception.highest_seq, rtp->seq)
                            : reception_packet(&stream->reception, now.mono_us, rtp->seq, rtp->time);
    struct video_packet video = { 0 };
    struct bytes descriptor = rtp_extension_find(rtp, from->track->how.dependency_extension);
    bool readable = rtp->payload.len == 0 || video_read(stream->codec, rtp->payload, descriptor,
                                                        repaired ? NULL : &stream->structure, &video) == OK;
    if (video.keyframe_starts)
        keyframe_arrived(&stream->keyframe);
    follow_layers(room, now, from, video.keyframe_starts && !repaired);
    feedback_packet(room, now, from->track, stream, seq, video.keyframe_starts);
    if (!readable)
        return; /* its number stays a gap: the frame is broken, and the receivers must know */
    measure(stream, now.mono_us, rtp, &video);
    keep(stream, now.mono_us, seq, rtp, &video);
    for (size_t i = 0; i < from->track->edge_count; i++) {
        const struct edge *edge = &from->track->edges[i];
        struct receive_slot *slot = slot_at(room, edge);
        if (slot->layer == from->layer && (!repaired || slot_has_begun(&slot->stream)))
            egress_picture(room, now, room->people[edge->receiver].link, slot, stream, seq, rtp, &video, out);
    }
    if (stream->keyframe.wanted)
        ask_keyframe(room, now, link, stream, out);
}

void relay_rtp(struct room *room, struct now now, struct participant *p, struct bytes packet, struct outbox *out)
{
    struct rtp rtp;
    struct origin from;
    bool repaired = false, known = false;
    if (participant_in(p) && rtp_parse(packet, &rtp) == OK) {
        feedback_arrival(room, now, p->link, &rtp);
        repaired = link_take_repair(p->link, &rtp);
        known = link_origin_of(p->link, &rtp, &from);
    }
    if (!known) {
        room->shared->counts.packets_refused++;
        return;
    }
    room->shared->counts.packets_in++;
    if (from.track == &p->link->tracks[track_index(SOURCE_MIC)]) {
        speakers_packet(room, now, p, &rtp);
        relay_sound(room, now, &from, &rtp, out);
    } else {
        relay_picture(room, now, p->link, &from, &rtp, repaired, out);
    }
}

/* ---- What receivers tell ---- */

/* The stream that a slot is fed by, or is to be. */
static struct stream *stream_of(struct room *room, const struct receive_slot *slot)
{
    uint8_t layer = slot->layer != LAYER_NONE ? slot->layer : slot->wanted;
    if (!slot->video || slot->publisher == PUBLISHER_NONE || layer == LAYER_NONE)
        return NULL;
    return room->people[slot->publisher].link->tracks[slot->track].layers[layer];
}

/* A receiver's wish for a keyframe goes to whoever fills that slot now. */
static void want_keyframe(struct room *room, struct now now, struct link *receiver, uint32_t slot_ssrc,
                          struct outbox *out)
{
    struct receive_slot *slot = link_slot_by_ssrc(receiver, slot_ssrc);
    struct stream *stream = slot ? stream_of(room, slot) : NULL;
    if (!stream)
        return;
    keyframe_want(&stream->keyframe);
    ask_keyframe(room, now, room->people[slot->publisher].link, stream, out);
}

static void take_sender_report(struct link *link, struct now now, const struct rtcp_packet *packet)
{
    struct stream *stream = link_stream_by_ssrc(link, packet->ssrc);
    if (!stream)
        return;
    reception_sender_report(&stream->reception, now.mono_us, &packet->sender);
    sync_sender_report(&link->sync, now, packet->sender.ntp);
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
        if (packet.kind == RTCP_SR)
            take_sender_report(p->link, now, &packet);
        else if (packet.kind == RTCP_PLI || packet.kind == RTCP_FIR)
            want_keyframe(room, now, p->link, packet.media_ssrc, out);
        else if (packet.kind == RTCP_NACK)
            repair_serve(room, now, p, packet.media_ssrc, packet.lost, out);
        else if (packet.kind == RTCP_TWCC)
            egress_feedback(room, now, p, packet.fci);
    }
}

void relay_ready(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    p->link->report_at = now.mono_us + REPORT_US;
    for (size_t i = 0; i < p->link->slot_count; i++) {
        struct stream *stream = stream_of(room, &p->link->slots[i]);
        if (stream)
            keyframe_want_now(&stream->keyframe);
    }
    relay_ask_keyframes(room, now, out);
}

void relay_ask_keyframes(struct room *room, struct now now, struct outbox *out)
{
    for (size_t i = 0; i < room->people_count; i++) {
        struct link *link = room->people[i].link;
        for (size_t j = 0; link && j < SOURCE_COUNT; j++)
            for (size_t k = 0; k < LAYERS_MAX; k++) {
                struct stream *stream = link->tracks[j].layers[k];
                if (stream && link->tracks[j].edge_count == 0)
                    keyframe_arrived(&stream->keyframe); /* nobody is left to want one */
                else if (stream && stream->keyframe.wanted)
                    ask_keyframe(room, now, link, stream, out);
            }
    }
}

/* What we received from them, in one report each. */
static void write_receiver_report(struct link *link, struct now now, struct writer *compound)
{
    struct rtcp_report reports[SOURCE_COUNT * LAYERS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        for (size_t j = 0; j < LAYERS_MAX; j++) {
            struct stream *stream = link->tracks[i].layers[j];
            if (stream && reception_report(&stream->reception, now.mono_us, stream->ssrc, &reports[count]))
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
        uint8_t layer = !slot->video ? 0 : slot->layer;
        const struct stream *stream = layer == LAYER_NONE ? NULL : publisher->tracks[slot->track].layers[layer];
        struct rtcp_sender sender;
        if (!stream || !slot_sender_report(&slot->stream, now, &stream->reception, &sender))
            continue;
        sender.ntp = sync_ntp(&publisher->sync, sender.ntp);
        rtcp_write_sr(compound, slot->stream.ssrc, &sender, NULL, 0);
        rtcp_write_sdes(compound, slot->stream.ssrc, cname);
    }
}

static bool report_is_due(const struct link *link, usec_t at_us)
{
    return link && transport_is_ready(link->transport) && at_us >= link->report_at;
}

/* Once one is due, so are all that are due soon: from there on they are due together, and the room wakes once for them.
 */
void relay_reports(struct room *room, struct now now, struct outbox *out)
{
    bool due = false;
    for (size_t i = 0; i < room->people_count && !due; i++)
        due = report_is_due(room->people[i].link, now.mono_us);
    for (size_t i = 0; i < room->people_count && due; i++) {
        struct link *link = room->people[i].link;
        if (!report_is_due(link, now.mono_us + REPORT_US / 4))
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

static usec_t keyframes_deadline(const struct link *publisher, const struct track *track)
{
    usec_t deadline = NEVER;
    for (size_t i = 0; track->edge_count > 0 && i < LAYERS_MAX; i++)
        if (track->layers[i] && can_ask(publisher, track->layers[i]))
            deadline = sooner(deadline, keyframe_deadline(&track->layers[i]->keyframe));
    return deadline;
}

usec_t relay_deadline(const struct room *room)
{
    usec_t deadline = room->speakers_at;
    for (size_t i = 0; i < room->people_count; i++) {
        const struct link *link = room->people[i].link;
        if (!link)
            continue;
        deadline = sooner(deadline, transport_deadline(link->transport));
        if (transport_is_ready(link->transport) && participant_in(&room->people[i]))
            deadline = sooner(deadline, link->report_at);
        deadline = sooner(deadline, feedback_deadline(&room->people[i]));
        deadline = sooner(deadline, egress_deadline(&room->people[i]));
        for (size_t j = 0; j < SOURCE_COUNT; j++)
            deadline = sooner(deadline, keyframes_deadline(link, &link->tracks[j]));
    }
    return deadline;
}
