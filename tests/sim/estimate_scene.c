#include "sim/estimate_scene.h"

#include <stdlib.h>
#include <string.h>

enum { RIVAL = SCENE_FLOWS_MAX };

#define STEP_US USEC_PER_MSEC
#define SAMPLE_US (USEC_PER_SEC / SAMPLES_PER_SECOND)

struct stage {
    const struct scene *scene;
    struct bottleneck *path;
    struct bottleneck_weather weather;
    unsigned changes;
    struct flow *flows[SCENE_FLOWS_MAX];
    struct rival rival;
    struct flow_counts before[SCENE_FLOWS_MAX];
    uint64_t rival_before;
};

static void change(struct stage *stage, usec_t now_us)
{
    const struct scene *scene = stage->scene;
    while (stage->changes < scene->change_count && scene->changes[stage->changes].at_s * USEC_PER_SEC <= now_us) {
        stage->weather = scene->changes[stage->changes++].weather;
        bottleneck_set(stage->path, &stage->weather);
    }
}

static void step(struct stage *stage, usec_t now_us)
{
    struct parcel parcel;
    change(stage, now_us);
    while (bottleneck_next(stage->path, now_us, &parcel)) {
        if (parcel.from == RIVAL)
            rival_arrived(&stage->rival, &parcel);
        else
            flow_arrived(stage->flows[parcel.from], &parcel);
    }
    for (unsigned i = 0; i < stage->scene->flow_count; i++)
        flow_step(stage->flows[i], now_us, stage->path);
    rival_step(&stage->rival, RIVAL, now_us, stage->path);
}

static double rate(uint64_t bytes)
{
    return (double)bytes * 8 * SAMPLES_PER_SECOND;
}

static void take_sample(struct stage *stage, usec_t now_us, struct sample *sample)
{
    *sample = (struct sample){ .capacity_bps = (double)stage->weather.bps };
    sample->queue_ms = (double)bottleneck_queue_us(stage->path, now_us) / 1000;
    sample->rival_bps = rate(stage->rival.received - stage->rival_before);
    stage->rival_before = stage->rival.received;
    for (unsigned i = 0; i < stage->scene->flow_count; i++) {
        struct flow_counts counts = flow_counts(stage->flows[i]);
        sample->flows[i].estimate_bps = (double)flow_estimate_bps(stage->flows[i]);
        sample->flows[i].sent_bps = rate(counts.sent - stage->before[i].sent);
        sample->flows[i].received_bps = rate(counts.received - stage->before[i].received);
        for (unsigned k = 0; k < FLOW_PICTURES_MAX; k++)
            sample->flows[i].options[k] = flow_option(stage->flows[i], k);
        stage->before[i] = counts;
    }
}

void scene_run(const struct scene *scene, uint64_t seed, struct record *record)
{
    struct stage stage = { .scene = scene, .path = bottleneck_create(seed) };
    memset(record, 0, sizeof *record);
    record->scene = scene;
    stage.rival.starts_us = scene->rival_at_s * USEC_PER_SEC;
    stage.rival.back_us = scene->flows[0].feedback_us;
    for (unsigned i = 0; i < scene->flow_count; i++)
        stage.flows[i] = flow_create((int)i, &scene->flows[i], seed * 31 + i);
    /* Not from 0 on: that stands for no time in places. */
    for (usec_t now_us = STEP_US; now_us <= scene->seconds * USEC_PER_SEC; now_us += STEP_US) {
        step(&stage, now_us);
        if (now_us % SAMPLE_US == 0)
            take_sample(&stage, now_us, &record->samples[record->count++]);
    }
    for (unsigned i = 0; i < scene->flow_count; i++) {
        record->counts[i] = flow_counts(stage.flows[i]);
        /* Of the last second's some are still on their way. */
        for (unsigned s = 0; s + 1 < scene->seconds; s++)
            record->audio_lost[i][s] = flow_audio_lost(stage.flows[i], s * USEC_PER_SEC, (s + 1) * USEC_PER_SEC);
        flow_destroy(stage.flows[i]);
    }
    bottleneck_destroy(stage.path);
}

/* ---- what was seen ---- */

typedef double (*of_sample)(const struct sample *, unsigned flow);

static double estimate_of(const struct sample *s, unsigned flow)
{
    return s->flows[flow].estimate_bps;
}

static double sent_of(const struct sample *s, unsigned flow)
{
    return s->flows[flow].sent_bps;
}

static double received_of(const struct sample *s, unsigned flow)
{
    return s->flows[flow].received_bps;
}

static double rival_of(const struct sample *s, unsigned flow)
{
    (void)flow;
    return s->rival_bps;
}

static double queue_of(const struct sample *s, unsigned flow)
{
    (void)flow;
    return s->queue_ms;
}

static struct span span_of(const struct record *record, of_sample of, unsigned flow, double from_s, double to_s)
{
    struct span span = { 0 };
    unsigned from = (unsigned)(from_s * SAMPLES_PER_SECOND), to = (unsigned)(to_s * SAMPLES_PER_SECOND);
    for (unsigned i = from; i < to && i < record->count; i++) {
        double value = of(&record->samples[i], flow);
        if (i == from || value < span.least)
            span.least = value;
        if (i == from || value > span.most)
            span.most = value;
        span.mean += value / (to - from);
    }
    return span;
}

struct span record_estimate(const struct record *record, unsigned flow, double from_s, double to_s)
{
    return span_of(record, estimate_of, flow, from_s, to_s);
}

struct span record_sent(const struct record *record, unsigned flow, double from_s, double to_s)
{
    return span_of(record, sent_of, flow, from_s, to_s);
}

struct span record_received(const struct record *record, unsigned flow, double from_s, double to_s)
{
    return span_of(record, received_of, flow, from_s, to_s);
}

struct span record_rival(const struct record *record, double from_s, double to_s)
{
    return span_of(record, rival_of, 0, from_s, to_s);
}

struct span record_queue_ms(const struct record *record, double from_s, double to_s)
{
    return span_of(record, queue_of, 0, from_s, to_s);
}

static const double NEVER_S = 1e6;

double record_reaches(const struct record *record, unsigned flow, double from_s, double least_bps, double most_bps)
{
    for (double s = from_s; s + 1 < record->scene->seconds; s += 1.0 / SAMPLES_PER_SECOND) {
        struct span span = record_estimate(record, flow, s, s + 1);
        if (span.least >= least_bps && span.most <= most_bps)
            return s - from_s;
    }
    return NEVER_S;
}

double record_settles(const struct record *record, unsigned flow, double from_s)
{
    for (double s = from_s; s + 1 < record->scene->seconds; s += 1.0 / SAMPLES_PER_SECOND)
        if (record_sent(record, flow, s, s + 1).mean <=
                record->samples[(unsigned)(s * SAMPLES_PER_SECOND)].capacity_bps &&
            record_queue_ms(record, s, s + 1).most < 100)
            return s - from_s;
    return NEVER_S;
}

unsigned record_audio_lost(const struct record *record, unsigned flow, unsigned from_s, unsigned to_s)
{
    unsigned lost = 0;
    for (unsigned s = from_s; s < to_s; s++)
        lost += record->audio_lost[flow][s];
    return lost;
}

static unsigned size_of(const struct record *record, unsigned sample, unsigned flow, unsigned picture)
{
    return (record->samples[sample].flows[flow].options[picture] + 1) / 2;
}

double record_switches(const struct record *record, unsigned flow, double from_s)
{
    unsigned switches = 0, pictures = record->scene->flows[flow].pictures;
    for (unsigned i = (unsigned)(from_s * SAMPLES_PER_SECOND); i < record->count; i++)
        for (unsigned k = 0; k < pictures; k++)
            switches += size_of(record, i - 1, flow, k) != size_of(record, i, flow, k);
    return switches * 60 / (record->scene->seconds - from_s) / pictures;
}
