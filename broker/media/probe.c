#include "media/probe.h"

#define BURST_US (40 * USEC_PER_MSEC)
#define BURST_MOST_US (250 * USEC_PER_MSEC)
#define WAIT_LEAST_US (1 * USEC_PER_SEC)
#define WAIT_MOST_US (4 * USEC_PER_SEC)
#define REGRET_WITHIN_US (3 * USEC_PER_SEC)
#define REGRET_WAIT_US (10 * USEC_PER_SEC)
#define REGRET_WAIT_MOST_US (40 * USEC_PER_SEC)
#define AGAIN_US (400 * USEC_PER_MSEC)
#define LISTEN_US (1 * USEC_PER_SEC)

enum { STEP_BPS = 300000 };
enum { PACKET_LEN = 250, BURST_LEAST = 8 * PACKET_LEN, ARRIVALS_LEAST = 4 };

void probe_init(struct probe *probe, usec_t now_us)
{
    *probe = (struct probe){ .next_at = now_us, .wait_us = WAIT_LEAST_US, .first = true };
}

void probe_start(struct probe *probe, usec_t now_us, uint64_t estimate_bps, uint64_t want_bps, usec_t jitter_us,
                 uint64_t next_seq)
{
    if (probe->state != PROBE_WAITING || now_us < probe->next_at || estimate_bps >= want_bps)
        return;
    uint64_t bps = estimate_bps + (probe->first ? estimate_bps : STEP_BPS + estimate_bps / 5);
    uint64_t most = want_bps + want_bps / 10;
    bps = bps < most ? bps : most;
    /* Jitter at both ends shall not be most of what is measured. */
    usec_t burst_us = BURST_US + 2 * jitter_us, least_us = BURST_LEAST * 8 * USEC_PER_SEC / bps;
    burst_us = burst_us > least_us ? burst_us : least_us;
    burst_us = sooner(burst_us, BURST_MOST_US);
    *probe = (struct probe){
        .state = PROBE_SENDING,
        .wait_us = probe->wait_us,
        .bps = bps,
        .started_at = now_us,
        .ends_at = now_us + burst_us,
        .first_seq = next_seq,
        .end_seq = UINT64_MAX,
        .first = probe->first,
        .found_at = probe->found_at,
    };
}

static void stop_sending(struct probe *probe, usec_t now_us, uint64_t next_seq)
{
    probe->state = PROBE_LISTENING;
    probe->end_seq = next_seq;
    probe->listen_until = now_us + LISTEN_US;
}

size_t probe_due(struct probe *probe, usec_t now_us, uint64_t next_seq)
{
    if (probe->state != PROBE_SENDING)
        return 0;
    if (now_us >= probe->ends_at) {
        stop_sending(probe, now_us, next_seq);
        return 0;
    }
    uint64_t due = PACKET_LEN + probe->bps * (now_us - probe->started_at) / 8 / USEC_PER_SEC;
    return due >= probe->sent + PACKET_LEN ? due - probe->sent : 0;
}

void probe_sent(struct probe *probe, usec_t now_us, uint64_t seq, size_t bytes)
{
    if (probe->state == PROBE_SENDING && now_us >= probe->ends_at)
        stop_sending(probe, now_us, seq);
    if (probe_has(probe, seq))
        probe->sent += bytes;
}

bool probe_has(const struct probe *probe, uint64_t seq)
{
    return probe->state != PROBE_WAITING && seq >= probe->first_seq && seq < probe->end_seq;
}

void probe_arrived(struct probe *probe, int64_t sent_us, int64_t arrived_us, size_t bytes)
{
    if (probe->arrivals++ == 0) {
        probe->first_sent_us = sent_us;
        probe->first_arrived_us = probe->last_arrived_us = arrived_us;
        probe->first_bytes = bytes;
    }
    probe->arrived += bytes;
    probe->last_sent_us = sent_us;
    probe->last_bytes = bytes;
    if (arrived_us > probe->last_arrived_us)
        probe->last_arrived_us = arrived_us;
}

static bool measure(const struct probe *probe, double own_loss, struct probe_find *find)
{
    int64_t sending_us = probe->last_sent_us - probe->first_sent_us;
    int64_t arriving_us = probe->last_arrived_us - probe->first_arrived_us;
    if (probe->arrivals < ARRIVALS_LEAST || sending_us <= 0 || probe->sent <= probe->last_bytes)
        return false;
    uint64_t sent_bps = (probe->sent - probe->last_bytes) * 8 * USEC_PER_SEC / (uint64_t)sending_us;
    uint64_t arrived_bps = sent_bps;
    if (arriving_us > 0)
        arrived_bps = (probe->arrived - probe->first_bytes) * 8 * USEC_PER_SEC / (uint64_t)arriving_us;
    /* What the path loses at any rate says nothing about this one. */
    arrived_bps = (uint64_t)((double)arrived_bps / (1 - own_loss));
    /* Nor does a probe that was not filled up. */
    find->full = arrived_bps < sent_bps - sent_bps / 8 && sent_bps > probe->bps - probe->bps / 4;
    find->bps = arrived_bps < sent_bps ? arrived_bps : sent_bps;
    return true;
}

static void wait_longer(struct probe *probe, usec_t now_us)
{
    probe->first = false;
    probe->next_at = now_us + probe->wait_us;
    probe->wait_us = sooner(2 * probe->wait_us, WAIT_MOST_US);
}

bool probe_finish(struct probe *probe, usec_t now_us, uint64_t settled, double own_loss, struct probe_find *find)
{
    if (probe->state != PROBE_LISTENING || (settled < probe->end_seq && now_us < probe->listen_until))
        return false;
    probe->state = PROBE_WAITING;
    if (measure(probe, own_loss, find))
        return true;
    wait_longer(probe, now_us);
    return false;
}

void probe_judge(struct probe *probe, usec_t now_us, bool raised, bool full)
{
    if (raised)
        probe->found_at = now_us;
    if (raised && !full) {
        probe->wait_us = WAIT_LEAST_US;
        probe->next_at = now_us + (probe->first ? 0 : AGAIN_US);
    } else {
        wait_longer(probe, now_us);
    }
}

void probe_regret(struct probe *probe, usec_t now_us)
{
    bool its_fault = probe->found_at && now_us - probe->found_at < REGRET_WITHIN_US;
    probe->state = PROBE_WAITING;
    probe->first = false;
    probe->found_at = 0;
    if (its_fault)
        probe->wait_us =
            probe->wait_us < REGRET_WAIT_US ? REGRET_WAIT_US : sooner(2 * probe->wait_us, REGRET_WAIT_MOST_US);
    probe->next_at = now_us + (its_fault ? probe->wait_us : 2 * WAIT_LEAST_US);
}

void probe_forgive(struct probe *probe, usec_t now_us)
{
    probe->wait_us = WAIT_LEAST_US;
    probe->next_at = now_us;
}

usec_t probe_deadline(const struct probe *probe)
{
    switch (probe->state) {
    case PROBE_SENDING:
        return sooner(probe->ends_at, probe->started_at + probe->sent * 8 * USEC_PER_SEC / probe->bps);
    case PROBE_LISTENING:
        return probe->listen_until;
    case PROBE_WAITING:
        break;
    }
    return probe->next_at;
}
