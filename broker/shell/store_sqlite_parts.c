#include "shell/store_sqlite_parts.h"

#include <string.h>

struct sqlite *store_db(struct store *store)
{
    return &((struct store_sqlite *)store)->db;
}

enum status store_corrupt(struct sqlite *db, const char *where)
{
    log_error(db->log, "store: a row of %s holds what kinroom never writes there", where);
    return ERR_SYSTEM;
}

struct bytes column_bytes(sqlite3_stmt *row, int column)
{
    const void *at = sqlite3_column_blob(row, column);
    return (struct bytes){ at, at ? (size_t)sqlite3_column_bytes(row, column) : 0 };
}

bool column_text(sqlite3_stmt *row, int column, char *text, size_t max)
{
    struct bytes bytes = column_bytes(row, column);
    if (bytes.len > max || (bytes.len > 0 && memchr(bytes.at, 0, bytes.len)))
        return false;
    if (bytes.len > 0)
        memcpy(text, bytes.at, bytes.len);
    text[bytes.len] = 0;
    return true;
}

bool column_id(sqlite3_stmt *row, int column, struct id *id)
{
    return id_parse(column_bytes(row, column), id);
}

bool column_id_or_none(sqlite3_stmt *row, int column, struct id *id)
{
    if (column_bytes(row, column).len > 0)
        return column_id(row, column, id);
    *id = (struct id){ 0 };
    return true;
}

enum status rows_walk(struct sqlite *db, sqlite3_stmt *statement, struct rows rows)
{
    bool row;
    enum status status;
    while ((status = sqlite_next(db, statement, &row)) == OK && row)
        if ((status = rows.take(db, statement, rows.context)) != OK)
            break;
    sqlite3_finalize(statement);
    return status;
}

bool column_hash(sqlite3_stmt *row, int column, uint8_t hash[STORE_HASH_LEN])
{
    struct bytes bytes = column_bytes(row, column);
    if (bytes.len != STORE_HASH_LEN)
        return false;
    memcpy(hash, bytes.at, STORE_HASH_LEN);
    return true;
}
