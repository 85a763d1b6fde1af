/* store_sqlite_parts.h - what the files of store_sqlite share: columns that are checked as they are read, and the calls
 * of the interface that live in a file of their own. For store_sqlite*.c alone. */
#pragma once

#include "shell/sqlite.h"
#include "shell/store_sqlite.h"

struct store_sqlite {
    struct store store; /* first: what the interface hands us is this */
    struct sqlite db;
};

struct sqlite *store_db(struct store *);

/* What does not fit was never written by us: false, and then this. */
enum status store_corrupt(struct sqlite *, const char *where);
struct bytes column_bytes(sqlite3_stmt *, int column);
bool column_text(sqlite3_stmt *, int column, char *text, size_t max);
bool column_id(sqlite3_stmt *, int column, struct id *);
bool column_id_or_none(sqlite3_stmt *, int column, struct id *);
bool column_hash(sqlite3_stmt *, int column, uint8_t hash[STORE_HASH_LEN]);

/* Each row of a query, handed to `take` until it fails. */
struct rows {
    enum status (*take)(struct sqlite *, sqlite3_stmt *, void *context);
    void *context;
};
/* Ends the statement. */
enum status rows_walk(struct sqlite *, sqlite3_stmt *, struct rows);

/* store_sqlite_links.c */
enum status store_invitation_put(struct store *, const struct invitation *);
enum status store_invitation_get(struct store *, const struct id *, struct invitation *);
enum status store_invitation_find(struct store *, const uint8_t token[SECRET_HASH_LEN], struct invitation *);
enum status store_invitations_after(struct store *, const struct id *session, const struct id *after, size_t limit,
                                    struct store_invitations);
enum status store_guidance_put(struct store *, const struct store_guidance *);
enum status store_guidance_get(struct store *, enum guidance_text, const char *version, const char *language,
                               struct store_guidance *);
enum status store_guidances_after(struct store *, uint64_t number, size_t limit, struct store_guidances);
enum status store_feed_put(struct store *, uint64_t row);
enum status store_feed_get(struct store *, uint64_t *row);

/* store_sqlite_history.c */
enum status store_history_put(struct store *, const struct history_row *, size_t count);
enum status store_history_thin(struct store *, int64_t thin_before, int64_t forget_before);
enum status store_history_each(struct store *, const struct history_range *, struct store_history);
enum status store_bookings_each(struct store *, int64_t from, int64_t to, struct store_bookings);
