/* estimate_scene.h - one scene of the estimator's trials, and what was seen of it: who sends through which bottleneck,
 * how the bottleneck changes, and ten samples a second. */
#pragma once

#include "sim/estimate_flow.h"
#include "sim/estimate_rival.h"

enum {
    SCENE_FLOWS_MAX = 4,
    SCENE_CHANGES_MAX = 8,
    SCENE_SECONDS_MAX = 150,
    SAMPLES_PER_SECOND = 10,
    SAMPLES_MAX = SCENE_SECONDS_MAX * SAMPLES_PER_SECOND,
};

struct scene_change {
    unsigned at_s;
    struct bottleneck_weather weather;
};

struct scene {
    const char *name, *title;
    unsigned seconds;
    unsigned flow_count;
    struct flow_plan flows[SCENE_FLOWS_MAX];
    unsigned change_count;
    struct scene_change changes[SCENE_CHANGES_MAX];
    unsigned rival_at_s; /* 0: none */
};

struct sample {
    double capacity_bps, queue_ms, rival_bps;
    struct {
        double estimate_bps, sent_bps, received_bps;
        unsigned options[FLOW_PICTURES_MAX];
    } flows[SCENE_FLOWS_MAX];
};

struct record {
    const struct scene *scene;
    unsigned count;
    struct sample samples[SAMPLES_MAX];
    struct flow_counts counts[SCENE_FLOWS_MAX];
    unsigned audio_lost[SCENE_FLOWS_MAX][SCENE_SECONDS_MAX]; /* of what was sent in that second */
};

void scene_run(const struct scene *, uint64_t seed, struct record *);

/* Of some value over the samples from one second up to another. */
struct span {
    double least, most, mean;
};

struct span record_estimate(const struct record *, unsigned flow, double from_s, double to_s);
struct span record_sent(const struct record *, unsigned flow, double from_s, double to_s);
struct span record_received(const struct record *, unsigned flow, double from_s, double to_s);
struct span record_rival(const struct record *, double from_s, double to_s);
struct span record_queue_ms(const struct record *, double from_s, double to_s);
/* How many seconds after from_s the estimate begins to be within the bounds for at least one; a great number: never. */
double record_reaches(const struct record *, unsigned flow, double from_s, double least_bps, double most_bps);
/* The same for when what is sent fits what the path takes, and the queue is short. */
double record_settles(const struct record *, unsigned flow, double from_s);
unsigned record_audio_lost(const struct record *, unsigned flow, unsigned from_s, unsigned to_s);
/* How often a picture of this flow changed its size, paused or came back, by the minute and picture, from from_s on. */
double record_switches(const struct record *, unsigned flow, double from_s);
