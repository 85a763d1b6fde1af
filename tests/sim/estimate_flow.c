#include "sim/estimate_flow.h"

#include <stdlib.h>
#include <string.h>

#include "media/bandwidth.h"
#include "media/twcc.h"

enum {
    AUDIO,
    VIDEO,
    PADDING,
    AUDIO_BYTES = 140, /* 32 kbit/s of Opus in packets of 20 ms, with all headers */
    AUDIO_BPS = AUDIO_BYTES * 8 * 50,
    VIDEO_BYTES = 1200,
    PADDING_BYTES = 250,
    OPTIONS = 6, /* three sizes, each at half and at the full frame rate */
    FRAME_US = 33333,
    KEYFRAME_SIZE = 4, /* of others */
    AUDIO_MAX = 10000, /* 200 s */
    PACED_MAX = 1024,
    REPORTS_MAX = 64,
    REPORT_LEN_MAX = 1200,
};

#define AUDIO_US (20 * USEC_PER_MSEC)
#define KEYFRAME_AFTER_US (120 * USEC_PER_MSEC) /* from asking a publisher to having it */
#define ALLOCATE_US (50 * USEC_PER_MSEC)
#define PACED_MOST_US (400 * USEC_PER_MSEC) /* a frame that would wait longer is not sent */

static const uint64_t OPTION_BPS[OPTIONS] = { 100000, 150000, 350000, 500000, 1050000, 1500000 };

struct picture {
    struct layers_picture layers;
    unsigned sending; /* the option that is on its way: follows layers.now once there is a keyframe */
    usec_t keyframe_at, frame_at;
    unsigned frame;
};

struct report {
    usec_t due_us;
    size_t len;
    uint8_t fci[REPORT_LEN_MAX];
};

struct flow {
    int number;
    struct flow_plan plan;
    struct chance chance;
    struct bandwidth *bandwidth;
    bool started;
    usec_t audio_at, allocate_at, pace_free_at, tick_at;
    struct picture pictures[FLOW_PICTURES_MAX];
    size_t paced[PACED_MAX]; /* packets that wait, by their length */
    size_t paced_first, paced_count, paced_bytes;
    uint64_t audio_number;
    usec_t audio_sent_us[AUDIO_MAX]; /* by audio_number */
    bool audio_came[AUDIO_MAX];
    /* The other end. */
    struct twcc heard;
    usec_t report_at;
    struct report reports[REPORTS_MAX];
    size_t report_first, report_count;
    struct flow_counts counts;
};

struct flow *flow_create(int number, const struct flow_plan *plan, uint64_t seed)
{
    struct flow *f = calloc(1, sizeof *f);
    if (!f || bandwidth_create(&f->bandwidth, 1) != OK)
        abort();
    f->number = number;
    f->plan = *plan;
    f->chance.state = seed;
    f->report_at = NEVER;
    for (unsigned i = 0; i < plan->pictures; i++) {
        struct layers_picture *p = &f->pictures[i].layers;
        *p = (struct layers_picture){ .rank = i < 2 ? 0 : 1, .options = OPTIONS, .cap = OPTIONS };
        memcpy(p->bps, OPTION_BPS, sizeof OPTION_BPS);
    }
    return f;
}

void flow_destroy(struct flow *f)
{
    bandwidth_destroy(f->bandwidth);
    free(f);
}

static bool is_muted(const struct flow *f, usec_t now_us)
{
    return now_us >= f->plan.muted_us && now_us < f->plan.unmuted_us;
}

/* ---- the way out ---- */

static void send(struct flow *f, usec_t now_us, struct bottleneck *path, unsigned kind, uint64_t number, size_t bytes)
{
    struct parcel parcel = { f->number, kind, number, 0, bytes, now_us, 0 };
    parcel.seq = bandwidth_send(f->bandwidth, now_us, bytes);
    f->counts.sent += bytes;
    f->counts.padding += kind == PADDING ? bytes : 0;
    bottleneck_send(path, &parcel);
}

static void send_audio(struct flow *f, usec_t now_us, struct bottleneck *path)
{
    for (; f->audio_at <= now_us; f->audio_at += AUDIO_US) {
        if (is_muted(f, now_us) && f->audio_at / AUDIO_US % 20 != 0)
            continue; /* DTX: one in 400 ms */
        if (f->audio_number == AUDIO_MAX)
            abort();
        f->audio_sent_us[f->audio_number] = now_us;
        f->counts.audio_sent++;
        send(f, now_us, path, AUDIO, f->audio_number++, AUDIO_BYTES);
    }
}

static void pace_in(struct flow *f, size_t bytes, uint64_t bps)
{
    if ((f->paced_bytes + bytes) * 8 * USEC_PER_SEC / bps > PACED_MOST_US)
        return;
    for (; bytes > 0; f->paced_count++) {
        if (f->paced_count == PACED_MAX)
            abort();
        size_t len = bytes < VIDEO_BYTES ? bytes : VIDEO_BYTES;
        f->paced[(f->paced_first + f->paced_count) % PACED_MAX] = len;
        f->paced_bytes += len;
        bytes -= len;
    }
}

/* Half as fast again as the estimate, so that frames of uneven size pass in their time. */
static void pace_out(struct flow *f, usec_t now_us, struct bottleneck *path, uint64_t bps)
{
    if (f->pace_free_at + 10 * USEC_PER_MSEC < now_us)
        f->pace_free_at = now_us;
    while (f->paced_count > 0 && f->pace_free_at <= now_us) {
        size_t bytes = f->paced[f->paced_first];
        f->paced_first = (f->paced_first + 1) % PACED_MAX;
        f->paced_count--;
        f->paced_bytes -= bytes;
        f->pace_free_at += bytes * 8 * USEC_PER_SEC / (bps + bps / 2);
        send(f, now_us, path, VIDEO, 0, bytes);
    }
}

static unsigned size_of(unsigned option)
{
    return (option + 1) / 2; /* 0: none; 1 to 3 */
}

static void switch_picture(struct picture *p, usec_t now_us)
{
    if (p->layers.now == p->sending)
        return;
    if (size_of(p->layers.now) == size_of(p->sending) || p->layers.now == 0) {
        p->sending = p->layers.now; /* fewer frames, or none, need no keyframe */
        p->keyframe_at = 0;
    } else if (p->keyframe_at == 0) {
        p->keyframe_at = now_us + KEYFRAME_AFTER_US;
    }
}

static void make_frames(struct flow *f, struct picture *p, usec_t now_us, uint64_t bps)
{
    for (; p->frame_at <= now_us; p->frame_at += FRAME_US, p->frame++) {
        bool key = p->keyframe_at && p->keyframe_at <= now_us;
        if (key) {
            p->sending = p->layers.now;
            p->keyframe_at = 0;
        }
        if (p->sending == 0 || is_muted(f, now_us))
            continue;
        bool half = p->sending % 2 == 1;
        if (half && p->frame % 2 == 1 && !key)
            continue;
        uint64_t mean = OPTION_BPS[p->sending - 1] * FRAME_US / 8 / USEC_PER_SEC * (half ? 2 : 1);
        uint64_t bytes = mean * (75 + chance_below(&f->chance, 51)) / 100 * (key ? KEYFRAME_SIZE : 1);
        pace_in(f, bytes, bps);
    }
}

static void allocate(struct flow *f, usec_t now_us)
{
    struct layers_picture pictures[FLOW_PICTURES_MAX];
    uint8_t given[FLOW_PICTURES_MAX];
    unsigned count = f->plan.pictures;
    uint64_t bps = bandwidth_bps(f->bandwidth), audio = AUDIO_BPS + AUDIO_BPS / 10;
    for (unsigned i = 0; i < count; i++)
        pictures[i] = f->pictures[i].layers;
    layers_allocate(bps > audio ? bps - audio : 0, pictures, count, given);
    for (unsigned i = 0; i < count; i++) {
        uint8_t *now = &f->pictures[i].layers.now;
        *now = given[i];
        switch_picture(&f->pictures[i], now_us);
    }
    bandwidth_want(f->bandwidth, is_muted(f, now_us) ? AUDIO_BPS : layers_want(pictures, count) + audio);
}

static void send_padding(struct flow *f, usec_t now_us, struct bottleneck *path)
{
    if (now_us >= bandwidth_deadline(f->bandwidth))
        bandwidth_tick(f->bandwidth, now_us);
    for (size_t left = bandwidth_probe(f->bandwidth, now_us); left > 0;) {
        size_t bytes = left < PADDING_BYTES ? left : PADDING_BYTES;
        send(f, now_us, path, PADDING, 0, bytes);
        left -= bytes;
    }
}

/* ---- the way back ---- */

static void report(struct flow *f, usec_t now_us)
{
    uint8_t buffer[REPORT_LEN_MAX];
    struct writer w = writer_over(buffer, sizeof buffer);
    while (f->report_count < REPORTS_MAX && twcc_write(&f->heard, &w, 1, 2)) {
        if (!chance_in(&f->chance, f->plan.feedback_lost)) {
            struct report *r = &f->reports[(f->report_first + f->report_count++) % REPORTS_MAX];
            r->due_us = now_us + f->plan.feedback_us;
            r->len = w.len - 12; /* without the header and the two SSRCs */
            memcpy(r->fci, buffer + 12, r->len);
        }
        w = writer_over(buffer, sizeof buffer);
    }
    /* Browsers: each 50 to 100 ms at such rates. */
    f->report_at = now_us + (50 + chance_below(&f->chance, 51)) * USEC_PER_MSEC;
}

static void hear(struct flow *f, usec_t now_us)
{
    while (f->report_count > 0 && f->reports[f->report_first].due_us <= now_us) {
        struct report *r = &f->reports[f->report_first];
        f->report_first = (f->report_first + 1) % REPORTS_MAX;
        f->report_count--;
        if (now_us >= f->plan.deaf_us && now_us < f->plan.hearing_us)
            continue;
        if (bandwidth_feedback(f->bandwidth, now_us, (struct bytes){ r->fci, r->len }) != OK)
            abort();
    }
}

void flow_arrived(struct flow *f, const struct parcel *parcel)
{
    f->counts.received += parcel->bytes;
    twcc_packet(&f->heard, parcel->arrived_us + 7777777, parcel->seq); /* its clock is not ours */
    if (f->report_at == NEVER)
        f->report_at = parcel->arrived_us + 50 * USEC_PER_MSEC;
    if (parcel->kind != AUDIO)
        return;
    f->audio_came[parcel->number] = true;
    f->counts.audio_arrived++;
}

static void start(struct flow *f, usec_t now_us)
{
    f->started = true;
    f->audio_at = f->allocate_at = now_us;
    for (unsigned i = 0; i < f->plan.pictures; i++)
        f->pictures[i].frame_at = now_us + i * FRAME_US / f->plan.pictures;
}

void flow_step(struct flow *f, usec_t now_us, struct bottleneck *path)
{
    if (now_us < f->plan.starts_us)
        return;
    if (!f->started)
        start(f, now_us);
    hear(f, now_us);
    if (f->allocate_at <= now_us) {
        allocate(f, now_us);
        f->allocate_at = now_us + ALLOCATE_US;
    }
    uint64_t bps = bandwidth_bps(f->bandwidth);
    send_audio(f, now_us, path);
    for (unsigned i = 0; i < f->plan.pictures; i++)
        make_frames(f, &f->pictures[i], now_us, bps);
    pace_out(f, now_us, path, bps);
    send_padding(f, now_us, path);
    if (f->report_at <= now_us)
        report(f, now_us);
}

uint64_t flow_estimate_bps(const struct flow *f)
{
    return bandwidth_bps(f->bandwidth);
}

unsigned flow_option(const struct flow *f, unsigned picture)
{
    return f->pictures[picture].sending;
}

struct flow_counts flow_counts(const struct flow *f)
{
    return f->counts;
}

unsigned flow_audio_lost(const struct flow *f, usec_t from_us, usec_t to_us)
{
    unsigned lost = 0;
    for (uint64_t n = 0; n < f->audio_number; n++)
        lost += f->audio_sent_us[n] >= from_us && f->audio_sent_us[n] < to_us && !f->audio_came[n];
    return lost;
}
