/* mailroom.h - the courier's counter on the scribe's thread: what the API wants delivered goes out here, or into a tray
 * where a trial's people find it; the ledger's rows go out as events; and the identity provider's keys come in.
 *
 * Nothing here waits: what there is no room for is given up, and the log says so. */
#pragma once

#include "api/delivery.h"
#include "auth/oidc.h"
#include "base/clock.h"
#include "shell/config.h"
#include "shell/courier.h"
#include "shell/feed.h"

struct mailroom;

enum { MAILROOM_TRAY = 64 };

struct mailroom_config {
    const struct config *config; /* all outlive the mailroom */
    struct store *store;
    struct courier *courier; /* NULL when there is nothing for one to do */
    struct oidc *oidc;       /* NULL without one */
    struct waker waker;      /* of this thread, for what the courier answers */
    const struct log *log;
};

/* Before courier_start. */
enum status mailroom_create(struct mailroom **, const struct mailroom_config *);
/* After courier_stop, and before the store is closed: it remembers how far the events have come. NULL is fine. */
void mailroom_destroy(struct mailroom *);

bool mailroom_has_work(const struct mailroom *);
void mailroom_turn(struct mailroom *, struct now);

void mailroom_deliver(struct mailroom *, const struct delivery *);
void mailroom_want_keys(struct mailroom *);
void mailroom_stored(struct mailroom *, const struct ledger_row *);

/* The tray, the oldest first, as struct api_config asks; borrowed until the next turn or delivery. */
const struct delivery *mailroom_tray(const void *mailroom, size_t *count);
