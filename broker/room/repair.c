#include "room/repair.h"

#include "media/rtcp.h"
#include "media/seq.h"
#include "room/egress.h"

/* Each byte costs 1/REPAIR_BYTES_PER_S of a second; a burst may run ahead of the clock. */
static bool may_send(struct link *to, usec_t now_us, size_t len)
{
    const usec_t most_us = (usec_t)REPAIR_BURST_BYTES * USEC_PER_SEC / REPAIR_BYTES_PER_S;
    usec_t cost_us = len * USEC_PER_SEC / REPAIR_BYTES_PER_S;
    if (to->repairs_paid_until < now_us)
        to->repairs_paid_until = now_us;
    if (to->repairs_paid_until - now_us + cost_us > most_us)
        return false;
    to->repairs_paid_until += cost_us;
    return true;
}

/* On a path that loses some of everything, what is sent again is lost as well, and asking once more takes another round
 * trip, in which the picture stands still: so two copies go. Not into a queue, which is full of packets already. */
static unsigned copies_for(const struct link *to)
{
    return egress_loses(to) ? 2 : 1;
}

static void send_again(struct room *room, struct now now, struct link *to, struct slot *slot, uint16_t seq,
                       const struct rtp *rtp, const struct video_packet *video, struct outbox *out)
{
    struct egress_packet packet;
    size_t room_for = SLOT_HEADER_MAX + rtp->payload.len;
    if (may_send(to, now.mono_us, room_for + TRANSPORT_SEAL_OVERHEAD) && egress_begin(&packet, room_for, out) &&
        slot_repair(slot, seq, rtp, video, &packet.writer))
        egress_end(room, now, to, slot, &packet, out);
}

void repair_serve(struct room *room, struct now now, struct participant *receiver, uint32_t slot_ssrc,
                  struct bytes lost, struct outbox *out)
{
    struct receive_slot *slot = link_slot_by_ssrc(receiver->link, slot_ssrc);
    if (!slot || slot->publisher == PUBLISHER_NONE || !egress_can_send(receiver->link, now))
        return;
    if (slot->layer == LAYER_NONE)
        return;
    const struct stream *stream = room->people[slot->publisher].link->tracks[slot->track].layers[slot->layer];
    struct reader list = reader_over(lost);
    uint16_t seqs[RTCP_NACK_MAX], seq_in;
    unsigned copies = copies_for(receiver->link);
    size_t count;
    while (stream->cache && (count = rtcp_nack_next(&list, seqs)) > 0)
        for (size_t i = 0; i < count; i++) {
            struct rtp rtp;
            struct video_packet video;
            if (!slot_lost(&slot->stream, seqs[i], &seq_in) ||
                !cache_find(stream->cache, seq_extend(stream->reception.highest_seq, seq_in), &rtp, &video))
                continue;
            for (unsigned copy = 0; copy < copies; copy++)
                send_again(room, now, receiver->link, &slot->stream, seqs[i], &rtp, &video, out);
        }
}
