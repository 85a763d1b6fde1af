#include "room/repair.h"

#include "media/rtcp.h"
#include "media/seq.h"
#include "room/relay.h"

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

static void send_again(struct room *room, struct now now, struct link *to, struct slot *slot, uint16_t seq,
                       const struct rtp *rtp, struct outbox *out)
{
    size_t cap = RTP_HEADER_LEN + SLOT_REPAIR_HEADER_LEN + rtp->payload.len + TRANSPORT_SEAL_OVERHEAD;
    if (!may_send(to, now.mono_us, cap))
        return;
    uint8_t *at = outbox_reserve(out, cap);
    if (!at)
        return;
    struct writer packet = writer_over(at, cap);
    struct address peer;
    if (!slot_repair(slot, seq, rtp, &packet))
        return;
    size_t len = packet.len;
    if (transport_seal_rtp(to->transport, now, at, &len, cap, &peer) != OK)
        return;
    outbox_commit(out, &peer, len);
    room->shared->counts.packets_out++;
}

void repair_serve(struct room *room, struct now now, struct participant *receiver, uint32_t slot_ssrc,
                  struct bytes lost, struct outbox *out)
{
    struct receive_slot *slot = link_slot_by_ssrc(receiver->link, slot_ssrc);
    if (!slot || slot->publisher == PUBLISHER_NONE || !relay_can_send(receiver->link, now))
        return;
    const struct track *track = &room->people[slot->publisher].link->tracks[slot->track];
    struct reader list = reader_over(lost);
    uint16_t seqs[RTCP_NACK_MAX], seq_in;
    size_t count;
    while (track->cache && (count = rtcp_nack_next(&list, seqs)) > 0)
        for (size_t i = 0; i < count; i++) {
            struct rtp rtp;
            if (slot_lost(&slot->stream, seqs[i], &seq_in) &&
                cache_find(track->cache, seq_extend(track->reception.highest_seq, seq_in), &rtp))
                send_again(room, now, receiver->link, &slot->stream, seqs[i], &rtp, out);
        }
}
