#include "media/rate.h"

/* A window that is hardly begun says little: the first packets of a stream come in a burst. */
#define LEAST_US (100 * USEC_PER_MSEC)

static uint64_t bps_of(uint64_t bytes, usec_t span_us)
{
    return bytes * 8 * USEC_PER_SEC / span_us;
}

static bool is_silent(const struct rate *rate, usec_t now_us)
{
    return rate->since == 0 || now_us - rate->since >= 2 * RATE_WINDOW_US;
}

void rate_add(struct rate *rate, usec_t now_us, size_t bytes)
{
    if (is_silent(rate, now_us))
        *rate = (struct rate){ .since = now_us };
    usec_t span_us = now_us - rate->since;
    if (span_us >= RATE_WINDOW_US) {
        uint64_t bps = bps_of(rate->bytes, span_us);
        rate->bps = rate->bps ? (rate->bps + bps) / 2 : bps;
        rate->bytes = 0;
        rate->since = now_us;
    }
    rate->bytes += bytes;
}

uint64_t rate_bps(const struct rate *rate, usec_t now_us)
{
    if (is_silent(rate, now_us))
        return 0;
    if (rate->bps)
        return rate->bps;
    usec_t span_us = now_us - rate->since;
    return bps_of(rate->bytes, span_us > LEAST_US ? span_us : LEAST_US);
}
