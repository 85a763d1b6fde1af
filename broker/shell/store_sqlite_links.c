#include <stdlib.h>
#include <string.h>

#include "shell/store_sqlite_parts.h"

/* ---- Invitations ---- */

#define INVITATION_COLUMNS                                                                                             \
    "id, session, participation, token, not_before, expires, revoked, contact, code, code_sent, code_until, "          \
    "code_tries, hour_from, codes, failures"

static enum status put_invitation(struct sqlite *db, const struct invitation *i)
{
    TRY(sqlite_run(db, "DELETE FROM invitations WHERE id = ?", "t", i->id.text));
    TRY(sqlite_run(db, "INSERT INTO invitations (" INVITATION_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                   "tttbiiitbiiiiii", i->id.text, i->session.text, i->participation.text,
                   (struct bytes){ i->token, SECRET_HASH_LEN }, i->not_before, i->expires, (int64_t)i->revoked,
                   i->contact, (struct bytes){ i->code, SECRET_HASH_LEN }, i->code_sent, i->code_until,
                   (int64_t)i->code_tries, i->hour_from, (int64_t)i->codes, (int64_t)i->failures));
    for (size_t n = 0; n < i->device_count; n++)
        TRY(sqlite_run(db, "INSERT INTO invitation_devices (invitation, position, device) VALUES (?,?,?)", "tit",
                       i->id.text, (int64_t)n, i->devices[n].text));
    if (i->revoked)
        return OK;
    return sqlite_run(db,
                      "UPDATE invitations SET revoked = 1 WHERE session = ? AND participation = ? AND id <> ?"
                      " AND revoked = 0",
                      "ttt", i->session.text, i->participation.text, i->id.text);
}

enum status store_invitation_put(struct store *store, const struct invitation *invitation)
{
    struct sqlite *db = store_db(store);
    TRY(sqlite_begin(db));
    return sqlite_end(db, put_invitation(db, invitation));
}

static enum status add_device(struct sqlite *db, sqlite3_stmt *row, void *context)
{
    struct invitation *i = context;
    if (i->device_count == INVITATION_DEVICES || !column_id(row, 0, &i->devices[i->device_count]))
        return store_corrupt(db, "invitation_devices");
    i->device_count++;
    return OK;
}

static enum status take_invitation(struct sqlite *db, sqlite3_stmt *row, struct invitation *i)
{
    sqlite3_stmt *devices;
    *i = (struct invitation){
        .not_before = sqlite3_column_int64(row, 4),
        .expires = sqlite3_column_int64(row, 5),
        .revoked = sqlite3_column_int(row, 6) != 0,
        .code_sent = sqlite3_column_int64(row, 9),
        .code_until = sqlite3_column_int64(row, 10),
        .code_tries = (uint32_t)sqlite3_column_int64(row, 11),
        .hour_from = sqlite3_column_int64(row, 12),
        .codes = (uint32_t)sqlite3_column_int64(row, 13),
        .failures = (uint32_t)sqlite3_column_int64(row, 14),
    };
    if (!column_id(row, 0, &i->id) || !column_id(row, 1, &i->session) || !column_id(row, 2, &i->participation) ||
        !column_hash(row, 3, i->token) || !column_text(row, 7, i->contact, CONTACT_MAX) ||
        !column_hash(row, 8, i->code))
        return store_corrupt(db, "invitations");
    TRY(sqlite_query(db, &devices, "SELECT device FROM invitation_devices WHERE invitation = ? ORDER BY position", "t",
                     i->id.text));
    return rows_walk(db, devices, (struct rows){ add_device, i });
}

static enum status first_invitation(struct sqlite *db, sqlite3_stmt *statement, struct invitation *found)
{
    struct invitation invitation;
    bool row;
    enum status status = sqlite_next(db, statement, &row);
    if (status == OK)
        status = row ? take_invitation(db, statement, &invitation) : ERR_UNKNOWN;
    sqlite3_finalize(statement);
    if (status == OK)
        *found = invitation;
    return status;
}

enum status store_invitation_get(struct store *store, const struct id *id, struct invitation *found)
{
    struct sqlite *db = store_db(store);
    sqlite3_stmt *statement;
    TRY(sqlite_query(db, &statement, "SELECT " INVITATION_COLUMNS " FROM invitations WHERE id = ?", "t", id->text));
    return first_invitation(db, statement, found);
}

enum status store_invitation_find(struct store *store, const uint8_t token[SECRET_HASH_LEN], struct invitation *found)
{
    struct sqlite *db = store_db(store);
    sqlite3_stmt *statement;
    TRY(sqlite_query(db, &statement, "SELECT " INVITATION_COLUMNS " FROM invitations WHERE token = ?", "b",
                     (struct bytes){ token, SECRET_HASH_LEN }));
    return first_invitation(db, statement, found);
}

static enum status pass_invitation_on(struct sqlite *db, sqlite3_stmt *row, void *context)
{
    const struct store_invitations *to = context;
    struct invitation invitation;
    TRY(take_invitation(db, row, &invitation));
    return to->invitation(to->context, &invitation);
}

enum status store_invitations_after(struct store *store, const struct id *session, const struct id *after, size_t limit,
                                    struct store_invitations to)
{
    struct sqlite *db = store_db(store);
    sqlite3_stmt *statement;
    TRY(sqlite_query(db, &statement,
                     "SELECT " INVITATION_COLUMNS " FROM invitations WHERE session = ? AND id > ? ORDER BY id LIMIT ?",
                     "tti", session->text, after->text, (int64_t)limit));
    return rows_walk(db, statement, (struct rows){ pass_invitation_on, &to });
}

/* ---- Texts ---- */

#define TEXT_COLUMNS "number, text, version, language, made_at, body"

static const char *const text_words[] = { [GUIDANCE_GUIDANCE] = "guidance", [GUIDANCE_NOTICE] = "notice" };

/* The body is borrowed from the row. */
static enum status take_text(struct sqlite *db, sqlite3_stmt *row, struct store_guidance *text)
{
    struct bytes word = column_bytes(row, 1);
    *text = (struct store_guidance){
        .number = (uint64_t)sqlite3_column_int64(row, 0),
        .text = bytes_equal(word, bytes_of(text_words[GUIDANCE_NOTICE])) ? GUIDANCE_NOTICE : GUIDANCE_GUIDANCE,
        .made_at = sqlite3_column_int64(row, 4),
        .body = (char *)(uintptr_t)sqlite3_column_text(row, 5),
    };
    if (!text->body || !bytes_equal(word, bytes_of(text_words[text->text])) ||
        !column_text(row, 2, text->version, GRANT_TEXT_MAX) || !column_text(row, 3, text->language, STORE_WORD_MAX))
        return store_corrupt(db, "texts");
    return OK;
}

static enum status copy_text(struct sqlite *db, sqlite3_stmt *row, void *context)
{
    struct store_guidance *found = context, text;
    TRY(take_text(db, row, &text));
    text.body = strdup(text.body);
    if (!text.body)
        return ERR_NO_MEMORY;
    *found = text;
    return OK;
}

enum status store_guidance_get(struct store *store, enum guidance_text which, const char *version, const char *language,
                               struct store_guidance *found)
{
    struct sqlite *db = store_db(store);
    struct store_guidance text = { 0 };
    sqlite3_stmt *statement;
    TRY(sqlite_query(db, &statement,
                     "SELECT " TEXT_COLUMNS " FROM texts WHERE text = ? AND version = ? AND ? IN ('', language)"
                     " ORDER BY number LIMIT 1",
                     "ttt", text_words[which], version, language));
    TRY(rows_walk(db, statement, (struct rows){ copy_text, &text }));
    if (!text.body)
        return ERR_UNKNOWN;
    *found = text;
    return OK;
}

enum status store_guidance_put(struct store *store, const struct store_guidance *text)
{
    struct sqlite *db = store_db(store);
    struct store_guidance there;
    enum status status = store_guidance_get(store, text->text, text->version, text->language, &there);
    if (status == OK) {
        bool same = strcmp(there.body, text->body) == 0;
        free(there.body);
        return same ? OK : ERR_STATE;
    }
    if (status != ERR_UNKNOWN)
        return status;
    TRY(sqlite_begin(db));
    return sqlite_end(
        db, sqlite_run(db, "INSERT INTO texts (text, version, language, made_at, body) VALUES (?,?,?,?,?)", "tttit",
                       text_words[text->text], text->version, text->language, text->made_at, text->body));
}

static enum status pass_text_on(struct sqlite *db, sqlite3_stmt *row, void *context)
{
    const struct store_guidances *to = context;
    struct store_guidance text;
    TRY(take_text(db, row, &text));
    return to->guidance(to->context, &text);
}

enum status store_guidances_after(struct store *store, uint64_t number, size_t limit, struct store_guidances to)
{
    struct sqlite *db = store_db(store);
    sqlite3_stmt *statement;
    TRY(sqlite_query(db, &statement, "SELECT " TEXT_COLUMNS " FROM texts WHERE number > ? ORDER BY number LIMIT ?",
                     "ii", (int64_t)number, (int64_t)limit));
    return rows_walk(db, statement, (struct rows){ pass_text_on, &to });
}

/* ---- The webhook's place ---- */

enum status store_feed_put(struct store *store, uint64_t row)
{
    struct sqlite *db = store_db(store);
    TRY(sqlite_begin(db));
    return sqlite_end(db, sqlite_run(db,
                                     "INSERT INTO feed (one, row) VALUES (1, ?)"
                                     " ON CONFLICT (one) DO UPDATE SET row = excluded.row",
                                     "i", (int64_t)row));
}

enum status store_feed_get(struct store *store, uint64_t *row)
{
    int64_t found;
    TRY(sqlite_number(store_db(store), "SELECT row FROM feed", -1, &found));
    if (found < 0)
        return ERR_UNKNOWN;
    *row = (uint64_t)found;
    return OK;
}
