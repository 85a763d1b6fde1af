#include <string.h>

#include "shell/store_sqlite_parts.h"

/* ---- How the shards did ---- */

#define KEY_COLUMNS "step_s, at, node, shard, "
#define VALUE_COLUMNS                                                                                                  \
    "covered_s, busy_ms, packets_in, packets_out, bytes_in, bytes_out, dropped, expected_in, lost_in, reports, "       \
    "reported_q8, watched_ms, frozen_ms, heard_ms, concealed_ms, rooms, people, waiting, longest_wait_s, "             \
    "busy_percent, pictures_paused, picture_percent"
/* Several rows of one shard as one. */
#define OVER_TIME                                                                                                      \
    "sum(covered_s) AS covered_s, sum(busy_ms) AS busy_ms, sum(packets_in) AS packets_in, "                            \
    "sum(packets_out) AS packets_out, sum(bytes_in) AS bytes_in, sum(bytes_out) AS bytes_out, "                        \
    "sum(dropped) AS dropped, sum(expected_in) AS expected_in, sum(lost_in) AS lost_in, sum(reports) AS reports, "     \
    "sum(reported_q8) AS reported_q8, sum(watched_ms) AS watched_ms, sum(frozen_ms) AS frozen_ms, "                    \
    "sum(heard_ms) AS heard_ms, sum(concealed_ms) AS concealed_ms, max(rooms) AS rooms, max(people) AS people, "       \
    "max(waiting) AS waiting, max(longest_wait_s) AS longest_wait_s, max(busy_percent) AS busy_percent, "              \
    "max(pictures_paused) AS pictures_paused, min(picture_percent) AS picture_percent"
/* Rows of several shards at the same time as one. What they did side by side took no longer for that. */
#define OVER_SHARDS                                                                                                    \
    "max(covered_s), sum(busy_ms), sum(packets_in), sum(packets_out), sum(bytes_in), sum(bytes_out), sum(dropped), "   \
    "sum(expected_in), sum(lost_in), sum(reports), sum(reported_q8), sum(watched_ms), sum(frozen_ms), "                \
    "sum(heard_ms), sum(concealed_ms), sum(rooms), sum(people), sum(waiting), max(longest_wait_s), "                   \
    "max(busy_percent), sum(pictures_paused), min(picture_percent)"

/* A stretch in which the server was started anew has two parts. */
static enum status put_row(struct sqlite *db, const struct history_row *r)
{
    return sqlite_run(
        db,
        "INSERT INTO history (" KEY_COLUMNS VALUE_COLUMNS
        ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
        " ON CONFLICT (step_s, at, node, shard) DO UPDATE SET covered_s = covered_s + excluded.covered_s,"
        " busy_ms = busy_ms + excluded.busy_ms, packets_in = packets_in + excluded.packets_in,"
        " packets_out = packets_out + excluded.packets_out, bytes_in = bytes_in + excluded.bytes_in,"
        " bytes_out = bytes_out + excluded.bytes_out, dropped = dropped + excluded.dropped,"
        " expected_in = expected_in + excluded.expected_in, lost_in = lost_in + excluded.lost_in,"
        " reports = reports + excluded.reports, reported_q8 = reported_q8 + excluded.reported_q8,"
        " watched_ms = watched_ms + excluded.watched_ms, frozen_ms = frozen_ms + excluded.frozen_ms,"
        " heard_ms = heard_ms + excluded.heard_ms, concealed_ms = concealed_ms + excluded.concealed_ms,"
        " rooms = max(rooms, excluded.rooms), people = max(people, excluded.people),"
        " waiting = max(waiting, excluded.waiting), longest_wait_s = max(longest_wait_s, excluded.longest_wait_s),"
        " busy_percent = max(busy_percent, excluded.busy_percent),"
        " pictures_paused = max(pictures_paused, excluded.pictures_paused),"
        " picture_percent = min(picture_percent, excluded.picture_percent)",
        "iitiiiiiiiiiiiiiiiiiiiiiii", r->step_s, r->at, r->node.text, r->shard, r->covered_s, r->busy_ms, r->packets_in,
        r->packets_out, r->bytes_in, r->bytes_out, r->dropped, r->expected_in, r->lost_in, r->reports, r->reported_q8,
        r->watched_ms, r->frozen_ms, r->heard_ms, r->concealed_ms, r->rooms, r->people, r->waiting, r->longest_wait_s,
        r->busy_percent, r->pictures_paused, r->picture_percent);
}

static enum status put_rows(struct sqlite *db, const struct history_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        TRY(put_row(db, &rows[i]));
    return OK;
}

enum status store_history_put(struct store *store, const struct history_row *rows, size_t count)
{
    struct sqlite *db = store_db(store);
    if (count == 0)
        return OK;
    TRY(sqlite_begin(db));
    return sqlite_end(db, put_rows(db, rows, count));
}

/* From whole quarters of an hour alone, so that none is thinned twice. */
static enum status thin(struct sqlite *db, int64_t thin_before, int64_t forget_before)
{
    int64_t whole = thin_before - thin_before % HISTORY_THINNED_STEP_S;
    TRY(sqlite_run(db,
                   "INSERT OR REPLACE INTO history (" KEY_COLUMNS VALUE_COLUMNS
                   ") SELECT 900, at - at % 900, node, shard, " OVER_TIME
                   " FROM history WHERE step_s = 60 AND at < ? GROUP BY at - at % 900, node, shard",
                   "i", whole));
    _Static_assert(HISTORY_STEP_S == 60 && HISTORY_THINNED_STEP_S == 900, "as the query says");
    TRY(sqlite_run(db, "DELETE FROM history WHERE step_s = 60 AND at < ?", "i", whole));
    return sqlite_run(db, "DELETE FROM history WHERE step_s = 900 AND at < ?", "i", forget_before);
}

enum status store_history_thin(struct store *store, int64_t thin_before, int64_t forget_before)
{
    struct sqlite *db = store_db(store);
    TRY(sqlite_begin(db));
    return sqlite_end(db, thin(db, thin_before, forget_before));
}

static enum status pass_history_on(struct sqlite *db, sqlite3_stmt *row, void *context)
{
    const struct store_history *to = context;
    struct history_row r = { .at = sqlite3_column_int64(row, 0) };
    int64_t *const values[] = {
        &r.covered_s,      &r.busy_ms,      &r.packets_in,      &r.packets_out,     &r.bytes_in,    &r.bytes_out,
        &r.dropped,        &r.expected_in,  &r.lost_in,         &r.reports,         &r.reported_q8, &r.watched_ms,
        &r.frozen_ms,      &r.heard_ms,     &r.concealed_ms,    &r.rooms,           &r.people,      &r.waiting,
        &r.longest_wait_s, &r.busy_percent, &r.pictures_paused, &r.picture_percent,
    };
    (void)db;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        *values[i] = sqlite3_column_int64(row, (int)i + 1);
    return to->row(to->context, &r);
}

enum status store_history_each(struct store *store, const struct history_range *range, struct store_history to)
{
    struct sqlite *db = store_db(store);
    sqlite3_stmt *statement;
    TRY(sqlite_query(db, &statement,
                     "SELECT stretch, " OVER_SHARDS " FROM (SELECT at - at % ? AS stretch, node, shard, " OVER_TIME
                     " FROM history WHERE at >= ? AND at < ? AND (? < 0 OR shard = ?) GROUP BY stretch, node, shard)"
                     " GROUP BY stretch ORDER BY stretch",
                     "iiiii", range->step_s, range->from, range->to, range->shard, range->shard));
    return rows_walk(db, statement, (struct rows){ pass_history_on, &to });
}

/* ---- What is booked ---- */

static enum status pass_booking_on(struct sqlite *db, sqlite3_stmt *row, void *context)
{
    const struct store_bookings *to = context;
    struct store_booking booking = {
        .kind = kind_parse(column_bytes(row, 1)),
        .opens_at = sqlite3_column_int64(row, 2),
        .closes_at = sqlite3_column_int64(row, 3),
        .role = role_parse(column_bytes(row, 4)),
    };
    if (!booking.kind || !booking.role || !column_id(row, 0, &booking.session) || !column_id(row, 5, &booking.person))
        return store_corrupt(db, "sessions");
    return to->booking(to->context, &booking);
}

enum status store_bookings_each(struct store *store, int64_t from, int64_t to, struct store_bookings bookings)
{
    struct sqlite *db = store_db(store);
    sqlite3_stmt *statement;
    TRY(sqlite_query(db, &statement,
                     "SELECT s.id, s.kind, s.opens_at, s.closes_at, p.role, p.person FROM sessions s"
                     " JOIN people p ON p.session = s.id WHERE s.closes_at > ? AND s.opens_at < ?"
                     " ORDER BY s.id, p.position",
                     "ii", from, to));
    return rows_walk(db, statement, (struct rows){ pass_booking_on, &bookings });
}
