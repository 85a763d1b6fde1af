#include "media/loss.h"

#define WINDOW_US (500 * USEC_PER_MSEC)

static const unsigned WINDOW_PACKETS = 20;
static const double ALONE = 0.10, WITH_QUEUE = 0.04; /* above the path's own */

/* The rate was lowered to what arrived. Had that been the reason, nearly nothing would be lost now. */
static bool is_own(struct loss *loss, double ratio)
{
    if (!loss->tried || loss->since < loss->judge_from)
        return false;
    loss->tried = false;
    return ratio > loss->tried_ratio / 2;
}

enum loss_verdict loss_report(struct loss *loss, usec_t now_us, int lost, unsigned arrived, bool queueing)
{
    if (loss->lost + loss->arrived == 0)
        loss->since = now_us;
    loss->lost = lost < 0 && loss->lost < (unsigned)-lost ? 0 : loss->lost + (unsigned)lost;
    loss->arrived += arrived;
    unsigned packets = loss->lost + loss->arrived;
    if (packets < WINDOW_PACKETS || now_us - loss->since < WINDOW_US)
        return LOSS_FINE;

    double ratio = (double)loss->lost / packets;
    loss->lost = loss->arrived = 0;
    loss->ratio = ratio;
    if (is_own(loss, ratio)) {
        loss->ambient = ratio;
        return LOSS_OWN;
    }
    if (ratio < loss->ambient)
        loss->ambient -= (loss->ambient - ratio) / 8;
    bool bad = ratio > loss->ambient + (queueing ? WITH_QUEUE : ALONE);
    loss->bad_windows = bad ? loss->bad_windows + 1 : 0;
    return loss->bad_windows >= (queueing ? 1 : 2) && !loss->tried ? LOSS_LOWER : LOSS_FINE;
}

void loss_lowered(struct loss *loss, usec_t now_us, usec_t rtt_us)
{
    loss->tried = true;
    loss->tried_ratio = loss->ratio;
    loss->bad_windows = 0;
    loss->judge_from = now_us + rtt_us; /* reports from then on speak of what was sent after it */
}
