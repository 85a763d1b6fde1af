/* errand.h - something that the courier tries until it is done: one transfer at a time, and after one that failed a
 * pause. A part of what it is about, which sets out with it. */
#pragma once

#include "base/clock.h"
#include "base/entropy.h"
#include "base/log.h"
#include "shell/backoff.h"
#include "shell/config.h"
#include "shell/transfer.h"
#include "shell/webhook.h"

/* What every errand is done with; the courier's. */
struct kit {
    const struct config *config;
    const struct log *log;
    struct entropy entropy;
    struct transfers *transfers;
    struct webhook_key key;
    char *smtp_password; /* NUL-terminated; may be empty */
};

struct errand {
    /* Either starts a transfer whose owner is this errand, or fails. */
    enum status (*start)(struct errand *, struct kit *, struct now);
    /* The transfer has ended: it is gone after this, and perhaps the errand as well. */
    void (*end)(struct errand *, struct kit *, const struct transfer_end *, struct now);
    struct transfer *transfer; /* NULL: not on its way */
    uint32_t failures;         /* in a row */
    usec_t due;                /* when to set out; NEVER: nothing to do */
};

/* When something is to be done; NEVER while it is on its way, as its end will tell. */
static inline usec_t errand_due(const struct errand *e)
{
    return e->transfer ? NEVER : e->due;
}

void errand_fail(struct errand *, struct kit *, usec_t most_us, struct now); /* again after a pause */
void errand_rest(struct errand *, usec_t due);                               /* done, until then */
/* Sets out if it is due; one that can't start has failed. */
void errand_step(struct errand *, struct kit *, struct now);
/* For what has ended; once for each. */
void errand_end(struct kit *, const struct transfer_end *, struct now);

/* Posts what the webhooks' receivers can verify. */
enum status errand_post(struct errand *, struct kit *, const char *url, const char *id, struct bytes body, struct now);
