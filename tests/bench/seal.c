/* What sealing and opening a packet costs, by engine, number of keys and length of the packet. Not a test: it is built
 * so that it stays whole, and run by hand.
 *
 *   build/release/tests/bench_seal    best run from a release build, on a machine that does nothing else */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "transport/gcm.h"

enum { KEYS_MAX = 4000, HEADER = 12, PACKET_CAP = 1500, CALLS = 200000, RUNS = 5 };

static struct gcm keys[KEYS_MAX];
static volatile uint8_t sink; /* so that no call is left out */

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void seal_one(const struct gcm *gcm, uint8_t *packet, size_t len)
{
    static const uint8_t iv[GCM_IV_LEN] = { 1 };
    gcm_seal(gcm, iv, (struct bytes){ packet, HEADER }, packet + HEADER, len - HEADER, packet + len);
}

static void seal_and_open(const struct gcm *gcm, uint8_t *packet, size_t len)
{
    static const uint8_t iv[GCM_IV_LEN] = { 1 };
    seal_one(gcm, packet, len);
    if (gcm_open(gcm, iv, (struct bytes){ packet, HEADER }, packet + HEADER, len - HEADER, packet + len) != OK)
        abort();
}

typedef void call(const struct gcm *, uint8_t *packet, size_t len);

/* Each call with the next key, as a relay has it. The best of a few runs: the others were disturbed. */
static double measure(call *one, size_t key_count, size_t len)
{
    static uint8_t packet[PACKET_CAP];
    double best = 0;
    for (int run = 0; run < RUNS; run++) {
        double start = now_ns();
        for (size_t i = 0; i < CALLS; i++)
            one(&keys[i % key_count], packet, len);
        double each = (now_ns() - start) / CALLS;
        if (run == 0 || each < best)
            best = each;
        sink = packet[HEADER];
    }
    return best;
}

static int measure_engine(enum gcm_engine engine)
{
    static const size_t counts[] = { 1, 400, 4000 }, lens[] = { 100, 1047 };
    if (gcm_use(engine) != OK)
        return 0;
    for (size_t i = 0; i < KEYS_MAX; i++) {
        uint8_t key[GCM_KEY_LEN] = { (uint8_t)i, (uint8_t)(i >> 8) };
        if (gcm_init(&keys[i], key) != OK)
            return -1;
    }
    for (size_t l = 0; l < 2; l++)
        for (size_t c = 0; c < 3; c++) {
            double seal = measure(seal_one, counts[c], lens[l]), both = measure(seal_and_open, counts[c], lens[l]);
            printf("%-12s %5zu keys %5zu B: seal %4.0f ns, open %4.0f ns\n", gcm_engine_name(), counts[c], lens[l],
                   seal, both - seal);
        }
    for (size_t i = 0; i < KEYS_MAX; i++)
        gcm_deinit(&keys[i]);
    return 0;
}

int main(void)
{
    return measure_engine(GCM_EVP) || measure_engine(GCM_IPSEC);
}
