/* courier.h - what leaves the broker for other systems, on a thread of its own: deliveries to people (SMTP or webhook),
 * the events' webhook, and the fetching of the identity provider's keys; all through libcurl.
 *
 * Nothing here is ever waited for: a receiver that is slow or gone costs its own messages a delay, and nobody a packet.
 * Deliveries hold secrets: in memory alone, tried until they are of no use. Events are rows of the ledger, one at a
 * time in order, until the receiver has taken them; who keeps them meanwhile is the ledger. A receiver that answers 410
 * is asked no more until the next start. */
#pragma once

#include "api/delivery.h"
#include "base/log.h"
#include "shell/config.h"
#include "shell/queue.h"
#include "shell/webhook.h"

struct courier;

/* LETTER_EVENTs that may be unanswered; for those there is always room in the inbox. */
enum { COURIER_EVENTS = 256 };
/* What a sender of other letters leaves free. */
enum { COURIER_SPARE = COURIER_EVENTS };

struct courier_config {
    const struct config *config; /* outlives the courier, as the log does */
    const struct log *log;
    struct webhook_key key;     /* len 0: nothing is posted */
    struct bytes smtp_password; /* copied; may be empty */
};

/* Whether the configuration has anything for one to do. */
bool courier_is_needed(const struct config *);

enum status courier_create(struct courier **, const struct courier_config *);
void courier_destroy(struct courier *); /* after courier_stop; NULL is fine */
/* Where the clerk's thread puts LETTER_DELIVERY, LETTER_EVENT and LETTER_REFRESH. */
struct queue *courier_inbox(const struct courier *);
/* Where the answers go, before courier_start: LETTER_EVENT_SENT, at most once a second or for half of COURIER_EVENTS,
 * says that this event and all before it were taken; LETTER_KEYS. */
void courier_connect(struct courier *, struct queue *answers);
enum status courier_start(struct courier *);
void courier_stop(struct courier *);
