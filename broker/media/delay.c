#include "media/delay.h"

#define GROUP_US 5000      /* what is sent within it is one burst */
#define PERIOD_US 10000000 /* of the least delay */
#define STRANGE_US 3000000 /* between two groups: a clock that jumped */

static const double SMOOTHING = 0.9, GAIN = 4, GAIN_POINTS_MAX = 60;
/* draft-ietf-rmcat-gcc-02 5.4, all per millisecond or in milliseconds. */
static const double K_UP = 0.0087, K_DOWN = 0.039, THRESHOLD_START = 12.5, THRESHOLD_LEAST = 6, THRESHOLD_MOST = 600;
static const double ADAPT_WITHIN = 15, ADAPT_STEP_MOST = 100;
static const double OVER_FOR_MS = 10;
static const unsigned LEVEL_SAMPLES = 5;
static const int64_t LEVEL_LEAST_US = 12000, LEVEL_CLEAR_US = 80000, LEVEL_CERTAIN_US = 250000;

void delay_init(struct delay *delay)
{
    *delay = (struct delay){ .threshold_ms = THRESHOLD_START };
}

static double slope(const struct delay *delay)
{
    double n = DELAY_POINTS, x = 0, y = 0, xy = 0, xx = 0;
    for (unsigned i = 0; i < DELAY_POINTS; i++) {
        x += delay->points[i].at_ms;
        y += delay->points[i].delay_ms;
    }
    x /= n;
    y /= n;
    for (unsigned i = 0; i < DELAY_POINTS; i++) {
        double dx = delay->points[i].at_ms - x;
        xy += dx * (delay->points[i].delay_ms - y);
        xx += dx * dx;
    }
    return xx > 0 ? xy / xx : 0;
}

static void adapt(struct delay *delay, double trend, double elapsed_ms)
{
    double size = trend < 0 ? -trend : trend;
    if (size > delay->threshold_ms + ADAPT_WITHIN)
        return; /* a sudden step is not what paths are like */
    double k = size < delay->threshold_ms ? K_DOWN : K_UP;
    if (elapsed_ms > ADAPT_STEP_MOST)
        elapsed_ms = ADAPT_STEP_MOST;
    delay->threshold_ms += k * (size - delay->threshold_ms) * elapsed_ms;
    if (delay->threshold_ms < THRESHOLD_LEAST)
        delay->threshold_ms = THRESHOLD_LEAST;
    if (delay->threshold_ms > THRESHOLD_MOST)
        delay->threshold_ms = THRESHOLD_MOST;
}

static void judge(struct delay *delay, double trend, double elapsed_ms)
{
    if (trend > delay->threshold_ms) {
        delay->over_ms += elapsed_ms;
        delay->overs++;
        if (delay->over_ms > OVER_FOR_MS && delay->overs > 1 && trend >= delay->trend)
            delay->signal = DELAY_OVER;
    } else {
        delay->over_ms = 0;
        delay->overs = 0;
        delay->signal = trend < -delay->threshold_ms ? DELAY_UNDER : DELAY_NORMAL;
    }
    delay->trend = trend;
    adapt(delay, trend, elapsed_ms);
}

/* One more point: by how much the queue grew between two groups. */
static void add_point(struct delay *delay, const struct delay_group *group, const struct delay_group *before)
{
    double sent_ms = (double)(group->sent_us - before->sent_us) / 1000;
    double arrived_ms = (double)(group->arrived_us - before->arrived_us) / 1000;
    if (delay->count == 0)
        delay->origin_us = group->arrived_us;
    delay->accumulated_ms += arrived_ms - sent_ms;
    delay->smoothed_ms = SMOOTHING * delay->smoothed_ms + (1 - SMOOTHING) * delay->accumulated_ms;
    unsigned at = delay->count % DELAY_POINTS;
    delay->points[at].at_ms = (double)(group->arrived_us - delay->origin_us) / 1000;
    delay->points[at].delay_ms = delay->smoothed_ms;
    delay->count++;
    if (delay->count < DELAY_POINTS)
        return;
    double points = delay->count < GAIN_POINTS_MAX ? delay->count : GAIN_POINTS_MAX;
    judge(delay, slope(delay) * points * GAIN, sent_ms);
}

static void restart_trend(struct delay *delay)
{
    delay->count = 0;
    delay->accumulated_ms = delay->smoothed_ms = 0;
    delay->trend = delay->over_ms = 0;
    delay->overs = 0;
    delay->signal = DELAY_NORMAL;
    delay_break(delay);
}

static void close_group(struct delay *delay)
{
    int64_t apart = delay->group.arrived_us - delay->before.arrived_us;
    if (delay->has_before && (apart < -STRANGE_US || apart > STRANGE_US)) {
        restart_trend(delay);
        return;
    }
    if (delay->has_before)
        add_point(delay, &delay->group, &delay->before);
    delay->before = delay->group;
    delay->has_before = true;
}

static void note_level(struct delay *delay, int64_t late_us, int64_t arrived_us)
{
    if (!delay->started || arrived_us - delay->period_at_us > PERIOD_US) {
        delay->base_us[1] = delay->started ? delay->base_us[0] : late_us;
        delay->base_us[0] = late_us;
        delay->period_at_us = arrived_us;
        delay->started = true;
    }
    if (late_us < delay->base_us[0])
        delay->base_us[0] = late_us;
    if (delay->samples == 0 || late_us < delay->least_us)
        delay->least_us = late_us;
    delay->sum_us = delay->samples == 0 ? late_us : delay->sum_us + late_us;
    delay->samples++;
}

void delay_packet(struct delay *delay, int64_t sent_us, int64_t arrived_us)
{
    note_level(delay, arrived_us - sent_us, arrived_us);
    struct delay_group *group = &delay->group;
    if (delay->grouped && sent_us < group->first_sent_us)
        return;
    if (delay->grouped && sent_us - group->first_sent_us > GROUP_US) {
        close_group(delay);
        delay->grouped = false;
    }
    if (!delay->grouped)
        *group = (struct delay_group){ sent_us, sent_us, arrived_us };
    delay->grouped = true;
    group->sent_us = sent_us;
    if (arrived_us > group->arrived_us)
        group->arrived_us = arrived_us;
}

static int64_t base(const struct delay *delay)
{
    return delay->base_us[0] < delay->base_us[1] ? delay->base_us[0] : delay->base_us[1];
}

enum delay_signal delay_report(struct delay *delay)
{
    if (delay->samples >= LEVEL_SAMPLES) {
        int64_t jitter_us = delay->sum_us / delay->samples - delay->least_us;
        delay->level_us = delay->least_us - base(delay);
        delay->jitter_us += (jitter_us - delay->jitter_us) / 8;
        delay->samples = 0;
    }
    if (delay->level_us > LEVEL_CERTAIN_US && delay->signal != DELAY_UNDER)
        return DELAY_OVER; /* a full queue grows no more */
    bool over = delay->signal == DELAY_OVER && delay->level_us >= LEVEL_LEAST_US + delay->jitter_us / 2;
    delay->over_reports = over ? delay->over_reports + 1 : 0;
    if (over)
        return delay->over_reports > 1 || delay->level_us > LEVEL_CLEAR_US ? DELAY_OVER : DELAY_NORMAL;
    return delay->signal == DELAY_OVER ? DELAY_NORMAL : delay->signal;
}

void delay_break(struct delay *delay)
{
    delay->grouped = delay->has_before = false;
}

void delay_rebase(struct delay *delay)
{
    delay->started = false;
    delay->samples = 0;
    delay->level_us = 0;
    restart_trend(delay);
}
