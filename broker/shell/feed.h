/* feed.h - the ledger on its way to the webhook: every row that becomes durable goes to the courier as an event, in
 * order, and the store remembers how far the receiver has come. A value, on the scribe's thread, where the store is.
 *
 * At least once: what was taken shortly before a crash is sent again. The first time of all it begins at the ledger's
 * end, as what is before was never promised to anybody. */
#pragma once

#include "base/log.h"
#include "ledger/store.h"
#include "shell/queue.h"

struct feed_config {
    struct store *store; /* all outlive the feed */
    const char *clinic;
    struct queue *courier; /* its inbox */
    const struct log *log;
};

struct feed {
    struct feed_config config;
    uint64_t last, sent, taken; /* rows: of the ledger, handed to the courier, taken by the receiver */
    bool failing;               /* the store: tried again when something happens */
    bool broken;                /* the ledger: for good */
};

enum status feed_init(struct feed *, const struct feed_config *);
void feed_stored(struct feed *, uint64_t row); /* it is durable */
void feed_taken(struct feed *, uint64_t row);  /* and all before it */
bool feed_has_work(const struct feed *);
void feed_turn(struct feed *); /* hands on what the courier has room for */
