#include "media/rate.h"

#include "media/bandwidth.h"

#define DRAIN_US (4 * USEC_PER_SEC)
#define DRAINED_US (25 * USEC_PER_MSEC)
#define DRAIN_FROM_US (50 * USEC_PER_MSEC)
#define LONG_QUEUE_US (80 * USEC_PER_MSEC)
#define REPORTS_US (100 * USEC_PER_MSEC)
#define FALL_APART_LEAST_US (200 * USEC_PER_MSEC)
#define FALL_APART_MOST_US (800 * USEC_PER_MSEC)

enum { PACKET_BITS = 1200 * 8, GROWTH_LEAST_BPS = 4000 };

static uint64_t within(uint64_t bps)
{
    if (bps < BANDWIDTH_FLOOR_BPS)
        return BANDWIDTH_FLOOR_BPS;
    return bps > BANDWIDTH_CAP_BPS ? BANDWIDTH_CAP_BPS : bps;
}

static uint64_t percent(uint64_t bps, unsigned n)
{
    return bps * n / 100;
}

void rate_init(struct rate *rate, usec_t now_us, uint64_t bps)
{
    *rate = (struct rate){ .bps = within(bps), .changed_at = now_us };
}

uint64_t rate_bps(const struct rate *rate)
{
    return rate->draining && rate->drain_bps < rate->bps ? rate->drain_bps : rate->bps;
}

/* The longer the queue, the less is sent until it is gone. */
static unsigned drain_percent(usec_t queue_us)
{
    return queue_us > 300 * USEC_PER_MSEC ? 50 : queue_us > 150 * USEC_PER_MSEC ? 60 : 75;
}

/* Less is sent than might be. */
static bool is_limited(const struct rate *rate, const struct rate_news *news, unsigned below_percent)
{
    return news->sent_bps < percent(rate->bps, below_percent);
}

static void fall(struct rate *rate, usec_t now_us, const struct rate_news *news, uint64_t to)
{
    /* Loss is tried, and undone if that did not help; so it must be less than what is sent, in any case. */
    bool by_loss = news->signal != DELAY_OVER, limited = !by_loss && is_limited(rate, news, 70);
    uint64_t least = percent(rate->bps, news->queue_us > LONG_QUEUE_US ? 70 : 85);
    if (limited && to < least)
        to = least;
    rate->before_loss_bps = by_loss ? rate->bps : 0;
    if (!limited)
        rate->capacity_bps = news->acked_bps;
    if (to < rate->bps)
        rate->bps = within(to);
    rate->changed_at = rate->fell_at = now_us;
    if (!rate->draining && news->queue_us > DRAIN_FROM_US && !limited) {
        rate->draining = true;
        rate->drain_until = now_us + DRAIN_US;
    }
    if (rate->draining)
        rate->drain_bps = within(percent(news->acked_bps, drain_percent(news->queue_us)));
}

static bool may_fall(const struct rate *rate, usec_t now_us, const struct rate_news *news)
{
    usec_t apart = news->rtt_us + REPORTS_US;
    if (apart < FALL_APART_LEAST_US)
        apart = FALL_APART_LEAST_US;
    if (apart > FALL_APART_MOST_US)
        apart = FALL_APART_MOST_US;
    return now_us - rate->fell_at >= apart || news->acked_bps < rate->bps / 2;
}

/* 5.5: far from where it last fell by a part of itself, near it by about a packet per round trip. */
static uint64_t growth(const struct rate *rate, usec_t elapsed_us, const struct rate_news *news)
{
    uint64_t each_second = percent(rate->bps, 8);
    if (rate->capacity_bps && rate->bps > percent(rate->capacity_bps, 80)) {
        each_second = PACKET_BITS * USEC_PER_SEC / (news->rtt_us + REPORTS_US);
        if (each_second < GROWTH_LEAST_BPS)
            each_second = GROWTH_LEAST_BPS;
    }
    return each_second * elapsed_us / USEC_PER_SEC;
}

static void rise(struct rate *rate, usec_t now_us, const struct rate_news *news)
{
    usec_t elapsed_us = now_us - rate->changed_at;
    rate->changed_at = now_us;
    if (is_limited(rate, news, 80))
        return; /* what arrives well below the rate says nothing about more; only a probe can */
    if (rate->capacity_bps && news->acked_bps > percent(rate->capacity_bps, 115))
        rate->capacity_bps = 0;
    /* Not beyond what has been tried: what arrives, and half as much again. */
    uint64_t most = news->acked_bps + news->acked_bps / 2 + 10000;
    if (elapsed_us > USEC_PER_SEC)
        elapsed_us = USEC_PER_SEC;
    uint64_t to = rate->bps + growth(rate, elapsed_us, news);
    if (to > most)
        to = most;
    if (to > rate->bps)
        rate->bps = within(to);
}

bool rate_report(struct rate *rate, usec_t now_us, const struct rate_news *news)
{
    if (rate->draining && news->queue_us < DRAINED_US)
        rate->draining = false;
    if (news->acked_bps == 0)
        return false;
    if (news->signal == DELAY_OVER || news->losing) {
        if (!may_fall(rate, now_us, news))
            return false;
        fall(rate, now_us, news, news->signal == DELAY_OVER ? percent(news->acked_bps, 85) : news->acked_bps);
        return true;
    }
    if (news->signal == DELAY_NORMAL && !rate->draining)
        rise(rate, now_us, news);
    else
        rate->changed_at = now_us;
    return false;
}

void rate_found(struct rate *rate, usec_t now_us, uint64_t bps, bool full)
{
    rate->bps = within(bps);
    rate->capacity_bps = full ? bps : 0;
    rate->changed_at = now_us;
}

void rate_undo_loss(struct rate *rate, usec_t now_us)
{
    if (rate->bps >= rate->before_loss_bps)
        return;
    rate->bps = rate->before_loss_bps;
    rate->capacity_bps = rate->before_loss_bps = 0;
    rate->changed_at = now_us;
}

void rate_limit(struct rate *rate, usec_t now_us, uint64_t bps)
{
    if (rate->bps > bps)
        rate->bps = within(bps);
    rate->before_loss_bps = 0;
    rate->draining = false;
    rate->changed_at = now_us;
}

bool rate_take_stuck(struct rate *rate, usec_t now_us, usec_t queue_us)
{
    if (!rate->draining || now_us < rate->drain_until)
        return false;
    rate->draining = false;
    return queue_us > DRAINED_US;
}
