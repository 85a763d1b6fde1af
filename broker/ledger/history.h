/* history.h - how a shard did over a stretch of time: what its vitals (base/vitals.h) come to, as a row that the store
 * keeps. Numbers alone: no session, nobody's id. Sums and extremes, so that rows of any length add up to longer ones.
 */
#pragma once

#include "base/terms.h"

enum {
    HISTORY_STEP_S = 60,          /* a row is of one such stretch, on the clock */
    HISTORY_THINNED_STEP_S = 900, /* or, later, of one such */
    HISTORY_THIN_AFTER_S = 48 * 3600,
    HISTORY_KEPT_S = 30 * 24 * 3600,
};

struct history_row {
    int64_t at;        /* Unix seconds: when the stretch began */
    int64_t step_s;    /* how long it is */
    int64_t covered_s; /* of which the shard ran and was heard of */
    struct id node;
    int64_t shard;
    /* Sums. */
    int64_t busy_ms, packets_in, packets_out, bytes_in, bytes_out, dropped, expected_in, lost_in, reports, reported_q8,
        watched_ms, frozen_ms, heard_ms, concealed_ms;
    /* The most at any moment. */
    int64_t rooms, people, waiting, longest_wait_s, busy_percent, pictures_paused;
    int64_t picture_percent; /* the least */
};
