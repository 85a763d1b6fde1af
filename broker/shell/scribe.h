/* scribe.h - the ledger's one thread: takes the records of every shard, commits them in groups, and tells each shard
 * what is durable.
 *
 * A commit takes whatever has queued up while the one before was on its way to the disk, so that admissions at the same
 * time share one. When the store fails, OPEN records are refused (nobody is let in on what cannot be proved), those
 * that wait at once and new ones until the next try; all others are kept, in order, and tried again every half second.
 * The CLOSE of an OPEN that was refused is left out, as there is nothing that it could close; so a shard may send one
 * before it has heard what came of the OPEN.
 * Heartbeats go into the chain never and to the disk once a second at most, after the records that came before them;
 * they are not answered. */
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "ledger/store.h"
#include "shell/queue.h"

struct scribe;

/* Who else needs the store: works on the scribe's thread, between two commits. */
struct scribe_guest {
    bool (*has_work)(void *context);
    void (*turn)(void *context, struct now);                  /* after what the shards sent is stored */
    void (*done)(void *context, const struct letter *);       /* a shard's LETTER_DONE */
    void (*vitals)(void *context, const struct letter *);     /* and its LETTER_VITALS; may be NULL */
    void (*stored)(void *context, const struct ledger_row *); /* each row, in order, once it is durable */
    void *context;
};

struct scribe_config {
    struct store *store; /* the scribe's alone from scribe_start to scribe_stop; outlives it */
    struct chain chain;  /* where the ledger ends */
    size_t shards;
    size_t inbox_records;  /* room for so many records of each shard */
    const struct log *log; /* outlives the scribe; may be NULL */
};

enum status scribe_create(struct scribe **, const struct scribe_config *);
void scribe_destroy(struct scribe *); /* after scribe_stop; NULL is fine */

/* Where a shard puts its LETTER_RECORDs; lives as long as the scribe. */
struct queue *scribe_inbox(const struct scribe *, size_t shard);
/* Where the answers for a shard go; each must be set before scribe_start. */
void scribe_connect(struct scribe *, size_t shard, struct queue *answers);

/* Before scribe_start; outlives the scribe's thread. */
void scribe_host(struct scribe *, struct scribe_guest);
/* For the queue that leads to the guest. */
struct waker scribe_waker(struct scribe *);
/* The guest's letters to a shard, on the scribe's thread: waits for room while the shard runs. Takes the note. */
void scribe_send(struct scribe *, size_t shard, struct letter *);

/* What was to be stored last could not be. On any thread. */
bool scribe_is_failing(const struct scribe *);

enum status scribe_start(struct scribe *);
/* After the shards have stopped: what they sent is stored, or the log tells how much could not be. */
void scribe_stop(struct scribe *);

/* The letter for a record from the outbox, whose note is the caller's. ERR_MALFORMED, ERR_NO_MEMORY. */
enum status scribe_letter(struct ledger_note, struct letter *);
