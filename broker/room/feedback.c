#include "room/feedback.h"

#include <stdlib.h>

#include "room/relay.h"

enum { COMPOUND_MAX = 1200, ASKED_AT_ONCE = 128 };

void feedback_arrival(struct room *room, struct now now, struct link *publisher, const struct rtp *rtp)
{
    uint16_t seq;
    if (!link_twcc_of(publisher, rtp, &seq))
        return;
    if (!publisher->twcc && (publisher->twcc = calloc(1, sizeof *publisher->twcc)) == NULL)
        return; /* they hear nothing, and send what is modest */
    twcc_packet(publisher->twcc, now.mono_us, seq);
    if (publisher->twcc_at == NEVER) {
        publisher->twcc_at = now.mono_us + TWCC_INTERVAL_US;
        room_wake_at(room, publisher->twcc_at);
    }
}

void feedback_packet(struct room *room, struct now now, const struct track *track, struct stream *stream, uint64_t seq,
                     bool keyframe_starts)
{
    const struct negotiated_codec *codec =
        negotiated_by_codec(track->how.codecs, track->how.codec_count, stream->codec);
    if (!codec || !codec->repair_type || stream->receivers == 0)
        return;
    if (nack_packet(&stream->nack, now.mono_us, seq))
        keyframe_want(&stream->keyframe);
    if (keyframe_starts)
        nack_forget_before(&stream->nack, seq);
    room_wake_at(room, nack_deadline(&stream->nack));
}

/* What is missing of one stream; what is given up leaves the picture to a keyframe. */
static void write_nack(struct link *link, struct stream *stream, usec_t now_us, struct writer *compound)
{
    uint16_t seqs[ASKED_AT_ONCE];
    bool lost;
    size_t count = nack_due(&stream->nack, now_us, seqs, ASKED_AT_ONCE, &lost);
    if (lost)
        keyframe_want(&stream->keyframe);
    if (count > 0)
        rtcp_write_nack(compound, link->feedback_ssrc, stream->ssrc, seqs, count);
}

static void write_nacks(struct link *link, usec_t now_us, struct writer *compound)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        for (size_t j = 0; j < LAYERS_MAX; j++) {
            struct stream *stream = link->tracks[i].layers[j];
            if (stream && now_us >= nack_deadline(&stream->nack))
                write_nack(link, stream, now_us, compound);
        }
}

/* The SSRC of any stream of theirs; 0 before the first. */
static uint32_t any_ssrc(const struct link *link)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        for (size_t j = 0; j < LAYERS_MAX; j++)
            if (link->tracks[i].layers[j] && link->tracks[i].layers[j]->ssrc)
                return link->tracks[i].layers[j]->ssrc;
    return 0;
}

static void write_arrivals(struct link *link, usec_t now_us, struct writer *compound)
{
    if (now_us < link->twcc_at)
        return;
    twcc_write(link->twcc, compound, link->feedback_ssrc, any_ssrc(link));
    link->twcc_at = link->twcc->news ? now_us : NEVER; /* the rest of a long one goes in the next */
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
        write_nacks(p->link, now.mono_us, &compound);
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
        for (size_t j = 0; j < LAYERS_MAX; j++)
            if (p->link->tracks[i].layers[j])
                deadline = sooner(deadline, nack_deadline(&p->link->tracks[i].layers[j]->nack));
    return deadline;
}
