/* courier.h - what leaves the broker for other systems, on a thread of its own: deliveries to people (SMTP or webhook),
 * the events' webhook, and the fetching of the identity provider's keys; all through libcurl.
 *
 * Nothing here is ever waited for: a receiver that is slow or gone costs its own messages a delay, and nobody a packet.
 * Deliveries hold secrets: in memory alone, tried until they are of no use. Events are rows of the ledger, one at a
 * time in order, until the receiver has taken them; who keeps them meanwhile is the ledger. */
#pragma once

#include "api/delivery.h"
#include "base/log.h"
#include "shell/config.h"
#include "shell/queue.h"

struct courier;

struct courier_config {
    const struct config *config; /* outlives the courier, as the log does */
    const struct log *log;
    struct bytes webhook_secret; /* the file's content; copied */
    struct bytes smtp_password;  /* the same; may be empty */
};

enum status courier_create(struct courier **, const struct courier_config *);
void courier_destroy(struct courier *); /* after courier_stop; NULL is fine */
/* Where the clerk's thread puts LETTER_DELIVERY, LETTER_EVENT and LETTER_REFRESH. */
struct queue *courier_inbox(const struct courier *);
/* Where LETTER_EVENT_SENT and LETTER_KEYS go; before courier_start. */
void courier_connect(struct courier *, struct queue *answers);
enum status courier_start(struct courier *);
void courier_stop(struct courier *);
