#include "shell/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/migrations.h"

enum {
    APPLICATION_ID = 0x4b726f6d, /* "Krom", in the file's header: a foreign database is not mistaken for ours */
    BUSY_MS = 100,               /* for a reader's checkpoint; longer would hold up an admission */
};

/* ---- Failures ---- */

/* The text never holds values: statements are bound, and SQLite's messages name tables, columns and our triggers. */
static enum status failed(struct sqlite *s, int code)
{
    bool full = (code & 0xff) == SQLITE_FULL;
    if (code != s->last_failure) {
        const char *file = s->db ? sqlite3_db_filename(s->db, "main") : NULL;
        log_error(s->log, "store: %s: %s (SQLite %d)", file ? file : "?",
                  full ? "the disk is full" : sqlite3_errmsg(s->db), code);
    }
    s->last_failure = code;
    return full ? ERR_FULL : (code & 0xff) == SQLITE_NOMEM ? ERR_NO_MEMORY : ERR_SYSTEM;
}

static enum status outcome(struct sqlite *s, int code)
{
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW)
        return failed(s, code);
    return OK;
}

/* ---- Statements ---- */

static int bind_values(sqlite3_stmt *statement, const char *types, va_list values)
{
    int code = SQLITE_OK;
    for (int i = 0; types[i] && code == SQLITE_OK; i++) {
        if (types[i] == 'i') {
            code = sqlite3_bind_int64(statement, i + 1, va_arg(values, int64_t));
        } else if (types[i] == 't') {
            code = sqlite3_bind_text(statement, i + 1, va_arg(values, const char *), -1, SQLITE_TRANSIENT);
        } else {
            struct bytes blob = va_arg(values, struct bytes);
            code = sqlite3_bind_blob64(statement, i + 1, blob.at, blob.len, SQLITE_TRANSIENT);
        }
    }
    return code;
}

static enum status prepare(struct sqlite *s, sqlite3_stmt **statement, const char *sql, const char *types,
                           va_list values)
{
    TRY(outcome(s, sqlite3_prepare_v2(s->db, sql, -1, statement, NULL)));
    int code = bind_values(*statement, types, values);
    if (code == SQLITE_OK)
        return OK;
    sqlite3_finalize(*statement);
    *statement = NULL;
    return failed(s, code);
}

enum status sqlite_query(struct sqlite *s, sqlite3_stmt **statement, const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    enum status status = prepare(s, statement, sql, types, values);
    va_end(values);
    return status;
}

enum status sqlite_next(struct sqlite *s, sqlite3_stmt *statement, bool *row)
{
    int code = sqlite3_step(statement);
    TRY(outcome(s, code));
    *row = code == SQLITE_ROW;
    return OK;
}

enum status sqlite_run(struct sqlite *s, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement;
    bool row = true;
    va_list values;
    va_start(values, types);
    enum status status = prepare(s, &statement, sql, types, values);
    va_end(values);
    if (status != OK)
        return status;
    /* Pragmas answer with a row. */
    while (status == OK && row)
        status = sqlite_next(s, statement, &row);
    sqlite3_finalize(statement);
    return status;
}

enum status sqlite_number(struct sqlite *s, const char *sql, int64_t fallback, int64_t *number)
{
    sqlite3_stmt *statement;
    bool row;
    TRY(sqlite_query(s, &statement, sql, ""));
    enum status status = sqlite_next(s, statement, &row);
    if (status == OK)
        *number = row ? sqlite3_column_int64(statement, 0) : fallback;
    sqlite3_finalize(statement);
    return status;
}

/* ---- Transactions ---- */

/* IMMEDIATE, so that a locked file shows here and not at the commit. */
enum status sqlite_begin(struct sqlite *s)
{
    return sqlite_run(s, "BEGIN IMMEDIATE", "");
}

enum status sqlite_end(struct sqlite *s, enum status so_far)
{
    if (so_far == OK)
        so_far = sqlite_run(s, "COMMIT", "");
    if (so_far == OK)
        s->last_failure = 0;
    /* SQLite ends a transaction by itself after some failures. */
    else if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return so_far;
}

/* ---- Opening ---- */

static enum status set_up(struct sqlite *s, enum sqlite_access access)
{
    static const char *const common[] = {
        "PRAGMA foreign_keys = ON", "PRAGMA trusted_schema = OFF",
        "PRAGMA cell_size_check = ON", /* a corrupt page is an error before it is used */
    };
    static const char *const owner[] = {
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL", /* in WAL mode: each commit is on the disk when it returns */
        "PRAGMA secure_delete = ON", /* a name that is deleted is overwritten */
    };
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        TRY(sqlite_run(s, common[i], ""));
    if (access == SQLITE_AS_READER)
        return sqlite_run(s, "PRAGMA query_only = ON", "");
    for (size_t i = 0; i < sizeof owner / sizeof *owner; i++)
        TRY(sqlite_run(s, owner[i], ""));
    return OK;
}

static enum status read_schema(struct sqlite *s, int64_t *version)
{
    int64_t application, tables;
    TRY(sqlite_number(s, "PRAGMA application_id", 0, &application));
    TRY(sqlite_number(s, "PRAGMA user_version", 0, version));
    TRY(sqlite_number(s, "SELECT count(*) FROM sqlite_schema", 0, &tables));
    if (application != APPLICATION_ID && (application || *version || tables)) {
        log_error(s->log, "store: this database belongs to another program");
        return ERR_UNSUPPORTED;
    }
    if (*version > (int64_t)migration_count) {
        log_error(s->log, "store: its schema is version %lld and this kinroom knows %zu: use a newer kinroom",
                  (long long)*version, migration_count);
        return ERR_UNSUPPORTED;
    }
    return OK;
}

static enum status apply_from(struct sqlite *s, size_t version)
{
    char pragma[64];
    for (size_t i = version; i < migration_count; i++)
        TRY(outcome(s, sqlite3_exec(s->db, migrations[i], NULL, NULL, NULL)));
    snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d", APPLICATION_ID);
    TRY(sqlite_run(s, pragma, ""));
    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %zu", migration_count);
    return sqlite_run(s, pragma, "");
}

/* All that are missing, in one transaction. */
static enum status migrate(struct sqlite *s, enum sqlite_access access)
{
    int64_t version;
    TRY(read_schema(s, &version));
    if (version == (int64_t)migration_count)
        return OK;
    if (access == SQLITE_AS_READER) {
        log_error(s->log, "store: its schema is version %lld and not %zu: 'kinroom serve' brings it up to date",
                  (long long)version, migration_count);
        return ERR_UNSUPPORTED;
    }
    TRY(sqlite_begin(s));
    TRY(sqlite_end(s, apply_from(s, (size_t)version)));
    log_info(s->log, "store: schema %lld is now %zu", (long long)version, migration_count);
    return OK;
}

/* Beside the database, as SQLite's own locks allow many processes and end with any descriptor of the file. It is the
 * kernel's, so it ends with the process. */
static enum status take_lock(struct sqlite *s, const char *path)
{
    char lock[512];
    if ((size_t)snprintf(lock, sizeof lock, "%s.lock", path) >= sizeof lock)
        return ERR_FULL;
    s->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock_fd < 0) {
        log_error(s->log, "store: cannot make %s: %s", lock, strerror(errno));
        return errno == ENOSPC ? ERR_FULL : ERR_SYSTEM;
    }
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return OK;
    log_error(s->log, "store: %s is in use by another kinroom", path);
    return ERR_STATE;
}

/* Made by us, so that it is the owner's alone; SQLite gives its companion files the same mode. */
static enum status make_file(struct sqlite *s, const char *path)
{
    struct stat about;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    else if (errno != EEXIST) {
        log_error(s->log, "store: cannot make %s: %s", path, strerror(errno));
        return errno == ENOSPC ? ERR_FULL : ERR_SYSTEM;
    }
    if (stat(path, &about) == 0 && (about.st_mode & 077))
        log_warning(s->log, "store: others may read %s: its mode should be 0600", path);
    return OK;
}

static enum status open_all(struct sqlite *s, const char *path, enum sqlite_access access)
{
    if (access == SQLITE_AS_OWNER) {
        TRY(take_lock(s, path));
        TRY(make_file(s, path));
    } else if (faccessat(AT_FDCWD, path, F_OK, 0) != 0) {
        log_error(s->log, "store: there is no %s", path);
        return ERR_UNKNOWN;
    }
    /* A reader too opens for writing, or it could not read a log that a crash left behind; query_only then binds it. */
    TRY(outcome(s, sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL)));
    TRY(set_up(s, access));
    return migrate(s, access);
}

enum status sqlite_open(struct sqlite *s, const char *path, enum sqlite_access access, const struct log *log)
{
    *s = (struct sqlite){ .log = log, .lock_fd = -1 };
    enum status status = open_all(s, path, access);
    if (status != OK)
        sqlite_close(s);
    return status;
}

void sqlite_close(struct sqlite *s)
{
    sqlite3_close(s->db);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    *s = (struct sqlite){ .lock_fd = -1 };
}
