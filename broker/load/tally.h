/* tally.h - what one peer received: per SSRC what is missing, out of order and double, from every packet's header; and
 * of a sample whether it opened, held what was sent, and how long it was on its way.
 *
 * Values only. Owned by its peer; all of a run's are summed up with tally_add. */
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/status.h"

/* Latencies and other times: buckets an eighth of a power of two wide, from 1 us to over an hour. */
enum { HISTOGRAM_BUCKETS = 256 };
struct histogram {
    uint64_t count, at[HISTOGRAM_BUCKETS];
    usec_t most;
};
void histogram_put(struct histogram *, usec_t);
void histogram_add(struct histogram *, const struct histogram *);
/* The upper edge of the bucket in which the share (0 to 1) is reached, at most the largest value; 0 for an empty one.
 */
usec_t histogram_quantile(const struct histogram *, double share);

enum medium { MEDIUM_NONE = 0, MEDIUM_SOUND, MEDIUM_PICTURE, MEDIUM_REPAIR, MEDIA }; /* repair: sent once more */

enum { TALLY_WINDOW = 1024 }; /* how late a packet may be and still fill its gap */

struct tally_stream {
    uint32_t ssrc;
    enum medium medium;
    int64_t base, highest; /* extended sequence numbers: counting begins with base */
    uint64_t received;     /* of those from base on, each once */
    uint64_t seen[TALLY_WINDOW / 64];
    /* For receiver reports (RFC 3550 6.4.1, A.3): what the last one said, and the sender's last report. */
    uint64_t told_expected, told_received;
    uint32_t sr_middle;
    usec_t sr_at_us;
};

struct tally_sums {
    uint64_t packets, octets; /* RTP that came, doubles and all */
    uint64_t media[MEDIA];    /* of these, each once */
    uint64_t lost[MEDIA], reordered, doubled;
    uint64_t opened, bad; /* of the sample: bad did not open, or held something else */
    uint64_t streams;
    uint64_t nacks, keyframe_requests; /* what the server asked of us */
};

struct tally {
    struct tally_stream **streams; /* grows; at most TALLY_STREAMS_MAX */
    size_t count, cap;
    struct tally_sums sums; /* lost and streams are worked out by tally_add */
    struct histogram latency;
};
enum { TALLY_STREAMS_MAX = 256 };

void tally_deinit(struct tally *); /* all zero is a fresh one */
/* A packet came; its index (RFC 3711 3.3.1), by which it can be opened, in *index. ERR_FULL, ERR_NO_MEMORY. */
enum status tally_packet(struct tally *, uint32_t ssrc, uint16_t seq, enum medium, size_t len, int64_t *index);
struct tally_stream *tally_find(const struct tally *, uint32_t ssrc); /* NULL: none */
uint64_t tally_lost(const struct tally_stream *);
/* latency: of a good one; NEVER where there is none to tell. */
void tally_sample(struct tally *, bool good, usec_t latency_us);
/* Counting begins anew; what comes late from before does not count. */
void tally_reset(struct tally *);

struct tally_total {
    struct tally_sums sums;
    struct histogram latency;
};
void tally_add(struct tally_total *, const struct tally *);
/* Over all media; repair is what makes up for others' loss, so it counts only as lost. */
static inline uint64_t tally_sums_media(const struct tally_sums *s)
{
    return s->media[MEDIUM_SOUND] + s->media[MEDIUM_PICTURE];
}
static inline uint64_t tally_sums_lost(const struct tally_sums *s)
{
    return s->lost[MEDIUM_SOUND] + s->lost[MEDIUM_PICTURE] + s->lost[MEDIUM_REPAIR];
}
