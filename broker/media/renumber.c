#include "media/renumber.h"

#include <string.h>

#include "media/seq.h"

enum {
    FIRST_CYCLE = 1 << 16, /* extended numbers start here, so that earlier ones stay positive */
    TL0_BITS = 8,
    LEAST_STEP_HZ =
        50, /* a switch moves the time on by a 50th of a second at least: an Opus packet, less than a frame */
};

void renumber_init(struct renumber *renumber, uint32_t clock_rate, uint16_t first_seq, uint32_t first_time,
                   uint16_t first_picture)
{
    *renumber = (struct renumber){
        .clock_rate = clock_rate,
        .switched = true,
        .highest_out = FIRST_CYCLE + (uint64_t)first_seq - 1,
        .highest_time_out = first_time,
        .picture.out = (uint16_t)(first_picture - 1),
        .tl0.out = (uint16_t)(first_picture - 1),
    };
}

void renumber_switch(struct renumber *renumber)
{
    renumber->switched = true;
}

/* The timestamp at which a new source starts: where the old one would be by now. */
static uint32_t time_after_switch(const struct renumber *renumber, usec_t now_us)
{
    if (!renumber->started)
        return renumber->highest_time_out;
    uint64_t least = renumber->clock_rate / LEAST_STEP_HZ;
    uint64_t most = INT32_MAX; /* beyond half the circle (hours) it would seem to go back */
    usec_t elapsed_us = now_us - renumber->highest_time_at;
    uint64_t elapsed = elapsed_us / USEC_PER_SEC * renumber->clock_rate +
                       elapsed_us % USEC_PER_SEC * renumber->clock_rate / USEC_PER_SEC;
    elapsed = elapsed < least ? least : elapsed > most ? most : elapsed;
    return renumber->highest_time_out + (uint32_t)elapsed;
}

static void open_source(struct renumber *renumber, usec_t now_us, const struct rtp *rtp)
{
    uint64_t first_in = FIRST_CYCLE + (uint64_t)rtp->seq;
    renumber->spans[0] = (struct renumber_span){ .first_in = first_in, .offset = renumber->highest_out + 1 - first_in };
    renumber->span_count = 1;
    renumber->highest_in = first_in;
    renumber->time_offset = time_after_switch(renumber, now_us) - rtp->time;
    renumber->picture.joined = false;
    renumber->tl0.joined = false;
    renumber->switched = false;
}

/* The outgoing number for an extended incoming one; false when it was skipped or is from before all the spans. */
static bool place(const struct renumber *renumber, uint64_t in, uint64_t *out)
{
    uint64_t skipped_from = UINT64_MAX; /* of the span after the one looked at */
    for (size_t i = renumber->span_count; i-- > 0;) {
        const struct renumber_span *span = &renumber->spans[i];
        if (in >= span->first_in) {
            *out = in + span->offset;
            return in < skipped_from;
        }
        skipped_from = span->first_in - span->skipped;
    }
    return false;
}

static uint64_t *window_word(struct renumber *renumber, uint64_t out)
{
    return &renumber->sent[out % RENUMBER_WINDOW / 64];
}

/* Marks a number as given. False: it was before, or so long ago that nobody knows; or it is so far ahead (loss upon
 * loss without a packet between, which only a hostile publisher makes) that on 16 bits it would seem to go back, under
 * old nonces. */
static bool give(struct renumber *renumber, uint64_t out)
{
    if (out > renumber->highest_out + INT16_MAX)
        return false;
    uint64_t bit = (uint64_t)1 << out % 64;
    if (out > renumber->highest_out) {
        if (out - renumber->highest_out >= RENUMBER_WINDOW)
            memset(renumber->sent, 0, sizeof renumber->sent);
        else
            for (uint64_t n = renumber->highest_out + 1; n <= out; n++)
                *window_word(renumber, n) &= ~((uint64_t)1 << n % 64);
        renumber->highest_out = out;
    } else if (renumber->highest_out - out >= RENUMBER_WINDOW || (*window_word(renumber, out) & bit)) {
        return false;
    }
    *window_word(renumber, out) |= bit;
    return true;
}

/* The outgoing value for an incoming counter of some bits, by its distance from the newest one. Distances survive a
 * change of width, so a source with short picture ids can follow one with long ones. */
static uint16_t carry(struct renumber_counter *counter, uint16_t in, unsigned bits)
{
    uint16_t mask = (uint16_t)((1u << bits) - 1);
    uint16_t forward = counter->joined ? (uint16_t)(in - counter->in) & mask : 1;
    if (forward > mask / 2) /* an older one, late */
        return (uint16_t)(counter->out - (mask + 1u - forward)) & mask;
    counter->in = in;
    counter->out = (uint16_t)(counter->out + forward);
    counter->joined = true;
    return counter->out & mask;
}

bool renumber_packet(struct renumber *renumber, usec_t now_us, struct rtp *rtp, struct video_packet *vp8)
{
    if (renumber->switched)
        open_source(renumber, now_us, rtp);
    uint64_t in = seq_extend(renumber->highest_in, rtp->seq), out;
    if (!place(renumber, in, &out) || !give(renumber, out))
        return false;
    if (in > renumber->highest_in)
        renumber->highest_in = in;

    uint32_t time = rtp->time + renumber->time_offset;
    if (!renumber->started || time_after(time, renumber->highest_time_out)) {
        renumber->highest_time_out = time;
        renumber->highest_time_at = now_us;
    }
    renumber->started = true;
    rtp->seq = (uint16_t)out;
    rtp->time = time;
    if (vp8 && vp8->picture_bits > 0)
        vp8->picture_id = carry(&renumber->picture, vp8->picture_id, vp8->picture_bits);
    if (vp8 && vp8->has_tl0)
        vp8->tl0_picture_index = (uint8_t)carry(&renumber->tl0, vp8->tl0_picture_index, TL0_BITS);
    return true;
}

static bool was_given(const struct renumber *renumber, uint64_t out)
{
    if (out > renumber->highest_out || renumber->highest_out - out >= RENUMBER_WINDOW)
        return false;
    return renumber->sent[out % RENUMBER_WINDOW / 64] >> out % 64 & 1;
}

bool renumber_origin(const struct renumber *renumber, uint16_t seq_out, uint16_t *seq_in)
{
    uint64_t out = seq_extend(renumber->highest_out, seq_out), back = 0;
    if (renumber->switched || !was_given(renumber, out))
        return false;
    for (size_t i = renumber->span_count; i-- > 0;) {
        uint64_t in = out - renumber->spans[i].offset;
        if (in < renumber->spans[i].first_in || in > renumber->highest_in)
            continue;
        *seq_in = (uint16_t)in;
        return place(renumber, in, &back) && back == out;
    }
    return false;
}

/* The value that `carry` gave to one that is not newer than the newest. */
static uint16_t carried(const struct renumber_counter *counter, uint16_t in, unsigned bits)
{
    uint16_t mask = (uint16_t)((1u << bits) - 1);
    return (uint16_t)(counter->out - ((uint16_t)(counter->in - in) & mask)) & mask;
}

void renumber_again(const struct renumber *renumber, uint16_t seq_out, struct rtp *rtp, struct video_packet *vp8)
{
    rtp->seq = seq_out;
    rtp->time += renumber->time_offset;
    if (vp8 && vp8->picture_bits > 0)
        vp8->picture_id = carried(&renumber->picture, vp8->picture_id, vp8->picture_bits);
    if (vp8 && vp8->has_tl0)
        vp8->tl0_picture_index = (uint8_t)carried(&renumber->tl0, vp8->tl0_picture_index, TL0_BITS);
}

void renumber_skip(struct renumber *renumber, uint16_t seq)
{
    if (renumber->switched)
        return; /* the next source's first packet follows in any case */
    uint64_t in = seq_extend(renumber->highest_in, seq);
    if (in <= renumber->highest_in)
        return;
    renumber->highest_in = in;
    struct renumber_span *newest = &renumber->spans[renumber->span_count - 1];
    if (newest->skipped > 0 && newest->first_in == in) { /* right after the last skipped one */
        newest->first_in++;
        newest->skipped++;
        newest->offset--;
        return;
    }
    struct renumber_span next = { .first_in = in + 1, .skipped = 1, .offset = newest->offset - 1 };
    if (renumber->span_count == RENUMBER_SPANS) {
        memmove(renumber->spans, renumber->spans + 1, sizeof *renumber->spans * (RENUMBER_SPANS - 1));
        renumber->span_count--;
    }
    renumber->spans[renumber->span_count++] = next;
}

uint32_t renumber_time(const struct renumber *renumber, uint32_t time_in)
{
    return time_in + renumber->time_offset;
}
