/* clerk.h - does what the API is asked for, on the scribe's thread, where the store is: one request after the other.
 *
 * An answer goes back to the front once every shard has carried out what it led to, and what they wrote meanwhile is
 * stored: so a DELETE of a grant that was answered is over on every connection. */
#pragma once

#include "api/api.h"
#include "base/log.h"
#include "shell/mailroom.h"
#include "shell/placement.h"
#include "shell/scribe.h"
#include "shell/standing.h"

struct clerk;

struct clerk_config {
    struct api_config api; /* but for what the clerk knows: pulse, started_us, failing */
    struct scribe *scribe; /* all outlive the clerk */
    size_t shards;
    struct placement *placement;
    struct standing *standing; /* the clerk's to keep up */
    struct mailroom *mailroom;
    const struct log *log;
};

enum { CLERK_CALLS = 64 }; /* that may wait at once */

/* Becomes the scribe's guest, and so hears of each row that is stored. */
enum status clerk_create(struct clerk **, const struct clerk_config *);
void clerk_destroy(struct clerk *); /* after scribe_stop; NULL is fine */
/* Where the front puts its LETTER_CALLs. */
struct queue *clerk_inbox(const struct clerk *);
/* Where the answers go; before scribe_start. */
void clerk_connect(struct clerk *, struct queue *answers);
