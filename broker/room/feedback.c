#include "room/feedback.h"

#include "room/relay.h"

enum { COMPOUND_MAX = 1200, ASKED_AT_ONCE = 128 };

void feedback_arrival(struct room *room, struct now now, struct link *publisher, const struct rtp *rtp)
{
    uint16_t seq;
    if (!link_twcc_of(publisher, rtp, &seq))
        return;
    twcc_packet(&publisher->twcc, now.mono_us, seq);
    if (publisher->twcc_at == NEVER) {
        publisher->twcc_at = now.mono_us + TWCC_INTERVAL_US;
        room_wake_at(room, publisher->twcc_at);
    }
}

void feedback_packet(struct room *room, struct now now, struct track *track, uint64_t seq, bool keyframe_starts)
{
    if (!track_is_repairable(track) || track->edge_count == 0)
        return;
    if (nack_packet(&track->nack, now.mono_us, seq))
        keyframe_want(&track->keyframe);
    if (keyframe_starts)
        nack_forget_before(&track->nack, seq);
    room_wake_at(room, nack_deadline(&track->nack));
}

/* What is missing of one track; what is given up leaves the picture to a keyframe. */
static void write_nack(struct link *link, struct track *track, usec_t now_us, struct writer *compound)
{
    uint16_t seqs[ASKED_AT_ONCE];
    bool lost;
    size_t count = nack_due(&track->nack, now_us, seqs, ASKED_AT_ONCE, &lost);
    if (lost)
        keyframe_want(&track->keyframe);
    if (count > 0)
        rtcp_write_nack(compound, link->feedback_ssrc, track->ssrc, seqs, count);
}

static void write_arrivals(struct link *link, usec_t now_us, struct writer *compound)
{
    if (now_us < link->twcc_at)
        return;
    twcc_write(&link->twcc, compound, link->feedback_ssrc, link->tracks[0].ssrc);
    link->twcc_at = link->twcc.news ? now_us : NEVER; /* the rest of a long one goes in the next */
}

void feedback_send(struct room *room, struct now now, struct outbox *out)
{
    for (size_t i = 0; i < room->people_count; i++) {
        struct participant *p = &room->people[i];
        if (now.mono_us < feedback_deadline(p))
            continue;
        uint8_t buffer[COMPOUND_MAX + TRANSPORT_SEAL_OVERHEAD];
        struct writer compound = writer_over(buffer, COMPOUND_MAX);
        relay_begin_compound(p->link, &compound);
        size_t empty = compound.len;
        for (size_t j = 0; j < SOURCE_COUNT; j++)
            if (now.mono_us >= nack_deadline(&p->link->tracks[j].nack))
                write_nack(p->link, &p->link->tracks[j], now.mono_us, &compound);
        write_arrivals(p->link, now.mono_us, &compound);
        compound.cap = sizeof buffer;
        if (compound.len > empty)
            relay_send_rtcp(p->link, now, &compound, out);
    }
}

usec_t feedback_deadline(const struct participant *p)
{
    if (!p->link || !participant_in(p) || !transport_is_ready(p->link->transport))
        return NEVER;
    usec_t deadline = p->link->twcc_at;
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        deadline = sooner(deadline, nack_deadline(&p->link->tracks[i].nack));
    return deadline;
}
