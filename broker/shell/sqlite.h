/* sqlite.h - one SQLite database file as we use it: durable commits, our migrations, statuses in place of its codes.
 *
 * One thread at a time. A failure is logged once until something succeeds again, so that who retries need not mind. */
#pragma once

#include <sqlite3.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/status.h"

struct sqlite {
    sqlite3 *db;
    const struct log *log; /* outlives it; may be NULL */
    int lock_fd;           /* holds FILE.lock, -1 for a reader */
    int last_failure;      /* SQLite's code, 0 after a success */
};

enum sqlite_access {
    SQLITE_AS_OWNER,  /* creates and migrates; one process at a time */
    SQLITE_AS_READER, /* beside an owner, or alone; writes nothing */
};

/* ERR_UNKNOWN: a reader finds no file. ERR_STATE: another process owns it. ERR_UNSUPPORTED: not ours, or of a newer
 * (for a reader: or older) schema. ERR_FULL, ERR_SYSTEM. Each with a line in the log, and the file as it was. */
enum status sqlite_open(struct sqlite *, const char *path, enum sqlite_access, const struct log *);
void sqlite_close(struct sqlite *); /* of one that was opened */

/* A transaction. After a begin that is OK, sqlite_end keeps what was done when `so_far` is OK, else takes it back; its
 * status is the whole's. */
enum status sqlite_begin(struct sqlite *);
enum status sqlite_end(struct sqlite *, enum status so_far);

/* A statement with its values, one letter of `types` each: i int64_t, t const char *, b struct bytes. */
enum status sqlite_run(struct sqlite *, const char *sql, const char *types, ...);
/* The same for one that yields rows; to be finished with sqlite3_finalize. */
enum status sqlite_query(struct sqlite *, sqlite3_stmt **, const char *sql, const char *types, ...);
/* On to the next row; *row is false when there is none. */
enum status sqlite_next(struct sqlite *, sqlite3_stmt *, bool *row);
/* The single number that a query yields; `fallback` when it yields no row. */
enum status sqlite_number(struct sqlite *, const char *sql, int64_t fallback, int64_t *number);
