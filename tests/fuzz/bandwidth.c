/* Any course of sending, feedback and time: the estimate keeps its bounds, the deadline lies ahead, and a report reads
 * to its end. The input is a list of steps: a byte says what, the next one how long or how much; feedback takes as many
 * bytes as it says. */
#include <assert.h>

#include "media/bandwidth.h"
#include "media/twcc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEND, FEEDBACK, WAIT, PROBE, WANT, STEPS };

static void read_alone(struct bytes fci)
{
    struct twcc_reader reader;
    struct twcc_arrival arrival;
    if (twcc_read(fci, &reader) != OK)
        return;
    uint16_t seq = reader.seq, left = reader.left;
    assert(left > 0 && left <= TWCC_READ_MAX);
    for (; twcc_next(&reader, &arrival); seq++, left--)
        assert(arrival.seq == seq && !reader.deltas.bad && !reader.chunks.bad);
    assert(left == 0);
}

static void pad(struct bandwidth *b, usec_t now_us)
{
    size_t left = bandwidth_probe(b, now_us);
    assert(left <= BANDWIDTH_CAP_BPS);
    for (unsigned packets = 0; left > 0 && packets < 100; packets++) {
        size_t bytes = left < 250 ? left : 250;
        bandwidth_send(b, now_us, bytes);
        left -= bytes;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_over((struct bytes){ data, size });
    struct bandwidth *b;
    usec_t now_us = USEC_PER_SEC;
    if (bandwidth_create(&b, now_us) != OK)
        return 0;
    while (r.left > 0) {
        uint8_t step = read_u8(&r), n = read_u8(&r);
        struct bytes fci;
        switch (step % STEPS) {
        case SEND:
            for (unsigned i = 0; i <= n % 32; i++)
                bandwidth_send(b, now_us, (size_t)n * 6);
            break;
        case FEEDBACK:
            fci = read_bytes(&r, n < r.left ? n : r.left);
            read_alone(fci);
            bandwidth_feedback(b, now_us, fci);
            break;
        case WAIT:
            now_us += (usec_t)n * n * USEC_PER_MSEC;
            break;
        case PROBE:
            pad(b, now_us);
            break;
        case WANT:
            bandwidth_want(b, (uint64_t)n * 100000);
            break;
        }
        if (now_us >= bandwidth_deadline(b))
            bandwidth_tick(b, now_us);
        assert(bandwidth_bps(b) >= BANDWIDTH_FLOOR_BPS && bandwidth_bps(b) <= BANDWIDTH_CAP_BPS);
        assert(bandwidth_deadline(b) > now_us);
    }
    bandwidth_destroy(b);
    return 0;
}
