#include "media/reception.h"

#include "media/seq.h"

enum { FIRST_CYCLE = 1 << 16 };

void reception_init(struct reception *reception, uint32_t clock_rate)
{
    *reception = (struct reception){ .clock_rate = clock_rate };
}

/* Whole seconds first, so that the product can't overflow. Wraps like an RTP timestamp. */
static uint32_t in_units(usec_t us, uint32_t rate)
{
    return (uint32_t)(us / USEC_PER_SEC * rate + us % USEC_PER_SEC * rate / USEC_PER_SEC);
}

/* RFC 3550 A.8, in its integer form: jitter += |D| - (jitter + 8) / 16, scaled by 16. */
static void note_transit(struct reception *reception, uint32_t transit)
{
    uint32_t difference = transit - reception->transit;
    if (difference > INT32_MAX)
        difference = -difference;
    reception->transit = transit;
    reception->jitter_q4 += difference;
    reception->jitter_q4 -= (reception->jitter_q4 - difference + 8) >> 4;
}

uint64_t reception_packet(struct reception *reception, usec_t now_us, uint16_t seq, uint32_t rtp_time)
{
    uint32_t transit = in_units(now_us, reception->clock_rate) - rtp_time;
    reception->received++;
    if (!reception->started) {
        reception->started = true;
        reception->transit = transit;
        reception->base_seq = reception->highest_seq = FIRST_CYCLE + (uint64_t)seq;
        return reception->highest_seq;
    }
    uint64_t extended = seq_extend(reception->highest_seq, seq);
    if (extended > reception->highest_seq)
        reception->highest_seq = extended;
    /* The very first packets may come out of order too: then the stream began earlier than it seemed. */
    if (extended < reception->base_seq)
        reception->base_seq = extended;
    note_transit(reception, transit);
    return extended;
}

void reception_sender_report(struct reception *reception, usec_t now_us, const struct rtcp_sender *sender)
{
    reception->has_sr = true;
    reception->sr_ntp = sender->ntp;
    reception->sr_rtp_time = sender->rtp_time;
    reception->last_sr_at = now_us;
}

/* RFC 3550 A.3. More may arrive than is expected when late packets of an earlier interval do: that is no loss. */
static uint8_t fraction_lost(uint64_t expected, uint64_t received)
{
    if (received >= expected)
        return 0;
    uint64_t fraction = ((expected - received) << 8) / expected;
    return fraction > UINT8_MAX ? UINT8_MAX : (uint8_t)fraction;
}

static int32_t lost_in_all(uint64_t expected, uint64_t received)
{
    const int64_t most = 0x7fffff, least = -0x800000; /* 24 bits: clamped, never wrapped */
    int64_t lost = (int64_t)(expected - received);
    return (int32_t)(lost > most ? most : lost < least ? least : lost);
}

/* In 1/65536 s; it saturates after 18 hours. */
static uint32_t delay_since(usec_t at, usec_t now_us)
{
    usec_t us = now_us - at;
    uint64_t delay = (us / USEC_PER_SEC << 16) + (us % USEC_PER_SEC << 16) / USEC_PER_SEC;
    return delay > UINT32_MAX ? UINT32_MAX : (uint32_t)delay;
}

bool reception_report(struct reception *reception, usec_t now_us, uint32_t ssrc, struct rtcp_report *out)
{
    if (!reception->started)
        return false;
    uint64_t expected = reception->highest_seq - reception->base_seq + 1;
    *out = (struct rtcp_report){
        .ssrc = ssrc,
        .fraction_lost =
            fraction_lost(expected - reception->expected_prior, reception->received - reception->received_prior),
        .lost = lost_in_all(expected, reception->received),
        .highest_seq = (uint32_t)(reception->highest_seq - FIRST_CYCLE),
        .jitter = (uint32_t)(reception->jitter_q4 >> 4),
        .last_sr = reception->has_sr ? (uint32_t)(reception->sr_ntp >> 16) : 0,
        .delay = reception->has_sr ? delay_since(reception->last_sr_at, now_us) : 0,
    };
    reception->expected_prior = expected;
    reception->received_prior = reception->received;
    return true;
}
