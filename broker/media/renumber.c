#include "media/renumber.h"

#include <stdlib.h>
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
        .highest_picture = (uint16_t)(first_picture - 1),
        .highest_tl0 = (uint16_t)(first_picture - 1),
    };
}

void renumber_deinit(struct renumber *renumber)
{
    free(renumber->spans);
    renumber->spans = NULL;
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

static uint16_t mask_of(unsigned bits)
{
    return (uint16_t)((1u << bits) - 1);
}

/* Whether a counter of some bits has come after another. */
static bool counter_after(uint16_t a, uint16_t b, unsigned bits)
{
    uint16_t forward = (uint16_t)(a - b) & mask_of(bits);
    return forward != 0 && forward <= mask_of(bits) / 2;
}

static struct renumber_span *spans_of(struct renumber *renumber)
{
    return renumber->spans ? renumber->spans : &renumber->only;
}

static const struct renumber_span *span_at(const struct renumber *renumber, size_t i)
{
    return renumber->spans ? &renumber->spans[i] : &renumber->only;
}

static void open_source(struct renumber *renumber, usec_t now_us, const struct rtp *rtp,
                        const struct video_packet *video)
{
    uint64_t first_in = FIRST_CYCLE + (uint64_t)rtp->seq;
    *spans_of(renumber) = (struct renumber_span){
        .first_in = first_in,
        .offset = renumber->highest_out + 1 - first_in,
        .picture = video ? (uint16_t)(renumber->highest_picture + 1 - video->picture_id) : 0,
    };
    renumber->span_count = 1;
    renumber->highest_in = first_in;
    renumber->time_offset = time_after_switch(renumber, now_us) - rtp->time;
    renumber->skipped_picture = false;
    renumber->has_tl0 = false;
    renumber->switched = false;
}

/* The span that decides about an extended incoming number; NULL when it was skipped or is from before all of them. */
static const struct renumber_span *span_of(const struct renumber *renumber, uint64_t in)
{
    uint64_t skipped_from = UINT64_MAX; /* of the span after the one looked at */
    for (size_t i = renumber->span_count; i-- > 0;) {
        const struct renumber_span *span = span_at(renumber, i);
        if (in >= span->first_in)
            return in < skipped_from ? span : NULL;
        skipped_from = span->first_in - span->skipped;
    }
    return NULL;
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

/* Distances survive a change of width, so a source with short picture ids can follow one with long ones. */
static void raise(uint16_t *highest, uint16_t out, unsigned bits)
{
    if (counter_after(out, *highest, bits))
        *highest = (uint16_t)(*highest + ((uint16_t)(out - *highest) & mask_of(bits)));
}

/* The outgoing counters of a packet in this span. */
static void place_counters(const struct renumber *renumber, const struct renumber_span *span,
                           struct video_packet *video)
{
    if (video->picture_bits > 0)
        video->picture_id = (uint16_t)(video->picture_id + span->picture) & mask_of(video->picture_bits);
    if (video->has_tl0)
        video->tl0_picture_index = (uint8_t)(video->tl0_picture_index + renumber->tl0_offset);
}

static void give_counters(struct renumber *renumber, const struct renumber_span *span, struct video_packet *video)
{
    if (video->has_tl0 && !renumber->has_tl0) {
        renumber->has_tl0 = true;
        renumber->tl0_offset = (uint8_t)(renumber->highest_tl0 + 1 - video->tl0_picture_index);
    }
    place_counters(renumber, span, video);
    if (video->picture_bits > 0)
        raise(&renumber->highest_picture, video->picture_id, video->picture_bits);
    if (video->has_tl0)
        raise(&renumber->highest_tl0, video->tl0_picture_index, TL0_BITS);
}

bool renumber_packet(struct renumber *renumber, usec_t now_us, struct rtp *rtp, struct video_packet *video)
{
    if (renumber->switched)
        open_source(renumber, now_us, rtp, video);
    uint64_t in = seq_extend(renumber->highest_in, rtp->seq);
    const struct renumber_span *span = span_of(renumber, in);
    if (!span || !give(renumber, in + span->offset))
        return false;
    if (in > renumber->highest_in)
        renumber->highest_in = in;

    uint32_t time = rtp->time + renumber->time_offset;
    if (!renumber->started || time_after(time, renumber->highest_time_out)) {
        renumber->highest_time_out = time;
        renumber->highest_time_at = now_us;
    }
    renumber->started = true;
    rtp->seq = (uint16_t)(in + span->offset);
    rtp->time = time;
    if (video)
        give_counters(renumber, span, video);
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
    uint64_t out = seq_extend(renumber->highest_out, seq_out);
    if (renumber->switched || !was_given(renumber, out))
        return false;
    for (size_t i = renumber->span_count; i-- > 0;) {
        const struct renumber_span *span = span_at(renumber, i);
        uint64_t in = out - span->offset;
        if (in < span->first_in || in > renumber->highest_in)
            continue;
        *seq_in = (uint16_t)in;
        return span_of(renumber, in) == span;
    }
    return false;
}

void renumber_again(const struct renumber *renumber, uint16_t seq_out, struct rtp *rtp, struct video_packet *video)
{
    const struct renumber_span *span = span_of(renumber, seq_extend(renumber->highest_in, rtp->seq));
    rtp->seq = seq_out;
    rtp->time += renumber->time_offset;
    if (video && span)
        place_counters(renumber, span, video);
}

/* The first packet that comes of a picture which is left out: the pictures after it close up. */
static bool begins_skipped_picture(struct renumber *renumber, const struct video_packet *video)
{
    if (!video || video->picture_bits == 0)
        return false;
    if (renumber->skipped_picture && !counter_after(video->picture_id, renumber->last_skipped, video->picture_bits))
        return false;
    renumber->skipped_picture = true;
    renumber->last_skipped = video->picture_id;
    return true;
}

/* NULL without memory for the list. */
static struct renumber_span *add_span(struct renumber *renumber, struct renumber_span span)
{
    if (!renumber->spans) {
        renumber->spans = calloc(RENUMBER_SPANS, sizeof *renumber->spans);
        if (!renumber->spans)
            return NULL;
        renumber->spans[0] = renumber->only;
    }
    if (renumber->span_count == RENUMBER_SPANS) {
        memmove(renumber->spans, renumber->spans + 1, sizeof *renumber->spans * (RENUMBER_SPANS - 1));
        renumber->span_count--;
    }
    renumber->spans[renumber->span_count] = span;
    return &renumber->spans[renumber->span_count++];
}

bool renumber_skip(struct renumber *renumber, uint16_t seq, const struct video_packet *video)
{
    if (renumber->switched)
        return false; /* the next source's first packet follows in any case */
    uint64_t in = seq_extend(renumber->highest_in, seq);
    if (in <= renumber->highest_in) {
        const struct renumber_span *span = span_of(renumber, in);
        return span && !was_given(renumber, in + span->offset);
    }
    struct renumber_span *newest = &spans_of(renumber)[renumber->span_count - 1];
    if (newest->skipped > 0 && newest->first_in == in) { /* right after the last skipped one */
        newest->first_in++;
        newest->skipped++;
        newest->offset--;
    } else {
        newest = add_span(renumber, (struct renumber_span){
                                        .first_in = in + 1,
                                        .skipped = 1,
                                        .offset = newest->offset - 1,
                                        .picture = newest->picture,
                                    });
        if (!newest)
            return true;
    }
    renumber->highest_in = in;
    if (begins_skipped_picture(renumber, video))
        newest->picture--;
    return false;
}

uint32_t renumber_time(const struct renumber *renumber, uint32_t time_in)
{
    return time_in + renumber->time_offset;
}
