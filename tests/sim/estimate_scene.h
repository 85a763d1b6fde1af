/* estimate_scene.h - one scene of the estimator's trials, and what was seen of it: who sends through which bottleneck, how
 * the bottleneck changes, and ten samples a second. */
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
};

void scene_run(const struct scene *, uint64_t seed, struct record *);

/* Means over the samples of a flow from one second up to another. */
double record_estimate(const struct record *, unsigned flow, double from_s, double to_s);
double record_received(const struct record *, unsigned flow, double from_s, double to_s);
/* The first second from from_s on from which, for at least a second, the estimate is within the bounds; -1: never. */
double record_reaches(const struct record *, unsigned flow, double from_s, double least_bps, double most_bps);
/* The least and the greatest estimate in that time. */
double record_least(const struct record *, unsigned flow, double from_s, double to_s);
double record_most(const struct record *, unsigned flow, double from_s, double to_s);
double record_rival(const struct record *, double from_s, double to_s);
double record_queue_most(const struct record *, double from_s, double to_s);
