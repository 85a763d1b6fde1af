#include "media/loss.h"

#define WINDOW_US (500 * USEC_PER_MSEC)

static const unsigned WINDOW_PACKETS = 20;
static const double ALONE = 0.10, WITH_QUEUE = 0.04; /* above the path's own */

/* The rate was lowered to what arrived. Had that been the reason, nearly nothing would be lost now. */
static void learn(struct loss *loss, usec_t now_us, double ratio, double before)
{
    if (loss->tried && now_us >= loss->judge_at) {
        loss->tried = false;
        if (ratio > before / 2)
            loss->ambient = ratio;
    }
    if (ratio < loss->ambient)
        loss->ambient -= (loss->ambient - ratio) / 8;
}

bool loss_report(struct loss *loss, usec_t now_us, unsigned lost, unsigned arrived, bool queueing)
{
    if (loss->lost + loss->arrived == 0)
        loss->since = now_us;
    loss->lost += lost;
    loss->arrived += arrived;
    unsigned packets = loss->lost + loss->arrived;
    if (packets < WINDOW_PACKETS || now_us - loss->since < WINDOW_US)
        return false;

    double ratio = (double)loss->lost / packets, before = loss->ratio;
    loss->lost = loss->arrived = 0;
    loss->ratio = ratio;
    learn(loss, now_us, ratio, before);
    bool bad = ratio > loss->ambient + (queueing ? WITH_QUEUE : ALONE);
    loss->bad_windows = bad ? loss->bad_windows + 1 : 0;
    return loss->bad_windows >= (queueing ? 1 : 2) && !loss->tried;
}

void loss_lowered(struct loss *loss, usec_t now_us, usec_t rtt_us)
{
    loss->tried = true;
    loss->bad_windows = 0;
    loss->judge_at = now_us + rtt_us + WINDOW_US; /* the window that ends then has only what was sent after it */
}
