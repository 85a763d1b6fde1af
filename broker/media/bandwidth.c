#include "media/bandwidth.h"

#include <stdlib.h>

#include "media/delay.h"
#include "media/loss.h"
#include "media/meter.h"
#include "media/probe.h"
#include "media/rate.h"
#include "media/seq.h"
#include "media/twcc.h"

enum {
    SENT_MOST = 1024, /* packets that feedback can speak of: 0.6 s of 20 Mbit/s */
    SENT_LEAST = 128, /* as many as most paths need */
    FIRST_CYCLE = 1 << 16,
};

#define RECENT_US (500 * USEC_PER_MSEC)   /* what is sent */
#define ARRIVING_US (500 * USEC_PER_MSEC) /* what arrives; and in a hurry, when */
#define HURRY_US (200 * USEC_PER_MSEC)
#define LONG_QUEUE_US (80 * USEC_PER_MSEC)    /* the queue is so long */
#define SILENCE_US (1 * USEC_PER_SEC)         /* and two round trips */
#define SILENCE_STEP_US (500 * USEC_PER_MSEC) /* each halves the rate */
#define PORTION_US (2 * USEC_PER_MSEC)
#define QUEUE_US (30 * USEC_PER_MSEC)         /* enough of it that loss is no accident */
#define STRAY_US (10 * (int64_t)USEC_PER_SEC) /* the receiver's clock may differ from ours by so much, and no more */

enum fate { NEVER_SENT = 0, ON_THE_WAY, ARRIVED, MISSED };

struct sent {
    uint32_t at_us; /* modulo 2^32 */
    uint16_t bytes;
    uint8_t fate;
};

struct bandwidth {
    usec_t ticked_at;
    uint64_t next; /* number, extended */
    uint64_t want_bps;

    bool heard;
    uint64_t settled;       /* reports have come as far as this number */
    usec_t unheard_since;   /* something was sent then and no report came after it; NEVER: no */
    int64_t raw_us, ext_us; /* the receiver's clock when it last reported, and where on ours we put that */
    usec_t rtt_us;

    struct meter sending, arriving;
    struct delay delay;
    struct loss loss;
    struct rate rate;
    struct probe probe;
    struct sent *sent; /* of number % sent_cap, a power of two; grows with what is on the way */
    uint64_t sent_cap;
};

/* What one report told that was new. */
struct news {
    unsigned arrived;
    int missed;     /* less those that were told as such before, and came after all: they had been overtaken */
    usec_t took_us; /* from sending the newest of them until now */
    uint64_t newest;
};

enum status bandwidth_create(struct bandwidth **out, usec_t now_us)
{
    struct bandwidth *b = calloc(1, sizeof *b);
    if (!b)
        return ERR_NO_MEMORY;
    b->sent_cap = SENT_LEAST;
    b->sent = calloc(b->sent_cap, sizeof *b->sent);
    if (!b->sent) {
        free(b);
        return ERR_NO_MEMORY;
    }
    b->ticked_at = now_us;
    b->next = b->settled = FIRST_CYCLE;
    b->unheard_since = NEVER;
    delay_init(&b->delay);
    rate_init(&b->rate, now_us, BANDWIDTH_START_BPS);
    probe_init(&b->probe, now_us);
    *out = b;
    return OK;
}

void bandwidth_destroy(struct bandwidth *b)
{
    if (b)
        free(b->sent);
    free(b);
}

static struct sent *sent_at(struct bandwidth *b, uint64_t seq)
{
    return &b->sent[seq % b->sent_cap];
}

/* Half of the window is for what is on the way, the other for late news. Without memory it stays as it is: what it does
 * not hold any more, feedback can't speak of. */
static void make_room(struct bandwidth *b)
{
    if (b->next - b->settled < b->sent_cap / 2 || b->sent_cap == SENT_MOST)
        return;
    uint64_t cap = 2 * b->sent_cap;
    struct sent *sent = calloc(cap, sizeof *sent);
    if (!sent)
        return;
    for (uint64_t seq = b->next - b->sent_cap; seq < b->next; seq++)
        sent[seq % cap] = *sent_at(b, seq);
    free(b->sent);
    b->sent = sent;
    b->sent_cap = cap;
}

uint16_t bandwidth_send(struct bandwidth *b, usec_t now_us, size_t bytes)
{
    uint16_t counted = bytes < UINT16_MAX ? (uint16_t)bytes : UINT16_MAX;
    make_room(b);
    *sent_at(b, b->next) = (struct sent){ .at_us = (uint32_t)now_us, .bytes = counted, .fate = ON_THE_WAY };
    meter_add(&b->sending, (int64_t)now_us, counted);
    probe_sent(&b->probe, now_us, b->next, counted);
    if (b->unheard_since == NEVER)
        b->unheard_since = now_us;
    return (uint16_t)b->next++;
}

/* The whole time of which 32 bits were kept: what is still in the window is younger than their cycle. */
static usec_t sent_time(usec_t now_us, const struct sent *sent)
{
    return now_us - (uint32_t)((uint32_t)now_us - sent->at_us);
}

/* Where the report's clock stands on ours. A clock that jumps, or strays by drift in a day or two, is set anew; what
 * was measured by it before means nothing then. */
static void set_clock(struct bandwidth *b, usec_t now_us, int64_t raw_us)
{
    int64_t step_us = (raw_us - b->raw_us) % TWCC_CYCLE_US;
    if (step_us > TWCC_CYCLE_US / 2)
        step_us -= TWCC_CYCLE_US;
    if (step_us < -TWCC_CYCLE_US / 2)
        step_us += TWCC_CYCLE_US;
    b->raw_us = raw_us;
    b->ext_us += step_us;
    int64_t off_us = b->ext_us - (int64_t)now_us;
    if (b->heard && off_us < STRAY_US && off_us > -STRAY_US)
        return;
    b->ext_us = (int64_t)now_us;
    b->arriving = (struct meter){ 0 };
    delay_rebase(&b->delay);
}

static void arrived(struct bandwidth *b, usec_t now_us, uint64_t seq, int64_t at_us, struct news *news)
{
    struct sent *sent = sent_at(b, seq);
    usec_t sent_us = sent_time(now_us, sent);
    bool overtaken = sent->fate == MISSED;
    sent->fate = ARRIVED;
    meter_add(&b->arriving, at_us, sent->bytes);
    if (news->newest <= seq) {
        news->newest = seq;
        news->took_us = now_us - sent_us;
    }
    /* A probe makes a queue of its own on purpose: that is no news of the path. */
    if (probe_has(&b->probe, seq)) {
        probe_arrived(&b->probe, (int64_t)sent_us, at_us, sent->bytes);
        delay_break(&b->delay);
        return;
    }
    news->arrived++;
    news->missed -= overtaken;
    delay_packet(&b->delay, (int64_t)sent_us, at_us);
}

static void missed(struct bandwidth *b, uint64_t seq, struct news *news)
{
    sent_at(b, seq)->fate = MISSED;
    if (!probe_has(&b->probe, seq))
        news->missed++;
}

/* Reports begin where the one before ended, so a gap means that one of them was lost, and not that the packets were:
 * counted as lost they would make what arrives seem less. */
static void bridge(struct bandwidth *b, uint64_t first, int64_t at_us)
{
    uint64_t seq = b->settled + b->sent_cap < b->next ? b->next - b->sent_cap : b->settled;
    for (; seq < first && seq < b->next; seq++) {
        if (sent_at(b, seq)->fate != ON_THE_WAY)
            continue;
        sent_at(b, seq)->fate = ARRIVED;
        meter_add(&b->arriving, at_us, sent_at(b, seq)->bytes);
    }
}

static void read_report(struct bandwidth *b, usec_t now_us, struct twcc_reader report, struct news *news)
{
    uint64_t seq = seq_extend(b->next - 1, report.seq);
    int64_t raw_us = report.at_us;
    bridge(b, seq, b->ext_us);
    for (struct twcc_arrival a; twcc_next(&report, &a); seq++) {
        if (seq >= b->next || seq + b->sent_cap < b->next)
            continue; /* never sent, or too long ago */
        uint8_t fate = sent_at(b, seq)->fate;
        if (a.came && (fate == ON_THE_WAY || fate == MISSED))
            arrived(b, now_us, seq, b->ext_us + (a.at_us - raw_us), news);
        else if (!a.came && fate == ON_THE_WAY)
            missed(b, seq, news);
        if (seq >= b->settled)
            b->settled = seq + 1;
    }
}

static void conclude_probe(struct bandwidth *b, usec_t now_us)
{
    struct probe_find find;
    if (!probe_finish(&b->probe, now_us, b->settled, loss_own(&b->loss), &find))
        return;
    /* What arrives when no more does is what the path takes at most; below that no queue grows. */
    uint64_t bps = find.full ? find.bps / 10 * 9 : find.bps;
    bool raised = bps > b->rate.bps;
    if (raised || find.full)
        rate_found(&b->rate, now_us, bps, find.full);
    probe_judge(&b->probe, now_us, raised, find.full);
}

/* Frames come in bursts, so a short time tells less of the path than of them; except when the path is full. */
static uint64_t arriving_bps(const struct bandwidth *b)
{
    uint64_t mean = meter_bps(&b->arriving, ARRIVING_US), latest = meter_bps(&b->arriving, HURRY_US);
    return delay_queue_us(&b->delay) > LONG_QUEUE_US || latest > mean ? latest : mean;
}

static void conclude(struct bandwidth *b, usec_t now_us, const struct news *news)
{
    if (news->arrived > 0)
        b->rtt_us = b->rtt_us ? (7 * b->rtt_us + news->took_us) / 8 : news->took_us;
    struct rate_news about = {
        .signal = delay_report(&b->delay),
        .acked_bps = arriving_bps(b),
        .sent_bps = meter_bps(&b->sending, RECENT_US),
        .queue_us = delay_queue_us(&b->delay),
        .rtt_us = b->rtt_us,
    };
    bool queueing = about.signal == DELAY_OVER || about.queue_us > QUEUE_US;
    enum loss_verdict verdict = loss_report(&b->loss, now_us, news->missed, news->arrived, queueing);
    about.losing = verdict == LOSS_LOWER;
    if (rate_report(&b->rate, now_us, &about)) {
        probe_regret(&b->probe, now_us);
        if (about.losing && about.signal != DELAY_OVER)
            loss_lowered(&b->loss, now_us, b->rtt_us);
    }
    if (verdict == LOSS_OWN) {
        rate_undo_loss(&b->rate, now_us);
        probe_forgive(&b->probe, now_us);
    }
    if (rate_take_stuck(&b->rate, now_us, about.queue_us))
        delay_rebase(&b->delay);
    conclude_probe(b, now_us);
}

enum status bandwidth_feedback(struct bandwidth *b, usec_t now_us, struct bytes fci)
{
    struct twcc_reader report;
    struct news news = { 0 };
    TRY(twcc_read(fci, &report));
    set_clock(b, now_us, report.at_us);
    read_report(b, now_us, report, &news);
    if (news.arrived == 0 && news.missed == 0 && news.newest == 0)
        return OK; /* nothing new */
    b->heard = true;
    b->unheard_since = NEVER;
    conclude(b, now_us, &news);
    return OK;
}

void bandwidth_want(struct bandwidth *b, uint64_t bps)
{
    b->want_bps = bps < BANDWIDTH_CAP_BPS ? bps : BANDWIDTH_CAP_BPS;
}

static usec_t silent_at(const struct bandwidth *b)
{
    return b->unheard_since == NEVER ? NEVER : b->unheard_since + SILENCE_US + 2 * b->rtt_us;
}

/* Whether more might fit, as far as is known. */
static bool may_probe(const struct bandwidth *b)
{
    return b->heard && !b->rate.draining && delay_queue_us(&b->delay) < QUEUE_US + (usec_t)b->delay.jitter_us;
}

void bandwidth_tick(struct bandwidth *b, usec_t now_us)
{
    b->ticked_at = now_us;
    if (now_us >= silent_at(b)) {
        /* Nobody listens, or nobody is there any more: step by step down to what is modest, never to nothing. */
        uint64_t half = rate_bps(&b->rate) / 2;
        rate_limit(&b->rate, now_us, half > BANDWIDTH_SILENT_BPS ? half : BANDWIDTH_SILENT_BPS);
        probe_init(&b->probe, now_us);
        b->heard = false;
        b->unheard_since += SILENCE_STEP_US;
    }
    conclude_probe(b, now_us);
    if (may_probe(b))
        probe_start(&b->probe, now_us, rate_bps(&b->rate), b->want_bps, (usec_t)b->delay.jitter_us, b->next);
}

size_t bandwidth_probe(struct bandwidth *b, usec_t now_us)
{
    return probe_due(&b->probe, now_us, b->next);
}

usec_t bandwidth_deadline(const struct bandwidth *b)
{
    usec_t at = silent_at(b);
    if (b->probe.state != PROBE_WAITING || (may_probe(b) && rate_bps(&b->rate) < b->want_bps))
        at = sooner(at, probe_deadline(&b->probe));
    /* Padding in small portions: no need to wake up for each packet, nor at once when there is nothing to pad. */
    return at > b->ticked_at + PORTION_US ? at : b->ticked_at + PORTION_US;
}

uint64_t bandwidth_bps(const struct bandwidth *b)
{
    return rate_bps(&b->rate);
}

double bandwidth_loss(const struct bandwidth *b)
{
    return delay_queue_us(&b->delay) > QUEUE_US ? 0 : b->loss.ratio;
}

usec_t bandwidth_rtt_us(const struct bandwidth *b)
{
    return b->rtt_us;
}
