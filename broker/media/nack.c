#include "media/nack.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 16 };

void nack_deinit(struct nack *nack)
{
    free(nack->missing);
    *nack = (struct nack){ 0 };
}

static usec_t round_trip(const struct nack *nack)
{
    usec_t rtt_us = nack->rtt_us ? nack->rtt_us : NACK_RTT_UNKNOWN_US;
    return rtt_us > NACK_RTT_LEAST_US ? rtt_us : NACK_RTT_LEAST_US;
}

static void forget_first(struct nack *nack, size_t count)
{
    nack->count -= count;
    memmove(nack->missing, nack->missing + count, nack->count * sizeof *nack->missing);
}

/* Of one that was asked for twice nobody knows which request it answers (Karn's rule). */
static void learn_rtt(struct nack *nack, usec_t now_us, const struct nack_missing *m)
{
    if (m->tries != 1)
        return;
    usec_t took_us = now_us - m->asked_at;
    nack->rtt_us = nack->rtt_us ? (7 * nack->rtt_us + took_us) / 8 : took_us;
}

static void found(struct nack *nack, usec_t now_us, uint64_t seq)
{
    for (size_t i = 0; i < nack->count; i++) {
        if (nack->missing[i].seq != seq)
            continue;
        learn_rtt(nack, now_us, &nack->missing[i]);
        nack->count--;
        memmove(nack->missing + i, nack->missing + i + 1, (nack->count - i) * sizeof *nack->missing);
        return;
    }
}

/* False: so much is not to be mended, or there is no memory for it. */
static bool has_room(struct nack *nack, uint64_t gap)
{
    if (gap > NACK_MISSING_MAX - nack->count)
        return false;
    size_t cap = nack->cap ? nack->cap : FIRST_CAP;
    while (cap < nack->count + gap)
        cap *= 2;
    if (gap == 0 || cap == nack->cap)
        return true;
    struct nack_missing *missing = realloc(nack->missing, cap * sizeof *missing);
    if (!missing)
        return false;
    nack->missing = missing;
    nack->cap = cap;
    return true;
}

bool nack_packet(struct nack *nack, usec_t now_us, uint64_t seq)
{
    if (!nack->started) {
        nack->started = true;
        nack->highest = seq;
        nack->ask_at = NEVER;
        return false;
    }
    if (seq <= nack->highest) {
        found(nack, now_us, seq);
        return false;
    }
    uint64_t gap = seq - nack->highest - 1;
    bool lost = !has_room(nack, gap);
    if (lost) /* a pause or a dead path; all of it is one loss */
        nack->count = 0;
    for (uint64_t n = nack->highest + 1; n < seq && !lost; n++)
        nack->missing[nack->count++] =
            (struct nack_missing){ .seq = n, .since = now_us, .ask_at = now_us + NACK_DISORDER_US };
    if (nack->count > 0)
        nack->ask_at = sooner(nack->ask_at, now_us + NACK_DISORDER_US);
    nack->highest = seq;
    return lost;
}

size_t nack_due(struct nack *nack, usec_t now_us, uint16_t *seqs, size_t cap, bool *lost)
{
    size_t due = 0, kept = 0;
    *lost = false;
    nack->ask_at = NEVER;
    for (size_t i = 0; i < nack->count; i++) {
        struct nack_missing m = nack->missing[i];
        if ((m.tries == NACK_TRIES_MAX && now_us >= m.ask_at) || now_us >= m.since + NACK_GIVE_UP_US) {
            *lost = true;
            continue;
        }
        if (now_us >= m.ask_at && due < cap) {
            seqs[due++] = (uint16_t)m.seq;
            m.tries++;
            m.asked_at = now_us;
            m.ask_at = now_us + round_trip(nack);
        }
        nack->ask_at = sooner(nack->ask_at, m.ask_at);
        nack->missing[kept++] = m;
    }
    nack->count = kept;
    return due;
}

usec_t nack_deadline(const struct nack *nack)
{
    return nack->count > 0 ? nack->ask_at : NEVER;
}

void nack_forget_before(struct nack *nack, uint64_t seq)
{
    size_t count = 0;
    while (count < nack->count && nack->missing[count].seq < seq)
        count++;
    forget_first(nack, count);
}
